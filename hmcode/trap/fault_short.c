/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault_short.c - page faults that the walk cache answers, by the decisions of ssp/hits.h.
 *
 *	guest's PTE --> no V, or forbidden --> inject()
 *	     |--------> plainly allowed ------> fill() --> fill_group(), where the guest reads on
 *	     `--------> exception(): SUM and MXR ----> one of them, or the general way
 *	                   `--------> mark(): A and D ----> fill(), or repeat()
 *
 * guest_vector.S jumps here with a handful of registers saved.  Compiled like tvm_short.c, its
 * functions preserve all others, and end by a jump: hm_short_done() or hm_general().  A walk that a
 * fence dropped is taken up again by renew().
 */
#include "ssp/hits.h"
#include "trap/trap.h"

/* What the trap left in CSRs is read from there again, where that saves a register. */

APART void inject(struct hm_vcpu *vcpu)
{
	u64 va = hart_read(CSR_MTVAL);

	hart_write(CSR_MEPC, hm_raise(hart_read(CSR_MCAUSE), va, hart_read(CSR_MEPC),
				      hart_read(CSR_MSTATUS)));
	hm_count(vcpu, HM_TRAP_TRUE_FAULT, va);
	hm_short_done();
}

APART void fill_group(struct ssp_space *space, struct ssp_walk *walk, u64 offset)
{
	ssp_fill_group(space, walk, offset);
	hm_short_done();
}

/* False: the general way's. */
static inline bool fill_page(struct hm_vcpu *vcpu, struct ssp_walk *walk, u64 offset, u64 pte)
{
	enum ssp_fence fence;

	if (ssp_fill_leaf(&vcpu->space, walk, offset, pte, &fence) != SSP_ALLOWED)
		return false;
	if (fence != SSP_FENCE_NONE)
		hart_fence_page(hart_read(CSR_MTVAL));
	hm_count(vcpu, HM_TRAP_FILL, HM_TRACED_OR(hart_read(CSR_MTVAL), 0));
	return true;
}

APART void fill(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk, u64 offset, u64 pte)
{
	struct ssp_space *space = &vcpu->space;

	if (!fill_page(vcpu, walk, offset, pte))
		return hm_general();
	if (cause != CAUSE_STORE_PAGE_FAULT &&
	    ssp_wants_group(space, walk, hart_read(CSR_MTVAL), offset))
		return fill_group(space, walk, offset);
	hm_short_done();
}

/* Another hart of the guest has changed the entry meanwhile: the access is repeated. */
APART void repeat(struct hm_vcpu *vcpu)
{
	hm_count(vcpu, HM_TRAP_FILL, hart_read(CSR_MTVAL));
	hm_short_done();
}

/* The firmware sets A and D, which is all that is missing: ssp_set_ad(). */
APART void mark(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk, u64 offset, u64 pte)
{
	const struct ssp_space *space = &vcpu->space;
	u64 marked;

	if (!ssp_may_plainly_mark(space, walk, pte, hm_access_state(hart_read(CSR_MSTATUS))))
		return hm_general();
	marked = pte | space->need[cause - CAUSE_FETCH_PAGE_FAULT];
	if (!hart_compare_swap(walk->guest + offset, pte, marked))
		return repeat(vcpu);
	return fill(vcpu, cause, walk, offset, marked);
}

APART void without_rights(struct hm_vcpu *vcpu, u64 pte)
{
	u64 state = hm_access_state(hart_read(CSR_MSTATUS));

	return ssp_leaf_without_rights(pte, state) == SSP_TRUE_FAULT ? inject(vcpu) : hm_general();
}

APART void of_other_mode(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk, u64 offset,
			 u64 pte)
{
	switch (ssp_leaf_of_other_mode(pte, cause - CAUSE_FETCH_PAGE_FAULT,
				       hm_access_state(hart_read(CSR_MSTATUS)))) {
	case SSP_ALLOWED: return fill(vcpu, cause, walk, offset, pte);
	case SSP_TRUE_FAULT: return inject(vcpu);
	default: return hm_general();
	}
}

/* A leaf that does not plainly allow the access: ssp_leaf_exception(), in parts. */
APART void exception(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk, u64 offset, u64 pte)
{
	const struct ssp_space *space = &vcpu->space;
	u64 access = cause - CAUSE_FETCH_PAGE_FAULT;

	if (ssp_leaf_has_needs(space, pte, access))
		return of_other_mode(vcpu, cause, walk, offset, pte);
	if (ssp_leaf_has_rights(space, pte, access))
		return mark(vcpu, cause, walk, offset, pte);
	return without_rights(vcpu, pte);
}

APART void forbidden(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk, u64 offset, u64 pte)
{
	if (ssp_leaf_plainly_forbids(&vcpu->space, pte, cause - CAUSE_FETCH_PAGE_FAULT))
		return inject(vcpu);
	return exception(vcpu, cause, walk, offset, pte);
}

static inline void present(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk, u64 offset,
			   u64 pte)
{
	if (ssp_leaf_plainly_allows(&vcpu->space, pte, cause - CAUSE_FETCH_PAGE_FAULT,
				    hm_access_state(hart_read(CSR_MSTATUS))))
		return fill(vcpu, cause, walk, offset, pte);
	return forbidden(vcpu, cause, walk, offset, pte);
}

static inline void absent(struct hm_vcpu *vcpu, u64 cause)
{
	if (cause != CAUSE_STORE_PAGE_FAULT)
		ssp_reads_on(&vcpu->space, hart_read(CSR_MTVAL));
	return inject(vcpu);
}

/* What ssp_fault() does where a walk was made, or taken up again: the whole group is filled. */
APART void fill_around(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk, u64 offset, u64 pte)
{
	if (!fill_page(vcpu, walk, offset, pte))
		return hm_general();
	if (cause == CAUSE_STORE_PAGE_FAULT)
		return hm_short_done();
	ssp_reads_on(&vcpu->space, hart_read(CSR_MTVAL));
	return fill_group(&vcpu->space, walk, offset);
}

APART void forbidden_anew(struct hm_vcpu *vcpu, u64 cause, u64 pte)
{
	if (ssp_leaf_plainly_forbids(&vcpu->space, pte, cause - CAUSE_FETCH_PAGE_FAULT))
		return inject(vcpu);
	return hm_general();
}

APART void taken_up(struct hm_vcpu *vcpu, u64 cause)
{
	u64 va = hart_read(CSR_MTVAL), offset = ssp_entry_offset(va);
	struct ssp_walk *walk = ssp_walk_entry(vcpu->space.current, va);
	u64 pte = ssp_port_load(walk->guest + offset);

	if (ssp_is_absent(pte))
		return absent(vcpu, cause);
	if (ssp_leaf_plainly_allows(&vcpu->space, pte, cause - CAUSE_FETCH_PAGE_FAULT,
				    hm_access_state(hart_read(CSR_MSTATUS))))
		return fill_around(vcpu, cause, walk, offset, pte);
	return forbidden_anew(vcpu, cause, pte);
}

/* A walk that a fence dropped. */
APART void take_up(struct hm_vcpu *vcpu, u64 cause)
{
	ssp_walk_take_up(&vcpu->space, hart_read(CSR_MTVAL));
	return taken_up(vcpu, cause);
}

/* ssp_walk_renew(), in parts. */
APART void renew(struct hm_vcpu *vcpu, u64 cause)
{
	if (!ssp_ring_is_told(&vcpu->space) ||
	    !ssp_walk_stands(vcpu->space.current, hart_read(CSR_MTVAL)))
		return hm_general();
	return take_up(vcpu, cause);
}

/* What ssp_fault_fast() does, in parts.  Where it is hm_general() at most a walk is taken up. */
void hm_fault_short(struct hm_vcpu *vcpu, u64 cause)
{
	struct ssp_space *space = &vcpu->space;
	u64 va = hart_read(CSR_MTVAL), offset = ssp_entry_offset(va), pte;
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);

	if (!walk)
		return ssp_walk_was(space->current, va) ? renew(vcpu, cause) : hm_general();
	pte = ssp_port_load(walk->guest + offset);
	if (ssp_is_absent(pte))
		return absent(vcpu, cause);
	return present(vcpu, cause, walk, offset, pte);
}
