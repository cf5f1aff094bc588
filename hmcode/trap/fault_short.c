/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault_short.c - page faults that the walk cache answers, by the decisions of ssp/hits.h.
 *
 *	guest's PTE --> no V, or forbidden --> inject()
 *	     |--------> plainly allowed ------> fill() --> fill_group(), where the guest reads on
 *	     `--------> exception(): SUM and MXR ----> one of them, or the general way (1)
 *
 * Called by guest_vector.S with a handful of registers saved, and compiled like tvm_short.c: its
 * functions preserve all others.
 */
#include "ssp/hits.h"
#include "trap/trap.h"

/* What the trap left in CSRs is read from there again, where that saves a register. */

APART u64 inject(struct hm_vcpu *vcpu)
{
	u64 va = hart_read(CSR_MTVAL);

	hart_write(CSR_MEPC, hm_raise(hart_read(CSR_MCAUSE), va, hart_read(CSR_MEPC),
				      hart_read(CSR_MSTATUS)));
	hm_count(vcpu, HM_TRAP_TRUE_FAULT, va);
	return 0;
}

APART u64 fill_group(struct ssp_space *space, struct ssp_walk *walk, u64 offset)
{
	ssp_fill_group(space, walk, offset);
	return 0;
}

APART u64 fill(struct hm_vcpu *vcpu, struct ssp_walk *walk, u64 offset, u64 pte, u64 cause)
{
	struct ssp_space *space = &vcpu->space;
	enum ssp_fence fence;

	if (ssp_fill_leaf(space, walk, offset, pte, &fence) != SSP_ALLOWED)
		return 1;
	if (fence != SSP_FENCE_NONE)
		hart_fence_page(hart_read(CSR_MTVAL));
	hm_count(vcpu, HM_TRAP_FILL, HM_TRACED_OR(hart_read(CSR_MTVAL), 0));
	if (cause != CAUSE_STORE_PAGE_FAULT &&
	    ssp_wants_group(space, walk, hart_read(CSR_MTVAL), offset))
		return fill_group(space, walk, offset);
	return 0;
}

/* A leaf that does not plainly allow the access. */
APART u64 exception(struct hm_vcpu *vcpu, struct ssp_walk *walk, u64 offset, u64 pte, u64 cause)
{
	switch (ssp_leaf_exception(&vcpu->space, pte, cause - CAUSE_FETCH_PAGE_FAULT,
				   hm_access_state(hart_read(CSR_MSTATUS)))) {
	case SSP_ALLOWED: return fill(vcpu, walk, offset, pte, cause);
	case SSP_TRUE_FAULT: return inject(vcpu);
	default: return 1;
	}
}

APART u64 forbidden(struct hm_vcpu *vcpu, struct ssp_walk *walk, u64 offset, u64 pte, u64 cause)
{
	if (ssp_leaf_plainly_forbids(&vcpu->space, pte, cause - CAUSE_FETCH_PAGE_FAULT))
		return inject(vcpu);
	return exception(vcpu, walk, offset, pte, cause);
}

APART u64 present(struct hm_vcpu *vcpu, struct ssp_walk *walk, u64 offset, u64 pte, u64 cause)
{
	if (ssp_leaf_plainly_allows(&vcpu->space, pte, cause - CAUSE_FETCH_PAGE_FAULT,
				    hm_access_state(hart_read(CSR_MSTATUS))))
		return fill(vcpu, walk, offset, pte, cause);
	return forbidden(vcpu, walk, offset, pte, cause);
}

/* What ssp_fault_fast() does, in parts.  0: done; 1: the general way, and nothing has changed. */
u64 hm_fault_short(struct hm_vcpu *vcpu, u64 cause)
{
	struct ssp_space *space = &vcpu->space;
	u64 va = hart_read(CSR_MTVAL), offset = ssp_entry_offset(va), pte;
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);

	if (!walk)
		return 1;
	pte = ssp_port_load(walk->guest + offset);
	if (!(pte & PTE_V)) {
		if (cause != CAUSE_STORE_PAGE_FAULT)
			ssp_reads_on(space, hart_read(CSR_MTVAL));
		return inject(vcpu);
	}
	return present(vcpu, walk, offset, pte, cause);
}
