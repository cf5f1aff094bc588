/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/serial.h"

#include "core/hm.h"
#include "core/platform.h"

/* 16550 registers, by number. */
#define UART_DATA    0
#define UART_IER     1
#define UART_FCR     2
#define UART_LSR     5
#define IER_RECEIVED 0x01
#define FCR_ENABLE   0x01
#define LSR_RECEIVED 0x01
#define LSR_TX_EMPTY 0x20

#define DBCN_WRITE_BYTE 2

static struct {
	volatile uint8_t *uart; /* set at boot */
	uint32_t uart_shift, uart_width;
} serial;

void serial_init(const struct platform *p)
{
	serial.uart = p->uart.size ? (volatile uint8_t *)p->uart.base : NULL;
	serial.uart_shift = p->uart_shift;
	serial.uart_width = p->uart_width;
}

static uint8_t uart_get(unsigned reg)
{
	volatile void *at = serial.uart + (reg << serial.uart_shift);

	switch (serial.uart_width) {
	case 4: return *(volatile uint32_t *)at;
	case 2: return *(volatile uint16_t *)at;
	default: return *(volatile uint8_t *)at;
	}
}

static void uart_put(unsigned reg, uint8_t value)
{
	volatile void *at = serial.uart + (reg << serial.uart_shift);

	switch (serial.uart_width) {
	case 4: *(volatile uint32_t *)at = value; break;
	case 2: *(volatile uint16_t *)at = value; break;
	default: *(volatile uint8_t *)at = value;
	}
}

void serial_put(char c)
{
	if (!serial.uart) {
		sbi_call(SBI_EXT_DBCN, DBCN_WRITE_BYTE, (unsigned char)c);
		return;
	}
	while (!(uart_get(UART_LSR) & LSR_TX_EMPTY))
		;
	uart_put(UART_DATA, c);
}

bool serial_is_uart(void)
{
	return serial.uart;
}

int serial_get(void)
{
	return uart_get(UART_LSR) & LSR_RECEIVED ? uart_get(UART_DATA) : -1;
}

void serial_interrupt(void)
{
	uart_put(UART_FCR, FCR_ENABLE);
	uart_put(UART_IER, IER_RECEIVED);
}
