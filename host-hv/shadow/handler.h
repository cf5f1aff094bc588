/* SPDX-License-Identifier: BSD-2-Clause */
/* handler.h - what the files of shadow/ share among themselves. */
#ifndef HANDLER_H
#define HANDLER_H

#include "shadow/shadow.h"
#include "ssp/sstatus.h"

#define INSTRUCTION 4UL /* bytes at most */

/*
 * tsp_in_step_handler is tsp's where no table goes out of step; aside_handler is ssp's for the one
 * instruction that tsp cannot perform: tsp_end_aside() (tsp_handler.h) ends that.
 */
extern const struct shadow_ops ssp_handler, tsp_handler, tsp_in_step_handler, aside_handler;

/* The guest's own fault, at the address of the exit. */
enum next shadow_inject(struct vcpu *v, uint64_t cause);

/* How a handler's fault() ends, in general. */
enum next shadow_end_fault(struct vcpu *v, struct shadow_result result);

static inline unsigned access_state(const struct hm_run *run)
{
	return ssp_access_state(run->sstatus, run->priv ? 0 : SSP_USER);
}

/* The hart has to forget this before the guest runs again. */
void shadow_owe_more(struct vcpu *v, enum ssp_fence fence, uint64_t va);

static inline void shadow_owe(struct vcpu *v, enum ssp_fence fence, uint64_t va)
{
	if (fence != SSP_FENCE_NONE)
		shadow_owe_more(v, fence, va);
}

/* Every other vCPU fences everything; returns when none runs any more that has not. */
void shadow_fence_others(const struct vcpu *v) __attribute__((cold));

/*
 * Entry n of the root buffer.  root: MODE and PPN of a shadow, 0 for
 * none; retire: nothing that the hart cached of it is used again.
 */
void shadow_root_set(struct vcpu *v, unsigned n, uint64_t gsatp, uint64_t root, bool retire);

/*
 * Puts the instruction at pc into run->exit_insn; false: its fetch faults, and the guest was given
 * that.
 */
bool shadow_fetch(struct vcpu *v);

#endif
