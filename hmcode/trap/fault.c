/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c - faults that tvm_short.c could not answer, and what they need of the guest's memory. */
#include "core/insn.h"
#include "mmu/fence.h"
#include "mmu/flush.h"
#include "trap/trap.h"

/*
 * The guest's tables forbid to fetch what the hart, by an older translation, has just
 * fetched: a hart whose TLB had lost it would have faulted.  So does the guest, or it
 * would execute the same again for ever; what is still cached of the page goes.  (A guest that has not
 * fenced could not complain if it stayed.)
 */
static void fetch_fault(struct hm_trap *trap, u64 va, enum ssp_verdict verdict)
{
	hm_fence(hm_flush_va(trap->vcpu, va, HM_ALL_ASIDS), va);
	hm_count(trap->vcpu, HM_TRAP_TRUE_FAULT);
	hm_inject(trap, verdict == SSP_TRUE_FAULT ? CAUSE_FETCH_PAGE_FAULT : CAUSE_FETCH_ACCESS, va);
}

/* Two bytes of guest code, through the guest's own tables and only from RAM. */
static bool fetch_parcel(struct hm_trap *trap, u64 va, u16 *parcel)
{
	u64 hpa;
	enum ssp_verdict verdict = ssp_translate(&trap->vcpu->space, hm_guest_satp(trap->vcpu), va,
						 SSP_FETCH, hm_access_state(hart_read(CSR_MSTATUS)),
						 &hpa);

	if (verdict != SSP_FILLED) {
		fetch_fault(trap, va, verdict);
		return false;
	}
	*parcel = *(const volatile u16 *)hpa;
	return true;
}

bool hm_fetch(struct hm_trap *trap, u32 *insn)
{
	u16 low, high = 0;

	if (!fetch_parcel(trap, trap->pc, &low))
		return false;
	if (INSN_LENGTH(low) == 4 && !fetch_parcel(trap, trap->pc + 2, &high))
		return false;
	*insn = low | (u32)high << 16;
	return true;
}

static enum hm_next outside(struct hm_trap *trap, u64 gpa)
{
	struct hm_run *run = trap->vcpu->run;
	u32 insn;

	/* hm_fetch() would find the same, unless another hart of the guest maps code there meanwhile. */
	if (trap->cause == CAUSE_FETCH_PAGE_FAULT) {
		hm_inject(trap, CAUSE_FETCH_ACCESS, trap->tval);
		return HM_RESUME;
	}
	if (!hm_fetch(trap, &insn))
		return HM_RESUME;
	run->exit_gpa = gpa;
	run->exit_insn = insn;
	run->exit_insn_len = INSN_LENGTH(insn);
	return hm_exit(trap, HM_EXIT_MMIO, trap->tval);
}

u64 hm_fault_exit(struct hm_vcpu *vcpu, u64 cause, u64 va, u64 mstatus)
{
	enum ssp_verdict verdict;
	u64 hpa;

	if (vcpu->policy == HM_POLICY_ALL)
		return HM_EXIT_COUNT;
	verdict = ssp_translate(&vcpu->space, hm_guest_satp(vcpu), va, cause & 3,
				hm_access_state(mstatus), &hpa);
	if (hm_host_tables(vcpu))
		return verdict == SSP_TRUE_FAULT ? HM_EXIT_COUNT : HM_EXIT_PAGE_FAULT;
	switch (verdict) {
	case SSP_TRUE_FAULT:
		return hm_finishes(vcpu, HM_POLICY_INJECT) ? HM_EXIT_COUNT : HM_EXIT_TRUE_FAULT;
	case SSP_FILLED:
		return hm_finishes(vcpu, HM_POLICY_FILL) ? HM_EXIT_COUNT : HM_EXIT_HIDDEN_FAULT;
	default:
		return HM_EXIT_COUNT;
	}
}

enum hm_next hm_route_page_fault(struct hm_trap *trap)
{
	struct hm_vcpu *vcpu = trap->vcpu;
	u64 reason = trap->frame->fault_exit;
	struct ssp_result result;

	/*
	 * With INJECT true faults have been taken out before; and with the firmware's tables all that
	 * page_fault() could fill, so that it takes another vCPU's store, just now, to fill one here.
	 */
	if (hm_host_tables(vcpu))
		return hm_exit(trap, HM_EXIT_PAGE_FAULT, trap->tval);
	if (reason != HM_EXIT_COUNT)
		return hm_exit(trap, reason, trap->tval);
	result = ssp_fault(&vcpu->space, trap->tval, trap->cause & 3,
			   hm_access_state(hart_read(CSR_MSTATUS)));

	hm_fence(result.fence, trap->tval);
	switch (result.verdict) {
	case SSP_FILLED:
		hm_count(vcpu, HM_TRAP_FILL);
		return HM_RESUME;
	case SSP_TRUE_FAULT:
		hm_count(vcpu, HM_TRAP_TRUE_FAULT);
		hm_inject(trap, trap->cause, trap->tval);
		return HM_RESUME;
	case SSP_ACCESS_FAULT:
		hm_count(vcpu, HM_TRAP_TRUE_FAULT);
		hm_inject(trap, ssp_access_fault(trap->cause & 3), trap->tval);
		return HM_RESUME;
	case SSP_OUTSIDE:
		return outside(trap, result.gpa);
	default:
		return hm_exit(trap, HM_EXIT_BROKEN, trap->tval);
	}
}

enum hm_next hm_page_fault(struct hm_trap *trap, u64 cause, u64 va)
{
	struct hm_vcpu *vcpu = trap->vcpu;

	trap->cause = cause;
	trap->tval = va;
	/* As page_fault() in tvm.c, and guest_vector.S for a host that injects. */
	trap->frame->fault_exit = hm_fault_exit(vcpu, cause, va, hart_read(CSR_MSTATUS));
	if (hm_host_tables(vcpu) && hm_finishes(vcpu, HM_POLICY_INJECT) &&
	    trap->frame->fault_exit == HM_EXIT_COUNT) {
		hm_count(vcpu, HM_TRAP_TRUE_FAULT);
		hm_inject(trap, cause, va);
		return HM_RESUME;
	}
	return hm_route_page_fault(trap);
}

/* The shadow maps RAM alone, so this is the guest's affair (an AMO that memory does not take, say). */
enum hm_next hm_route_access_fault(struct hm_trap *trap)
{
	hm_count(trap->vcpu, HM_TRAP_OTHER);
	hm_inject(trap, trap->cause, trap->tval);
	return HM_RESUME;
}
