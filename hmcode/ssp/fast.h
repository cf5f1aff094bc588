/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast.h - the walk cache's hits: the commonest true fault, hidden fault and
 * fence in a few dozen instructions.  Whatever is out of the ordinary returns
 * SSP_SLOW (or false) and is done again, in full, by fault.c and flush.c.
 */
#ifndef SSP_FAST_H
#define SSP_FAST_H

#include "ssp.h"
#include "ssp_port.h"

static inline struct ssp_walk *ssp_walk_entry(struct ssp_root *root, uint64_t va)
{
	return &root->walk[(va >> SSP_WALK_SHIFT) % SSP_WALK_CACHE];
}

static inline uint64_t ssp_walk_tag(const struct ssp_root *root, uint64_t va)
{
	return root->walk_turn | va >> SSP_WALK_SHIFT;
}

/* The leaf tables of va if the walk cache has them: legal as a cache of non-leaf entries. */
static inline struct ssp_walk *ssp_walk_hit(struct ssp_root *root, uint64_t va)
{
	struct ssp_walk *entry = ssp_walk_entry(root, va);

	return entry->tag == ssp_walk_tag(root, va) ? entry : NULL;
}

/*
 * What ssp_fault() does, for 4 KiB pages whose leaf tables are known, without
 * MXR.  SSP_FILLED, with *fence NONE or PAGE; SSP_TRUE_FAULT; or SSP_SLOW.
 */
static inline enum ssp_verdict ssp_fault_fast(struct ssp_space *space, uint64_t va,
					      enum ssp_access access, unsigned int state,
					      enum ssp_fence *fence)
{
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);
	const struct ssp_slot *slot = &space->slots[0];
	uint64_t pte, need, refuse, leaf, offset, index = pte_index(va, 0);

	if (!walk || (state & SSP_MXR))
		return SSP_SLOW;

	pte = ssp_port_load(walk->guest + 8 * index);
	need = PTE_V | PTE_A | (access == SSP_FETCH ? PTE_X :
				access == SSP_LOAD ? PTE_R : PTE_R | PTE_W | PTE_D);
	refuse = 0;
	if (state & SSP_USER)
		need |= PTE_U;
	else if (access == SSP_FETCH || !(state & SSP_SUM))
		refuse = PTE_U;
	if ((pte & (need | refuse)) != need)
		return SSP_TRUE_FAULT;
	if ((pte & (PTE_R | PTE_W)) == PTE_W || pte >> PTE_RESERVED_SHIFT)
		return SSP_TRUE_FAULT;

	offset = pte_address(pte) - slot->gpa;
	if (offset >= slot->size || slot->rights != PTE_RWX)
		return SSP_SLOW;
	/* PTE_D is bit 7 and PTE_W bit 2: without D no W. */
	leaf = (pte & (PTE_V | PTE_RWX | PTE_U)) & ~(~pte >> 5 & PTE_W);
	leaf |= (pte_address(pte) + slot->delta) >> PAGE_SHIFT << PTE_PPN_SHIFT | PTE_A | PTE_D;
	if (walk->table->owner == SSP_GLOBAL) {
		if (!(pte & PTE_G))
			return SSP_SLOW;
		leaf |= PTE_G;
	}
	if (walk->shadow[index] == leaf)
		return SSP_SLOW;
	*fence = walk->shadow[index] || space->fence_after_fill ? SSP_FENCE_PAGE : SSP_FENCE_NONE;
	walk->shadow[index] = leaf;
	walk->table->occupied |= 1ull << (index >> 3);
	return SSP_FILLED;
}

#endif
