/* SPDX-License-Identifier: BSD-2-Clause */
/* rtc.h - the goldfish real-time clock of the machine, and what of the PLIC its interrupt needs. */
#ifndef RTC_H
#define RTC_H

#include "payload.h"

#define RTC 0x101000ul
enum {
	TIME_LOW = 0,
	TIME_HIGH = 4,
	ALARM_LOW = 8,
	ALARM_HIGH = 12,
	IRQ_ENABLED = 16,
	CLEAR_ALARM = 20,
	ALARM_STATUS = 24,
	CLEAR_INTERRUPT = 28,
	RESERVED = 32,
	END = 36
};
#define RTC_IRQ        11
#define PLIC           0x0c000000ul
#define PLIC_PRIORITY  (PLIC + 4 * RTC_IRQ)
#define PLIC_PENDING   (PLIC + 0x1000)
#define PLIC_ENABLE    (PLIC + 0x2000 + 0x80)
#define PLIC_THRESHOLD (PLIC + 0x201000)
#define PLIC_CLAIM     (PLIC + 0x201004)

static inline uint32_t read(uint64_t at)
{
	return *(volatile uint32_t *)at;
}

static inline void write(uint64_t at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

static inline uint64_t now(void)
{
	uint64_t low = read(RTC + TIME_LOW);

	return (uint64_t)read(RTC + TIME_HIGH) << 32 | low;
}

static inline void set_alarm(uint64_t time)
{
	write(RTC + ALARM_HIGH, time >> 32);
	write(RTC + ALARM_LOW, time);
}

#endif /* RTC_H */
