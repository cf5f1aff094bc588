/* SPDX-License-Identifier: BSD-2-Clause */
/* input.h - what is typed on the machine's console. */
#ifndef INPUT_H
#define INPUT_H

#include "core/lib.h"

/* Each byte that comes in at the UART with this interrupt goes to take_key(), on this hart. */
void input_begin(uint32_t uart_irq, void (*take_key)(uint8_t c));

#endif
