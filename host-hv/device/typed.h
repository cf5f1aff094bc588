/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * typed.h - what was typed for a guest and its UART has no room for: a queue beyond the
 * guest's FIFO, which neither the guest's FCR nor its silence concerns.
 */
#ifndef TYPED_H
#define TYPED_H

#include "device/uart.h"

#define TYPED_MOST 8192 /* characters */

struct typed {
	uint8_t queue[TYPED_MOST];
	unsigned head, count;
	bool said; /* that characters are dropped, since the queue was last empty */
};

/* False: c is dropped, and that is to be said. */
bool typed_put(struct typed *t, uint8_t c);

/* Gives the UART as many characters as it has room for. */
void typed_refill(struct typed *t, struct uart *u);

#endif
