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
 * Steps 5 to 9 of the translation process for a leaf.  Svade is what guests
 * are told: A = 0, or a store with D = 0, is a page fault.
 */
bool ssp_leaf_allows(uint64_t pte, enum ssp_access access, unsigned int state)
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
	if (!ssp_leaf_allows(pte, access, state) || table & ((1ull << shift) - 1))
		return;
	walk->level = level;
	walk->pte = pte;
	walk->global = path & PTE_G;
	walk->gpa = table + (va & ((1ull << shift) - 1));
	walk->verdict = SSP_ALLOWED;
}

void ssp_guest_walk(struct ssp_space *space, uint64_t gsatp, uint64_t va, enum ssp_access access,
		    unsigned int state, struct ssp_guest_walk *walk)
{
	walk_tables(space, gsatp, va, access, state, walk);
}

enum ssp_verdict ssp_translate(struct ssp_space *space, uint64_t gsatp, uint64_t va,
			       enum ssp_access access, unsigned int state, uint64_t *address)
{
	struct ssp_guest_walk walk;
	const struct ssp_slot *slot;

	walk_tables(space, gsatp, va, access, state, &walk);
	*address = walk.gpa;
	if (walk.verdict != SSP_ALLOWED)
		return walk.verdict;
	slot = ssp_walk_slot(space, &walk, access, state);
	if (!slot)
		return SSP_OUTSIDE;
	*address += slot->delta;
	return SSP_ALLOWED;
}
