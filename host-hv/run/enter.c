/* SPDX-License-Identifier: BSD-2-Clause */
#include "run/enter.h"

#include "core/console.h"
#include "core/fence.h"
#include "core/hm.h"
#include "device/devices.h"
#include "hap/hap.h"
#include "run/exits.h"
#include "run/sched.h"
#include "shadow/shadow.h"

static void start_counting(struct vcpu *v)
{
	v->run->flags |= HM_RUN_RESET_STATS;
	v->fence_kicks = 0;
	shadow_reset_counts(v);
}

/* The next change kicks the hart again.  A service may make one. */
static uint64_t consume_external_irq(struct vcpu *v)
{
	uint32_t irq;

	if (vcpu_is_to_serve(v))
		devices_serve(v->vm);
	irq = __atomic_load_n(&v->external_irq, __ATOMIC_ACQUIRE);
	if (irq & EXTERNAL_TOLD)
		irq = __atomic_fetch_and(&v->external_irq, ~EXTERNAL_TOLD, __ATOMIC_ACQ_REL);
	return irq & EXTERNAL_LEVEL ? HM_RUN_SEIP : 0;
}

/*
 * When the vCPU leaves for the sake of others.  Not inlined: a vCPU with a hart of its own pays
 * nothing for it.
 */
static __attribute__((noinline)) void share_hart(struct vcpu *v)
{
	uint64_t look = min_u64(console_show_quiet_if_due(v->hart), devices_hear_if_due(v->hart));

	v->run->slice_end = min_u64(sched_slice_end(v->hart), look);
	if (sched_has_others(v->hart))
		v->run->flags |= HM_RUN_YIELD_WFI;
}

/*
 * Carries what other harts have asked for into the page that the firmware reads.  Part of each
 * loop, as if there were one alone.
 */
static inline __attribute__((always_inline)) void prepare(struct vcpu *v)
{
	struct hm_run *run = v->run;

	run->flags &= ~(uint64_t)(HM_RUN_SEIP | HM_RUN_YIELD_WFI);
	run->slice_end = FOREVER;
	if (v->hart->shared)
		share_hart(v);
	if (__atomic_load_n(&v->external_irq, __ATOMIC_RELAXED))
		run->flags |= consume_external_irq(v);
	if (v->software_irq && __atomic_exchange_n(&v->software_irq, false, __ATOMIC_ACQ_REL))
		run->sip |= IRQ_SOFT;
	if (v->reset_stats && __atomic_exchange_n(&v->reset_stats, false, __ATOMIC_ACQ_REL))
		start_counting(v);
}

static long enter(struct vcpu *v)
{
	long reason;

	prepare(v);
	fence_enter(v);
	while (!shadow_ready(v)) {
		fence_leave(v);
		shadow_apply_policy(v);
		fence_enter(v);
	}
	shadow_enter(v);
	reason = hm_vcpu_run(v->hm);
	fence_leave(v);
	shadow_leave(v);
	return reason;
}

static inline enum next enter_hap(struct vcpu *v)
{
	long reason;

	prepare(v);
	fence_enter(v);
	hap_enter(v);
	fence_leave(v);
	reason = hap_exit(v);
	if (reason < 0)
		return reason == HAP_YIELD ? YIELD : RESUME;
	return exit_route(v, reason);
}

static __attribute__((noinline)) void run_hap(struct vcpu *v)
{
	hap_begin_turn(v);
	while (enter_hap(v) == RESUME)
		;
	hap_end_turn(v);
}

static __attribute__((noinline)) void run_shadowed(struct vcpu *v)
{
	while (exit_route(v, enter(v)) == RESUME)
		;
}

void vcpu_run(struct vcpu *v)
{
	if (v->hap)
		run_hap(v);
	else
		run_shadowed(v);
}
