/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - the invariants of ssp.h, shared by unit tests, fuzzers and proofs.
 * Not linked into the firmware: it visits every table.
 */
#include "hits.h"
#include "internal.h"

static bool on_filled_list(const struct ssp_space *space, const struct ssp_root *owner,
			   const struct ssp_table *table)
{
	for (uint32_t n = owner->filled; n != SSP_NONE; n = space->tables[n].next_filled)
		if (&space->tables[n] == table)
			return table->filled_generation == owner->filled_generation;
	return false;
}

/* One table's place in its parent's ring, by the link that names it. */
static const char *check_child(struct ssp_space *space, const struct ssp_table *table,
			       unsigned int index, uint64_t link)
{
	const struct ssp_table *child = link_table(space, link);

	if (child < space->tables || child >= space->tables + space->fresh)
		return "a link leaves the pool";
	if (child->owner != table->owner)
		return "I8: a link marked as one's own into another tree";
	if (child->parent != table_number(space, table) || child->index != index)
		return "I2: a table hangs at two places";
	if (child->level + 1 != table->level)
		return "I2: a table at a wrong level";
	return NULL;
}

static const char *check_ring(struct ssp_space *space, uint32_t ring, uint32_t *count);

/* A table's children are what its own links name; *count grows by all that hang below. */
static const char *check_family(struct ssp_space *space, const struct ssp_table *table,
				uint32_t *count)
{
	const uint64_t *entries = table_entries(space, table);
	const char *broken = NULL;
	uint32_t links = 0, n = table->children;

	for (uint64_t groups = table->level ? table->occupied : 0; groups; groups &= groups - 1) {
		unsigned int first = lowest_bit(groups) << GROUP_SHIFT;

		for (unsigned int i = first; i < first + GROUP_SIZE && !broken; i++) {
			if (!is_own_link(entries[i]))
				continue;
			broken = check_child(space, table, i, entries[i]);
			links++;
		}
	}
	for (; links && n != SSP_NONE && !broken; links--) {
		if (space->tables[n].parent != table_number(space, table))
			broken = "I4: a table in the ring of a parent that is not its own";
		n = space->tables[n].next;
	}
	if (!broken && (links || n != table->children))
		broken = "I4: children without links, or links without children";
	return broken ? broken : check_ring(space, table->children, count);
}

static const char *check_ring(struct ssp_space *space, uint32_t ring, uint32_t *count)
{
	const char *broken = NULL;
	uint32_t n = ring;

	if (ring == SSP_NONE)
		return NULL;
	do {
		if (++*count > space->table_count)
			return "I4: a ring that does not close";
		if (space->tables[space->tables[n].next].prev != n)
			return "I4: a ring that is not one backwards";
		broken = check_family(space, &space->tables[n], count);
		n = space->tables[n].next;
	} while (n != ring && !broken);
	return broken;
}

/* All tables are somewhere, none is at two places: else the numbers would not add up. */
static const char *check_places(struct ssp_space *space)
{
	uint32_t all = space->free_count, count = space->table_count - space->fresh;
	const char *broken = check_ring(space, space->free, &count);

	if (!broken && count != space->free_count)
		broken = "I4: the free tables are not as many as counted";
	for (unsigned int i = SSP_GLOBAL; i < SSP_ROOTS && !broken; i++) {
		const struct ssp_root *root = &space->roots[i];

		if (root->top == SSP_NONE)
			continue;
		all += root->tables;
		count = 1;
		broken = check_family(space, root_top(space, root), &count);
		if (!broken)
			broken = check_ring(space, root->spare, &count);
		if (!broken && count != root->tables)
			broken = "I4: a root's tables are not as many as counted";
	}
	return broken || all == space->table_count ? broken : "I4: tables are lost";
}

static const char *check_leaf(const struct ssp_space *space, const struct ssp_root *owner,
			      const struct ssp_table *table, uint64_t leaf)
{
	if (!ssp_leaf_in_slot(space, leaf, table->level))
		return "I1: a leaf outside the slots or above their rights";
	if (!(leaf & PTE_G) != (table->owner != SSP_GLOBAL))
		return "I3: G in a private table, or none in the global tree";
	if (!on_filled_list(space, owner, table))
		return "I6: a table with leaves is not on the filled list";
	return NULL;
}

static const char *check_table(struct ssp_space *space, const struct ssp_table *table);

/* A private tree's link into the global tree. */
static const char *check_global_link(struct ssp_space *space, const struct ssp_table *table,
				     unsigned int index, uint64_t link)
{
	const struct ssp_root *global = &space->roots[SSP_GLOBAL];

	if (table != root_top(space, table_owner(space, table)) || table->owner == SSP_GLOBAL)
		return "I8: a link of one's own without its mark";
	if (table_entries(space, root_top(space, global))[index] != (link | LINK_OWN))
		return "I3: a link to the global tree that it does not have itself";
	return NULL; /* visited from its own top */
}

static const char *check_link(struct ssp_space *space, const struct ssp_table *table,
			      unsigned int index, uint64_t link)
{
	if (!is_own_link(link))
		return check_global_link(space, table, index, link);
	return link & PTE_V ? check_table(space, link_table(space, link)) : NULL;
}

static const char *check_table(struct ssp_space *space, const struct ssp_table *table)
{
	const struct ssp_root *owner = &space->roots[table->owner];
	const uint64_t *entries = table_entries(space, table);

	for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
		const char *broken = NULL;

		if (!entries[i])
			continue;
		if (!(table->occupied >> (i >> GROUP_SHIFT) & 1))
			broken = "I5: an entry in a group that counts as empty";
		else if (pte_is_leaf(entries[i]))
			broken = check_leaf(space, owner, table, entries[i]);
		else
			broken = check_link(space, table, i, entries[i]);
		if (broken)
			return broken;
	}
	return NULL;
}

/* Where the root's valid links lead to for va at level 0, or NULL. */
static const struct ssp_table *reach(struct ssp_space *space, const struct ssp_root *root,
				     uint64_t va)
{
	const struct ssp_table *table = root_top(space, root);

	while (table->level > 0) {
		uint64_t entry = table_entries(space, table)[pte_index(va, table->level)];

		if (!(entry & PTE_V) || pte_is_leaf(entry))
			return NULL;
		table = link_table(space, entry);
	}
	return table;
}

static const char *check_walks(struct ssp_space *space, struct ssp_root *root)
{
	for (unsigned int i = 0; i < SSP_WALK_CACHE; i++) {
		struct ssp_walk *walk = &root->walk[i];
		uint64_t va = walk->tag << SSP_WALK_SHIFT;

		if (walk->tag != ssp_walk_tag(root, va))
			continue;
		if (reach(space, root, va) != walk->table ||
		    walk->shadow != table_entries(space, walk->table))
			return "I7: a walk that the tree does not have";
		if (walk->table->ident != pte_address(root->path[i].link[0].pte) >> PAGE_SHIFT)
			return "I7: a walk to the shadow of another table";
		if (!on_filled_list(space, table_owner(space, walk->table), walk->table))
			return "I7: a walk to a table that is not on the filled list";
	}
	return NULL;
}

/* A root that lags behind the log is only looked at once it has caught up. */
static bool is_up_to_date(const struct ssp_space *space, const struct ssp_root *root)
{
	return root->top != SSP_NONE && root->log_position == space->log_head;
}

const char *ssp_check(struct ssp_space *space)
{
	const char *broken = check_places(space);

	if (!broken)
		broken = check_table(space, root_top(space, &space->roots[SSP_GLOBAL]));

	for (unsigned int i = SSP_GLOBAL + 1; i < SSP_ROOTS && !broken; i++) {
		struct ssp_root *root = &space->roots[i];

		if (!is_up_to_date(space, root))
			continue;
		broken = check_table(space, root_top(space, root));
		if (!broken)
			broken = check_walks(space, root);
	}
	return broken;
}
