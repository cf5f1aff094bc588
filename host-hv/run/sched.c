/* SPDX-License-Identifier: BSD-2-Clause */
#include "run/sched.h"

#include "core/console.h"

/*
 * Shares.  Each vCPU's clock, `used`, counts the ticks of its hart from one choice to the
 * next, so that it pays for its exits and for the switch to it.  The vCPU that has used
 * least runs.  The hart's clock is what the vCPU chosen last had used then: who slept
 * comes back at most a credit behind it and cannot save up more.
 *
 * A vCPU that wakes, or that has an IPI pending, may end the running one's slice, but not
 * before this one has had its minimum, and has used as much as the other.  So no
 * sequence of naps takes more than a share, and the switches cost their neighbour
 * a bounded part.  A pending IPI counts as one slice less used: the vCPU runs
 * after at most one slice of each other, and what it gained it pays back.
 */
#define SLICES_PER_SECOND 1333 /* 0.75 ms */

static int64_t slice_ticks, minimum_ticks, credit_ticks;

void sched_init(uint64_t timebase_hz)
{
	slice_ticks = timebase_hz / SLICES_PER_SECOND;
	minimum_ticks = slice_ticks / 4;
	credit_ticks = slice_ticks / 2;
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
	shortest->shared = shortest->queued > 1;
	v->hart = shortest;
}

/* What v has used, but for what it slept away. */
static int64_t used(const struct hart *h, const struct vcpu *v)
{
	return max_s64(v->used, h->clock - credit_ticks);
}

static bool has_ipi(const struct vcpu *v)
{
	return __atomic_load_n(&v->software_irq, __ATOMIC_ACQUIRE);
}

/* The lowest runs next. */
static int64_t rank(const struct hart *h, const struct vcpu *v)
{
	return used(h, v) - (has_ipi(v) ? slice_ticks : 0);
}

struct vcpu *sched_pick(struct hart *h, uint64_t now)
{
	unsigned first = h->turn;
	struct vcpu *best = NULL;
	int64_t lowest = 0;

	for (unsigned i = 0; i < h->queued; i++) {
		unsigned at = (first + i) % h->queued;
		struct vcpu *v = h->queue[at];
		int64_t its = rank(h, v);

		if (!vcpu_ready(v, now) || (best && its >= lowest))
			continue;
		best = v;
		lowest = its;
		h->turn = at + 1;
	}
	if (best)
		h->clock = max_s64(h->clock, lowest);
	return best;
}

void sched_begin_turn(struct hart *h, struct vcpu *v, uint64_t now)
{
	v->used = used(h, v);
	h->current = v;
	h->since = now;
	vcpu_set_state(v, VCPU_RUNNABLE);
}

/* A tick that has begun counts: the shortest of turns is not free. */
void sched_end_turn(struct hart *h)
{
	if (h->current)
		h->current->used += csr_read(time) - h->since + 1;
	h->current = NULL;
}

uint64_t sched_next_deadline(const struct hart *h)
{
	uint64_t first = FOREVER;

	for (unsigned i = 0; i < h->queued; i++)
		if (vcpu_sleeps(h->queue[i]))
			first = min_u64(first, h->queue[i]->deadline);
	return first;
}

/* When w may take the hart from the vCPU that runs. */
static uint64_t preempts_at(const struct hart *h, const struct vcpu *w)
{
	bool sleeps = vcpu_sleeps(w);
	uint64_t wakes = 0, slice = slice_ticks;
	int64_t behind;

	if (!sleeps && vcpu_state(w) != VCPU_RUNNABLE)
		return FOREVER;
	if (!vcpu_ready(w, h->since))
		wakes = w->deadline;
	behind = max_s64(rank(h, w) - h->current->used, minimum_ticks);
	if (sleeps || has_ipi(w))
		slice = min_u64(slice, behind);
	return max_u64(h->since + slice, wakes);
}

bool sched_has_others(const struct hart *h)
{
	unsigned active = 0;

	for (unsigned i = 0; i < h->queued; i++)
		active += vcpu_state(h->queue[i]) != VCPU_STOPPED;
	return active > 1;
}

uint64_t sched_slice_end(const struct hart *h)
{
	uint64_t end = FOREVER;

	if (sched_is_alone(h))
		return FOREVER;
	for (unsigned i = 0; i < h->queued; i++)
		if (h->queue[i] != h->current)
			end = min_u64(end, preempts_at(h, h->queue[i]));
	return end;
}
