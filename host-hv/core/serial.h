/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serial.h - the machine's console as a line of bytes: a 16550, or where there is none the firmware's.
 */
#ifndef SERIAL_H
#define SERIAL_H

#include "core/lib.h"

struct platform;

/* Output works from here on; without a UART by the firmware's console. */
void serial_init(const struct platform *platform);

void serial_put(char c);

/* Lets the UART interrupt when a byte comes in, which is told to serve(). */
bool serial_listen(uint32_t irq, void (*serve)(void));

/* The next byte that came in; -1: there is none. */
int serial_get(void);

#endif
