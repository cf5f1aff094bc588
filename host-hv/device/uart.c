/* SPDX-License-Identifier: BSD-2-Clause */
#include "device/uart.h"

/* Register numbers; with LCR.DLAB set the first two are the divisor. */
enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

#define IER_RECEIVED        0x01
#define IER_THR_EMPTY       0x02
#define IER_WRITABLE        0x0f
#define IIR_NONE            0x01
#define IIR_THR_EMPTY       0x02
#define IIR_RECEIVED        0x04
#define IIR_FIFO_ENABLED    0xc0
#define FCR_ENABLE          0x01
#define FCR_CLEAR_RECEIVER  0x02
#define LCR_DLAB            0x80
#define MCR_WRITABLE        0x1f
#define MCR_LOOP            0x10
#define LSR_RECEIVED        0x01
#define LSR_OVERRUN         0x02
#define LSR_TX_EMPTY        0x60 /* holding register and shifter */
#define MSR_CARRIER_DSR_CTS 0xb0

bool uart_has_room(const struct uart *u)
{
	return u->count < UART_FIFO;
}

void uart_receive(struct uart *u, uint8_t c)
{
	if (!uart_has_room(u)) {
		u->overrun = true;
		return;
	}
	u->fifo[(u->head + u->count++) % UART_FIFO] = c;
}

uint8_t uart_pop(struct uart *u)
{
	uint8_t c = u->fifo[u->head];

	if (!u->count)
		return 0;
	u->head = (u->head + 1) % UART_FIFO;
	u->count--;
	return c;
}

/* Pending and enabled interrupts by their priority. */
static uint8_t interrupt_id(const struct uart *u)
{
	if ((u->ier & IER_RECEIVED) && u->count)
		return IIR_RECEIVED;
	if ((u->ier & IER_THR_EMPTY) && u->thr_empty_irq)
		return IIR_THR_EMPTY;
	return IIR_NONE;
}

bool uart_irq(const struct uart *u)
{
	return interrupt_id(u) != IIR_NONE;
}

static int transmit(struct uart *u, uint8_t c)
{
	u->thr_empty_irq = true;
	if (!(u->mcr & MCR_LOOP))
		return c;
	uart_receive(u, c);
	return -1;
}

static void write_ier(struct uart *u, uint8_t value)
{
	/* Enabling the interrupt while the transmitter is empty raises it. */
	if (value & ~u->ier & IER_THR_EMPTY)
		u->thr_empty_irq = true;
	u->ier = value & IER_WRITABLE;
}

static void write_fcr(struct uart *u, uint8_t value)
{
	u->fifo_enabled = value & FCR_ENABLE;
	if (value & FCR_CLEAR_RECEIVER)
		u->count = 0;
}

int uart_write(struct uart *u, unsigned reg, uint8_t value)
{
	if (reg <= IER && (u->lcr & LCR_DLAB)) {
		u->divisor[reg] = value;
		return -1;
	}
	switch (reg) {
	case RBR_THR: return transmit(u, value);
	case IER: write_ier(u, value); break;
	case IIR_FCR: write_fcr(u, value); break;
	case LCR: u->lcr = value; break;
	case MCR: u->mcr = value & MCR_WRITABLE; break;
	case SCR: u->scratch = value; break;
	}
	return -1;
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t id = interrupt_id(u);

	if (id == IIR_THR_EMPTY)
		u->thr_empty_irq = false;
	return id | (u->fifo_enabled ? IIR_FIFO_ENABLED : 0);
}

static uint8_t read_lsr(struct uart *u)
{
	uint8_t lsr = LSR_TX_EMPTY;

	if (u->count)
		lsr |= LSR_RECEIVED;
	if (u->overrun)
		lsr |= LSR_OVERRUN;
	u->overrun = false;
	return lsr;
}

/* In loop mode the modem outputs come back as inputs: DTR, RTS, OUT1, OUT2 as DSR, CTS, RI, DCD. */
static uint8_t read_msr(const struct uart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return MSR_CARRIER_DSR_CTS;
	return (u->mcr & 1) << 5 | (u->mcr & 2) << 3 | (u->mcr & 0xc) << 4;
}

uint8_t uart_read(struct uart *u, unsigned reg)
{
	if (reg <= IER && (u->lcr & LCR_DLAB))
		return u->divisor[reg];
	switch (reg) {
	case RBR_THR: return uart_pop(u);
	case IER: return u->ier;
	case IIR_FCR: return read_iir(u);
	case LCR: return u->lcr;
	case MCR: return u->mcr;
	case LSR: return read_lsr(u);
	case MSR: return read_msr(u);
	default: return u->scratch;
	}
}
