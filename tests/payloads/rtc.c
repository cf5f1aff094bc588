// SPDX-License-Identifier: BSD-2-Clause
/* The goldfish real-time clock: its time, its alarm and interrupt, which accesses it answers. */
#include "payload.h"

#define RTC		0x101000ul
enum { TIME_LOW = 0, TIME_HIGH = 4, ALARM_LOW = 8, ALARM_HIGH = 12, IRQ_ENABLED = 16, CLEAR_ALARM = 20,
       ALARM_STATUS = 24, CLEAR_INTERRUPT = 28, RESERVED = 32, END = 36 };
#define RTC_IRQ		11
#define PLIC		0x0c000000ul
#define PLIC_PRIORITY	(PLIC + 4 * RTC_IRQ)
#define PLIC_PENDING	(PLIC + 0x1000)
#define PLIC_ENABLE	(PLIC + 0x2000 + 0x80)
#define PLIC_THRESHOLD	(PLIC + 0x201000)
#define PLIC_CLAIM	(PLIC + 0x201004)

#define SECOND		1000000000ul
#define MILLISECOND	1000000ul
#define TICK		100		/* ns, of the hart's time */

static uint32_t read(uint64_t at)
{
	return *(volatile uint32_t *)at;
}

static void write(uint64_t at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

static uint64_t now(void)
{
	uint64_t low = read(RTC + TIME_LOW);

	return (uint64_t)read(RTC + TIME_HIGH) << 32 | low;
}

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

static void set_alarm(uint64_t time)
{
	write(RTC + ALARM_HIGH, time >> 32);
	write(RTC + ALARM_LOW, time);
}

static void passes(void)
{
	uint64_t first, last;

	first = now();
	wait(3 * MILLISECOND);
	last = now();
	fact(last - first >= 2 * MILLISECOND && last - first < SECOND, "time passes as it does for the hart");
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
	fact_equal(attempt(load_sized, RTC, 2).cause, CAUSE_LOAD_ACCESS, "a load of 2 bytes faults");
	fact_equal(attempt(load_sized, RTC + RESERVED, 4).value, 0, "the last register reads as 0");
	fact_equal(attempt(load_sized, RTC + END, 4).cause, CAUSE_LOAD_ACCESS, "nothing is behind it");
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
