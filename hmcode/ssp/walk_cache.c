/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk_cache.c - walks that a fill remembers, and those that a fence dropped and that can be taken
 * up again: legal as a cache of non-leaf entries.
 */
#include "internal.h"

/* Remember where the level-0 tables are; the shadow's is on its filled list by now (I7). */
void ssp_walk_remember(struct ssp_space *space, const struct ssp_guest_walk *walk, uint64_t va,
		       struct ssp_table *table)
{
	struct ssp_root *root = space->current;
	struct ssp_walk *entry = ssp_walk_entry(root, va);
	struct ssp_path *path = &root->path[entry - root->walk];

	entry->tag = ssp_walk_tag(root, va);
	entry->guest = walk->link_hpa[0] & ~(PAGE_SIZE - 1);
	entry->shadow = table_entries(space, table);
	entry->table = table;
	path->tree_generation = root->tree_generation;
	path->link_generation = table->owner == SSP_GLOBAL ? root->link_generation : 0;
	path->links = satp_modes[root->mode].levels - 1;
	for (unsigned int i = 0; i < path->links; i++) {
		path->link[i].hpa = walk->link_hpa[i + 1];
		path->link[i].pte = walk->link[i + 1];
	}
}

bool ssp_walk_renew(struct ssp_space *space, uint64_t va)
{
	if (!ssp_walk_was(space->current, va) || !ssp_walk_stands(space->current, va))
		return false;
	ssp_walk_take_up(space, va);
	return true;
}

struct ssp_walk *ssp_walk_known(struct ssp_space *space, uint64_t va)
{
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);

	if (walk)
		return walk;
	return ssp_walk_renew(space, va) ? ssp_walk_entry(space->current, va) : NULL;
}
