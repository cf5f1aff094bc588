/* SPDX-License-Identifier: BSD-2-Clause */
/* tvm.c - what mstatus.TVM traps, beyond tvm_short.c: satp, SFENCE.VMA, SINVAL.VMA. */
#include "core/insn.h"
#include "mmu/fence.h"
#include "mmu/flush.h"
#include "mmu/ring.h"
#include "mmu/satp.h"
#include "trap/trap.h"

/* What an access to satp would leave in it: CSRRW, CSRRS, CSRRC and their immediate forms. */
static u64 satp_after(const struct hm_frame *frame, u32 insn)
{
	u64 old = hm_guest_satp(frame->vcpu);
	u64 operand = insn & INSN_CSR_IMMEDIATE ? INSN_RS1(insn) : frame->rs1;

	switch (INSN_CSR_OP(insn)) {
	case INSN_CSR_SET: operand |= old; break;
	case INSN_CSR_CLEAR: operand = old & ~operand; break;
	}
	return ssp_satp_legal(&frame->vcpu->space, old, operand);
}

static enum hm_mmu record_exit(struct hm_frame *frame, u64 reason, u64 value)
{
	frame->mmu_exit = (struct hm_mmu_exit){ reason, value };
	return HM_MMU_LEFT;
}

/* False: the host's to finish. */
static bool may_switch(const struct hm_vcpu *vcpu, bool hit)
{
	if (vcpu->fence_count)
		return false; /* the other root may map what was fenced */
	return hm_finishes(vcpu, hit ? HM_POLICY_SATP : HM_POLICY_SATP | HM_POLICY_FILL);
}

static enum hm_mmu access_satp(struct hm_frame *frame, u32 insn)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	u64 old = hm_guest_satp(vcpu), value = satp_after(frame, insn);
	bool hit = hm_satp_is_cached(vcpu, value);

	if (INSN_RD(insn))
		frame->x[INSN_RD(insn)] = old;
	if (value != old && !may_switch(vcpu, hit))
		return record_exit(frame, hit ? HM_EXIT_SATP : HM_EXIT_ROOT_MISS, value);
	if (value != old)
		hm_switch_satp(frame->hart, vcpu, value);
	hm_count(vcpu, hit ? HM_TRAP_SATP_HIT : HM_TRAP_SATP_MISS, value);
	return HM_MMU_DONE;
}

/* SFENCE.VMA gva, x0 with the address that a ring was registered for */
static bool is_commit(const struct hm_frame *frame, u32 insn)
{
	return frame->rs1 == frame->vcpu->ring_gva && INSN_IS_SFENCE_VMA(insn) && INSN_RS1(insn) &&
	       !INSN_RS2(insn) && frame->rs1 != HM_RING_NONE;
}

/* Returns the first address. */
static u64 describe_fence(struct hm_frame *frame, u32 insn, bool by_va)
{
	struct hm_run *run = frame->run;
	u64 start = by_va ? frame->rs1 & ~(PAGE_SIZE - 1) : 0;

	run->fence_start = start;
	run->fence_size = by_va ? PAGE_SIZE : 0;
	run->fence_asid = INSN_RS2(insn) ? frame->rs2 & SATP_ASID_MASK : HM_ALL_ASIDS;
	return start;
}

static enum hm_mmu record_fence_exit(struct hm_frame *frame, u32 insn, bool commit)
{
	if (commit && frame->vcpu->ring_page)
		return record_exit(frame, HM_EXIT_RING, frame->rs1);
	/* A ring that was lost: everything. */
	return record_exit(frame, HM_EXIT_FLUSH,
			   describe_fence(frame, insn, INSN_RS1(insn) && !commit));
}

/* "SFENCE.VMA": x0 in rs1 means all addresses, x0 in rs2 all address spaces. */
static enum hm_mmu fence_vma(struct hm_frame *frame, u32 insn)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	u64 va = frame->rs1, asid = INSN_RS2(insn) ? frame->rs2 & SATP_ASID_MASK : HM_ALL_ASIDS;
	bool commit = is_commit(frame, insn);
	enum ssp_fence fence;

	if (!hm_finishes(vcpu, HM_POLICY_FLUSH))
		return record_fence_exit(frame, insn, commit);
	if (commit) {
		hm_ring_commit(vcpu);
		return HM_MMU_DONE;
	}
	if (INSN_RS1(insn)) {
		fence = hm_flush_va(vcpu, va, asid);
		hm_count(vcpu, HM_TRAP_SFENCE_VA, va);
	} else {
		fence = hm_flush_all(vcpu, asid);
		hm_count(vcpu, INSN_RS2(insn) ? HM_TRAP_SFENCE_ASID : HM_TRAP_SFENCE_ALL, asid);
	}
	hm_fence(fence, va);
	return HM_MMU_DONE;
}

/*
 * The middle ways, by hm_middle(): what S-mode asked for, where all of the policy is the
 * firmware's.
 */
static void finish(struct hm_vcpu *vcpu, u64 begin)
{
	hart_write(CSR_MEPC, hart_read(CSR_MEPC) + 4);
	hm_stay_ends(vcpu, begin);
}

void hm_fence_asid_way(struct hm_vcpu *vcpu, u64 asid)
{
	u64 begin = hart_count_all();
	enum ssp_fence fence = ssp_flush_asid(&vcpu->space, asid);

	hm_count(vcpu, HM_TRAP_SFENCE_ASID, asid & SATP_ASID_MASK);
	hm_fence(fence, 0);
	finish(vcpu, begin);
}

void hm_fence_all_way(struct hm_vcpu *vcpu, u64 asid)
{
	u64 begin = hart_count_all();
	enum ssp_fence fence = ssp_flush_all(&vcpu->space);

	hm_count(vcpu, HM_TRAP_SFENCE_ALL, asid);
	hm_fence(fence, 0);
	finish(vcpu, begin);
}

/* CSRRW that is not ready. */
void hm_satp_way(struct hm_vcpu *vcpu, u64 value)
{
	u64 begin = hart_count_all(), old = vcpu->space.current->gsatp;

	value = ssp_satp_legal(&vcpu->space, old, value);
	if (value != old && !hm_switch_own_root(vcpu, value))
		hm_count(vcpu, HM_TRAP_SATP_MISS, value);
	else
		hm_count(vcpu, HM_TRAP_SATP_HIT, value);
	finish(vcpu, begin);
}

/* frame->rs1 and rs2 are its sources; a destination is written to frame->x. */
enum hm_mmu hm_mmu_instruction(struct hm_frame *frame, u32 insn)
{
	if (INSN_IS_FENCE_VMA(insn))
		return fence_vma(frame, insn);
	if (INSN_IS_CSR(insn, CSR_SATP))
		return access_satp(frame, insn);
	return HM_MMU_OTHER;
}

/*
 * With the host's tables the host gets all page faults if it injects, and all fences
 * if it flushes: the same as hm_exit() by route.c's way, and no more.
 */
static inline void to_host(struct hm_frame *frame, u64 reason, u64 cause, u64 value)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	struct hm_run *run = frame->run;

	vcpu->trap_cycle = hart_count_all();
	vcpu->exit_reason = run->exit_reason = reason;
	run->exit_cause = cause;
	run->exit_value = value;
	vcpu->stats.exits[reason]++;
	hm_trace_detailed(&vcpu->trace, HM_TRACE_EXIT, value, reason);
}

void hm_fault_to_host(struct hm_frame *frame)
{
	to_host(frame, HM_EXIT_PAGE_FAULT, hart_read(CSR_MCAUSE), hart_read(CSR_MTVAL));
}

/* The page has the rest already (fault_short.c). */
void hm_device_to_host(struct hm_frame *frame)
{
	to_host(frame, HM_EXIT_MMIO, hart_read(CSR_MCAUSE), hart_read(CSR_MTVAL));
}

void hm_fence_to_host(struct hm_frame *frame)
{
	u64 insn = hart_read(CSR_MTVAL);

	hart_write(CSR_MEPC, hart_read(CSR_MEPC) + 4);
	to_host(frame, HM_EXIT_FLUSH, CAUSE_ILLEGAL_INSTRUCTION,
		describe_fence(frame, insn, INSN_RS1(insn)));
}

/* Fill the shadow for a hidden fault that the host has seen; nothing if it is none (by now). */
void hm_fill(struct hm_vcpu *vcpu, u64 cause, u64 va, u64 mstatus)
{
	struct ssp_result result;

	if (cause != CAUSE_FETCH_PAGE_FAULT && cause != CAUSE_LOAD_PAGE_FAULT &&
	    cause != CAUSE_STORE_PAGE_FAULT)
		return;
	result = ssp_fill(&vcpu->space, va, cause & 3, hm_access_state(mstatus));
	hm_fence(result.fence, va);
}

/* It is over when the host resumes the guest as asked. */
static __attribute__((noinline)) u64 leave_instruction(struct hm_frame *frame)
{
	struct hm_trap trap = hm_trap_of(frame, CAUSE_ILLEGAL_INSTRUCTION);

	hm_exit(&trap, frame->mmu_exit.reason, frame->mmu_exit.value);
	return HM_TRAP_EXIT;
}

/* All but what writes a register, which guest_vector.S does not load on this way. */
static u64 tvm_instruction(struct hm_frame *frame)
{
	u32 insn = hart_read(CSR_MTVAL);
	enum hm_mmu what;

	/* From U-mode it is illegal indeed. */
	what = !(hart_read(CSR_MSTATUS) & MSTATUS_MPP) || INSN_RD(insn) ?
		       HM_MMU_OTHER :
		       hm_mmu_instruction(frame, insn);
	if (what == HM_MMU_OTHER)
		return 1;
	hart_write(CSR_MEPC, hart_read(CSR_MEPC) + 4);
	return what == HM_MMU_DONE ? 0 : leave_instruction(frame);
}

/* One that the short way did not answer.  CSRs are read twice, which saves registers. */
static u64 page_fault(struct hm_frame *frame, u64 cause)
{
	struct hm_fault fault =
		hm_find_fault(frame->vcpu, cause, hart_read(CSR_MTVAL), hart_read(CSR_MSTATUS));

	if (fault.class == HM_FAULT_FILLED)
		return 0;
	if (fault.class != HM_FAULT_GUEST)
		return hm_page_fault_left(frame, cause, fault);
	hart_write(CSR_MEPC, hm_raise(fault.cause, hart_read(CSR_MTVAL), hart_read(CSR_MEPC),
				      hart_read(CSR_MSTATUS)));
	return 0;
}

/* 0: the guest can resume; 1: hm_trap_route; HM_TRAP_EXIT */
u64 hm_trap_mmu(struct hm_frame *frame, u64 cause)
{
	u64 begin = hart_count_all(), next = 1;

	if (cause == CAUSE_ILLEGAL_INSTRUCTION)
		next = tvm_instruction(frame);
	else if (cause - CAUSE_FETCH_PAGE_FAULT <= CAUSE_STORE_PAGE_FAULT - CAUSE_FETCH_PAGE_FAULT)
		next = page_fault(frame, cause);
	return hm_mmu_ends(frame->vcpu, begin, next);
}
