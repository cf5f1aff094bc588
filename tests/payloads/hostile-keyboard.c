// SPDX-License-Identifier: BSD-2-Clause
/*
 * Does not read what is typed for it until its UART's FIFO is full.  Then it clears
 * the FIFO by FCR, and reads up to a full stop.  leaves=1: it ends with a full FIFO.
 * deaf=1: it never looks at its UART again.
 */
#include "payload.h"

#define UART         0x10000000ul
#define UART_DATA    0
#define UART_FCR     2
#define UART_LSR     5
#define FCR_CLEAR    3 /* enabled, receiver cleared */
#define LSR_RECEIVED 1

static uint8_t uart(unsigned int reg)
{
	return *(volatile uint8_t *)(UART + reg);
}

static void wait_for_input(void)
{
	while (!(uart(UART_LSR) & LSR_RECEIVED))
		;
}

void payload(uint64_t hart)
{
	unsigned int count = 0;
	uint64_t begin;

	(void)hart;
	note("begins");
	wait_for_input();
	begin = csr_read(time);
	while (csr_read(time) - begin < 5000000) /* half a second */
		;
	if (payload_option("leaves", 0))
		return;
	*(volatile uint8_t *)(UART + UART_FCR) = FCR_CLEAR;
	note("clears the FIFO");
	while (payload_option("deaf", 0))
		;
	do {
		wait_for_input();
		count++;
	} while (uart(UART_DATA) != '.');
	note_count("characters read", count);
}
