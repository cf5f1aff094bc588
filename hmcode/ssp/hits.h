/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hits.h - the walk cache's hits: the commonest true fault, hidden fault, fence
 * and root switch in a few dozen instructions.  Whatever is out of the ordinary
 * returns SSP_SLOW (or false, or NULL) with nothing changed, and is done by
 * fault.c, flush.c and root.c.
 */
#ifndef SSP_HITS_H
#define SSP_HITS_H

#include "ssp.h"
#include "ssp_port.h"
#include "walk_cache.h"

/* V, A and what each access needs, one byte an access, by its number. */
#define SSP_NEEDS                                                                             \
	((PTE_V | PTE_X | PTE_A) << 8 * SSP_FETCH | (PTE_V | PTE_R | PTE_A) << 8 * SSP_LOAD | \
	 (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D) << 8 * SSP_STORE)

/*
 * A 4 KiB leaf that is not plainly allowed: forbidden, or allowed by SUM
 * (SSP_ALLOWED), or for fault.c to say.
 */
static inline enum ssp_verdict ssp_leaf_exception(uint64_t pte, uint64_t need,
						  enum ssp_access access, unsigned int state)
{
	if (state & SSP_MXR)
		return SSP_SLOW;
	if ((pte & need) == need && (state & SSP_SUM) && access != SSP_FETCH)
		return SSP_ALLOWED;
	return SSP_TRUE_FAULT;
}

/*
 * A root's own leaf for a valid 4 KiB leaf of the guest that maps the first
 * slot, or 0: not of this slot.
 */
static inline uint64_t ssp_own_leaf_of(const struct ssp_space *space, uint64_t pte)
{
	uint64_t leaf = pte - space->ram_base;

	/* Reserved high bits make it too large. */
	if (leaf >= space->ram_size)
		return 0;
	/* Without D no W: they are bits 7 and 2.  A and D are preset. */
	leaf &= (leaf >> 5 | ~PTE_W) & ~(PTE_G | PTE_RSW);
	return (leaf + space->ram_hpa) | PTE_A | PTE_D;
}

/* The same in any tree, or 0: not of this one. */
static inline uint64_t ssp_leaf_of(const struct ssp_space *space, const struct ssp_walk *walk,
				   uint64_t pte)
{
	uint64_t leaf = ssp_own_leaf_of(space, pte);

	if (!leaf || walk->table->owner != SSP_GLOBAL)
		return leaf;
	return pte & PTE_G ? leaf | PTE_G : 0;
}

/* Whatever the guest has valid and accessed.  (R: without it an entry may be a reserved one.) */
static inline _Bool ssp_may_hold(uint64_t pte)
{
	const uint64_t need = PTE_V | PTE_R | PTE_A;

	return (pte & need) == need;
}

/* The leaf without being asked for an access, or 0: a TLB may hold it. */
static inline uint64_t ssp_leaf_ahead(const struct ssp_space *space, const struct ssp_walk *walk,
				      uint64_t pte)
{
	return ssp_may_hold(pte) ? ssp_leaf_of(space, walk, pte) : 0;
}

/*
 * What ssp_fault() does, for 4 KiB pages in the first slot whose leaf tables
 * are known.  SSP_ALLOWED, with *fence SSP_FENCE_NONE or _PAGE; SSP_TRUE_FAULT;
 * or SSP_SLOW.
 */
static inline enum ssp_verdict ssp_fault_fast(struct ssp_space *space, uint64_t va,
					      enum ssp_access access, unsigned int state,
					      enum ssp_fence *fence)
{
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);
	uint64_t offset = (va >> PAGE_SHIFT) % PTES_PER_TABLE * 8;
	uint64_t pte, need, old, leaf;
	uint64_t *spte;

	if (!walk)
		return SSP_SLOW;
	pte = ssp_port_load(walk->guest + offset);
	need = (uint32_t)SSP_NEEDS >> 8 * access & 0xff;
	need |= state & SSP_USER ? PTE_U : 0;
	if ((pte & (need | PTE_U)) != need) {
		enum ssp_verdict verdict = ssp_leaf_exception(pte, need, access, state);

		if (verdict != SSP_ALLOWED)
			return verdict;
	}
	if (access == SSP_FETCH && pte_is_write_only(pte))
		return SSP_TRUE_FAULT; /* reserved; other accesses need R */

	leaf = ssp_leaf_of(space, walk, pte);
	if (!leaf)
		return SSP_SLOW;
	spte = walk->shadow + offset / 8;
	old = *spte;
	if (old == leaf)
		return SSP_SLOW;
	*spte = leaf;
	walk->table->occupied |= 1ull << offset / 64;
	*fence = old || space->fence_after_fill ? SSP_FENCE_PAGE : SSP_FENCE_NONE;
	return SSP_ALLOWED;
}

/* A leaf that was flushed is what the guest's tables say by now, or nothing. */
static inline void ssp_leaf_anew(struct ssp_space *space, struct ssp_walk *walk, uint64_t index)
{
	uint64_t leaf = ssp_leaf_ahead(space, walk, ssp_port_load(walk->guest + 8 * index));

	walk->shadow[index] = leaf;
	if (leaf)
		walk->table->occupied |= 1ull << index / 8;
}

/*
 * What ssp_flush_va() does (ssp_flush_va_asid() if by_asid), for a page whose
 * leaf tables are known; SSP_FENCE_PAGE is owed then.  False: take those.
 * The leaf is read anew instead of dropped: who fences a page mostly uses it next.
 */
static inline _Bool ssp_flush_va_fast(struct ssp_space *space, uint64_t va, _Bool by_asid,
				      uint64_t asid)
{
	struct ssp_root *root = space->current;
	struct ssp_walk *walk = ssp_walk_hit(root, va);

	if (!walk)
		return 0;
	if (by_asid) {
		/* Only where no other root can have the same ASID. */
		if (((asid ^ satp_asid(root->gsatp)) & SATP_ASID_MASK) || root->asid_shared)
			return 0;
		if (walk->table->owner == SSP_GLOBAL)
			return 1; /* spared */
	} else {
		if (walk->table->owner != SSP_GLOBAL &&
		    space->global_top[(va >> space->global_shift) % PTES_PER_TABLE])
			return 0; /* the global tree may have the page as well */
		space->log[space->log_head++ % SSP_LOG_SIZE] = va;
		root->log_position = space->log_head;
	}
	ssp_leaf_anew(space, walk, pte_index(va, 0));
	return 1;
}

/*
 * Drop the leaf for va where the walk cache knows of it; SSP_FENCE_PAGE is owed if there was one.
 */
static inline enum ssp_fence ssp_forget_fast(struct ssp_space *space, uint64_t va)
{
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);
	uint64_t *leaf = walk ? &walk->shadow[pte_index(va, 0)] : NULL;

	if (!leaf || !*leaf)
		return SSP_FENCE_NONE;
	*leaf = 0;
	return SSP_FENCE_PAGE;
}

/*
 * After a fence of va: the pages behind it, up to the first whose leaf still is what
 * the guest's tables say, lose theirs.  Nothing is owed: TLBs may keep them until
 * the guest fences them, which it is about to do one by one.
 */
static inline void ssp_forget_stale(struct ssp_space *space, uint64_t va)
{
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);

	if (!walk)
		return;
	for (uint64_t n = pte_index(va, 0) + 1; n < PTES_PER_TABLE; n++) {
		uint64_t pte = ssp_port_load(walk->guest + 8 * n), leaf = walk->shadow[n];

		if (!leaf || leaf == ssp_leaf_ahead(space, walk, pte))
			return;
		walk->shadow[n] = 0;
	}
}

/* The root of gsatp if it is cached and behind in nothing; it is not entered yet. */
static inline struct ssp_root *ssp_root_ready(struct ssp_space *space, uint64_t gsatp)
{
	struct ssp_root *root = ssp_root_find(space, gsatp);

	return root && root->log_position == space->log_head ? root : NULL;
}

#endif
