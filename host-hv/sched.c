/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched.h"

#include "console.h"
#include "hm.h"

#define SLICES_PER_SECOND	100

struct hart harts[MAX_HARTS];
static uint64_t slice_ticks;

void sched_init(uint64_t timebase_hz)
{
	slice_ticks = timebase_hz / SLICES_PER_SECOND;
}

void sched_add(struct vcpu *v, unsigned count)
{
	struct hart *shortest = &harts[0];

	for (unsigned i = 1; i < count; i++)
		if (harts[i].queued < shortest->queued)
			shortest = &harts[i];
	if (shortest->queued == MAX_VCPUS)
		fail("more than %d vCPUs for each hart: give the machine more harts", MAX_VCPUS);
	shortest->queue[shortest->queued++] = v;
	v->hart = shortest;
}

/* vCPUs of guests that have ended leave the queue. */
static void drop_ended(struct hart *h)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < h->queued; i++) {
		if (vm_ended(h->queue[i]->vm))
			vm_release_vcpu(h->queue[i]);
		else
			h->queue[kept++] = h->queue[i];
	}
	h->queued = kept;
}

static struct vcpu *pick(struct hart *h, uint64_t now)
{
	for (unsigned i = 0; i < h->queued; i++) {
		unsigned at = (h->turn + i) % h->queued;

		if (vcpu_ready(h->queue[at], now)) {
			h->turn = at + 1;
			return h->queue[at];
		}
	}
	return NULL;
}

static uint64_t next_deadline(const struct hart *h)
{
	uint64_t first = FOREVER;

	for (unsigned i = 0; i < h->queued; i++)
		if (vcpu_state(h->queue[i]) == VCPU_WAITING)
			first = min_u64(first, h->queue[i]->deadline);
	return first;
}

uint64_t sched_slice_end(const struct hart *h)
{
	unsigned active = 0;

	if (h->queued == 1)
		return FOREVER;
	for (unsigned i = 0; i < h->queued; i++)
		active += vcpu_state(h->queue[i]) != VCPU_STOPPED;
	if (active <= 1)
		return FOREVER;
	return min_u64(h->slice_end, next_deadline(h));
}

void sched_kick(struct hart *h)
{
	if (h != this_hart())
		firmware_send_ipi(h->id);
}

void sched_serve_interrupts(void)
{
	unsigned long pending = csr_read(sip);

	if (pending & IRQ_SOFT)
		csr_clear(sip, IRQ_SOFT);	/* a kick: to have looked is all it asks */
	if (pending & IRQ_TIMER)
		firmware_set_timer(FOREVER);	/* it has ended an idle */
	if (pending & IRQ_EXTERNAL)
		console_serve_interrupt();
}

/*
 * A kick that comes between looking and WFI stays pending in sip, and WFI does
 * not wait while something that sie enables is pending.
 */
static void idle(const struct hart *h)
{
	uint64_t deadline = next_deadline(h);

	if (deadline != FOREVER)
		firmware_set_timer(deadline);
	wait_for_interrupt();
	sched_serve_interrupts();
}

void sched_loop(struct hart *h)
{
	csr_write(sie, IRQ_SOFT | IRQ_TIMER | IRQ_EXTERNAL);
	for (;;) {
		uint64_t now = csr_read(time);
		struct vcpu *v;

		drop_ended(h);
		v = pick(h, now);
		if (!v) {
			idle(h);
			continue;
		}
		h->slice_end = now + slice_ticks;
		vcpu_set_state(v, VCPU_RUNNABLE);
		vcpu_run(v);
	}
}
