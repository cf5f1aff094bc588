// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sets its clock's alarm as far away as the registers hold, to the past, and off, in rounds=N,
 * without it for ever: who else runs on the hart notices nothing.  Whether an alarm of 2^63 or
 * later rings is no fact: QEMU's do, at once.
 */
#include "rtc.h"

#define YEAR_2116 (1ul << 62) /* ns since 1970 */
/* ticks that an alarm is left alone: the neighbour has a slice of them */
#define STAY      15000

static const uint64_t beyond[] = { 1ul << 63, (1ul << 63) + 1, 3ul << 62, ~1ul, ~0ul };

static void stay(void)
{
	uint64_t until = csr_read(time) + STAY;

	while (csr_read(time) < until)
		;
}

static bool line(void)
{
	return read(PLIC_PENDING) & 1 << RTC_IRQ;
}

/* The platform's controller keeps what was pending until it is claimed. */
static void clear(void)
{
	write(RTC + CLEAR_ALARM, 1);
	write(RTC + CLEAR_INTERRUPT, 1);
	write(PLIC_CLAIM, read(PLIC_CLAIM));
}

/* On and off while it is set, and set again each time. */
static void set_far(uint64_t time)
{
	for (unsigned int i = 0; i < 10; i++) {
		write(RTC + IRQ_ENABLED, i % 2);
		set_alarm(time - i % 3);
	}
	stay();
}

static bool rings_at_once(uint64_t time)
{
	bool rang;

	clear();
	set_alarm(time);
	rang = line() && !read(RTC + ALARM_STATUS);
	clear();
	return rang && !line();
}

static bool is_waited_for(uint64_t time)
{
	clear();
	set_far(time);
	return !line() && read(RTC + ALARM_STATUS);
}

static bool every_alarm(void)
{
	bool right = is_waited_for(YEAR_2116);

	for (unsigned int i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		set_far(beyond[i]);
		right &= rings_at_once(0) && rings_at_once(1) && rings_at_once(now());
	}
	return right;
}

void payload(uint64_t hart)
{
	uint64_t rounds = payload_option("rounds", 0);

	(void)hart;
	write(PLIC_PRIORITY, 1);
	write(PLIC_ENABLE, 1 << RTC_IRQ);
	write(PLIC_THRESHOLD, 0);
	note("begins");
	for (uint64_t i = 0; !rounds || i < rounds; i++) {
		bool right = every_alarm();

		if (!right || i == 0)
			fact(right, "an alarm of a far year is waited for, one of the past rings");
	}
}
