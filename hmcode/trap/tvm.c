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
	case INSN_CSR_SET:
		operand |= old;
		break;
	case INSN_CSR_CLEAR:
		operand = old & ~operand;
		break;
	}
	return ssp_satp_legal(&frame->vcpu->space, old, operand);
}

static bool access_satp(struct hm_frame *frame, u32 insn)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	u64 old = hm_guest_satp(vcpu), value = satp_after(frame, insn);
	bool hit = hm_satp_is_cached(vcpu, value);

	if (value != old) {
		if (vcpu->fence_count)
			return false;	/* the other root may map what was fenced */
		if (!hm_finishes(vcpu, hit ? HM_POLICY_SATP : HM_POLICY_SATP | HM_POLICY_FILL))
			return false;
		hm_switch_satp(frame->hart, vcpu, value);
	}
	hm_count(vcpu, hit ? HM_TRAP_SATP_HIT : HM_TRAP_SATP_MISS);
	if (INSN_RD(insn))
		frame->x[INSN_RD(insn)] = old;
	return true;
}

/* SFENCE.VMA gva, x0 with the address that a ring was registered for */
static bool is_commit(const struct hm_frame *frame, u32 insn)
{
	return frame->rs1 == frame->vcpu->ring_gva && INSN_IS_SFENCE_VMA(insn) &&
	       INSN_RS1(insn) && !INSN_RS2(insn) && frame->rs1 != HM_RING_NONE;
}

/* "SFENCE.VMA": x0 in rs1 means all addresses, x0 in rs2 all address spaces. */
static bool fence_vma(struct hm_frame *frame, u32 insn)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	u64 va = frame->rs1, asid = INSN_RS2(insn) ? frame->rs2 & SATP_ASID_MASK : HM_ALL_ASIDS;
	enum ssp_fence fence;

	if (!hm_finishes(vcpu, HM_POLICY_FLUSH))
		return false;
	if (is_commit(frame, insn)) {
		hm_ring_commit(vcpu);
		return true;
	}
	if (INSN_RS1(insn)) {
		fence = hm_flush_va(vcpu, va, asid);
		hm_count(vcpu, HM_TRAP_SFENCE_VA);
	} else {
		fence = hm_flush_all(vcpu, asid);
		hm_count(vcpu, INSN_RS2(insn) ? HM_TRAP_SFENCE_ASID : HM_TRAP_SFENCE_ALL);
	}
	hm_fence(fence, va);
	return true;
}

/*
 * False: not an instruction of this kind, or the host's to finish.  frame->rs1
 * and rs2 are its sources; a destination is written to frame->x.
 */
bool hm_mmu_instruction(struct hm_frame *frame, u32 insn)
{
	if (INSN_IS_FENCE_VMA(insn))
		return fence_vma(frame, insn);
	if (INSN_IS_CSR(insn, CSR_SATP))
		return access_satp(frame, insn);
	return false;
}

/* Returns the first address. */
static u64 fence_to_host(struct hm_frame *frame, u32 insn, bool by_va)
{
	struct hm_run *run = frame->run;
	u64 start = by_va ? frame->rs1 & ~(PAGE_SIZE - 1) : 0;

	run->fence_start = start;
	run->fence_size = by_va ? PAGE_SIZE : 0;
	run->fence_asid = INSN_RS2(insn) ? frame->rs2 & SATP_ASID_MASK : HM_ALL_ASIDS;
	return start;
}

/*
 * With the host's tables the host gets all page faults if it injects, and all fences
 * if it flushes: the same as hm_exit() by route.c's way, and no more.
 */
void hm_to_host(struct hm_frame *frame)
{
	struct hm_run *run = frame->run;
	u64 cause = hart_read(CSR_MCAUSE), value = hart_read(CSR_MTVAL), reason = HM_EXIT_PAGE_FAULT;

	frame->vcpu->trap_cycle = hart_count_all();
	if (cause == CAUSE_ILLEGAL_INSTRUCTION) {
		value = fence_to_host(frame, value, INSN_RS1(value));
		hart_write(CSR_MEPC, hart_read(CSR_MEPC) + 4);
		reason = HM_EXIT_FLUSH;
	}
	frame->vcpu->exit_reason = run->exit_reason = reason;
	run->exit_cause = cause;
	run->exit_value = value;
	frame->vcpu->stats.exits[reason]++;
}

/* The same instruction, left to the host: it is over when the host resumes the guest as asked. */
enum hm_next hm_exit_mmu_instruction(struct hm_trap *trap, u32 insn)
{
	struct hm_frame *frame = trap->frame;
	bool commit = is_commit(frame, insn);
	u64 value;

	trap->pc += 4;
	if (commit && trap->vcpu->ring_page)
		return hm_exit(trap, HM_EXIT_RING, frame->rs1);
	if (INSN_IS_FENCE_VMA(insn)) {
		/* A ring that was lost: everything. */
		value = fence_to_host(frame, insn, INSN_RS1(insn) && !commit);
		return hm_exit(trap, HM_EXIT_FLUSH, value);
	}
	value = satp_after(frame, insn);
	if (INSN_RD(insn))
		frame->x[INSN_RD(insn)] = hm_guest_satp(trap->vcpu);
	return hm_exit(trap, hm_satp_is_cached(trap->vcpu, value) ? HM_EXIT_SATP : HM_EXIT_ROOT_MISS, value);
}

/* All but what writes a register, which guest_vector.S does not load on this way. */
static bool instruction(struct hm_frame *frame)
{
	u32 insn = hart_read(CSR_MTVAL);

	/* From U-mode it is illegal indeed. */
	if (!(hart_read(CSR_MSTATUS) & MSTATUS_MPP) || INSN_RD(insn) ||
	    !hm_mmu_instruction(frame, insn))
		return false;
	hart_write(CSR_MEPC, hart_read(CSR_MEPC) + 4);
	return true;
}

/* Fill the shadow for a hidden fault that the host has seen; nothing if it is none (by now). */
void hm_fill(struct hm_vcpu *vcpu, u64 cause, u64 va, u64 mstatus)
{
	struct ssp_result result;

	if (cause != CAUSE_FETCH_PAGE_FAULT && cause != CAUSE_LOAD_PAGE_FAULT &&
	    cause != CAUSE_STORE_PAGE_FAULT)
		return;
	result = ssp_fault(&vcpu->space, va, cause & 3, hm_access_state(mstatus));

	hm_fence(result.fence, va);
}

/* A fault that takes a walk, unless it leads out of RAM or to the host. */
static bool page_fault(struct hm_frame *frame, u64 cause)
{
	u64 va = hart_read(CSR_MTVAL), mstatus = hart_read(CSR_MSTATUS);

	frame->fault = hm_find_fault(frame->vcpu, cause, va, mstatus);
	switch (frame->fault.class) {
	case HM_FAULT_FILLED:
		return true;
	case HM_FAULT_GUEST:
		hart_write(CSR_MEPC, hm_raise(frame->fault.cause, va, hart_read(CSR_MEPC), mstatus));
		return true;
	default:
		return false;
	}
}

u64 hm_trap_general(struct hm_frame *frame, u64 cause)
{
	u64 begin = hart_count_all();
	bool done = false;

	if (cause == CAUSE_ILLEGAL_INSTRUCTION)
		done = instruction(frame);
	else if (cause - CAUSE_FETCH_PAGE_FAULT <= CAUSE_STORE_PAGE_FAULT - CAUSE_FETCH_PAGE_FAULT)
		done = page_fault(frame, cause);
	if (!done)
		return 1;
	hm_stay_ends(frame->vcpu, begin);
	return 0;
}
