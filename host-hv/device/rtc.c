/* SPDX-License-Identifier: BSD-2-Clause */
#include "device/rtc.h"

/* Goldfish virtual hardware, "Goldfish real-time clock"; to write ALARM_LOW sets the alarm. */
enum {
	TIME_LOW = 0x00,
	TIME_HIGH = 0x04,
	ALARM_LOW = 0x08,
	ALARM_HIGH = 0x0c,
	IRQ_ENABLED = 0x10,
	CLEAR_ALARM = 0x14,
	ALARM_STATUS = 0x18,
	CLEAR_INTERRUPT = 0x1c,
};

void rtc_reset(struct rtc *r)
{
	*r = (struct rtc){ .offset = r->offset, .due = FOREVER };
}

static void set_low(uint64_t *n, uint32_t low)
{
	*n = (*n >> 32 << 32) | low;
}

static void set_high(uint64_t *n, uint32_t high)
{
	*n = (uint32_t)*n | (uint64_t)high << 32;
}

/* An alarm of the past comes at once. */
static void set_alarm(struct rtc *r, uint64_t now)
{
	r->due = r->alarm > now + r->offset ? r->alarm - r->offset : now;
	rtc_tick(r, now);
}

void rtc_tick(struct rtc *r, uint64_t now)
{
	if (r->due > now)
		return;
	r->due = FOREVER;
	r->pending = true;
}

uint32_t rtc_read(struct rtc *r, unsigned reg, uint64_t now)
{
	uint64_t time = now + r->offset;

	switch (reg) {
	case TIME_LOW: r->high = time >> 32; return time;
	case TIME_HIGH: return r->high;
	case ALARM_LOW: return r->alarm;
	case ALARM_HIGH: return r->alarm >> 32;
	case IRQ_ENABLED: return r->enabled;
	case ALARM_STATUS: return r->due != FOREVER;
	default: return 0;
	}
}

void rtc_write(struct rtc *r, unsigned reg, uint32_t value, uint64_t now)
{
	uint64_t time = now + r->offset;

	switch (reg) {
	case TIME_LOW:
		set_low(&time, value);
		r->offset = time - now;
		break;
	case TIME_HIGH:
		set_high(&time, value);
		r->offset = time - now;
		break;
	case ALARM_LOW:
		set_low(&r->alarm, value);
		set_alarm(r, now);
		break;
	case ALARM_HIGH: set_high(&r->alarm, value); break;
	case IRQ_ENABLED: r->enabled = value & 1; break;
	case CLEAR_ALARM: r->due = FOREVER; break;
	case CLEAR_INTERRUPT: r->pending = false; break;
	}
}
