/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/vcpu.h"
#include "shadow/handler.h"

#define CAUSE_FETCH_ACCESS     1
#define CAUSE_FETCH_PAGE_FAULT 12

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
	vcpu_inject(v, verdict == SSP_TRUE_FAULT ? CAUSE_FETCH_PAGE_FAULT : CAUSE_FETCH_ACCESS, va);
}

/* Guest code, through the guest's own tables and only from RAM; NULL: the guest was given a fault. */
static const volatile uint16_t *code_at(struct vcpu *v, uint64_t va)
{
	const struct hm_run *run = v->run;
	uint64_t hpa;
	enum ssp_verdict verdict =
		ssp_translate(&v->shadow->space, run->satp, va, SSP_FETCH, access_state(run), &hpa);

	if (verdict != SSP_ALLOWED) {
		fetch_fault(v, va, verdict);
		return NULL;
	}
	return (const volatile uint16_t *)hpa;
}

bool shadow_fetch(struct vcpu *v)
{
	struct hm_run *run = v->run;
	uint64_t end = run->pc + 2;
	const volatile uint16_t *code = code_at(v, run->pc);
	uint16_t low;

	if (!code)
		return false;
	low = *code++;
	run->exit_insn = low;
	run->exit_insn_len = (low & 3) == 3 ? 4 : 2;
	if (run->exit_insn_len == 2)
		return true;
	if (!(end & (PAGE - 1)))
		code = code_at(v, end);
	if (!code)
		return false;
	run->exit_insn |= (uint32_t)*code << 16;
	return true;
}
