/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtc.h - a guest's real-time clock, a google,goldfish-rtc as QEMU's virt machine has it:
 * nanoseconds since 1970 and one alarm.  It is the platform's clock (clock.h) and an offset, which
 * a guest changes by setting its time.
 */
#ifndef RTC_H
#define RTC_H

#include "core/lib.h"

#define RTC_BYTES 0x24 /* of registers */

struct rtc {
	uint64_t offset; /* what the guest's time is ahead of the platform's */
	uint64_t alarm;  /* in the guest's time */
	uint64_t due;    /* of an alarm that is set, in the platform's time; FOREVER: none is */
	uint32_t high;   /* of the time that was read last */
	bool pending, enabled;
};

/* All but the time. */
void rtc_reset(struct rtc *r);

/* A register of 4 bytes, now being the platform's time. */
uint32_t rtc_read(struct rtc *r, unsigned reg, uint64_t now);
void rtc_write(struct rtc *r, unsigned reg, uint32_t value, uint64_t now);

/* Has an alarm come by now? */
void rtc_tick(struct rtc *r, uint64_t now);

/* The level of the interrupt line. */
static inline bool rtc_irq(const struct rtc *r)
{
	return r->pending && r->enabled;
}

#endif
