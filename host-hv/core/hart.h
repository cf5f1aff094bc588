/* SPDX-License-Identifier: BSD-2-Clause */
/* hart.h - the machine's harts, and how one is made to look at what has changed. */
#ifndef HART_H
#define HART_H

#include "core/platform.h"
#include "core/vm.h"

struct hart {
	uint64_t stack_end; /* first: start.S loads it */
	uint64_t id;

	/* Filled before the hart starts, then its own. */
	struct vcpu *queue[MAX_VCPUS];
	unsigned queued;
	unsigned turn;         /* whose it is next among equals */
	int64_t clock;         /* what the vCPU chosen last had used, in ticks */
	struct vcpu *current;  /* has the hart ... */
	uint64_t since;        /* ... from this time on */
	uint64_t console_look; /* when to look at open lines; 0: there is none (console.c) */
	uint64_t devices_look; /* when to hear what was put off; 0: nothing (devices.c) */
	bool shared;           /* by vCPUs, or one of the two was to be looked at; stays so */

	/* Written from any hart, atomically; a kick follows. */
	uint32_t fence_kick; /* for the sake of memory, by a fence of translations (fence.c) */

	/* Its own, in hap alone. */
	struct vcpu *fp_of; /* whose floating-point registers it has; NULL: nobody's */
	uint64_t insn_mark; /* instret at the last switch */
};

extern struct hart harts[MAX_HARTS];

/* Makes a hart look at its queue again. */
void sched_kick(struct hart *hart);

#endif
