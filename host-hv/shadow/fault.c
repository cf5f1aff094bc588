/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c - how a page fault ends, once a handler has found out whose it is. */
#include "arch/cause.h"
#include "device/mmio.h"
#include "shadow/handler.h"

enum next shadow_inject(struct vcpu *v, uint64_t cause)
{
	v->shadow->count[SHADOW_TRUE_FAULT]++;
	vcpu_inject(v, cause, v->run->exit_value);
	return RESUME;
}

/* The guest was given the fault of its fetch: what the shadow still has of the code goes. */
static enum next sync_code(struct vcpu *v, uint64_t pc)
{
	struct fence code = { HM_RUN_FENCE_VMA, pc, INSTRUCTION, FENCE_ALL };

	if (shadow_syncs(v))
		shadow_sync(v, &code);
	return RESUME;
}

/* Not inlined: faults of RAM, which are most, would save its registers. */
static __attribute__((noinline)) enum next serve_outside_ram(struct vcpu *v, uint64_t gpa)
{
	struct hm_run *run = v->run;
	uint64_t pc = run->pc;

	if (run->exit_cause == CAUSE_FETCH_PAGE_FAULT)
		return shadow_inject(v, CAUSE_FETCH_ACCESS);
	v->shadow->count[SHADOW_MMIO]++;
	if (!shadow_fetch(v))
		return sync_code(v, pc);
	run->exit_gpa = gpa;
	return exit_mmio(v);
}

enum next shadow_end_fault(struct vcpu *v, struct shadow_result result)
{
	const struct hm_run *run = v->run;

	shadow_owe(v, result.fence, run->exit_value);
	switch (result.verdict) {
	case SSP_ALLOWED: v->shadow->count[result.class]++; return RESUME;
	case SSP_ACCESS_FAULT: return shadow_inject(v, ssp_access_fault(run->exit_cause & 3));
	case SSP_OUTSIDE: return serve_outside_ram(v, result.gpa);
	default: return shadow_inject(v, run->exit_cause);
	}
}
