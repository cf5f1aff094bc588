/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c - a page fault of the guest: whose is it, and filling the shadow.
 *
 *	guest walk --> true fault, access fault, outside: the caller's business
 *	     |
 *	reserve tables --> descend the shadow along the guest's path --> leaf
 *
 * hits.h is the same for the commonest case, from the walk cache.
 */
#include "device.h"
#include "internal.h"
#include "ring.h"

/* What a shadow table below `level` stands for on this guest path. */
static uint64_t child_ident(const struct ssp_guest_walk *walk, int level)
{
	if (level > walk->level)
		return walk->table[level - 1] >> PAGE_SHIFT;
	return SSP_IDENT_SPLIT | pte_address(walk->pte) >> PAGE_SHIFT;
}

/* Links of the global tree concern every address space. */
static enum ssp_fence link_fence(const struct ssp_table *table)
{
	return table->owner == SSP_GLOBAL ? SSP_FENCE_ALL : SSP_FENCE_ASID;
}

/* Walks of every root may pass through the global tree. */
static void forget_walks(struct ssp_space *space, const struct ssp_table *table)
{
	if (table->owner != SSP_GLOBAL) {
		ssp_root_forget_walks(table_owner(space, table));
		return;
	}
	for (unsigned int i = SSP_GLOBAL + 1; i < SSP_ROOTS; i++)
		ssp_root_forget_walks(&space->roots[i]);
}

/* Where the guest has the table that the shadow's of this level stands for; 0: it has none. */
static uint64_t guest_table(const struct ssp_guest_walk *walk, int level)
{
	return level < walk->level ? 0 : walk->link_hpa[level] & ~(PAGE_SIZE - 1);
}

/* A table is used again that fell asleep, or that stood for another one of the guest's. */
static void wake(struct ssp_space *space, struct ssp_table *table,
		 const struct ssp_guest_walk *walk, uint64_t ident)
{
	uint64_t guest = guest_table(walk, table->level);

	if (guest)
		ssp_table_read_anew(space, table, guest);
	else
		ssp_table_make_current(space, table);
	table->ident = ident;
}

/* The child at entry `index`, hung, woken or given a new identity as needed. */
static struct ssp_table *own_child(struct ssp_space *space, struct ssp_table *table,
				   unsigned int index, const struct ssp_guest_walk *walk,
				   enum ssp_fence *fence)
{
	uint64_t entry = table_entries(space, table)[index];
	uint64_t ident = child_ident(walk, table->level);
	struct ssp_table *child;

	if (is_own_link(entry)) {
		child = link_table(space, entry);
		if ((entry & PTE_V) && child->ident == ident)
			return child;
		wake(space, child, walk, ident);
		ssp_table_set(space, table, index, entry | PTE_V);
		/*
		 * Through a dormant link no walk is known: what put it to sleep dropped them (I7).
		 */
		if (entry & PTE_V)
			forget_walks(space, table);
	} else {
		child = ssp_table_alloc(space, table_owner(space, table), table->level - 1);
		ssp_table_hang(space, table, index, child, ident);
	}
	*fence = fence_max(*fence, link_fence(table));
	return child;
}

/*
 * The global tree's child for a top-level entry, or NULL where the tree serves
 * another guest table or another mode there: then the root keeps a private one.
 */
static struct ssp_table *global_child(struct ssp_space *space, const struct ssp_root *root,
				      unsigned int index, const struct ssp_guest_walk *walk,
				      enum ssp_fence *fence)
{
	struct ssp_root *global = &space->roots[SSP_GLOBAL];
	struct ssp_table *top = root_top(space, global);
	uint64_t entry = table_entries(space, top)[index];

	if (!top->occupied) {
		global->mode = root->mode;
		top->level = satp_modes[root->mode].levels - 1;
		space->global_shift = PAGE_SHIFT + PTE_INDEX_BITS * top->level;
	}
	if (global->mode != root->mode)
		return NULL;
	if ((entry & PTE_V) && link_table(space, entry)->ident != child_ident(walk, top->level))
		return NULL;
	return own_child(space, top, index, walk, fence);
}

/* One step down from a root's top table, where private and global trees part. */
static struct ssp_table *top_child(struct ssp_space *space, struct ssp_root *root,
				   unsigned int index, const struct ssp_guest_walk *walk,
				   enum ssp_fence *fence)
{
	struct ssp_table *top = root_top(space, root);
	uint64_t entry = table_entries(space, top)[index];
	bool own = is_own_link(entry);
	struct ssp_table *child = NULL;

	/* A private table in use at this place may hold leaves without G: it stays. */
	if (walk->global && !(own && (entry & PTE_V)))
		child = global_child(space, root, index, walk, fence);
	if (child) {
		uint64_t link = pte_make(table_hpa(space, child), PTE_V);

		if (own)
			ssp_table_orphan(space, link_table(space, entry));
		/* What took the link away, or put it to sleep, dropped the walks. */
		if (entry != link) {
			ssp_table_set(space, top, index, link);
			*fence = fence_max(*fence, SSP_FENCE_ASID);
		}
		return child;
	}
	if (entry && !own) {
		table_entries(space, top)[index] = 0;
		ssp_root_forget_walks(root);
	}
	return own_child(space, top, index, walk, fence);
}

/* The largest leaf that the guest's leaf and the slot allow around the address. */
static int leaf_level(const struct ssp_guest_walk *walk, const struct ssp_slot *slot)
{
	int level = walk->level;

	for (; level > 0; level--) {
		uint64_t size = level_size(level);
		uint64_t base = walk->gpa & ~(size - 1);

		if (!(slot->delta & (size - 1)) && base >= slot->gpa &&
		    base + size - slot->gpa <= slot->size)
			break;
	}
	return level;
}

/* The shadow leaf; A and D are preset so that the hardware walker never writes. */
static uint64_t shadow_leaf(const struct ssp_guest_walk *walk, const struct ssp_slot *slot,
			    int level)
{
	uint64_t bits = walk->pte & slot->rights;

	if (!(walk->pte & PTE_D))
		bits &= ~PTE_W;
	bits |= PTE_V | (walk->pte & PTE_U) | PTE_A | PTE_D;
	return pte_make((walk->gpa & ~(level_size(level) - 1)) + slot->delta, bits);
}

static enum ssp_fence set_leaf(struct ssp_space *space, struct ssp_table *table, unsigned int index,
			       uint64_t leaf)
{
	uint64_t old = table_entries(space, table)[index];
	enum ssp_fence fence = SSP_FENCE_NONE;

	if (table->owner == SSP_GLOBAL)
		leaf |= PTE_G;
	if (is_link(old)) {
		if (is_own_link(old))
			ssp_table_orphan(space, link_table(space, old));
		forget_walks(space, table);
		fence = link_fence(table);
	} else if (old == leaf) {
		/*
		 * The hart has cached that there was nothing, perhaps above, or an older global
		 * leaf.
		 */
		fence = SSP_FENCE_ALL;
	} else if (!old && table->level) {
		/*
		 * No page's fence covers that there was nothing above the last level, if a hart
		 * caches that.
		 */
		fence = link_fence(table);
	} else if (old || space->fence_after_fill) {
		fence = SSP_FENCE_PAGE;
	}
	ssp_table_set(space, table, index, leaf);
	return fence;
}

/* Leaves of level 3 and more lie over more regions than there are bits. */
static uint64_t split_regions(uint64_t va, int level)
{
	return level < 3 ? 1ull << (va >> 30 & 63) : ~0ull;
}

/* The table of the guest's path that holds leaves of this level; room for it is reserved. */
static inline struct ssp_table *descend(struct ssp_space *space, const struct ssp_guest_walk *walk,
					uint64_t va, int leaf, enum ssp_fence *fence)
{
	struct ssp_root *root = space->current;
	struct ssp_table *table = root_top(space, root);

	if (table->level > leaf)
		table = top_child(space, root, pte_index(va, table->level), walk, fence);
	while (table->level > leaf)
		table = own_child(space, table, pte_index(va, table->level), walk, fence);
	return table;
}

/*
 * The guest's leaf forbids the access: who changes it fences it mostly, and uses the page next.
 * Both are found by the walk cache then.
 */
static __attribute__((noinline)) enum ssp_fence
remember_forbidden(struct ssp_space *space, const struct ssp_guest_walk *walk, uint64_t va)
{
	enum ssp_fence fence = ssp_tables_reserve(space, root_top(space, space->current)->level);
	struct ssp_table *table = descend(space, walk, va, 0, &fence);

	ssp_table_list_filled(space, table);
	ssp_walk_remember(space, walk, va, table);
	return fence;
}

/* Out of line: most faults come to an end before, and would save its registers. */
static __attribute__((noinline)) enum ssp_fence fill(struct ssp_space *space,
						     const struct ssp_guest_walk *walk, uint64_t va,
						     const struct ssp_slot *slot)
{
	struct ssp_root *root = space->current;
	int leaf = leaf_level(walk, slot);
	enum ssp_fence fence = ssp_tables_reserve(space, root_top(space, root)->level - leaf);
	struct ssp_table *table = descend(space, walk, va, leaf, &fence);

	fence = fence_max(fence, set_leaf(space, table, pte_index(va, leaf),
					  shadow_leaf(walk, slot, leaf)));
	if (satp_mode(root->gsatp) == SATP_BARE)
		return fence;
	if (walk->level == 0)
		ssp_walk_remember(space, walk, va, table);
	if (walk->level > leaf)
		space->split |= split_regions(va, walk->level);
	return fence;
}

/*
 * Fault-around: neighbours of a page that was filled, as far as the guest has
 * them valid and accessed.  A TLB may hold any such translation.  Only where a
 * walk had to be made anyway, since there the page is likely the first of several;
 * where pages are read one after another; and where each fault costs a VM exit.
 * No fence is owed: a hart that remembers a neighbour's absence faults again,
 * and that is fenced.  The group is the filled page's own (I5).
 */
void ssp_fill_around(struct ssp_space *space, uint64_t va)
{
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);
	unsigned int first = pte_index(va, 0) & ~(GROUP_SIZE - 1);

	/* Somebody else may have changed the entry that was to be filled. */
	if (!walk || !walk->shadow[pte_index(va, 0)])
		return;
	for (unsigned int i = first; i < first + GROUP_SIZE; i++) {
		if (!walk->shadow[i])
			walk->shadow[i] =
				ssp_leaf_ahead(space, walk, ssp_port_load(walk->guest + 8 * i));
	}
}

/* A or D is set first, by the walk cache, as ssp_fault_fast() has asked for. */
static enum ssp_verdict fill_unmarked_fast(struct ssp_space *space, struct ssp_walk *walk,
					   uint64_t va, enum ssp_access access, unsigned int state,
					   enum ssp_fence *fence)
{
	uint64_t offset = ssp_entry_offset(va), pte = ssp_port_load(walk->guest + offset),
		 marked = pte | ssp_marks(access);
	enum ssp_verdict verdict = ssp_may_mark(space, walk, marked, access, state);

	if (verdict == SSP_ALLOWED && !ssp_port_swap(walk->guest + offset, pte, marked))
		return SSP_UNMARKED;
	if (verdict == SSP_ALLOWED)
		verdict = ssp_fill_leaf(space, walk, offset, marked, fence);
	if (verdict == SSP_ALLOWED && access != SSP_STORE &&
	    ssp_wants_group(space, walk, va, offset))
		ssp_fill_group(space, walk, offset);
	return verdict;
}

/*
 * The same by a full walk, `walked` if it was made already, or first by one that is cached. Where
 * somebody else has changed the entry meanwhile nothing is filled, and the access is repeated. Out
 * of line: other faults would save its registers.
 */
static __attribute__((noinline)) struct ssp_result
unmarked(struct ssp_space *space, uint64_t va, enum ssp_access access, unsigned int state,
	 struct ssp_walk *cached, struct ssp_guest_walk *walked)
{
	struct ssp_result result = { .verdict = SSP_SLOW, .fence = SSP_FENCE_NONE };
	const struct ssp_slot *slot = NULL;
	struct ssp_guest_walk own, *walk = walked ? walked : &own;

	if (cached)
		result.verdict =
			fill_unmarked_fast(space, cached, va, access, state, &result.fence);
	if (result.verdict == SSP_SLOW) {
		if (!walked)
			ssp_guest_walk(space, space->current->gsatp, va, access, state, walk);
		result.verdict = walk->verdict;
		result.gpa = walk->gpa;
		if (walk->verdict == SSP_UNMARKED)
			result.verdict = ssp_walk_mark(space, walk, access, state);
		if (result.verdict == SSP_ALLOWED)
			slot = ssp_walk_slot(space, walk, access, state);
		if (slot)
			result.fence = fill(space, walk, va, slot);
		else if (result.verdict == SSP_ALLOWED)
			result.verdict = SSP_OUTSIDE;
	}
	if (result.verdict == SSP_UNMARKED)
		result.verdict = SSP_ALLOWED;
	return result;
}

/* One fault, without its neighbours. */
static inline __attribute__((always_inline)) struct ssp_result
fault_by_walk(struct ssp_space *space, uint64_t va, enum ssp_access access, unsigned int state,
	      struct ssp_guest_walk *walk)
{
	const struct ssp_slot *slot;

	ssp_guest_walk(space, space->current->gsatp, va, access, state, walk);
	if (walk->verdict != SSP_ALLOWED) {
		if (walk->verdict == SSP_UNMARKED)
			return unmarked(space, va, access, state, NULL, walk);
		return (struct ssp_result){ .verdict = walk->verdict, .gpa = walk->gpa };
	}
	slot = ssp_walk_slot(space, walk, access, state);
	if (!slot)
		return (struct ssp_result){ .verdict = SSP_OUTSIDE, .gpa = walk->gpa };
	return (struct ssp_result){
		.verdict = SSP_ALLOWED,
		.fence = fill(space, walk, va, slot),
	};
}

/* The same, by the walk cache where that can tell. */
static struct ssp_result fault(struct ssp_space *space, uint64_t va, enum ssp_access access,
			       unsigned int state)
{
	struct ssp_guest_walk walk;

	if (ssp_walk_hit(space->current, va) || ssp_walk_known(space, va)) {
		struct ssp_result result = { .fence = SSP_FENCE_NONE };

		result.verdict = ssp_fault_fast(space, va, access, state, &result.fence);
		if (result.verdict == SSP_UNMARKED)
			return unmarked(space, va, access, state,
					ssp_walk_entry(space->current, va), NULL);
		if (result.verdict != SSP_SLOW)
			return result;
		if (ssp_device_hit(space, va, access, ssp_not_user(state), &result.gpa)) {
			result.verdict = SSP_OUTSIDE;
			return result;
		}
	}
	return fault_by_walk(space, va, access, state, &walk);
}

struct ssp_result ssp_fault_unknown(struct ssp_space *space, uint64_t va, enum ssp_access access,
				    unsigned int state)
{
	struct ssp_guest_walk walk;
	struct ssp_result result = fault_by_walk(space, va, access, state, &walk);

	if (ssp_walk_is_forbidden(&walk) && !walk.level)
		result.fence = remember_forbidden(space, &walk, va);
	if (result.verdict == SSP_ALLOWED && access != SSP_STORE)
		ssp_fill_around(space, va);
	return result;
}

struct ssp_result ssp_fault(struct ssp_space *space, uint64_t va, enum ssp_access access,
			    unsigned int state)
{
	struct ssp_result result;

	/* No shorter way fills before this one did, once everything was flushed. */
	if (ssp_ring_is_untold(&space->ring))
		ssp_ring_caches(space);
	result = fault(space, va, access, state);
	if (result.verdict == SSP_ALLOWED && access != SSP_STORE)
		ssp_fill_around(space, va);
	return result;
}

struct ssp_result ssp_fill(struct ssp_space *space, uint64_t va, enum ssp_access access,
			   unsigned int state)
{
	struct ssp_result result = ssp_fault(space, va, access, state);

	if (result.verdict == SSP_ALLOWED)
		return result;
	/* Walks are taken up again where each link, read anew, is what it was. */
	ssp_root_drop_walks(space->current);
	return ssp_fault(space, va, access, state);
}
