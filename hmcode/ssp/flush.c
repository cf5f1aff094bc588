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
#include "hits.h"
#include "internal.h"

/*
 * The whole tree goes to sleep: each table is made current when it is used again, or
 * never.  That is one visit to the top table, however large the tree is.
 */
void ssp_root_sleep(struct ssp_space *space, struct ssp_root *root)
{
	ssp_table_make_current(space, root_top(space, root));
	root->tree_generation++;
	root->global_generation = space->roots[SSP_GLOBAL].tree_generation;
	ssp_root_forget_leaves(root);
}

/* All tables but the top one, which is empty then, become spare. */
void ssp_root_empty(struct ssp_space *space, struct ssp_root *root)
{
	ssp_table_empty(space, root_top(space, root), &root->spare);
	root->tree_generation++;
	root->global_generation = space->roots[SSP_GLOBAL].tree_generation;
	ssp_root_forget_leaves(root);
}

/*
 * Clear the leaves of each filled table from n on; false: that would cost too much, with what the
 * others have cost.
 */
static bool clear_filled_tables(struct ssp_space *space, uint32_t n, unsigned int cost)
{
	struct ssp_table *table;

	for (; n != SSP_NONE; n = table->next_filled) {
		table = &space->tables[n];
		if (cost > EAGER_COST || (table->level && ssp_table_is_crowded(table)))
			return false;
		cost += table->level ? ssp_table_clear_leaves(space, table) :
				       ssp_table_clear(space, n);
	}
	return true;
}

/* Whatever is filled from table n on, and whatever the root links. */
static __attribute__((noinline)) void flush_rest(struct ssp_space *space, struct ssp_root *root,
						 uint32_t n, unsigned int cost)
{
	struct ssp_table *top = root_top(space, root);
	bool old_links = ssp_root_links_are_old(space, root);

	if (!clear_filled_tables(space, n, cost) || (old_links && ssp_table_is_crowded(top))) {
		ssp_root_sleep(space, root);
		return;
	}
	if (old_links) {
		ssp_table_keep_own_links(space, top, ~0ull);
		root->link_generation++;
		root->global_generation = space->roots[SSP_GLOBAL].tree_generation;
	}
	ssp_root_forget_leaves(root);
}

/*
 * Nothing that the root had cached is used afterwards, nor what it reached of a global tree that
 * was put to sleep.  Most often there are a few leaf tables, and no more to do than to clear them.
 */
void ssp_root_flush(struct ssp_space *space, struct ssp_root *root)
{
	const struct ssp_table *table;
	unsigned int cost = 0;
	uint32_t n = root->filled;

	if (root->filled_count > SSP_EAGER_TABLES)
		return ssp_root_sleep(space, root);
	for (; n != SSP_NONE && cost <= EAGER_COST; n = table->next_filled) {
		table = &space->tables[n];
		if (table->level)
			break;
		cost += ssp_table_clear(space, n);
	}
	if (n != SSP_NONE || ssp_root_links_are_old(space, root))
		return flush_rest(space, root, n, cost);
	ssp_root_forget_leaves(root);
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
	struct ssp_root *root, *current = space->current;

	asid &= SATP_ASID_MASK;
	for_each_root_of_asid(space, root, asid)
	{
		if (root == current)
			continue;
		root->log_position = space->log_head - (SSP_LOG_SIZE + 1);
		root->asid_generation = 0;
	}
	if (satp_asid(current->gsatp) != asid)
		return SSP_FENCE_NONE;
	ssp_root_flush(space, current);
	return SSP_FENCE_ASID;
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
	ssp_root_use(space, root);
}
