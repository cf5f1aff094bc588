/* SPDX-License-Identifier: BSD-2-Clause */
/* What reaches the machine's console; names, once on, stay on, so the raw console comes first. */
#include "test.h"

#undef fail /* cmocka's */
#include "console/input.h"
#include "core/console.h"
#include "core/external.h"
#include "core/hm.h"
#include "core/platform.h"
#include "core/serial.h"

unsigned long mock_time, mock_sip, mock_sie;
struct hart *mock_hart;
static struct hart two_harts[2];
static jmp_buf off;
#define DBCN_WRITE_BYTE 2

#define LOOK 100 /* ticks between two looks, with this clock: */
#define HZ   (100 * LOOK)

static char written[4096];

struct sbiret sbi_call6(unsigned long eid, unsigned long fid, const unsigned long arg[6])
{
	size_t at = strlen(written);

	if (eid == SBI_EXT_DBCN && fid == DBCN_WRITE_BYTE && at + 1 < sizeof(written)) {
		written[at] = arg[0];
		written[at + 1] = 0;
	}
	if (eid == SBI_EXT_SRST)
		longjmp(off, 1);
	return (struct sbiret){ 0, 0 };
}

/*
 * A UART whose registers are four bytes apart; a store that is not one of four bytes would leave
 * 0xaa in it.
 */
static uint32_t registers[8];
static uint32_t plic[0x201000 / 4];
static uint8_t typed;

static void take_key(uint8_t c)
{
	typed = c;
	registers[5] &= ~1u; /* LSR: what was received is read */
}

/* Every line is ended, so that each test begins with a new one. */
static int setup(void **state)
{
	(void)state;
	mock_hart = &two_harts[0];
	console_init(HZ);
	console_guest_putc(0, '\n');
	console_guest_putc(1, '\n');
	written[0] = 0;
	return 0;
}

static void guest_says(int speaker, const char *text)
{
	while (*text)
		console_guest_putc(speaker, *text++);
}

static void says(const char *text)
{
	guest_says(0, text);
}

static void shows(const char *text, const char *expected)
{
	written[0] = 0;
	says(text);
	assert_string_equal(written, expected);
}

static void one_guest_has_the_console_raw(void **state)
{
	(void)state;
	shows("a\rb\b\x1b[1Gc\n", "a\rb\b\x1b[1Gc\n");
}

static void records_are_the_hosts(void **state)
{
	(void)state;
	shows("\x1e{}\n", "{}\n");
	console_name_speakers();
	shows("\x1e{}\n", "[vm0] {}\r\n");
}

static void each_line_has_its_guests_name(void **state)
{
	(void)state;
	console_name_speakers();
	shows("a\nb\r\n\n", "[vm0] a\r\n[vm0] b\r\n[vm0] \r\n");
}

static void guests_that_write_at_once_each_have_their_line(void **state)
{
	const char *a = "the first of the guests\n", *b = "the second one\n";

	(void)state;
	console_name_speakers();
	for (unsigned i = 0; a[i]; i++) {
		console_guest_putc(0, a[i]);
		if (i < strlen(b))
			console_guest_putc(1, b[i]);
	}
	assert_string_equal(written, "[vm1] the second one\r\n[vm0] the first of the guests\r\n");
}

/* Time passes until the hart looks, if it does. */
static void look(struct hart *h)
{
	uint64_t due = console_show_quiet_if_due(h);

	if (due == FOREVER)
		return;
	mock_time = due;
	console_show_quiet_if_due(h);
}

static void looks(unsigned times)
{
	while (times--)
		look(mock_hart);
}

static void a_prompt_is_shown_when_it_is_quiet(void **state)
{
	(void)state;
	console_name_speakers();
	says("~ # ");
	looks(2);
	assert_string_equal(written, "");
	looks(1);
	assert_string_equal(written, "[vm0] ~ # ");
	assert_int_equal(console_show_quiet_if_due(mock_hart), FOREVER);

	says("l");
	looks(3);
	assert_string_equal(written, "[vm0] ~ # l");
	shows("s\r\nbin\r\n", "s\r\n[vm0] bin\r\n");
}

static void each_byte_is_waited_for_anew(void **state)
{
	(void)state;
	console_name_speakers();
	for (unsigned i = 0; i < 10; i++) {
		says("x");
		looks(2);
	}
	assert_string_equal(written, "");
	shows("\n", "[vm0] xxxxxxxxxx\r\n");
}

static void a_hart_that_stood_still_has_looked_once(void **state)
{
	(void)state;
	console_name_speakers();
	says("x");
	mock_time += HZ;
	assert_int_equal(console_show_quiet_if_due(mock_hart), mock_time + LOOK);
	assert_int_equal(console_show_quiet_if_due(mock_hart), mock_time + LOOK);
	assert_string_equal(written, "");
	looks(2);
	assert_string_equal(written, "[vm0] x");
}

static void the_hart_that_wrote_last_looks(void **state)
{
	(void)state;
	console_name_speakers();
	says("x");
	mock_hart = &two_harts[1];
	says("y");
	for (unsigned i = 0; i < 5; i++)
		look(&two_harts[0]);
	assert_string_equal(written, "");
	looks(3);
	assert_string_equal(written, "[vm0] xy");
}

/* A look is an exit of whoever runs on the hart. */
static void nobody_looks_for_lines_that_have_ended(void **state)
{
	(void)state;
	console_name_speakers();
	says("a line\n");
	assert_int_equal(console_show_quiet_if_due(mock_hart), FOREVER);
	guest_says(1, "~ # ");
	says("another\n");
	assert_int_equal(console_show_quiet_if_due(mock_hart), mock_time + LOOK);
	guest_says(1, "ls\n");
	assert_int_equal(console_show_quiet_if_due(mock_hart), FOREVER);
}

static void a_prompt_is_left_when_another_speaks(void **state)
{
	(void)state;
	console_name_speakers();
	says("~ # ");
	looks(3);
	written[0] = 0;
	guest_says(1, "a line\n");
	assert_string_equal(written, "\r\n[vm1] a line\r\n");
	says("ls");
	print("%c{}\n", HM_RECORD_RS);
	shows("\n", "[vm0] ls\r\n");
}

static void a_record_stands_between_lines(void **state)
{
	(void)state;
	console_name_speakers();
	says("half");
	print("%c{}\n", HM_RECORD_RS);
	says(" and half\n");
	assert_string_equal(written, "\x1e{}\r\n[vm0] half and half\r\n");
}

/* No line feed, and more than any buffer's worth. */
static void a_long_line_is_shown_in_parts(void **state)
{
	(void)state;
	console_name_speakers();
	for (unsigned i = 0; i < 1500; i++)
		says("x");
	assert_true(strlen(written) > 1000);
	says("\n");
	assert_int_equal(strlen(written), strlen("[vm0] \r\n") + 1500);
}

static void nothing_is_lost_at_an_end(void **state)
{
	(void)state;
	console_name_speakers();
	says("a");
	guest_says(1, "b");
	console_end_line(1);
	assert_string_equal(written, "[vm1] b");
	print("end\n");
	guest_says(1, "c");
	console_end_lines();
	assert_string_equal(written, "[vm1] b\r\nend\r\n[vm0] a\r\n[vm1] c");
}

static void nothing_is_lost_at_a_failure(void **state)
{
	(void)state;
	console_name_speakers();
	says("a");
	guest_says(1, "b");
	if (!setjmp(off))
		fail("why");
	assert_string_equal(written, "[vm0] a\r\n[vm1] b\r\nhost-hv: why\r\n"
				     "\x1e{\"end\":\"failure\",\"vm\":null}\r\n");
}

static void a_carriage_return_brings_the_name_again(void **state)
{
	(void)state;
	console_name_speakers();
	shows("50%\r99%\r\n", "[vm0] 50%\r[vm0] 99%\r\n");
	shows("\r[vm1] x\n", "[vm0] \r[vm0] [vm1] x\r\n");
	shows("abc\r\b\b\b[vm1]\n", "[vm0] abc\r[vm0] [vm1]\r\n");
	shows("a\r\r\r\n", "[vm0] a\r\n");
}

static void a_backspace_ends_at_the_name(void **state)
{
	(void)state;
	console_name_speakers();
	shows("ab\b\b\b\bx\n", "[vm0] ab\b\bx\r\n");
	shows("\xc3\xbc\b\b\n", "[vm0] \xc3\xbc\r\n"); /* one cell, or two */
	shows("\t\b\b\n", "[vm0] \t\r\n");             /* none, at the margin */
}

static void no_terminal_is_left_behind(void **state)
{
	unsigned backspaces = 0;

	(void)state;
	console_name_speakers();
	for (unsigned i = 0; i < 300; i++)
		says("x");
	for (unsigned i = 0; i < 300; i++)
		says("\b");
	for (const char *c = written; *c; c++)
		backspaces += *c == '\b';
	assert_int_equal(backspaces, 64);
}

static void what_moves_the_cursor_is_a_question_mark(void **state)
{
	(void)state;
	console_name_speakers();
	shows("\x1b[1G\x0b\x0c\x7f\x9b"
	      "1G\xc2\x9b\n",
	      "[vm0] ?[1G????1G\xc2?\r\n");
}

static void a_uart_with_wide_registers_has_a_keyboard(void **state)
{
	struct platform p = {
		.uart = { (uint64_t)registers, sizeof(registers) },
		.uart_shift = 2,
		.uart_width = 4,
		.uart_irq = 10,
		.plic = { (uint64_t)plic, sizeof(plic) },
	};

	(void)state;
	memset(registers, 0xaa, sizeof(registers));
	registers[5] = 0x20; /* LSR: the transmitter is empty */
	serial_init(&p);
	external_init(&p, false);
	input_begin(p.uart_irq, take_key);
	assert_int_equal(registers[1], 1); /* IER */
	assert_int_equal(registers[2], 1); /* FCR */
	assert_int_equal(registers[3], 0xaaaaaaaa);

	registers[0] = 'k';
	registers[5] |= 1;
	plic[0x200004 / 4] = 10; /* claim of context 0 */
	external_serve();
	assert_int_equal(typed, 'k');

	console_guest_putc(0, '!');
	console_end_line(0);
	assert_int_equal(registers[0], '!');
	serial_init(&(struct platform){ 0 });
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_guest_has_the_console_raw),
		TEST(records_are_the_hosts),
		TEST(each_line_has_its_guests_name),
		TEST(guests_that_write_at_once_each_have_their_line),
		TEST(a_prompt_is_shown_when_it_is_quiet),
		TEST(each_byte_is_waited_for_anew),
		TEST(a_hart_that_stood_still_has_looked_once),
		TEST(the_hart_that_wrote_last_looks),
		TEST(nobody_looks_for_lines_that_have_ended),
		TEST(a_prompt_is_left_when_another_speaks),
		TEST(a_record_stands_between_lines),
		TEST(a_long_line_is_shown_in_parts),
		TEST(nothing_is_lost_at_an_end),
		TEST(nothing_is_lost_at_a_failure),
		TEST(a_carriage_return_brings_the_name_again),
		TEST(a_backspace_ends_at_the_name),
		TEST(no_terminal_is_left_behind),
		TEST(what_moves_the_cursor_is_a_question_mark),
		TEST(a_uart_with_wide_registers_has_a_keyboard),
	};

	return RUN(tests);
}
