/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/console.h"

#include <stdarg.h>

#include "core/external.h"
#include "core/hm.h"
#include "monitor/commands.h"
#include "core/platform.h"

/* 16550 registers, by number. */
#define UART_DATA	0
#define UART_IER	1
#define UART_FCR	2
#define UART_LSR	5
#define IER_RECEIVED	0x01
#define FCR_ENABLE	0x01
#define LSR_RECEIVED	0x01
#define LSR_TX_EMPTY	0x20

#define DBCN_WRITE_BYTE	2
/* Speakers besides the guests' numbers. */
#define HOST		(-1)
#define PROMPT		(-2)

static struct {
	struct spinlock lock;		/* guards the output side, line by line */
	bool names;			/* several guests: say who speaks */
	bool all;			/* what guests write passes, though it looked like a record */
	int speaker;			/* of the line being written */
	bool line_open;
	unsigned column;		/* cells behind the name that a backspace may take back */
	bool returned;			/* a CR was not yet written: what follows decides */

	volatile uint8_t *uart;		/* set at boot */
	uint32_t uart_shift, uart_width;
} console = { .speaker = HOST };

void console_init(const struct platform *p)
{
	console.uart = p->uart.size ? (volatile uint8_t *)p->uart.base : NULL;
	console.uart_shift = p->uart_shift;
	console.uart_width = p->uart_width;
}

static uint8_t uart_get(unsigned reg)
{
	volatile void *at = console.uart + (reg << console.uart_shift);

	switch (console.uart_width) {
	case 4:
		return *(volatile uint32_t *)at;
	case 2:
		return *(volatile uint16_t *)at;
	default:
		return *(volatile uint8_t *)at;
	}
}

static void uart_put(unsigned reg, uint8_t value)
{
	volatile void *at = console.uart + (reg << console.uart_shift);

	switch (console.uart_width) {
	case 4:
		*(volatile uint32_t *)at = value;
		break;
	case 2:
		*(volatile uint16_t *)at = value;
		break;
	default:
		*(volatile uint8_t *)at = value;
	}
}

/* -- output -- */

static void put_raw(char c)
{
	if (!console.uart) {
		sbi_call(SBI_EXT_DBCN, DBCN_WRITE_BYTE, (unsigned char)c);
		return;
	}
	while (!(uart_get(UART_LSR) & LSR_TX_EMPTY))
		;
	uart_put(UART_DATA, c);
}

static void put_string(const char *s)
{
	while (*s)
		put_raw(*s++);
}

static void put_name(int speaker)
{
	put_string("[vm");
	put_raw('0' + speaker);
	put_string("] ");
	console.column = 0;
	console.returned = false;
}

#define MOST_CELLS	64		/* with the name less than any terminal's width */

/* How far c surely moves the cursor; no terminal that wraps or does not, UTF-8 or not, moves it less. */
static unsigned cells(char c)
{
	return c >= ' ' && c <= '~' ? 1 : 0;
}

/*
 * Several guests share the terminal by lines, and none may leave its own or write over
 * the name in front.  A CR brings the name again, a backspace ends there, and what moves the
 * cursor otherwise (other control characters, ESC, DEL, the bytes of C1) is shown as '?'.
 */
static void put_visible(char c)
{
	uint8_t byte = c;

	if ((byte < ' ' && c != '\t') || (byte >= 0x7f && byte < 0xa0))
		c = '?';
	console.column += cells(c);
	if (console.column > MOST_CELLS)
		console.column = MOST_CELLS;
	put_raw(c);
}

static void put_named(int speaker, char c)
{
	if (c == '\n') {
		put_string("\r\n");
		return;
	}
	if (c == '\r') {
		console.returned = true;
		console.column = 0;
		return;
	}
	if (c == '\b' && !console.column)
		return;
	if (console.returned) {
		put_raw('\r');
		put_name(speaker);
	}
	if (c != '\b') {
		put_visible(c);
		return;
	}
	console.column--;
	put_raw(c);
}

/* Ends another speaker's open line, so that no line has two authors. */
static void take_line(int speaker)
{
	if (console.speaker != speaker && console.line_open) {
		put_string("\r\n");
		console.line_open = false;
	}
	console.speaker = speaker;
	if (console.names && !console.line_open && speaker >= 0)
		put_name(speaker);
	console.line_open = true;
}

void console_name_speakers(void)
{
	console.names = true;
}

void console_pass_all(void)
{
	console.all = true;
}

void console_guest_putc(int speaker, char c)
{
	if (c == HM_RECORD_RS && !console.all)	/* only the host may begin a record */
		return;
	spin_lock(&console.lock);
	if (console.names || console.speaker != speaker)
		take_line(speaker);
	if (console.names)
		put_named(speaker, c);
	else
		put_raw(c);
	if (c == '\n')
		console.line_open = false;
	spin_unlock(&console.lock);
}

void console_edit(const char *piece)
{
	spin_lock(&console.lock);
	take_line(PROMPT);
	put_string(piece);
	console.line_open = piece[strlen(piece) - 1] != '\n';
	spin_unlock(&console.lock);
}

static void put_number(uint64_t n, unsigned base)
{
	char digits[20];
	int i = 0;

	do
		digits[i++] = "0123456789abcdef"[n % base];
	while (n /= base);
	while (i)
		put_raw(digits[--i]);
}

/* One conversion; returns the format after it. */
static const char *put_conversion(const char *f, va_list *args)
{
	bool wide = *f == 'l';
	int64_t n;

	f += wide;
	switch (*f) {
	case 'c':
		put_raw(va_arg(*args, int));
		break;
	case 's':
		put_string(va_arg(*args, const char *));
		break;
	case 'd':
		n = wide ? va_arg(*args, long) : va_arg(*args, int);
		if (n < 0)
			put_raw('-');
		put_number(n < 0 ? -(uint64_t)n : (uint64_t)n, 10);
		break;
	case 'u':
	case 'x':
		put_number(wide ? va_arg(*args, unsigned long) : va_arg(*args, unsigned),
			   *f == 'x' ? 16 : 10);
		break;
	default:
		put_raw(*f);
	}
	return f + 1;
}

static void vprint(const char *f, va_list *args)
{
	while (*f) {
		if (*f == '\n')
			put_raw('\r');
		if (*f == '%')
			f = put_conversion(f + 1, args);
		else
			put_raw(*f++);
	}
}

void print_begin(void)
{
	spin_lock(&console.lock);
	take_line(HOST);
}

void print_more(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(format, &args);
	va_end(args);
}

void print_end(void)
{
	console.line_open = false;
	spin_unlock(&console.lock);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_begin();
	vprint(format, &args);
	print_end();
	va_end(args);
}

/* Takes no lock: what goes wrong may go wrong while one is held. */
void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	take_line(HOST);
	put_string("host-hv: ");
	vprint(format, &args);
	va_end(args);
	put_string("\r\n\x1e{\"end\":\"failure\",\"vm\":null}\r\n");
	for (;;)
		sbi_call(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, SBI_SRST_SYSTEM_FAILURE);
}

/* -- input -- */

/* Whatever a guest does about its own, so that the operator's key always works. */
static void read_uart(void)
{
	while (uart_get(UART_LSR) & LSR_RECEIVED)
		keyboard_type(uart_get(UART_DATA));
}

void console_enable_input(const struct platform *p)
{
	if (!console.uart || !external_listen(p->uart_irq, read_uart))
		return;
	uart_put(UART_FCR, FCR_ENABLE);
	uart_put(UART_IER, IER_RECEIVED);
}
