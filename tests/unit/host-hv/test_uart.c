/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

#include "device/typed.h"
#include "device/uart.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

static void sends_what_is_written(void **state)
{
	struct uart u = { 0 };

	(void)state;
	assert_int_equal(uart_write(&u, DATA, 'x'), 'x');
	assert_int_equal(uart_read(&u, LSR), 0x60);
}

static void receives_in_order_and_counts_overruns(void **state)
{
	struct uart u = { 0 };

	(void)state;
	for (unsigned i = 0; i <= UART_FIFO; i++)
		uart_receive(&u, i);
	assert_int_equal(uart_read(&u, LSR), 0x63);
	assert_int_equal(uart_read(&u, LSR), 0x61);
	for (unsigned i = 0; i < UART_FIFO; i++)
		assert_int_equal(uart_read(&u, DATA), i);
	assert_int_equal(uart_read(&u, LSR), 0x60);
	assert_int_equal(uart_read(&u, DATA), 0);
}

static void keeps_order_when_the_buffer_wraps(void **state)
{
	struct uart u = { 0 };

	(void)state;
	for (unsigned i = 0; i < 5 * UART_FIFO; i++) {
		uart_receive(&u, i);
		uart_receive(&u, i + 100);
		assert_int_equal(uart_read(&u, DATA), i & 0xff);
		assert_int_equal(uart_read(&u, DATA), (i + 100) & 0xff);
	}
}

static void interrupts_for_input_only_if_enabled(void **state)
{
	struct uart u = { 0 };

	(void)state;
	uart_receive(&u, 'a');
	assert_false(uart_irq(&u));
	uart_write(&u, IER, 1);
	assert_true(uart_irq(&u));
	assert_int_equal(uart_read(&u, IIR), 0x04);
	assert_true(uart_irq(&u));
	uart_read(&u, DATA);
	assert_false(uart_irq(&u));
	assert_int_equal(uart_read(&u, IIR), 0x01);
}

/* The driver relies on it to begin sending. */
static void interrupts_for_an_empty_transmitter_once(void **state)
{
	struct uart u = { 0 };

	(void)state;
	uart_write(&u, IER, 2);
	assert_true(uart_irq(&u));
	assert_int_equal(uart_read(&u, IIR), 0x02);
	assert_false(uart_irq(&u));
	uart_write(&u, DATA, 'a');
	assert_true(uart_irq(&u));
	uart_write(&u, IER, 0);
	assert_false(uart_irq(&u));
}

static void input_comes_before_output(void **state)
{
	struct uart u = { 0 };

	(void)state;
	uart_write(&u, IER, 3);
	uart_receive(&u, 'a');
	assert_int_equal(uart_read(&u, IIR), 0x04);
	uart_read(&u, DATA);
	assert_int_equal(uart_read(&u, IIR), 0x02);
}

static void divisor_hides_behind_dlab(void **state)
{
	struct uart u = { 0 };

	(void)state;
	uart_write(&u, LCR, 0x80);
	assert_int_equal(uart_write(&u, DATA, 0x12), -1);
	uart_write(&u, IER, 0x34);
	assert_int_equal(uart_read(&u, DATA), 0x12);
	assert_int_equal(uart_read(&u, IER), 0x34);
	uart_write(&u, LCR, 0x03);
	assert_int_equal(uart_read(&u, IER), 0);
	assert_int_equal(uart_read(&u, LCR), 0x03);
}

static void says_that_it_is_a_16550a(void **state)
{
	struct uart u = { 0 };

	(void)state;
	uart_write(&u, IIR, 0x01);
	assert_int_equal(uart_read(&u, IIR), 0xc1);
	uart_write(&u, SCR, 0xa5);
	assert_int_equal(uart_read(&u, SCR), 0xa5);
}

/* 8250 autoconfiguration: in loop mode RTS and OUT2 show as CTS and DCD. */
static void loops_back(void **state)
{
	struct uart u = { 0 };

	(void)state;
	uart_write(&u, MCR, 0x1a);
	assert_int_equal(uart_read(&u, MSR) & 0xf0, 0x90);
	assert_int_equal(uart_write(&u, DATA, 'x'), -1);
	assert_int_equal(uart_read(&u, DATA), 'x');
}

static void type(struct typed *t, struct uart *u, unsigned n, uint8_t first)
{
	for (unsigned i = 0; i < n; i++) {
		assert_true(typed_put(t, first + i));
		typed_refill(t, u);
	}
}

static void what_is_typed_waits_for_room(void **state)
{
	static struct typed t;
	struct uart u = { 0 };

	(void)state;
	type(&t, &u, 2048, 0);
	for (unsigned i = 0; i < 2048; i++) {
		assert_int_equal(uart_read(&u, DATA), i & 0xff);
		typed_refill(&t, &u);
	}
	assert_int_equal(uart_read(&u, LSR), 0x60);
}

static void clearing_the_fifo_spares_what_waits(void **state)
{
	static struct typed t;
	struct uart u = { 0 };

	(void)state;
	type(&t, &u, UART_FIFO + 1, 0);
	uart_write(&u, IIR, 0x03);
	typed_refill(&t, &u);
	assert_int_equal(uart_read(&u, DATA), UART_FIFO);
	assert_int_equal(uart_read(&u, LSR), 0x60);
}

static void what_is_dropped_is_said_once(void **state)
{
	static struct typed t;
	struct uart u = { 0 };

	(void)state;
	type(&t, &u, UART_FIFO + TYPED_MOST, 0);
	assert_false(typed_put(&t, 'x'));
	assert_true(typed_put(&t, 'x'));
	uart_pop(&u);
	typed_refill(&t, &u);
	assert_true(typed_put(&t, 'x')); /* there was room for one */
	assert_true(typed_put(&t, 'x'));
	while (u.count) {
		uart_pop(&u);
		typed_refill(&t, &u);
	}
	type(&t, &u, UART_FIFO + TYPED_MOST, 0);
	assert_false(typed_put(&t, 'x'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_what_is_written),
		cmocka_unit_test(receives_in_order_and_counts_overruns),
		cmocka_unit_test(keeps_order_when_the_buffer_wraps),
		cmocka_unit_test(interrupts_for_input_only_if_enabled),
		cmocka_unit_test(interrupts_for_an_empty_transmitter_once),
		cmocka_unit_test(input_comes_before_output),
		cmocka_unit_test(divisor_hides_behind_dlab),
		cmocka_unit_test(says_that_it_is_a_16550a),
		cmocka_unit_test(loops_back),
		cmocka_unit_test(what_is_typed_waits_for_room),
		cmocka_unit_test(clearing_the_fifo_spares_what_waits),
		cmocka_unit_test(what_is_dropped_is_said_once),
	};

	return RUN(tests);
}
