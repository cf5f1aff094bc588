/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched.h - whose turn it is on a hart.
 *
 * A vCPU stays on its hart.  Alone there, it idles in the guest world and has
 * no slice; otherwise WFI yields, and shares are kept over time (sched.c).
 */
#ifndef SCHED_H
#define SCHED_H

#include "core/hart.h"
#include "core/vcpu.h"

void sched_init(uint64_t timebase_hz);

/* Gives the vCPU to the hart with the shortest queue of the first `count`. */
void sched_add(struct vcpu *v, unsigned count);

/*
 * The vCPU of the hart's that runs next, of equals the one whose turn is longer ago; NULL: none
 * can.
 */
struct vcpu *sched_pick(struct hart *hart, uint64_t now);

/* The turn of the vCPU that was picked; its end, if there is one. */
void sched_begin_turn(struct hart *hart, struct vcpu *v, uint64_t now);
void sched_end_turn(struct hart *hart);

/* When the first of those that sleep wakes by itself. */
uint64_t sched_next_deadline(const struct hart *hart);

/*
 * When the vCPU that has the hart must leave it, in ticks of time; FOREVER: while nobody else
 * wakes.
 */
uint64_t sched_slice_end(const struct hart *hart);

/* Is there another vCPU of the hart that is not stopped?  Then WFI must yield. */
bool sched_has_others(const struct hart *hart);

/* One vCPU has the hart for itself: no slice, and WFI idles in the guest world. */
static inline bool sched_is_alone(const struct hart *hart)
{
	return hart->queued == 1;
}

#endif
