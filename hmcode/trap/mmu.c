/* SPDX-License-Identifier: BSD-2-Clause */
/* mmu.c - what mstatus.TVM traps, beyond fast.c: satp, SFENCE.VMA, SINVAL.VMA. */
#include "trap/insn.h"
#include "trap/trap.h"

void hm_fence(struct hm_vcpu *vcpu, enum ssp_fence fence, u64 va)
{
	struct ssp_root *root = vcpu->space.current;

	switch (fence) {
	case SSP_FENCE_NONE:
		break;
	case SSP_FENCE_PAGE:
		hm_sfence_va(va);
		break;
	case SSP_FENCE_ASID:
		hm_sfence_asid(satp_asid(root->hsatp));
		break;
	case SSP_FENCE_ALL:
		hm_sfence_all();
		break;
	}
}

/* value has passed ssp_satp_legal() */
void hm_switch_satp(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 value)
{
	struct ssp_space *space = &vcpu->space;
	struct ssp_root *root = ssp_root_find(space, value);
	enum ssp_fence fence = SSP_FENCE_NONE;
	unsigned int old_mode = satp_mode(space->current->gsatp);

	if (root) {
		space->root_hits++;
	} else {
		root = ssp_root_new(space, value, &fence);
		space->root_misses++;
	}
	ssp_root_enter(space, root);
	/* A global entry of one mode matches addresses of the other. */
	if (satp_mode(value) != old_mode)
		fence = SSP_FENCE_ALL;
	hm_load_root(hart, space);
	hm_fence(vcpu, fence, 0);
}

/* What an access to satp would leave in it: CSRRW, CSRRS, CSRRC and their immediate forms. */
static u64 satp_after(const struct hm_frame *frame, u32 insn)
{
	const struct ssp_space *space = &frame->vcpu->space;
	u64 old = space->current->gsatp;
	u64 operand = insn & INSN_CSR_IMMEDIATE ? INSN_RS1(insn) : frame->rs1;

	switch (INSN_CSR_OP(insn)) {
	case INSN_CSR_SET:
		operand |= old;
		break;
	case INSN_CSR_CLEAR:
		operand = old & ~operand;
		break;
	}
	return ssp_satp_legal(space, old, operand);
}

static bool access_satp(struct hm_frame *frame, u32 insn)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	u64 old = vcpu->space.current->gsatp, value = satp_after(frame, insn);
	bool hit = ssp_root_find(&vcpu->space, value);

	if (value != old) {
		if (!hm_finishes(vcpu, hit ? HM_POLICY_SATP : HM_POLICY_SATP | HM_POLICY_FILL))
			return false;
		hm_switch_satp(frame->hart, vcpu, value);
	}
	hm_count(vcpu, hit ? HM_TRAP_SATP_HIT : HM_TRAP_SATP_MISS);
	if (INSN_RD(insn))
		frame->x[INSN_RD(insn)] = old;
	return true;
}

/* "SFENCE.VMA": x0 in rs1 means all addresses, x0 in rs2 all address spaces. */
static bool fence_vma(struct hm_frame *frame, u32 insn)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	struct ssp_space *space = &vcpu->space;
	u64 va = frame->rs1, asid = frame->rs2;
	enum ssp_fence fence;

	if (!hm_finishes(vcpu, HM_POLICY_FLUSH))
		return false;
	if (INSN_RS1(insn)) {
		fence = INSN_RS2(insn) ? ssp_flush_va_asid(space, va, asid) : ssp_flush_va(space, va);
		hm_count(vcpu, HM_TRAP_SFENCE_VA);
	} else if (INSN_RS2(insn)) {
		fence = ssp_flush_asid(space, asid);
		hm_count(vcpu, HM_TRAP_SFENCE_ASID);
	} else {
		fence = ssp_flush_all(space);
		hm_count(vcpu, HM_TRAP_SFENCE_ALL);
	}
	hm_fence(vcpu, fence, va);
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

/* The same instruction, left to the host: it is over when the host resumes the guest as asked. */
enum hm_next hm_exit_mmu_instruction(struct hm_trap *trap, u32 insn)
{
	struct hm_frame *frame = trap->frame;
	struct hm_run *run = trap->vcpu->run;
	struct ssp_space *space = &trap->vcpu->space;
	u64 value;

	trap->pc += 4;
	if (INSN_IS_FENCE_VMA(insn)) {
		run->fence_start = INSN_RS1(insn) ? frame->rs1 & ~(PAGE_SIZE - 1) : 0;
		run->fence_size = INSN_RS1(insn) ? PAGE_SIZE : 0;
		run->fence_asid = INSN_RS2(insn) ? frame->rs2 & SATP_ASID_MASK : HM_ALL_ASIDS;
		return hm_exit(trap, HM_EXIT_FLUSH, run->fence_start);
	}
	value = satp_after(frame, insn);
	if (INSN_RD(insn))
		frame->x[INSN_RD(insn)] = space->current->gsatp;
	return hm_exit(trap, ssp_root_find(space, value) ? HM_EXIT_SATP : HM_EXIT_ROOT_MISS, value);
}

/* All but what writes a register, which entry.S does not load on this way. */
static bool instruction(struct hm_frame *frame)
{
	u32 insn = csr_read(CSR_MTVAL);

	/* From U-mode it is illegal indeed. */
	if (!(csr_read(CSR_MSTATUS) & MSTATUS_MPP) || INSN_RD(insn) ||
	    !hm_mmu_instruction(frame, insn))
		return false;
	csr_write(CSR_MEPC, csr_read(CSR_MEPC) + 4);
	return true;
}

/* Fill the shadow for a hidden fault that the host has seen; nothing if it is none by now. */
void hm_fill(struct hm_vcpu *vcpu, u64 cause, u64 va, u64 mstatus)
{
	struct ssp_result result = ssp_fault(&vcpu->space, va, cause & 3, hm_access_state(mstatus));

	hm_fence(vcpu, result.fence, va);
}

/* A fault that takes a walk, unless it leads out of RAM. */
static bool page_fault(struct hm_frame *frame, u64 cause)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	u64 va = csr_read(CSR_MTVAL), mstatus = csr_read(CSR_MSTATUS);
	struct ssp_result result;

	frame->fault_exit = hm_fault_exit(vcpu, cause, va, mstatus);
	if (frame->fault_exit != HM_EXIT_COUNT)
		return false;
	result = ssp_fault(&vcpu->space, va, cause & 3, hm_access_state(mstatus));
	switch (result.verdict) {
	case SSP_FILLED:
		hm_fence(vcpu, result.fence, va);
		hm_count(vcpu, HM_TRAP_FILL);
		return true;
	case SSP_TRUE_FAULT:
		csr_write(CSR_MEPC, hm_raise(cause, va, csr_read(CSR_MEPC), mstatus));
		hm_count(vcpu, HM_TRAP_TRUE_FAULT);
		return true;
	default:
		return false;
	}
}

u64 hm_trap_general(struct hm_frame *frame, u64 cause)
{
	u64 begin = hm_count_all();
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
