/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk.c - the guest's own tables, read as the hart would read them.
 *
 *	satp --> table[top] --> ... --> table[0]
 *	            | leaf at any level ends the walk
 *
 * Privileged specification, "Virtual Address Translation Process".
 */
#include "internal.h"

/*
 * Steps 5 to 9 of the translation process for a leaf, by Svade: A = 0, or a store with D = 0,
 * forbids the access.
 */
static inline __attribute__((always_inline)) bool leaf_allows(uint64_t pte, enum ssp_access access,
							      unsigned int state)
{
	uint64_t readable = PTE_R | (state & SSP_MXR ? PTE_X : 0);

	if (pte_is_write_only(pte) || !(pte & PTE_A))
		return false;
	if (state & SSP_USER) {
		if (!(pte & PTE_U))
			return false;
	} else if ((pte & PTE_U) && (access == SSP_FETCH || !(state & SSP_SUM))) {
		return false;
	}
	switch (access) {
	case SSP_FETCH: return pte & PTE_X;
	case SSP_LOAD: return pte & readable;
	case SSP_STORE: return (pte & PTE_W) && (pte & PTE_D);
	}
	return false;
}

bool ssp_leaf_allows(uint64_t pte, enum ssp_access access, unsigned int state)
{
	return leaf_allows(pte, access, state);
}

/*
 * By Svadu they forbid nothing: step 9 sets them.  What else the walk comes to is in place.  Out of
 * line: other walks would save its registers.
 */
static __attribute__((noinline)) void look_without_marks(uint64_t pte, uint64_t va,
							 enum ssp_access access, unsigned int state,
							 struct ssp_guest_walk *walk)
{
	if (!ssp_leaf_allows(pte | PTE_A | PTE_D, access, state) ||
	    pte_address(pte) & (level_size(walk->level) - 1))
		return;
	walk->pte = pte;
	walk->gpa = pte_address(pte) + (va & (level_size(walk->level) - 1));
	walk->verdict = SSP_UNMARKED;
}

/* A leaf that forbids the access.  Most are stores without W, which are forbidden in any case. */
static inline __attribute__((always_inline)) void forbid(const struct ssp_space *space,
							 uint64_t pte, uint64_t va,
							 enum ssp_access access, unsigned int state,
							 struct ssp_guest_walk *walk)
{
	if (space->sets_ad && (access != SSP_STORE || pte & PTE_W))
		look_without_marks(pte, va, access, state, walk);
}

/*
 * What comes before step 9 writes: *walk is as if A, and for a store D, were set. An access that
 * the slot behind the leaf forbids does not happen, so nothing is set for it; a page of no slot, a
 * device, is marked as RAM is. Where the PTE lies in memory that cannot be written, that is an
 * access fault.
 */
static enum ssp_verdict look_at_slots(const struct ssp_space *space, struct ssp_guest_walk *walk,
				      enum ssp_access access, unsigned int state)
{
	const struct ssp_slot *slot = ssp_slot_of(space, walk->table[walk->level]);

	walk->pte |= ssp_marks(access);
	if (ssp_slot_of(space, walk->gpa) && !ssp_walk_slot(space, walk, access, state))
		return SSP_OUTSIDE;
	if (!slot || !(slot->rights & PTE_W))
		return SSP_ACCESS_FAULT;
	return SSP_ALLOWED;
}

/* Step 9: set A, and for a store D, if the PTE still is what the walk read. */
enum ssp_verdict ssp_walk_mark(struct ssp_space *space, struct ssp_guest_walk *walk,
			       enum ssp_access access, unsigned int state)
{
	uint64_t pte = walk->pte;

	walk->verdict = look_at_slots(space, walk, access, state);
	if (walk->verdict == SSP_ALLOWED) {
		if (!ssp_port_swap(walk->link_hpa[walk->level], pte, walk->pte))
			return SSP_UNMARKED;
		walk->link[walk->level] = walk->pte;
	}
	return walk->verdict;
}

/* A guest in bare mode: one leaf of the shadow's top level that covers the address. */
static void bare_walk(struct ssp_space *space, uint64_t va, unsigned int state,
		      struct ssp_guest_walk *walk)
{
	const struct satp_mode_info *mode = &satp_modes[space->bare_mode];
	uint64_t user = state & SSP_USER ? PTE_U : 0;

	walk->verdict = va >> (mode->va_bits - 1) ? SSP_OUTSIDE : SSP_ALLOWED;
	walk->global = false;
	walk->level = mode->levels - 1;
	walk->gpa = va;
	walk->pte = pte_make(va & ~(level_size(walk->level) - 1),
			     PTE_V | PTE_RWX | user | PTE_A | PTE_D);
}

/* Expanded twice: who does not look at the path does not note it. */
static inline __attribute__((always_inline)) void
walk_tables(struct ssp_space *space, uint64_t gsatp, uint64_t va, enum ssp_access access,
	    unsigned int state, struct ssp_guest_walk *walk)
{
	const struct satp_mode_info *mode = &satp_modes[satp_mode(gsatp)];
	uint64_t table = satp_table(gsatp), pte, path = 0;
	int level = mode->levels - 1, shift = PAGE_SHIFT + PTE_INDEX_BITS * level;

	if (satp_mode(gsatp) == SATP_BARE) {
		bare_walk(space, va, state, walk);
		return;
	}
	walk->verdict = SSP_TRUE_FAULT;
	walk->gpa = 0;
	if (!va_is_canonical(va, mode->va_bits))
		return;

	/* Here table is the guest's table of this level, and all above it were links. */
	for (;;) {
		const struct ssp_slot *slot = ssp_slot_of(space, table);

		if (!slot) {
			walk->verdict = SSP_ACCESS_FAULT;
			return;
		}
		walk->table[level] = table;
		walk->link_hpa[level] = table + slot->delta + (va >> shift) % PTES_PER_TABLE * 8;
		pte = walk->link[level] = ssp_port_load(walk->link_hpa[level]);
		path |= pte;
		if (PTE_IS_INVALID(pte))
			return;
		if (pte & PTE_RWX)
			break;
		if (pte_is_reserved_link(pte) || !level)
			return;
		table = pte_address(pte);
		shift -= PTE_INDEX_BITS;
		level--;
	}
	table = pte_address(pte);
	walk->level = level;
	walk->global = path & PTE_G;
	if (!leaf_allows(pte, access, state) || table & ((1ull << shift) - 1)) {
		forbid(space, pte, va, access, state, walk);
		return;
	}
	walk->pte = pte;
	walk->gpa = table + (va & ((1ull << shift) - 1));
	walk->verdict = SSP_ALLOWED;
}

void ssp_guest_walk(struct ssp_space *space, uint64_t gsatp, uint64_t va, enum ssp_access access,
		    unsigned int state, struct ssp_guest_walk *walk)
{
	walk->level = SSP_NO_LEAF;
	walk_tables(space, gsatp, va, access, state, walk);
}

/* Out of line: other walks would save its registers. */
static __attribute__((noinline)) enum ssp_verdict
translate_unmarked(const struct ssp_space *space, struct ssp_guest_walk *walk,
		   enum ssp_access access, unsigned int state, uint64_t *address)
{
	enum ssp_verdict verdict = look_at_slots(space, walk, access, state);
	const struct ssp_slot *slot = ssp_slot_of(space, walk->gpa);

	if (verdict != SSP_ALLOWED)
		return verdict;
	*address = slot ? walk->gpa + slot->delta : 0;
	return SSP_UNMARKED;
}

enum ssp_verdict ssp_translate(struct ssp_space *space, uint64_t gsatp, uint64_t va,
			       enum ssp_access access, unsigned int state, uint64_t *address)
{
	struct ssp_guest_walk walk;
	const struct ssp_slot *slot;

	walk_tables(space, gsatp, va, access, state, &walk);
	*address = walk.gpa;
	if (walk.verdict != SSP_ALLOWED) {
		if (walk.verdict == SSP_UNMARKED)
			return translate_unmarked(space, &walk, access, state, address);
		return walk.verdict;
	}
	slot = ssp_walk_slot(space, &walk, access, state);
	if (!slot)
		return SSP_OUTSIDE;
	*address += slot->delta;
	return SSP_ALLOWED;
}
