// SPDX-License-Identifier: BSD-2-Clause
/* The goldfish real-time clock: its time, its alarm and interrupt, which accesses it answers. */
#include "rtc.h"

#define SECOND      1000000000ul
#define MILLISECOND 1000000ul
#define TICK        100 /* ns, of the hart's time */

static void wait(uint64_t ns)
{
	uint64_t until = csr_read(time) + ns / TICK;

	while (csr_read(time) < until)
		;
}

static void set_time(uint64_t time)
{
	write(RTC + TIME_HIGH, time >> 32);
	write(RTC + TIME_LOW, time);
}

static void passes(void)
{
	uint64_t first, last;

	first = now();
	wait(3 * MILLISECOND);
	last = now();
	fact(last - first >= 2 * MILLISECOND && last - first < SECOND,
	     "time passes as it does for the hart");
	note_value("seconds since 1970", first / SECOND);
}

static void can_be_set(void)
{
	uint64_t real = now(), first;

	set_time(1000 * SECOND);
	first = now();
	fact(first / SECOND == 1000, "the time is what it was set to");
	set_time(real);
	fact(now() - real < SECOND, "and is set back");
}

static bool line(void)
{
	return read(PLIC_PENDING) & 1 << RTC_IRQ;
}

static void alarm(void)
{
	fact_equal(read(RTC + ALARM_STATUS), 0, "no alarm is set");
	write(RTC + IRQ_ENABLED, 1);
	set_alarm(now() + 20 * MILLISECOND);
	fact_equal(read(RTC + ALARM_STATUS), 1, "one is");
	fact(!line(), "it does not ring before its time");
	wait(25 * MILLISECOND);
	fact(line(), "it rings");
	fact_equal(read(RTC + ALARM_STATUS), 0, "once");
	fact_equal(read(PLIC_CLAIM), RTC_IRQ, "its interrupt can be claimed");
	write(RTC + CLEAR_INTERRUPT, 1);
	write(PLIC_CLAIM, RTC_IRQ);
	fact(!line(), "and is over when it was cleared");
}

/* The hart has nothing else to wake for. */
static void wakes(void)
{
	uint64_t before = now();

	set_alarm(before + 20 * MILLISECOND);
	csr_set(sie, 1ul << IRQ_EXTERNAL);
	__asm__ volatile("wfi" ::: "memory");
	while (!(csr_read(sip) & 1ul << IRQ_EXTERNAL))
		__asm__ volatile("wfi" ::: "memory");
	csr_clear(sie, 1ul << IRQ_EXTERNAL);
	fact(now() - before >= 20 * MILLISECOND, "an alarm wakes a hart");
	fact_equal(read(PLIC_CLAIM), RTC_IRQ, "by the interrupt");
	write(RTC + CLEAR_INTERRUPT, 1);
	write(PLIC_CLAIM, RTC_IRQ);
}

static void at_once_or_never(void)
{
	set_alarm(1);
	fact(line(), "an alarm of the past rings at once");
	fact_equal(read(PLIC_CLAIM), RTC_IRQ, "with an interrupt");
	write(RTC + IRQ_ENABLED, 0);
	write(PLIC_CLAIM, RTC_IRQ);
	fact(!line(), "which is none while it is not enabled");
	write(RTC + CLEAR_INTERRUPT, 1);
	write(RTC + IRQ_ENABLED, 1);
	set_alarm(now() + 20 * MILLISECOND);
	write(RTC + CLEAR_ALARM, 1);
	fact_equal(read(RTC + ALARM_STATUS), 0, "an alarm is cleared");
	wait(25 * MILLISECOND);
	fact(!line(), "and does not ring");
	write(RTC + IRQ_ENABLED, 0);
}

static void edges(void)
{
	fact_equal(attempt(load_sized, RTC, 1).cause, CAUSE_LOAD_ACCESS, "a load of 1 byte faults");
	fact_equal(attempt(load_sized, RTC, 2).cause, CAUSE_LOAD_ACCESS,
		   "a load of 2 bytes faults");
	fact_equal(attempt(load_sized, RTC + RESERVED, 4).value, 0, "the last register reads as 0");
	fact_equal(attempt(load_sized, RTC + END, 4).cause, CAUSE_LOAD_ACCESS,
		   "nothing is behind it");
}

void payload(uint64_t hart)
{
	(void)hart;
	passes();
	can_be_set();
	write(PLIC_PRIORITY, 1);
	write(PLIC_ENABLE, 1 << RTC_IRQ);
	write(PLIC_THRESHOLD, 0);
	alarm();
	wakes();
	at_once_or_never();
	write(PLIC_ENABLE, 0);
	write(PLIC_PRIORITY, 0);
	edges();
}
