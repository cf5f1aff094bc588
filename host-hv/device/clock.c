/* SPDX-License-Identifier: BSD-2-Clause */
#include "device/clock.h"

#include "core/external.h"
#include "core/platform.h"
#include "core/vm.h"

/* Registers of 4 bytes; to write ALARM_LOW sets the alarm, also one of the past. */
enum {
	TIME_LOW,
	TIME_HIGH,
	ALARM_LOW,
	ALARM_HIGH,
	IRQ_ENABLED,
	CLEAR_ALARM,
	ALARM_STATUS,
	CLEAR_INTERRUPT
};

/*
 * Alarms interrupt the boot hart, whoever runs there: a guest that sets many takes no more of its
 * time than this.
 */
#define LEAST_GAP 1000000 /* ns */

/*
 * The device may take a later time for a past one (QEMU's timers are signed): a far alarm is looked
 * at again.
 */
#define FARTHEST (1UL << 40) /* ns */

static struct {
	struct spinlock lock;
	volatile uint32_t *reg; /* NULL: there is none */
	uint64_t due[MAX_GUESTS];
	uint64_t not_before;       /* of the next interrupt */
	void (*ring)(unsigned id); /* takes the alarms that have come */
} clock;

static uint64_t read_time(void)
{
	uint32_t low = clock.reg[TIME_LOW]; /* keeps the high half */

	return (uint64_t)clock.reg[TIME_HIGH] << 32 | low;
}

static void program_alarm(void)
{
	uint64_t first = FOREVER;

	for (unsigned i = 0; i < MAX_GUESTS; i++)
		first = min_u64(first, clock.due[i]);
	if (first == FOREVER) {
		clock.reg[CLEAR_ALARM] = 1;
		return;
	}
	first = min_u64(max_u64(first, clock.not_before), read_time() + FARTHEST);
	clock.reg[ALARM_HIGH] = first >> 32;
	clock.reg[ALARM_LOW] = first;
}

/* Takes the alarms that have come; bits are the guests' numbers. */
static uint32_t expire_alarms(void)
{
	uint32_t rings = 0;
	uint64_t now;

	spin_lock(&clock.lock);
	clock.reg[CLEAR_INTERRUPT] = 1;
	now = read_time();
	clock.not_before = now + LEAST_GAP;
	for (unsigned i = 0; i < MAX_GUESTS; i++) {
		if (clock.due[i] > now)
			continue;
		clock.due[i] = FOREVER;
		rings |= 1u << i;
	}
	program_alarm();
	spin_unlock(&clock.lock);
	return rings;
}

static bool serve_alarms(void *unused)
{
	(void)unused;
	for (uint32_t rings = expire_alarms(); rings; rings &= rings - 1)
		clock.ring(lowest_bit(rings));
	return true;
}

void clock_init(const struct platform *p, void (*ring)(unsigned id))
{
	if (!p->rtc.size || !external_listen(p->rtc_irq, serve_alarms, NULL))
		return;
	for (unsigned i = 0; i < MAX_GUESTS; i++)
		clock.due[i] = FOREVER;
	clock.ring = ring;
	clock.reg = (volatile uint32_t *)p->rtc.base;
	clock.reg[CLEAR_ALARM] = 1;
	clock.reg[CLEAR_INTERRUPT] = 1;
	clock.reg[IRQ_ENABLED] = 1;
}

bool clock_exists(void)
{
	return clock.reg;
}

uint64_t clock_now(void)
{
	uint64_t now;

	spin_lock(&clock.lock);
	now = read_time();
	spin_unlock(&clock.lock);
	return now;
}

void clock_wake(unsigned id, uint64_t due)
{
	if (!clock_exists())
		return;
	spin_lock(&clock.lock);
	if (clock.due[id] != due) {
		clock.due[id] = due;
		program_alarm();
	}
	spin_unlock(&clock.lock);
}
