/* SPDX-License-Identifier: BSD-2-Clause */
/* vcpu.h - one virtual hart: entering it, and what may happen to it outside. */
#ifndef VCPU_H
#define VCPU_H

#include "core/vm.h"
#include "hm_abi.h"
#include "ssp/sstatus.h"

/* After an exit: enter again, or let the scheduler choose. */
enum next { RESUME, YIELD };

/* The supervisor state that HSM hart_start and non-retentive resume define. */
void vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t opaque);

/* The same of a vCPU that exited: what is pending stays so, and its timer runs on. */
void vcpu_resume_at(struct vcpu *v, uint64_t pc, uint64_t opaque);

/* Takes it off its hart until an interrupt that it has enabled, or its deadline. */
void vcpu_sleep(struct vcpu *v, enum vcpu_state state, uint64_t deadline);

#define PRIV_S 1

/*
 * Before fields of the page are written that the firmware may have lent: a trap to it may end the
 * lending at any instruction, and leaves alone what is called new by then (docs/abi.md).
 */
static inline void vcpu_tell_news(struct hm_run *run, uint64_t news)
{
	run->flags |= news;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Makes the guest take an exception at the instruction that exited. */
static inline void vcpu_inject(struct vcpu *v, uint64_t cause, uint64_t tval)
{
	struct hm_run *run = v->run;

	vcpu_tell_news(run, HM_RUN_NEW_TRAP);
	run->sstatus = status_after_exception(run->sstatus, run->priv * STATUS_SPP);
	run->sepc = run->pc;
	run->scause = cause;
	run->stval = tval;
	run->pc = stvec_base(run->stvec);
	run->priv = PRIV_S;
}

/* Sends the vCPU an IPI (SSIP); one that has stopped gets none, also after its next start. */
void vcpu_send_ipi(struct vcpu *v);

/*
 * The guest's interrupt controller has an interrupt for the vCPU (SEIP), or none.  With the VM's
 * lock.
 */
void vcpu_set_external(struct vcpu *v, bool level);

/*
 * Makes its hart serve the devices of its guest before it enters the vCPU again, which wakes for
 * that.  False: it has stopped.
 */
bool vcpu_ask_to_serve(struct vcpu *v);

/* Was it asked?  Once for each time. */
static inline bool vcpu_is_to_serve(struct vcpu *v)
{
	return __atomic_load_n(&v->external_irq, __ATOMIC_ACQUIRE) & EXTERNAL_SERVE &&
	       __atomic_fetch_and(&v->external_irq, ~EXTERNAL_SERVE, __ATOMIC_ACQ_REL) &
		       EXTERNAL_SERVE;
}

/* Can it do something now, time being now? */
bool vcpu_ready(const struct vcpu *v, uint64_t now);

static inline int vcpu_state(const struct vcpu *v)
{
	return __atomic_load_n(&v->state, __ATOMIC_ACQUIRE);
}

static inline void vcpu_set_state(struct vcpu *v, enum vcpu_state state)
{
	__atomic_store_n(&v->state, state, __ATOMIC_RELEASE);
}

static inline bool vcpu_sleeps(const struct vcpu *v)
{
	int state = vcpu_state(v);

	return state == VCPU_WAITING || state == VCPU_SUSPENDED;
}

#endif
