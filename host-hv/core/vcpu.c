/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/vcpu.h"

#include "core/hart.h"
#include "ssp/sstatus.h"

_Static_assert(offsetof(struct hm_run, slice_end) ==
		       offsetof(struct hm_run, flags) + sizeof(uint64_t),
	       "they follow each other");

#define COUNTERS_CY_TM_IR 7 /* what OpenSBI leaves in scounteren */

void vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t opaque)
{
	struct hm_run *run = v->run;

	vcpu_tell_news(run, HM_RUN_NEW_CSRS);
	memset(run, 0, offsetof(struct hm_run, flags));
	memset(&run->slice_end, 0, sizeof(*run) - offsetof(struct hm_run, slice_end));
	v->policy = 0;
	run->pc = pc;
	run->priv = PRIV_S;
	run->x[10] = v->id;
	run->x[11] = opaque;
	run->scounteren = COUNTERS_CY_TM_IR;
	run->stimecmp = FOREVER;
	run->flags = HM_RUN_RESET | HM_RUN_LENDS_CSRS | HM_RUN_NEW_CSRS;
}

void vcpu_resume_at(struct vcpu *v, uint64_t pc, uint64_t opaque)
{
	uint64_t sip = v->run->sip, timer = v->run->stimecmp;

	vcpu_reset(v, pc, opaque);
	v->run->sip = sip;
	v->run->stimecmp = timer;
	/* "Firmware Features": their values are retained */
	v->run->flags &= ~(uint64_t)HM_RUN_RESET;
}

void vcpu_sleep(struct vcpu *v, enum vcpu_state state, uint64_t deadline)
{
	v->wakes = v->run->sie;
	v->deadline = deadline;
	vcpu_set_state(v, state);
}

/*
 * While one is pending its hart has been kicked, and more would cost that hart's vCPUs time.  One
 * for a vCPU that stops at this moment may stay pending; starting it takes that away.
 */
void vcpu_send_ipi(struct vcpu *v)
{
	int state = vcpu_state(v);

	if (state == VCPU_STOPPED || state == VCPU_STARTING)
		return;
	if (!__atomic_exchange_n(&v->software_irq, true, __ATOMIC_ACQ_REL))
		sched_kick(v->hart);
}

/*
 * Likewise: a guest can raise and lower it as often as it likes, also for a vCPU that has stopped.
 */
void vcpu_set_external(struct vcpu *v, bool level)
{
	uint32_t old = __atomic_load_n(&v->external_irq, __ATOMIC_RELAXED);

	if ((old & EXTERNAL_LEVEL) == (level ? EXTERNAL_LEVEL : 0))
		return;
	if (!level)
		__atomic_fetch_and(&v->external_irq, ~EXTERNAL_LEVEL, __ATOMIC_RELAXED);
	old = __atomic_fetch_or(&v->external_irq, EXTERNAL_TOLD | (level ? EXTERNAL_LEVEL : 0),
				__ATOMIC_ACQ_REL);
	if (!(old & EXTERNAL_TOLD))
		sched_kick(v->hart);
}

/* It stops, then looks whether it was asked (hsm_stop()): so one of the two sees the other. */
bool vcpu_ask_to_serve(struct vcpu *v)
{
	if (vcpu_state(v) == VCPU_STOPPED)
		return false;
	if (!(__atomic_fetch_or(&v->external_irq, EXTERNAL_SERVE, __ATOMIC_ACQ_REL) &
	      EXTERNAL_SERVE))
		sched_kick(v->hart);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return vcpu_state(v) != VCPU_STOPPED;
}

/* An interrupt of the guest's that it waits for, or a service that it owes. */
static bool is_called(const struct vcpu *v)
{
	uint32_t irq = __atomic_load_n(&v->external_irq, __ATOMIC_ACQUIRE);

	return irq & EXTERNAL_SERVE || (irq && v->wakes & IRQ_EXTERNAL);
}

/*
 * What WFI waits for: an interrupt that is pending and enabled, whatever sstatus.SIE.  One that is
 * pending no more, but of which the hart was told, wakes it as well: the next one kicks nobody.
 */
bool vcpu_ready(const struct vcpu *v, uint64_t now)
{
	switch (vcpu_state(v)) {
	case VCPU_RUNNABLE: return true;
	case VCPU_WAITING:
	case VCPU_SUSPENDED:
		return now >= v->deadline || is_called(v) ||
		       __atomic_load_n(&v->software_irq, __ATOMIC_ACQUIRE) || vm_ended(v->vm);
	default: return false;
	}
}
