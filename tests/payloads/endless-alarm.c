// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sets the clock's alarm farther ahead than a signed number of nanoseconds goes, and sleeps for ever: nothing
 * is due, so nobody is disturbed.
 */
#include "payload.h"

#define RTC		0x101000ul
#define ALARM_LOW	0x08
#define ALARM_HIGH	0x0c
#define IRQ_ENABLED	0x10

static void put(uint64_t at, uint32_t value)
{
	*(volatile uint32_t *)(RTC + at) = value;
}

void payload(uint64_t hart)
{
	(void)hart;
	put(IRQ_ENABLED, 1);
	put(ALARM_HIGH, 1u << 31);
	put(ALARM_LOW, 0);
	note("begins");
	csr_write(sie, 0);
	for (;;)
		__asm__ volatile("wfi");
}
