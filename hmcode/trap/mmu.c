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
		hm_count(vcpu, HM_TRAP_SATP_HIT);
	} else {
		root = ssp_root_new(space, value, &fence);
		space->root_misses++;
		hm_count(vcpu, HM_TRAP_SATP_MISS);
	}
	ssp_root_enter(space, root);
	/* A global entry of one mode matches addresses of the other. */
	if (satp_mode(value) != old_mode)
		fence = SSP_FENCE_ALL;
	hm_load_root(hart, space);
	hm_fence(vcpu, fence, 0);
}

/* CSRRW, CSRRS, CSRRC and their immediate forms on satp; rd gets the old value. */
static void access_satp(struct hm_frame *frame, u32 insn)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	u64 old = vcpu->space.current->gsatp;
	u64 operand = insn & INSN_CSR_IMMEDIATE ? INSN_RS1(insn) : frame->rs1;
	u64 value = old;

	switch (INSN_CSR_OP(insn)) {
	case INSN_CSR_WRITE:
		value = operand;
		break;
	case INSN_CSR_SET:
		value = old | operand;
		break;
	case INSN_CSR_CLEAR:
		value = old & ~operand;
		break;
	}
	value = ssp_satp_legal(&vcpu->space, old, value);
	if (value != old)
		hm_switch_satp(frame->hart, vcpu, value);
	else
		hm_count(vcpu, HM_TRAP_SATP_HIT);
	if (INSN_RD(insn))
		frame->x[INSN_RD(insn)] = old;
}

/* "SFENCE.VMA": x0 in rs1 means all addresses, x0 in rs2 all address spaces. */
static void fence_vma(struct hm_frame *frame, u32 insn)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	struct ssp_space *space = &vcpu->space;
	u64 va = frame->rs1, asid = frame->rs2;
	enum ssp_fence fence;

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
}

/*
 * False: not an instruction of this kind.  frame->rs1 and rs2 are its sources;
 * a destination is written to frame->x.
 */
bool hm_mmu_instruction(struct hm_frame *frame, u32 insn)
{
	if (INSN_IS_SFENCE_VMA(insn) || INSN_IS_SINVAL_VMA(insn))
		fence_vma(frame, insn);
	else if (INSN_IS_CSR(insn, CSR_SATP))
		access_satp(frame, insn);
	else
		return false;
	return true;
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

/* A fault that takes a walk, unless it leads out of RAM. */
static bool page_fault(struct hm_vcpu *vcpu, u64 cause)
{
	u64 va = csr_read(CSR_MTVAL), mstatus = csr_read(CSR_MSTATUS);
	struct ssp_result result = ssp_fault(&vcpu->space, va, cause & 3, hm_access_state(mstatus));

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
		done = page_fault(frame->vcpu, cause);
	if (!done)
		return 1;
	hm_stay_ends(frame->vcpu, begin);
	return 0;
}
