/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c - faults that fault_short.c did not answer, and what they need of the guest's memory. */
#include "ssp/device.h"
#include "ssp/fetch.h"
#include "mmu/fence.h"
#include "mmu/flush.h"
#include "trap/pmu.h"
#include "trap/trap.h"

/*
 * The guest's tables forbid to fetch what the hart, by an older translation, has just
 * fetched: a hart whose TLB had lost it would have faulted.  So does the guest, or it
 * would execute the same again for ever; what is still cached of the page goes.  (A guest that has
 * not fenced could not complain if it stayed.)
 */
static void fetch_fault(struct hm_trap *trap, u64 va, enum ssp_verdict verdict)
{
	hm_fence(hm_flush_va(trap->vcpu, va, HM_ALL_ASIDS), va);
	hm_count(trap->vcpu, HM_TRAP_TRUE_FAULT, va);
	hm_inject(trap, ssp_fault_cause(verdict, SSP_FETCH), va);
}

/* Guest code, through the guest's own tables and only from RAM; 0: the guest was given a fault. */
static u64 find_code(void *caller, u64 va)
{
	struct hm_trap *trap = caller;
	struct hm_vcpu *vcpu = trap->vcpu;
	unsigned int state = hm_access_state(hart_read(CSR_MSTATUS));
	u64 hpa = hm_host_tables(vcpu) ? 0 : ssp_code_hit(&vcpu->space, va, state);
	enum ssp_verdict verdict;

	if (hpa)
		return hpa;
	verdict = ssp_translate(&vcpu->space, hm_guest_satp(vcpu), va, SSP_FETCH, state, &hpa);
	/* The hart has fetched it: who has taken A away since has not fenced. */
	if (verdict == SSP_ALLOWED || (verdict == SSP_UNMARKED && hpa))
		return hpa;
	fetch_fault(trap, va, verdict);
	return 0;
}

unsigned int hm_fetch(struct hm_trap *trap, u64 *insn)
{
	return insn_fetch(find_code, hm_load_u16, trap, trap->pc, insn);
}

static struct hm_fault to_guest(struct hm_vcpu *vcpu, u64 cause, u64 va)
{
	hm_count(vcpu, HM_TRAP_TRUE_FAULT, va);
	return (struct hm_fault){ .class = HM_FAULT_GUEST, .cause = cause };
}

static struct hm_fault to_host(u64 reason)
{
	return (struct hm_fault){ .class = HM_FAULT_HOST, .reason = reason };
}

/* The host finds out whose it is, unless true faults are the firmware's. */
static struct hm_fault of_host_tables(struct hm_vcpu *vcpu, u64 cause, u64 va, unsigned int state)
{
	u64 address;

	if (hm_finishes(vcpu, HM_POLICY_INJECT) &&
	    ssp_translate(&vcpu->space, hm_guest_satp(vcpu), va, cause & 3, state, &address) ==
		    SSP_TRUE_FAULT)
		return to_guest(vcpu, cause, va);
	return to_host(HM_EXIT_PAGE_FAULT);
}

/* Where the firmware does not fill nothing is changed: the walk alone says what the fault is. */
static struct ssp_result find_or_fill(struct hm_vcpu *vcpu, u64 va, enum ssp_access access,
				      unsigned int state)
{
	struct ssp_result result;

	if (hm_finishes(vcpu, HM_POLICY_FILL))
		return ssp_fault(&vcpu->space, va, access, state);
	result.fence = SSP_FENCE_NONE;
	result.verdict =
		ssp_translate(&vcpu->space, hm_guest_satp(vcpu), va, access, state, &result.gpa);
	return result;
}

static void count_access_fault(struct hm_vcpu *vcpu, u64 cause)
{
	if (cause == CAUSE_LOAD_ACCESS)
		hm_pmu_count(vcpu, SBI_PMU_FW_ACCESS_LOAD);
	else if (cause == CAUSE_STORE_ACCESS)
		hm_pmu_count(vcpu, SBI_PMU_FW_ACCESS_STORE);
}

/* What is left of a fault that is neither filled nor a true one: to devices most often. */
static struct hm_fault unusual(struct hm_vcpu *vcpu, u64 cause, u64 va, struct ssp_result found)
{
	enum ssp_access access = cause & 3;

	if (found.verdict == SSP_OUTSIDE) {
		/*
		 * hm_fetch() would find the same, unless another hart of the guest maps code there
		 * meanwhile.
		 */
		if (access == SSP_FETCH)
			return to_guest(vcpu, CAUSE_FETCH_ACCESS, va);
		return (struct hm_fault){ .class = HM_FAULT_MMIO, .gpa = found.gpa };
	}
	if (found.verdict == SSP_ACCESS_FAULT) {
		count_access_fault(vcpu, ssp_access_fault(access));
		return to_guest(vcpu, ssp_access_fault(access), va);
	}
	/* From a walk alone: the host has the shadow filled, and A or D with it. */
	return to_host(found.verdict == SSP_UNMARKED ? HM_EXIT_HIDDEN_FAULT : HM_EXIT_BROKEN);
}

static inline void filled(struct hm_vcpu *vcpu, enum ssp_fence fence, u64 va)
{
	hm_fence(fence, va);
	hm_count(vcpu, HM_TRAP_FILL, va);
}

struct hm_fault hm_find_fault(struct hm_vcpu *vcpu, u64 cause, u64 va, u64 mstatus)
{
	struct ssp_result found;

	if (hm_host_tables(vcpu))
		return of_host_tables(vcpu, cause, va, hm_access_state(mstatus));
	found = find_or_fill(vcpu, va, cause & 3, hm_access_state(mstatus));
	if (found.verdict > SSP_TRUE_FAULT)
		return unusual(vcpu, cause, va, found);
	if (found.verdict == SSP_TRUE_FAULT)
		return hm_finishes(vcpu, HM_POLICY_INJECT) ? to_guest(vcpu, cause, va) :
							     to_host(HM_EXIT_TRUE_FAULT);
	if (!hm_finishes(vcpu, HM_POLICY_FILL))
		return to_host(HM_EXIT_HIDDEN_FAULT);
	filled(vcpu, found.fence, va);
	return (struct hm_fault){ .class = HM_FAULT_FILLED };
}

static enum hm_next exit_outside_ram(struct hm_trap *trap, u64 gpa)
{
	struct hm_run *run = trap->vcpu->run;
	unsigned int length;
	u64 insn;

	length = hm_fetch(trap, &insn);
	if (!length)
		return HM_RESUME;
	run->exit_gpa = gpa;
	run->exit_insn = insn;
	run->exit_insn_len = length;
	return hm_exit(trap, HM_EXIT_MMIO, trap->tval);
}

static enum hm_next end_page_fault(struct hm_trap *trap, struct hm_fault fault)
{
	switch (fault.class) {
	case HM_FAULT_FILLED: return HM_RESUME;
	case HM_FAULT_GUEST: hm_inject(trap, fault.cause, trap->tval); return HM_RESUME;
	case HM_FAULT_MMIO: return exit_outside_ram(trap, fault.gpa);
	case HM_FAULT_HOST: return hm_exit(trap, fault.reason, trap->tval);
	}
	return hm_exit(trap, HM_EXIT_BROKEN, trap->tval);
}

u64 hm_page_fault_left(struct hm_frame *frame, u64 cause, struct hm_fault fault)
{
	struct hm_trap trap = hm_trap_of(frame, cause);
	enum hm_next next;

	if (cause == CAUSE_FETCH_PAGE_FAULT + 2)
		return 1; /* reserved: it has no route */
	next = end_page_fault(&trap, fault);
	hart_write(CSR_MEPC, trap.pc);
	return next == HM_EXIT ? HM_TRAP_EXIT : 0;
}

/* What comes neither to a fill nor to a fault of the guest's own at the same page. */
static __attribute__((noinline)) u64 leave_unusual(struct hm_frame *frame, u64 cause, u64 va,
						   struct ssp_result found)
{
	return hm_page_fault_left(frame, cause, unusual(frame->vcpu, cause, va, found));
}

u64 hm_trap_unknown(struct hm_frame *frame, u64 cause)
{
	u64 begin = hart_count_all(), va = hart_read(CSR_MTVAL), next = 0;
	u64 mstatus = hart_read(CSR_MSTATUS);
	struct hm_vcpu *vcpu = frame->vcpu;
	struct ssp_result found =
		ssp_fault_unknown(&vcpu->space, va, cause & 3, hm_access_state(mstatus));

	if (found.verdict == SSP_ALLOWED) {
		filled(vcpu, found.fence, va);
	} else if (found.verdict == SSP_TRUE_FAULT) {
		hm_fence(found.fence, va);
		hm_count(vcpu, HM_TRAP_TRUE_FAULT, va);
		hart_write(CSR_MEPC, hm_raise(cause, va, hart_read(CSR_MEPC), mstatus));
	} else {
		next = leave_unusual(frame, cause, va, found);
	}
	return hm_mmu_ends(vcpu, begin, next);
}

enum hm_next hm_page_fault(struct hm_trap *trap, u64 cause, u64 va)
{
	trap->cause = cause;
	trap->tval = va;
	return end_page_fault(trap, hm_find_fault(trap->vcpu, cause, va, hart_read(CSR_MSTATUS)));
}

/*
 * The shadow maps RAM alone, so this is the guest's affair (an AMO that memory does not take, say).
 */
enum hm_next hm_route_access_fault(struct hm_trap *trap)
{
	count_access_fault(trap->vcpu, trap->cause);
	hm_count(trap->vcpu, HM_TRAP_OTHER, trap->tval);
	hm_inject(trap, trap->cause, trap->tval);
	return HM_RESUME;
}
