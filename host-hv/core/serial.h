/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serial.h - the machine's console as a line of bytes: a 16550, or where there is none the
 * firmware's.
 */
#ifndef SERIAL_H
#define SERIAL_H

#include "core/lib.h"

struct platform;

/* Output works from here on; without a UART by the firmware's console. */
void serial_init(const struct platform *platform);

void serial_put(char c);

/* Is it a 16550?  Else nothing comes in. */
bool serial_is_uart(void);

/* Lets the 16550 interrupt when a byte comes in. */
void serial_interrupt(void);

/* The next byte that came in; -1: there is none. */
int serial_get(void);

#endif
