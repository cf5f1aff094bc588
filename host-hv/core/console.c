/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/console.h"

#include <stdarg.h>

#include "core/hm.h"
#include "core/serial.h"
#include "core/vm.h"

/* Speakers besides the guests' numbers. */
#define HOST   (-1)
#define PROMPT (-2)

static struct {
	struct spinlock lock; /* guards the output side, and the guests' lines */
	bool names;           /* several guests: say who speaks */
	bool all;             /* what guests write passes, though it looked like a record */
	int speaker;          /* of the line being written */
	bool line_open;
	unsigned column; /* cells behind the name that a backspace may take back */
	bool returned;   /* a CR was not yet written: what follows decides */
} console = { .speaker = HOST };

/*
 * Where lines have names, a guest's bytes wait here until the line ends, so that none has two
 * authors.  What does not end - a prompt, an echo - is shown once it is quiet: once the hart that
 * wrote it has looked QUIET_LOOKS times and found nothing new.  Looks are counted, and not the
 * time: a hart of a virtual machine may stand still for long in the middle of a line, and looks but
 * once then.
 */
#define LINE_BYTES       512
#define LOOKS_PER_SECOND 100
#define QUIET_LOOKS      3

static struct line {
	char text[LINE_BYTES]; /* as the guest wrote it; a line feed is the last byte */
	unsigned length;
	unsigned looks;    /* since the last byte came */
	struct hart *hart; /* which wrote that byte, and looks */
} lines[MAX_GUESTS];

static uint64_t look_ticks;

static void put_string(const char *s)
{
	while (*s)
		serial_put(*s++);
}

static void put_name(int speaker)
{
	put_string("[vm");
	serial_put('0' + speaker);
	put_string("] ");
	console.column = 0;
	console.returned = false;
}

#define MOST_CELLS 64 /* with the name less than any terminal's width */

/*
 * How far c surely moves the cursor; no terminal that wraps or does not, UTF-8 or not, moves it
 * less.
 */
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
	serial_put(c);
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
		serial_put('\r');
		put_name(speaker);
	}
	if (c != '\b') {
		put_visible(c);
		return;
	}
	console.column--;
	serial_put(c);
}

/* Ends another speaker's open line, so that no line has two authors. */
static void switch_speaker(int speaker)
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

/* -- the guests' lines, with the lock -- */

/*
 * Without a line feed at its end the line stays open on the terminal, until it goes on or another
 * speaks.
 */
static void show_line(int speaker)
{
	struct line *line = &lines[speaker];
	unsigned length = line->length;

	if (!length)
		return;
	switch_speaker(speaker);
	for (unsigned i = 0; i < length; i++)
		put_named(speaker, line->text[i]);
	if (line->text[length - 1] == '\n')
		console.line_open = false;
	line->length = 0;
}

static void show_lines(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		show_line(i);
}

static void schedule_look(struct hart *h)
{
	h->console_look = csr_read(time) + look_ticks;
	h->shared = true;
}

static bool line_waits(const struct hart *h)
{
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].hart == h && lines[i].length)
			return true;
	return false;
}

/* A look is an exit: none is made for lines that have ended. */
static void add_to_line(int speaker, char c)
{
	struct line *line = &lines[speaker];
	struct hart *h = this_hart();

	line->text[line->length++] = c;
	line->looks = 0;
	line->hart = h;
	if (c == '\n' || line->length == LINE_BYTES) {
		show_line(speaker);
		if (!line_waits(h))
			h->console_look = 0;
	} else if (!h->console_look) {
		schedule_look(h);
	}
}

static void show_quiet_lines(const struct hart *h)
{
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].hart == h && ++lines[i].looks >= QUIET_LOOKS)
			show_line(i);
}

uint64_t console_show_quiet(struct hart *h)
{
	if (csr_read(time) < h->console_look)
		return h->console_look;
	h->console_look = 0;
	spin_lock(&console.lock);
	show_quiet_lines(h);
	if (line_waits(h))
		schedule_look(h);
	spin_unlock(&console.lock);
	return h->console_look ? h->console_look : FOREVER;
}

void console_end_line(int speaker)
{
	spin_lock(&console.lock);
	show_line(speaker);
	spin_unlock(&console.lock);
}

void console_end_lines(void)
{
	spin_lock(&console.lock);
	show_lines();
	spin_unlock(&console.lock);
}

/* -- who speaks -- */

void console_init(uint64_t timebase_hz)
{
	look_ticks = timebase_hz / LOOKS_PER_SECOND;
}

void console_name_speakers(void)
{
	console.names = true;
}

void console_pass_all(void)
{
	console.all = true;
}

/* The one guest's. */
static void put_raw(int speaker, char c)
{
	if (console.speaker != speaker)
		switch_speaker(speaker);
	serial_put(c);
	if (c == '\n')
		console.line_open = false;
}

void console_guest_putc(int speaker, char c)
{
	if (c == HM_RECORD_RS && !console.all) /* only the host may begin a record */
		return;
	spin_lock(&console.lock);
	if (console.names)
		add_to_line(speaker, c);
	else
		put_raw(speaker, c);
	spin_unlock(&console.lock);
}

void console_edit(const char *piece)
{
	spin_lock(&console.lock);
	switch_speaker(PROMPT);
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
		serial_put(digits[--i]);
}

/* One conversion; returns the format after it. */
static const char *put_conversion(const char *f, va_list *args)
{
	bool wide = *f == 'l';
	int64_t n;

	f += wide;
	switch (*f) {
	case 'c': serial_put(va_arg(*args, int)); break;
	case 's': put_string(va_arg(*args, const char *)); break;
	case 'd':
		n = wide ? va_arg(*args, long) : va_arg(*args, int);
		if (n < 0)
			serial_put('-');
		put_number(n < 0 ? -(uint64_t)n : (uint64_t)n, 10);
		break;
	case 'u':
	case 'x':
		put_number(wide ? va_arg(*args, unsigned long) : va_arg(*args, unsigned),
			   *f == 'x' ? 16 : 10);
		break;
	default: serial_put(*f);
	}
	return f + 1;
}

static void vprint(const char *f, va_list *args)
{
	while (*f) {
		if (*f == '\n')
			serial_put('\r');
		if (*f == '%')
			f = put_conversion(f + 1, args);
		else
			serial_put(*f++);
	}
}

void print_begin(void)
{
	spin_lock(&console.lock);
	switch_speaker(HOST);
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
	show_lines();
	switch_speaker(HOST);
	put_string("host-hv: ");
	vprint(format, &args);
	va_end(args);
	put_string("\r\n\x1e{\"end\":\"failure\",\"vm\":null}\r\n");
	for (;;)
		sbi_call(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, SBI_SRST_SYSTEM_FAILURE);
}
