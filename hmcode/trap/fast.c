/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast.c - what mstatus.TVM traps and needs no more than a look at the walk
 * cache or the root buffer: pages fenced, roots switched.
 *
 * Called by entry.S with a handful of registers saved.  This file is compiled
 * so that its functions preserve all others (FAST_CFLAGS in the Makefile), and
 * calls nothing.
 */
#include "ssp/fast.h"
#include "trap/insn.h"
#include "trap/trap.h"

/* CSRRW to satp of a root that is ready, between address spaces of one mode. */
static inline bool switch_root(struct hm_frame *frame, u64 value)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	struct ssp_space *space = &vcpu->space;
	struct ssp_root *root = ssp_root_ready(space, value);

	if (!root || root->asid_turn != frame->hart->asid_turn || !frame->hart->asid_limit ||
	    root->mode != space->current->mode || !space->current->gsatp || !value)
		return false;
	root->last_use = ++space->uses;
	space->current = root;
	space->root_hits++;
	csr_write(CSR_SATP, root->hsatp);
	hm_count(vcpu, HM_TRAP_SATP_HIT);
	return true;
}

/* The same in the root buffer of a host that owns the tables. */
static inline bool switch_host_root(struct hm_frame *frame, u64 value)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	struct hm_host_root *root = hm_root_hinted(vcpu, value), *old = vcpu->roots.current;

	if (!root || root->asid_turn != frame->hart->asid_turn || !frame->hart->asid_limit ||
	    satp_mode(root->root) != satp_mode(old->root) || !old->gsatp || !value)
		return false;
	hm_root_use(vcpu, root);
	vcpu->space.root_hits++;
	csr_write(CSR_SATP, root->hsatp);
	hm_count(vcpu, HM_TRAP_SATP_HIT);
	return true;
}

static inline bool fence_page(struct hm_vcpu *vcpu, u64 va, bool by_asid, u64 asid)
{
	if (!ssp_flush_va_fast(&vcpu->space, va, by_asid, asid))
		return false;
	hm_sfence_va(va);
	hm_count(vcpu, HM_TRAP_SFENCE_VA);
	return true;
}

/* Done with, or by the general way: rs1 and rs2 are for hm_trap_general. */
static inline u64 finish(struct hm_frame *frame, bool done, u64 rs1, u64 rs2)
{
	if (!done) {
		frame->rs1 = rs1;
		frame->rs2 = rs2;
		return 1;
	}
	csr_write(CSR_MEPC, csr_read(CSR_MEPC) + 4);
	return 0;
}

/* What mstatus.TVM traps; rs1 and rs2 are the values of the instruction's source registers. */
u64 hm_fast_tvm(struct hm_frame *frame, u32 insn, u64 rs1, u64 rs2)
{
	bool done = false;

	if (csr_read(CSR_MSTATUS) & MSTATUS_MPP) {
		if (INSN_IS_SFENCE_VMA(insn) && INSN_RS1(insn))
			done = fence_page(frame->vcpu, rs1, INSN_RS2(insn), rs2);
		else if (INSN_IS_CSRW(insn, CSR_SATP))
			done = switch_root(frame, rs1);
	}
	return finish(frame, done, rs1, rs2);
}

/* Where the host has a share: only switches and fences that need none of the firmware's tables. */
u64 hm_fast_tvm_policy(struct hm_frame *frame, u32 insn, u64 rs1, u64 rs2)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	bool done = false;

	if (hm_host_tables(vcpu) && csr_read(CSR_MSTATUS) & MSTATUS_MPP) {
		if (INSN_IS_CSRW(insn, CSR_SATP) && hm_finishes(vcpu, HM_POLICY_SATP)) {
			done = switch_host_root(frame, rs1);
		} else if (INSN_IS_SFENCE_VMA(insn) && INSN_RS1(insn) &&
			   hm_finishes(vcpu, HM_POLICY_FLUSH)) {
			hm_sfence_va(rs1);
			hm_count(vcpu, HM_TRAP_SFENCE_VA);
			done = true;
		}
	}
	return finish(frame, done, rs1, rs2);
}
