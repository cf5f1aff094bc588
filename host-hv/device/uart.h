/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uart.h - an ns16550a: eight byte-wide registers, as QEMU's virt machine has
 * it.  Output leaves at once, so the transmitter is always empty.
 */
#ifndef UART_H
#define UART_H

#include "core/lib.h"

#define UART_FIFO 64

struct uart {
	uint8_t ier, lcr, mcr, scratch, divisor[2];
	bool fifo_enabled;
	bool thr_empty_irq; /* raised by an emptied transmitter, lowered by reading IIR */
	bool overrun;
	uint8_t fifo[UART_FIFO];
	unsigned head, count; /* of what was typed and not yet read */
};

/* What a write asked to be sent, or -1. */
int uart_write(struct uart *u, unsigned reg, uint8_t value);

uint8_t uart_read(struct uart *u, unsigned reg);

bool uart_has_room(const struct uart *u);
void uart_receive(struct uart *u, uint8_t c);

/* The oldest character that was not yet read; 0 if there is none. */
uint8_t uart_pop(struct uart *u);

/* The level of the interrupt line. */
bool uart_irq(const struct uart *u);

#endif
