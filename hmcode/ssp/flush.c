/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flush.c - the guest's fences.
 *
 *	rs1  rs2   current root       other roots                global tree
 *	va   x0    leaf cleared       logged, replayed on entry  leaf cleared
 *	va   asid  leaf cleared       leaf cleared, ASID retired spared
 *	x0   asid  leaves cleared     flushed on entry, retired  spared
 *	x0   x0    leaves cleared     log wraps: flushed         put to sleep
 *	                              on entry
 *
 * "Retired": the root gets another hardware ASID before it runs again, which
 * stands for the fence that would name its old one.
 */
#include "internal.h"

/* Has all of the global tree been put to sleep since the root linked it? */
static bool links_are_old(const struct ssp_space *space, const struct ssp_root *root)
{
	return root->global_generation != space->roots[SSP_GLOBAL].tree_generation;
}

static void forget_leaves(struct ssp_root *root)
{
	root->filled = SSP_NONE;
	root->filled_count = 0;
	root->filled_generation++;
	ssp_root_drop_walks(root);
}

/*
 * The whole tree goes to sleep: each table is made current when it is used again, or
 * never.  That is one visit to the top table, however large the tree is.
 */
void ssp_root_sleep(struct ssp_space *space, struct ssp_root *root)
{
	ssp_table_make_current(space, root_top(space, root));
	root->tree_generation++;
	root->global_generation = space->roots[SSP_GLOBAL].tree_generation;
	forget_leaves(root);
}

/*
 * Does the guest's entry lead to the table that the shadow's links?  Then both share the global
 * mappings below.
 */
static bool leads_to(struct ssp_space *space, uint64_t pte, uint64_t spte)
{
	uint64_t ident = is_link(spte) ? link_table(space, spte)->ident : SSP_IDENT_SPLIT;

	if (ident & SSP_IDENT_SPLIT)
		return false;
	return (pte & ~(PTE_G | PTE_RSW)) == pte_make(ident << PAGE_SHIFT, PTE_V);
}

/*
 * A group of a top table changes hands, whose guest's entries are at gpte; true: something is left
 * there.
 */
static bool hand_over_group(struct ssp_space *space, uint64_t *spte, uint64_t gpte)
{
	uint64_t any = 0;

	for (uint64_t *end = spte + GROUP_SIZE; spte != end; spte++, gpte += 8) {
		uint64_t old = *spte;

		if (!old) /* most are */
			continue;
		if (is_own_link(old))
			any |= *spte = old & ~PTE_V;
		else if (leads_to(space, ssp_port_load(gpte), old))
			any |= old;
		else
			*spte = 0;
	}
	return any;
}

/*
 * The tree goes to sleep, and its root is another address space's, whose guest satp it has by now.
 * Links to the global tree stay where the guest's table leads to the same one: global mappings
 * exist in all address spaces ("Addressing and Memory Protection", G), so that a hart may have them
 * cached for this one.
 */
void ssp_root_hand_over(struct ssp_space *space, struct ssp_root *root)
{
	struct ssp_table *top = root_top(space, root);
	uint64_t table = satp_table(root->gsatp), *entries = table_entries(space, top), left = 0;
	const struct ssp_slot *slot = ssp_slot_of(space, table);

	if (satp_mode(root->gsatp) == SATP_BARE || !slot || links_are_old(space, root) ||
	    ssp_table_has_more_groups(top, HANDED_OVER)) {
		ssp_root_sleep(space, root);
		return;
	}
	for (uint64_t groups = top->occupied; groups; groups &= groups - 1) {
		unsigned int group = lowest_bit(groups);

		if (hand_over_group(space, entries + (group << GROUP_SHIFT),
				    table + slot->delta + (group << GROUP_SHIFT) * 8))
			left |= 1ull << group;
	}
	top->occupied = left;
	root->tree_generation++;
	forget_leaves(root);
}

/* All tables but the top one, which is empty then, become spare. */
void ssp_root_empty(struct ssp_space *space, struct ssp_root *root)
{
	ssp_table_empty(space, root_top(space, root), &root->spare);
	root->tree_generation++;
	root->global_generation = space->roots[SSP_GLOBAL].tree_generation;
	forget_leaves(root);
}

/* Clear the leaves of each table that may have some; false: that would cost too much. */
static bool clear_filled_tables(struct ssp_space *space, struct ssp_root *root)
{
	struct ssp_table *table;
	unsigned int cost = 0;

	if (root->filled_count > SSP_EAGER_TABLES)
		return false;
	for (uint32_t n = root->filled; n != SSP_NONE; n = table->next_filled) {
		table = &space->tables[n];
		if (cost > EAGER_COST || (table->level && ssp_table_is_crowded(table)))
			return false;
		cost += ssp_table_clear_leaves(space, table);
	}
	return true;
}

/*
 * Nothing that the root had cached is used afterwards, nor what it reached of a global tree that
 * was put to sleep.
 */
void ssp_root_flush(struct ssp_space *space, struct ssp_root *root)
{
	struct ssp_table *top = root_top(space, root);
	bool old_links = links_are_old(space, root);

	if (!clear_filled_tables(space, root) || (old_links && ssp_table_is_crowded(top))) {
		ssp_root_sleep(space, root);
		return;
	}
	if (old_links) {
		ssp_table_keep_own_links(space, top, ~0ull);
		root->link_generation++;
		root->global_generation = space->roots[SSP_GLOBAL].tree_generation;
	}
	forget_leaves(root);
}

/* A table at the top of the global tree goes: no root may link it. */
void ssp_unlink_global(struct ssp_space *space, struct ssp_table *table)
{
	uint64_t link = pte_make(table_hpa(space, table), PTE_V);

	for (unsigned int i = SSP_GLOBAL + 1; i < SSP_ROOTS; i++) {
		struct ssp_root *root = &space->roots[i];
		uint64_t *entry;

		if (root->top == SSP_NONE)
			continue;
		entry = &table_entries(space, root_top(space, root))[table->index];
		if (*entry == link)
			*entry = 0;
		ssp_root_forget_walks(root);
	}
}

/* Where one tree's own tables for guest tables end on the way to va: the table, and its entry. */
static struct ssp_table *lowest_table(struct ssp_space *space, struct ssp_root *root, uint64_t va,
				      uint64_t **entry)
{
	struct ssp_table *table = root_top(space, root), *child;
	uint64_t *entries = table_entries(space, table);
	unsigned int shift = PAGE_SHIFT + PTE_INDEX_BITS * table->level;

	for (;; shift -= PTE_INDEX_BITS) {
		*entry = &entries[(va >> shift) % PTES_PER_TABLE];
		if ((**entry & (PTE_V | LINK_OWN)) != (PTE_V | LINK_OWN))
			return table;
		child = link_table(space, **entry);
		if (child->ident & SSP_IDENT_SPLIT)
			return table;
		entries = ssp_port_table(pte_address(**entry));
		table = child;
	}
}

/*
 * Clear what one tree holds for va.  A guest leaf that is mapped in pieces
 * goes as a whole; since that takes a link away, the fence is a wider one.
 */
static enum ssp_fence tree_flush_va(struct ssp_space *space, struct ssp_root *root, uint64_t va)
{
	uint64_t *entry;
	struct ssp_table *table = lowest_table(space, root, va, &entry), *child;

	if (!(*entry & PTE_V))
		return SSP_FENCE_PAGE;
	if (pte_is_leaf(*entry)) {
		*entry = 0;
		return SSP_FENCE_PAGE;
	}
	if (!is_own_link(*entry))
		return SSP_FENCE_PAGE;
	child = link_table(space, *entry);
	*entry &= ~PTE_V;
	if (table->owner != SSP_GLOBAL)
		return SSP_FENCE_ASID;
	if (table == root_top(space, root))
		ssp_unlink_global(space, child);
	return SSP_FENCE_ALL;
}

enum ssp_fence ssp_flush_va(struct ssp_space *space, uint64_t va)
{
	enum ssp_fence fence = fence_max(tree_flush_va(space, space->current, va),
					 tree_flush_va(space, &space->roots[SSP_GLOBAL], va));

	space->log[space->log_head++ % SSP_LOG_SIZE] = va;
	space->current->log_position = space->log_head;
	/* All ASIDs' entries for the page have to go: a fence of one ASID is no wider one. */
	return fence == SSP_FENCE_PAGE ? SSP_FENCE_PAGE : SSP_FENCE_ALL;
}

/* Visit the roots of one guest ASID: the current one owes a fence, others get a new ASID. */
#define for_each_root_of_asid(space, root, asid)                                           \
	for (root = &(space)->roots[(space)->asid_bucket[(asid) % SSP_ASID_BUCKETS]];      \
	     root != &(space)->roots[SSP_GLOBAL]; root = &(space)->roots[root->next_asid]) \
		if (satp_asid(root->gsatp) == (asid))

unsigned int ssp_roots_of_asid(const struct ssp_space *space, uint64_t asid)
{
	const struct ssp_root *root;
	unsigned int count = 0;

	asid &= SATP_ASID_MASK;
	for_each_root_of_asid(space, root, asid) count++;
	return count;
}

enum ssp_fence ssp_flush_va_asid(struct ssp_space *space, uint64_t va, uint64_t asid)
{
	enum ssp_fence fence = SSP_FENCE_PAGE;
	struct ssp_root *root;

	asid &= SATP_ASID_MASK;
	for_each_root_of_asid(space, root, asid)
	{
		enum ssp_fence owed = tree_flush_va(space, root, va);

		if (root == space->current)
			fence = fence_max(fence, owed);
		else
			root->asid_generation = 0;
	}
	return fence;
}

/* Pages of one tree, table by table: the caller knows that they are few. */
static enum ssp_fence tree_flush_range(struct ssp_space *space, struct ssp_root *root, uint64_t va,
				       uint64_t last)
{
	enum ssp_fence fence = SSP_FENCE_PAGE;

	for (;;) {
		uint64_t *entry, end = va | (level_size(1) - 1);
		struct ssp_table *table = lowest_table(space, root, va, &entry);

		if (end > last)
			end = last;
		if (table->level) /* one leaf or none for all of it */
			fence = fence_max(fence, tree_flush_va(space, root, va));
		else
			ssp_table_clear_entries(space, table, pte_index(va, 0), pte_index(end, 0));
		if (end == last)
			return fence;
		va = end + 1;
	}
}

/* Pages of the current root alone. */
enum ssp_fence ssp_flush_range(struct ssp_space *space, uint64_t va, uint64_t last)
{
	tree_flush_range(space, space->current, va, last);
	return SSP_FENCE_ASID;
}

enum ssp_fence ssp_flush_pages(struct ssp_space *space, uint64_t va, uint64_t last)
{
	enum ssp_fence fence =
		fence_max(tree_flush_range(space, space->current, va, last),
			  tree_flush_range(space, &space->roots[SSP_GLOBAL], va, last));

	for (uint64_t pages = (last - va) / PAGE_SIZE + 1; pages; pages--, va += PAGE_SIZE)
		space->log[space->log_head++ % SSP_LOG_SIZE] = va;
	space->current->log_position = space->log_head;
	return fence == SSP_FENCE_PAGE ? SSP_FENCE_PAGE : SSP_FENCE_ALL;
}

enum ssp_fence ssp_flush_pages_asid(struct ssp_space *space, uint64_t va, uint64_t last,
				    uint64_t asid)
{
	enum ssp_fence fence = SSP_FENCE_PAGE;
	struct ssp_root *root;

	asid &= SATP_ASID_MASK;
	for_each_root_of_asid(space, root, asid)
	{
		enum ssp_fence owed = tree_flush_range(space, root, va, last);

		if (root == space->current)
			fence = fence_max(fence, owed);
		else
			root->asid_generation = 0;
	}
	return fence;
}

/*
 * There may be many roots: those that do not run are flushed when they are entered, as if they
 * lagged. That would retire them as well, so no hart can tell that they are retired here already.
 */
enum ssp_fence ssp_flush_asid(struct ssp_space *space, uint64_t asid)
{
	enum ssp_fence fence = SSP_FENCE_NONE;
	struct ssp_root *root;

	asid &= SATP_ASID_MASK;
	for_each_root_of_asid(space, root, asid)
	{
		if (root == space->current) {
			ssp_root_flush(space, root);
			fence = SSP_FENCE_ASID;
		} else {
			root->log_position = space->log_head - (SSP_LOG_SIZE + 1);
			root->asid_generation = 0;
		}
	}
	return fence;
}

/* Nothing that is cached now is used afterwards. */
void ssp_drop_all(struct ssp_space *space)
{
	space->log_head += SSP_LOG_SIZE + 1;
	ssp_root_sleep(space, &space->roots[SSP_GLOBAL]);
	if (space->current) {
		ssp_root_flush(space, space->current);
		space->current->log_position = space->log_head;
	}
}

enum ssp_fence ssp_flush_all(struct ssp_space *space)
{
	ssp_drop_all(space);
	if (space->ring.hpa)
		ssp_ring_caches_nothing(space);
	return SSP_FENCE_ALL;
}

enum ssp_fence ssp_invalidate_gpa(struct ssp_space *space, uint64_t gpa, uint64_t size)
{
	(void)gpa;
	return size ? ssp_flush_all(space) : SSP_FENCE_NONE;
}

void ssp_root_catch_up(struct ssp_space *space, struct ssp_root *root)
{
	uint64_t lag = space->log_head - root->log_position;

	if (lag > SSP_LOG_SIZE) {
		ssp_root_flush(space, root);
		root->asid_generation = 0;
	} else if (root->filled != SSP_NONE) { /* else it has no leaf (I6) */
		for (; lag; lag--) {
			uint64_t va = space->log[(space->log_head - lag) % SSP_LOG_SIZE];

			/* The hart was fenced for the page when it was logged, not for links. */
			if (tree_flush_va(space, root, va) > SSP_FENCE_PAGE)
				root->asid_generation = 0;
		}
	}
	root->log_position = space->log_head;
}

void ssp_root_enter(struct ssp_space *space, struct ssp_root *root)
{
	ssp_root_catch_up(space, root);
	root->last_use = ++space->uses;
	space->current = root;
}
