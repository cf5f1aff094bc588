// SPDX-License-Identifier: BSD-2-Clause
/*
 * Says the number of each character that is typed, and sends it back by the UART and by a call, up
 * to a full stop.
 */
#include "payload.h"

#define UART            0x10000000ul
#define UART_DATA       0
#define UART_LSR        5
#define LSR_RECEIVED    1
#define DBCN_WRITE_BYTE 2

static volatile uint8_t *const uart = (volatile uint8_t *)UART;

void payload(uint64_t hart)
{
	uint8_t c;

	(void)hart;
	note("begins");
	do {
		while (!(uart[UART_LSR] & LSR_RECEIVED))
			;
		c = uart[UART_DATA];
		note_value("typed", c);
		uart[UART_DATA] = '<';
		uart[UART_DATA] = c;
		sbi_call(SBI_DBCN, DBCN_WRITE_BYTE, c, 0, 0, 0, 0);
		uart[UART_DATA] = '>';
	} while (c != '.');
}
