/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hits.h - the walk cache's hits: the commonest true fault, hidden fault, fence
 * and root switch in a few dozen instructions.  Whatever is out of the ordinary
 * returns SSP_SLOW (or false, or NULL) with nothing changed, and is done by
 * fault.c, flush.c and root.c.
 */
#ifndef SSP_HITS_H
#define SSP_HITS_H

#include "geometry.h"
#include "hm_abi.h"
#include "ssp.h"
#include "ssp_port.h"
#include "walk_cache.h"

/* V, A and what each access needs, one byte an access, by its number. */
#define SSP_NEEDS                                                                             \
	((PTE_V | PTE_X | PTE_A) << 8 * SSP_FETCH | (PTE_V | PTE_R | PTE_A) << 8 * SSP_LOAD | \
	 (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D) << 8 * SSP_STORE)

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
	/*
	 * Without D no W: they are bits 7 and 2.  A and D are preset.  G goes, since the hart's
	 * fences of one ASID spare what has it.  No guest could tell: its own entry has G, so that
	 * it holds for all address spaces, until a fence of all of them fences everything here.
	 */
	leaf &= (leaf >> 5 | ~PTE_W) & ~(PTE_G | PTE_RSW);
	return (leaf + space->ram_hpa) | PTE_A | PTE_D;
}

/* Do the tables belong to the global tree, whose entries have G? */
static inline _Bool ssp_is_global(const struct ssp_walk *walk)
{
	return walk->table->owner == SSP_GLOBAL;
}

/* The same in the global tree or one that is not, or 0: not of this one. */
static inline uint64_t ssp_leaf_in(const struct ssp_space *space, _Bool global, uint64_t pte)
{
	uint64_t leaf = ssp_own_leaf_of(space, pte);

	if (!leaf || !global)
		return leaf;
	return pte & PTE_G ? leaf | PTE_G : 0;
}

static inline uint64_t ssp_leaf_of(const struct ssp_space *space, const struct ssp_walk *walk,
				   uint64_t pte)
{
	return ssp_leaf_in(space, ssp_is_global(walk), pte);
}

/* A page that the guest does not have, whatever the access. */
static inline _Bool ssp_is_absent(uint64_t pte)
{
	return !(pte & PTE_V);
}

/* Whatever the guest has valid and accessed.  (R: without it an entry may be a reserved one.) */
static inline _Bool ssp_may_hold(uint64_t pte)
{
	return !(~pte & (PTE_V | PTE_R | PTE_A));
}

/* The leaf without being asked for an access, or 0: a TLB may hold it. */
static inline uint64_t ssp_leaf_ahead(const struct ssp_space *space, const struct ssp_walk *walk,
				      uint64_t pte)
{
	return ssp_may_hold(pte) ? ssp_leaf_of(space, walk, pte) : 0;
}

/*
 * Does the guest read page after page, or every other one?  Pages that it faults for and that it
 * then maps count as well: the fault that fills such a page is the second one there.
 */
static inline _Bool ssp_reads_on(struct ssp_space *space, uint64_t va)
{
	uint64_t page = va >> PAGE_SHIFT, ahead = page - space->last_read;

	space->last_read = page;
	return ahead <= GROUP_SIZE; /* a group at most lies between */
}

/* The rest of the group of the entry at offset: what the guest has there and the shadow has not. */
static inline void ssp_fill_group(struct ssp_space *space, struct ssp_walk *walk, uint64_t offset)
{
	uint64_t *spte = walk->shadow + offset / 8 / GROUP_SIZE * GROUP_SIZE;
	uint64_t gpte = walk->guest + offset / 8 / GROUP_SIZE * GROUP_SIZE * 8;
	_Bool global = ssp_is_global(walk);

	for (uint64_t end = gpte + GROUP_SIZE * 8; gpte != end; gpte += 8, spte++) {
		uint64_t pte;

		if (*spte)
			continue;
		pte = ssp_port_load(gpte);
		if (ssp_may_hold(pte))
			*spte = ssp_leaf_in(space, global, pte);
	}
}

/* What an entry of the ring says of one page of the ASID; never 0. */
static inline uint64_t ssp_ring_page_of(uint64_t asid)
{
	/* in two shifts: the mask would take three instructions */
	return asid << (64 - SATP_ASID_BITS) >> (64 - SATP_ASID_BITS - HM_RING_ASID_SHIFT) | 1;
}

/* In bytes, of the entry for va in its leaf table. */
static inline uint64_t ssp_entry_offset(uint64_t va)
{
	return va << (64 - SSP_WALK_SHIFT) >> (64 - SSP_WALK_SHIFT + PAGE_SHIFT) << 3;
}

/* The shadow's, at such an offset. */
static inline uint64_t *ssp_entry_at(const struct ssp_walk *walk, uint64_t offset)
{
	return (uint64_t *)((char *)walk->shadow + offset);
}

/* Has a leaf all that an access needs, and all of that but what ssp_set_ad() has us set? */
static inline _Bool ssp_leaf_has_needs(const struct ssp_space *space, uint64_t pte, uint64_t access)
{
	return !(~pte & space->need[access]);
}

static inline _Bool ssp_leaf_has_rights(const struct ssp_space *space, uint64_t pte,
					uint64_t access)
{
	return !(~pte & space->rights[access]);
}

/* SSP_USER where the access is not made in U-mode: the page's U has to be another. */
static inline uint64_t ssp_not_user(uint64_t state)
{
	return ~state & SSP_USER;
}

/*
 * May this access be made by a 4 KiB leaf of the guest, whatever SUM and MXR are?  By R, U and what
 * it needs.
 */
static inline _Bool ssp_leaf_plainly_allows(const struct ssp_space *space, uint64_t pte,
					    uint64_t access, uint64_t not_user)
{
	uint64_t plain = space->plain[access];

	return ((pte ^ not_user) & plain) == plain;
}

/*
 * Of a leaf that has the rights for an access, and does not plainly allow it: is all that it lacks
 * what is to be set?
 */
static inline _Bool ssp_leaf_lacks_marks(uint64_t pte, uint64_t not_user)
{
	return ((pte ^ not_user) & (PTE_R | PTE_U)) == (PTE_R | PTE_U);
}

/*
 * Of a leaf that has V and not the rights that an access needs; SSP_SLOW: MXR has a say, which lets
 * loads alone have what they need.
 */
static inline enum ssp_verdict ssp_leaf_without_rights(uint64_t pte, uint64_t access,
						       uint64_t state)
{
	return access != SSP_LOAD || pte & PTE_R || !(state & SSP_MXR) ? SSP_TRUE_FAULT : SSP_SLOW;
}

/*
 * Of one that has them, but U is not what it should be: S-mode at a page of the user's? SSP_SLOW:
 * it is that it cannot be read, which is for fault.c.
 */
static inline enum ssp_verdict ssp_leaf_of_other_mode(uint64_t pte, uint64_t access, uint64_t state)
{
	if (!(pte & PTE_R))
		return SSP_SLOW;
	return (state & (SSP_SUM | SSP_USER)) == SSP_SUM && access != SSP_FETCH ? SSP_ALLOWED :
										  SSP_TRUE_FAULT;
}

/*
 * Not plainly, of a leaf that has V; SSP_UNMARKED: what it lacks is to be set, if it allows the
 * access then.
 */
static inline enum ssp_verdict ssp_leaf_exception(const struct ssp_space *space, uint64_t pte,
						  uint64_t access, uint64_t state)
{
	if (!ssp_leaf_has_rights(space, pte, access))
		return ssp_leaf_without_rights(pte, access, state);
	return ssp_leaf_has_needs(space, pte, access) ? ssp_leaf_of_other_mode(pte, access, state) :
							SSP_UNMARKED;
}

/*
 * The leaf that the guest's PTE allows goes into the shadow: SSP_ALLOWED with what is owed for it,
 * or SSP_SLOW.
 */
static inline enum ssp_verdict ssp_fill_leaf(struct ssp_space *space, struct ssp_walk *walk,
					     uint64_t offset, uint64_t pte, enum ssp_fence *fence)
{
	uint64_t leaf = ssp_leaf_of(space, walk, pte), *spte, old;

	if (!leaf)
		return SSP_SLOW;
	spte = ssp_entry_at(walk, offset);
	old = *spte;
	if (old && old == leaf)
		return SSP_SLOW; /* the hart caches something older */
	*spte = leaf;
	walk->table->occupied |= 1ull << offset / 64;
	*fence = old || space->fence_after_fill ? SSP_FENCE_PAGE : SSP_FENCE_NONE;
	return SSP_ALLOWED;
}

/* Does the guest's leaf table lie in the first slot, if that can be written? */
static inline _Bool ssp_table_in_ram(const struct ssp_space *space, const struct ssp_walk *walk)
{
	return (walk->table->ident << PTE_PPN_SHIFT) - space->ram_base < space->ram_size;
}

/* The plain case of ssp_may_mark(): of a leaf that ssp_leaf_lacks_marks(). */
static inline _Bool ssp_may_plainly_mark(const struct ssp_space *space, const struct ssp_walk *walk,
					 uint64_t pte)
{
	return pte - space->ram_base < space->ram_size && ssp_table_in_ram(space, walk);
}

/*
 * May the guest's leaf get what ssp_leaf_exception() found missing? `marked` is the leaf with it,
 * and both it and its table lie in the first slot. SSP_ALLOWED; SSP_TRUE_FAULT; or SSP_SLOW.
 */
static inline enum ssp_verdict ssp_may_mark(const struct ssp_space *space,
					    const struct ssp_walk *walk, uint64_t marked,
					    uint64_t access, uint64_t state)
{
	enum ssp_verdict verdict = SSP_ALLOWED;

	if (!ssp_leaf_plainly_allows(space, marked, access, ssp_not_user(state)))
		verdict = ssp_leaf_exception(space, marked, access, state);
	if (verdict != SSP_ALLOWED)
		return verdict;
	return ssp_leaf_of(space, walk, marked) && ssp_table_in_ram(space, walk) ? SSP_ALLOWED :
										   SSP_SLOW;
}

/*
 * After such a fill for a load or a fetch: is its group to be filled, since the next page but one
 * could be as well?
 */
static inline _Bool ssp_wants_group(struct ssp_space *space, const struct ssp_walk *walk,
				    uint64_t va, uint64_t offset)
{
	uint64_t ahead = offset ^ 2 * 8;

	return ssp_reads_on(space, va) && !*ssp_entry_at(walk, ahead) &&
	       ssp_may_hold(ssp_port_load(walk->guest + ahead));
}

/*
 * What ssp_fault() does, for 4 KiB pages in the first slot whose leaf tables
 * are known.  SSP_ALLOWED, with *fence SSP_FENCE_NONE or _PAGE; SSP_TRUE_FAULT;
 * or SSP_UNMARKED or SSP_SLOW, which are for ssp_fault().
 */
static inline enum ssp_verdict ssp_fault_fast(struct ssp_space *space, uint64_t va,
					      enum ssp_access access, unsigned int state,
					      enum ssp_fence *fence)
{
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);
	uint64_t offset = ssp_entry_offset(va), pte;
	enum ssp_verdict verdict = SSP_ALLOWED;

	if (!walk)
		return SSP_SLOW;
	pte = ssp_port_load(walk->guest + offset);
	if (ssp_is_absent(pte)) {
		if (access != SSP_STORE)
			ssp_reads_on(space, va);
		return SSP_TRUE_FAULT;
	}
	if (!ssp_leaf_plainly_allows(space, pte, access, ssp_not_user(state)))
		verdict = ssp_leaf_exception(space, pte, access, state);
	if (verdict == SSP_ALLOWED)
		verdict = ssp_fill_leaf(space, walk, offset, pte, fence);
	if (verdict == SSP_ALLOWED && access != SSP_STORE &&
	    ssp_wants_group(space, walk, va, offset))
		ssp_fill_group(space, walk, offset);
	return verdict;
}

/* Is it for ssp_fault()? */
static inline _Bool ssp_is_left(enum ssp_verdict verdict)
{
	return verdict >= SSP_UNMARKED; /* or SSP_SLOW */
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
 * The same at an offset in bytes, of a table that is not the global tree's; returns the leaf.  The
 * whole group counts as occupied where the guest has a page, ours or not.
 */
static inline uint64_t ssp_own_leaf_anew(struct ssp_space *space, struct ssp_walk *walk,
					 uint64_t offset)
{
	uint64_t pte = ssp_port_load(walk->guest + offset), *spte = ssp_entry_at(walk, offset);
	struct ssp_table *table = walk->table;

	if (!ssp_may_hold(pte))
		return *spte = 0;
	if (!*spte) /* else it does already */
		table->occupied |= 1ull << offset / 64;
	return *spte = ssp_own_leaf_of(space, pte);
}

/* The walk to a page that such a fence of one ASID concerns; NULL: others may, too. */
static inline struct ssp_walk *ssp_fence_asid_hit(struct ssp_space *space, uint64_t va,
						  uint64_t asid)
{
	struct ssp_root *root = space->current;
	struct ssp_walk *walk = ssp_walk_hit(root, va);

	return walk && root->ring_page == ssp_ring_page_of(asid) ? walk : NULL;
}

/* The same of all address spaces: the others learn of it by ssp_log_fence(). */
static inline struct ssp_walk *ssp_fence_hit(struct ssp_space *space, uint64_t va, _Bool *global)
{
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);

	if (!walk)
		return NULL;
	*global = ssp_is_global(walk);
	if (*global)
		return walk;
	/* The global tree may have the page as well. */
	return space->global_top[(va >> space->global_shift) % PTES_PER_TABLE] ? NULL : walk;
}

/* The root is the one that the guest runs on. */
static inline void ssp_root_use(struct ssp_space *space, struct ssp_root *root)
{
	root->last_use = ++space->uses;
	space->current = root;
}

/* For roots that do not run: the page is fenced in each before it runs. */
static inline void ssp_log_fence(struct ssp_space *space, uint64_t va)
{
	space->log[space->log_head++ % SSP_LOG_SIZE] = va;
	space->current->log_position = space->log_head;
}

/*
 * What ssp_flush_va_asid() and ssp_flush_va() do, for a page whose leaf tables are known;
 * SSP_FENCE_PAGE is owed then.  False: take those, nothing has changed.
 * The leaf is read anew instead of dropped: who fences a page mostly uses it next.
 */
static inline _Bool ssp_flush_va_asid_fast(struct ssp_space *space, uint64_t va, uint64_t asid)
{
	struct ssp_walk *walk = ssp_fence_asid_hit(space, va, asid);

	if (!walk)
		return 0;
	if (!ssp_is_global(walk)) /* what is global is spared */
		ssp_own_leaf_anew(space, walk, ssp_entry_offset(va));
	return 1;
}

static inline _Bool ssp_flush_va_fast(struct ssp_space *space, uint64_t va)
{
	_Bool global;
	struct ssp_walk *walk = ssp_fence_hit(space, va, &global);

	if (!walk)
		return 0;
	ssp_log_fence(space, va);
	if (global)
		ssp_leaf_anew(space, walk, pte_index(va, 0));
	else
		ssp_own_leaf_anew(space, walk, ssp_entry_offset(va));
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
