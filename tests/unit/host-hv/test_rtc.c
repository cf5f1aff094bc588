/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

#include "device/rtc.h"

enum {
	TIME_LOW = 0x00,
	TIME_HIGH = 0x04,
	ALARM_LOW = 0x08,
	ALARM_HIGH = 0x0c,
	IRQ_ENABLED = 0x10,
	CLEAR_ALARM = 0x14,
	ALARM_STATUS = 0x18,
	CLEAR_INTERRUPT = 0x1c
};

#define NOW 0x1234567890abcdefUL

static struct rtc fresh(void)
{
	struct rtc r = { 0 };

	rtc_reset(&r);
	rtc_write(&r, IRQ_ENABLED, 1, NOW);
	return r;
}

static void set_alarm(struct rtc *r, uint64_t time, uint64_t now)
{
	rtc_write(r, ALARM_HIGH, time >> 32, now);
	rtc_write(r, ALARM_LOW, time, now);
}

static void the_high_half_is_of_the_low_ones_time(void **state)
{
	struct rtc r = fresh();

	(void)state;
	assert_int_equal(rtc_read(&r, TIME_LOW, 0x1ffffffffUL), 0xffffffff);
	assert_int_equal(rtc_read(&r, TIME_HIGH, 0x200000001UL), 1);
}

static void its_time_is_the_guests(void **state)
{
	struct rtc r = fresh();

	(void)state;
	rtc_write(&r, TIME_HIGH, 7, NOW);
	rtc_write(&r, TIME_LOW, 5, NOW);
	assert_int_equal(rtc_read(&r, TIME_LOW, NOW + 10), 15);
	assert_int_equal(rtc_read(&r, TIME_HIGH, NOW), 7);
	rtc_reset(&r);
	assert_int_equal(rtc_read(&r, TIME_LOW, NOW + 10), 15);
}

static void an_alarm_is_due_in_the_platforms_time(void **state)
{
	struct rtc r = fresh();

	(void)state;
	assert_int_equal(r.due, FOREVER);
	rtc_write(&r, TIME_HIGH, 0, NOW);
	rtc_write(&r, TIME_LOW, 0, NOW);
	set_alarm(&r, 100, NOW);
	assert_int_equal(r.due, NOW + 100);
	assert_int_equal(rtc_read(&r, ALARM_STATUS, NOW), 1);
	rtc_tick(&r, NOW + 99);
	assert_false(rtc_irq(&r));
	rtc_tick(&r, NOW + 100);
	assert_true(rtc_irq(&r));
	assert_int_equal(r.due, FOREVER);
	rtc_write(&r, CLEAR_INTERRUPT, 1, NOW + 100);
	rtc_tick(&r, NOW + 200);
	assert_false(rtc_irq(&r));
}

static void an_alarm_of_the_past_comes_at_once(void **state)
{
	struct rtc r = fresh();

	(void)state;
	set_alarm(&r, NOW, NOW);
	assert_true(rtc_irq(&r));
	assert_int_equal(r.due, FOREVER);
	rtc_write(&r, IRQ_ENABLED, 2, NOW);
	assert_false(rtc_irq(&r));
}

static void a_cleared_alarm_does_not_come(void **state)
{
	struct rtc r = fresh();

	(void)state;
	set_alarm(&r, NOW + 1, NOW);
	rtc_write(&r, CLEAR_ALARM, 1, NOW);
	rtc_tick(&r, NOW + 2);
	assert_false(rtc_irq(&r));
	assert_int_equal(rtc_read(&r, ALARM_LOW, NOW), (uint32_t)(NOW + 1));
	assert_int_equal(rtc_read(&r, ALARM_HIGH, NOW), NOW >> 32);
}

/* Such as one that is never. */
static void an_alarm_beyond_all_time_wraps_nothing(void **state)
{
	struct rtc r = fresh();

	(void)state;
	set_alarm(&r, FOREVER, NOW);
	assert_int_equal(r.due, FOREVER);
	rtc_tick(&r, NOW + (1UL << 60));
	assert_false(rtc_irq(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_high_half_is_of_the_low_ones_time),
		cmocka_unit_test(its_time_is_the_guests),
		cmocka_unit_test(an_alarm_is_due_in_the_platforms_time),
		cmocka_unit_test(an_alarm_of_the_past_comes_at_once),
		cmocka_unit_test(a_cleared_alarm_does_not_come),
		cmocka_unit_test(an_alarm_beyond_all_time_wraps_nothing),
	};

	return RUN(tests);
}
