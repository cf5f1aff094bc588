/* SPDX-License-Identifier: BSD-2-Clause */
/* walk_cache.h - where the leaf tables of an address are, the guest's and the shadow's. */
#ifndef SSP_WALK_CACHE_H
#define SSP_WALK_CACHE_H

#include "ssp.h"
#include "ssp_port.h"

static inline struct ssp_walk *ssp_walk_entry(struct ssp_root *root, uint64_t va)
{
	return &root->walk[(va >> SSP_WALK_SHIFT) % SSP_WALK_CACHE];
}

static inline uint64_t ssp_walk_tag(const struct ssp_root *root, uint64_t va)
{
	return root->walk_generation | va >> SSP_WALK_SHIFT;
}

/* The leaf tables of va if the walk cache has them: legal as a cache of non-leaf entries. */
static inline struct ssp_walk *ssp_walk_hit(struct ssp_root *root, uint64_t va)
{
	struct ssp_walk *entry = ssp_walk_entry(root, va);

	return entry->tag == ssp_walk_tag(root, va) ? entry : NULL;
}

/* From now on the table may hold leaves. */
static inline void ssp_table_list_filled(struct ssp_space *space, struct ssp_table *table)
{
	struct ssp_root *owner = &space->roots[table->owner];

	if (table->filled_generation == owner->filled_generation)
		return;
	table->filled_generation = owner->filled_generation;
	table->next_filled = owner->filled;
	owner->filled = table - space->tables;
	owner->filled_count++;
}

/*
 * A walk that a fence dropped is taken up again, if walking again would end where it did; else
 * NULL.
 */
static inline struct ssp_walk *ssp_walk_take_up(struct ssp_space *space, uint64_t va)
{
	struct ssp_root *root = space->current;
	struct ssp_walk *entry = ssp_walk_entry(root, va);
	const struct ssp_path *path = &root->path[entry - root->walk];
	uint64_t tag = ssp_walk_tag(root, va);

	if ((entry->tag ^ tag) << (64 - SSP_WALK_VA_BITS) ||
	    path->tree_generation != root->tree_generation)
		return NULL;
	if (path->link_generation && path->link_generation != root->link_generation)
		return NULL;
	for (unsigned int i = path->links; i-- > 0;)
		if (ssp_port_load(path->link[i].hpa) != path->link[i].pte)
			return NULL;
	entry->tag = tag;
	ssp_table_list_filled(space, entry->table);
	return entry;
}

static inline void ssp_root_drop_walks(struct ssp_root *root)
{
	root->walk_generation += 1ull << SSP_WALK_VA_BITS;
	if (root->walk_generation)
		return;
	for (unsigned int i = 0; i < SSP_WALK_CACHE; i++)
		root->walk[i].tag = 0;
	root->tree_generation++;
	root->walk_generation = 1ull << SSP_WALK_VA_BITS;
}

/* Walks end elsewhere from now on: they cannot be taken up again either. */
static inline void ssp_root_forget_walks(struct ssp_root *root)
{
	root->tree_generation++;
	ssp_root_drop_walks(root);
}

#endif
