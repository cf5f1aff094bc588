/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched.h - harts and their run queues.
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
 * The hart's life.  restart() has the turns of a vCPU whose guest has ended and begins anew; it takes part of the
 * work at each.
 */
void sched_loop(struct hart *hart, void (*restart)(struct vcpu *v)) __attribute__((noreturn));

/* When the vCPU that has the hart must leave it, in ticks of time; FOREVER: while nobody else wakes. */
uint64_t sched_slice_end(const struct hart *hart);

/* Is there another vCPU of the hart that is not stopped?  Then WFI must yield. */
bool sched_has_others(const struct hart *hart);

/* One vCPU has the hart for itself: no slice, and WFI idles in the guest world. */
static inline bool sched_is_alone(const struct hart *hart)
{
	return hart->queued == 1;
}

#endif
