/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault_short.c - page faults that the walk cache answers, by the decisions of ssp/hits.h.
 *
 *	no walk ----> take_up(): one that a fence has dropped, or the general way
 *	guest's PTE --> no V, or forbidden --> inject()
 *	     |--------> plainly allowed ------> fill() --> fill_group(), where the guest reads on
 *	     |                                    `------> unfilled() --> device(): an exit
 *	     |--------> A or D missing -------> mark() --> fill(), or repeat()
 *	     `--------> SUM or MXR ----> one of them, or the general way
 *
 * guest_vector.S jumps here with a handful of registers saved.  Compiled like tvm_short.c, its
 * functions preserve all others, and end by a jump: hm_short_done(), hm_device_exit(),
 * hm_unknown() or hm_general().
 */
#include "ssp/device.h"
#include "ssp/fetch.h"
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

/*
 * Of a device whose address the run page has already, which means nothing until there is an exit:
 * the instruction, by the shadow that the hart has fetched it by.
 */
APART void device(struct hm_vcpu *vcpu)
{
	u64 insn, code = ssp_code_hit(&vcpu->space, hart_read(CSR_MEPC),
				      hm_access_state(hart_read(CSR_MSTATUS)));
	unsigned int length = code ? insn_load_within(hm_load_u16, code, &insn) : 0;

	if (!length)
		return hm_general();
	vcpu->run->exit_insn = insn;
	vcpu->run->exit_insn_len = length;
	hm_device_exit();
}

/* Causes of loads and stores are odd: a fetch is no access to a device. */
APART void unfilled(struct hm_vcpu *vcpu, u64 cause, u64 pte)
{
	u64 gpa;

	if (!(cause & 1) || !ssp_is_device(&vcpu->space, pte, hart_read(CSR_MTVAL), &gpa))
		return hm_general();
	vcpu->run->exit_gpa = gpa;
	return device(vcpu);
}

APART void without_walk(struct hm_vcpu *vcpu, u64 cause)
{
	u64 gpa = hart_read(CSR_MTVAL);

	if (!(cause & 1) || !ssp_is_bare_device(&vcpu->space, gpa))
		return hm_unknown();
	vcpu->run->exit_gpa = gpa;
	return device(vcpu);
}

/* The page alone.  False: nothing has changed. */
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
		return unfilled(vcpu, cause, pte);
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

	if (!ssp_may_plainly_mark(space, walk, pte))
		return hm_general();
	marked = pte | space->need[cause - CAUSE_FETCH_PAGE_FAULT];
	if (!hart_compare_swap(walk->guest + offset, pte, marked))
		return repeat(vcpu);
	return fill(vcpu, cause, walk, offset, marked);
}

APART void unreadable(struct hm_vcpu *vcpu, u64 pte)
{
	u64 state = hm_access_state(hart_read(CSR_MSTATUS));

	return ssp_leaf_without_rights(pte, SSP_LOAD, state) == SSP_TRUE_FAULT ? inject(vcpu) :
										 hm_general();
}

APART void of_other_mode(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk, u64 offset,
			 u64 pte)
{
	u64 access = cause - CAUSE_FETCH_PAGE_FAULT;

	if (!ssp_leaf_has_needs(&vcpu->space, pte, access))
		return hm_general();
	switch (ssp_leaf_of_other_mode(pte, access, hm_access_state(hart_read(CSR_MSTATUS)))) {
	case SSP_ALLOWED: return fill(vcpu, cause, walk, offset, pte);
	case SSP_TRUE_FAULT: return inject(vcpu);
	default: return hm_general();
	}
}

/* A leaf that does not plainly allow the access: ssp_leaf_exception(), in parts. */
APART void exception(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk, u64 offset, u64 pte)
{
	if (!ssp_leaf_has_rights(&vcpu->space, pte, cause - CAUSE_FETCH_PAGE_FAULT))
		return cause == CAUSE_LOAD_PAGE_FAULT ? unreadable(vcpu, pte) : inject(vcpu);
	if (ssp_leaf_lacks_marks(pte, hm_not_user(hart_read(CSR_MSTATUS))))
		return mark(vcpu, cause, walk, offset, pte);
	return of_other_mode(vcpu, cause, walk, offset, pte);
}

static inline bool plainly_allows(const struct hm_vcpu *vcpu, u64 cause, u64 pte)
{
	return ssp_leaf_plainly_allows(&vcpu->space, pte, cause - CAUSE_FETCH_PAGE_FAULT,
				       hm_not_user(hart_read(CSR_MSTATUS)));
}

static inline void absent(struct hm_vcpu *vcpu, u64 cause)
{
	if (cause != CAUSE_STORE_PAGE_FAULT)
		ssp_reads_on(&vcpu->space, hart_read(CSR_MTVAL));
	return inject(vcpu);
}

/* The first page that a fence has taken comes with its group, as ssp_fault() has it. */
APART void taken_up(struct hm_vcpu *vcpu, u64 cause, struct ssp_walk *walk)
{
	u64 va = hart_read(CSR_MTVAL), offset = ssp_entry_offset(va);
	u64 pte = ssp_port_load(walk->guest + offset);

	if (ssp_is_absent(pte))
		return absent(vcpu, cause);
	if (!plainly_allows(vcpu, cause, pte))
		return exception(vcpu, cause, walk, offset, pte);
	if (!fill_page(vcpu, walk, offset, pte))
		return unfilled(vcpu, cause, pte);
	if (cause == CAUSE_STORE_PAGE_FAULT)
		return hm_short_done();
	ssp_reads_on(&vcpu->space, hart_read(CSR_MTVAL));
	return fill_group(&vcpu->space, walk, offset);
}

/* The walk is one that a fence has dropped, or there is none. */
APART void take_up(struct hm_vcpu *vcpu, u64 cause)
{
	struct ssp_walk *walk;

	if (ssp_ring_is_untold(&vcpu->space.ring))
		return hm_general();
	walk = ssp_walk_take_up(&vcpu->space, hart_read(CSR_MTVAL));
	return walk ? taken_up(vcpu, cause, walk) : without_walk(vcpu, cause);
}

/* What ssp_fault_fast() does, in parts.  Where it is hm_general() nothing has changed. */
void hm_fault_short(struct hm_vcpu *vcpu, u64 cause)
{
	u64 va = hart_read(CSR_MTVAL), offset = ssp_entry_offset(va), pte;
	struct ssp_walk *walk = ssp_walk_hit(vcpu->space.current, va);

	if (!walk)
		return take_up(vcpu, cause);
	pte = ssp_port_load(walk->guest + offset);
	if (ssp_is_absent(pte))
		return absent(vcpu, cause);
	if (!plainly_allows(vcpu, cause, pte))
		return exception(vcpu, cause, walk, offset, pte);
	return fill(vcpu, cause, walk, offset, pte);
}
