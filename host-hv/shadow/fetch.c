/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/vcpu.h"
#include "shadow/handler.h"
#include "ssp/fetch.h"

/*
 * The guest's tables forbid to fetch what its hart has just fetched by an older
 * translation: the guest takes the fault, as on a hart whose TLB had lost it, or it
 * would execute the same again for ever.  What is still cached of the page goes; a guest that
 * has not fenced could not complain if it stayed.
 */
static void fetch_fault(struct vcpu *v, uint64_t va, enum ssp_verdict verdict)
{
	if (v->shadow->handler->fence)
		v->shadow->handler->fence(v, va, PAGE, FENCE_ALL);
	shadow_owe(v, SSP_FENCE_PAGE, va);
	v->shadow->count[SHADOW_TRUE_FAULT]++;
	vcpu_inject(v, ssp_fault_cause(verdict, SSP_FETCH), va);
}

/* Guest code, through the guest's own tables and only from RAM; 0: the guest was given a fault. */
static uint64_t find_code(void *caller, uint64_t va)
{
	struct vcpu *v = caller;
	const struct hm_run *run = v->run;
	uint64_t hpa;
	enum ssp_verdict verdict =
		ssp_translate(&v->shadow->space, run->satp, va, SSP_FETCH, access_state(run), &hpa);

	/* The hart has fetched it: who has taken A away since has not fenced. */
	if (verdict == SSP_ALLOWED || (verdict == SSP_UNMARKED && hpa))
		return hpa;
	fetch_fault(v, va, verdict);
	return 0;
}

static uint16_t load_half(uint64_t hpa)
{
	return *(const volatile uint16_t *)hpa;
}

bool shadow_fetch(struct vcpu *v)
{
	struct hm_run *run = v->run;
	unsigned int length = insn_fetch(find_code, load_half, v, run->pc, &run->exit_insn);

	run->exit_insn_len = length;
	return length;
}
