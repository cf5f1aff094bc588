/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - the invariants of ssp.h, shared by unit tests, fuzzers and proofs.
 * Not linked into the firmware: it visits every table.
 */
#include "fast.h"
#include "internal.h"

static bool leaf_in_slot(const struct ssp_space *space, uint64_t leaf, int level)
{
	for (unsigned int i = 0; i < space->slot_count; i++) {
		const struct ssp_slot *slot = &space->slots[i];
		uint64_t offset = pte_address(leaf) - slot->delta - slot->gpa;

		if (offset < slot->size && level_size(level) <= slot->size - offset)
			return !(leaf & PTE_RWX & ~slot->rights);
	}
	return false;
}

static bool on_dirty_list(const struct ssp_space *space, const struct ssp_root *owner,
			  const struct ssp_table *table)
{
	for (uint32_t n = owner->dirty; n != SSP_NONE; n = space->tables[n].next_dirty)
		if (&space->tables[n] == table)
			return table->dirty_turn == owner->dirty_turn;
	return false;
}

static const char *check_leaf(const struct ssp_space *space, const struct ssp_root *owner,
			      const struct ssp_table *table, uint64_t leaf)
{
	if (!leaf_in_slot(space, leaf, table->level))
		return "I1: a leaf outside the slots or above their rights";
	if (!(leaf & PTE_G) != (table->owner != SSP_GLOBAL))
		return "I3: G in a private table, or none in the global tree";
	if (!on_dirty_list(space, owner, table))
		return "I6: a table with leaves is not on the dirty list";
	return NULL;
}

static const char *check_table(struct ssp_space *space, const struct ssp_table *table);

static const char *check_link(struct ssp_space *space, const struct ssp_table *table,
			      unsigned int index, uint64_t link)
{
	const struct ssp_table *child = link_table(space, link);
	const struct ssp_root *global = &space->roots[SSP_GLOBAL];

	if (child < space->tables || child >= space->tables + space->table_count)
		return "a link leaves the pool";
	if (child->owner != table->owner) {
		if (child->owner != SSP_GLOBAL || table->parent != SSP_NONE)
			return "I3: a link into another tree";
		if (table_entries(space, root_top(space, global))[index] != link)
			return "I3: a link to the global tree that it does not have itself";
		return NULL;	/* visited from its own top */
	}
	if (child->parent != table_number(space, table) || child->index != index)
		return "I2: a table hangs at two places";
	if (child->level + 1 != table->level)
		return "I2: a table at a wrong level";
	if (!(link & PTE_V))
		return NULL;
	if (child->epoch != table_owner(space, (struct ssp_table *)child)->epoch)
		return "I4: a valid link to a table of an older epoch";
	return check_table(space, child);
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

		if (!is_link(entry) || !(entry & PTE_V))
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
		if (!on_dirty_list(space, table_owner(space, walk->table), walk->table))
			return "I7: a walk to a table that is not on the dirty list";
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
	const char *broken = check_table(space, root_top(space, &space->roots[SSP_GLOBAL]));

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
