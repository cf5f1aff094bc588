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

/* Is there a walk of va that a fence dropped, or none did? */
static inline _Bool ssp_walk_was(struct ssp_root *root, uint64_t va)
{
	uint64_t tag = ssp_walk_entry(root, va)->tag ^ ssp_walk_tag(root, va);

	return !(tag << (64 - SSP_WALK_VA_BITS));
}

/* Would walking again end where that walk did?  Each link of the guest's is read anew. */
static inline _Bool ssp_walk_stands(const struct ssp_root *root, uint64_t va)
{
	const struct ssp_path *path = &root->path[(va >> SSP_WALK_SHIFT) % SSP_WALK_CACHE];
	const struct ssp_link *link = path->link, *end;

	if (path->tree_generation != root->tree_generation)
		return 0;
	if (path->link_generation && path->link_generation != root->link_generation)
		return 0;
	for (end = link + path->links; link != end; link++)
		if (ssp_port_load(link->hpa) != link->pte)
			return 0;
	return 1;
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

/* One that stands is cached again. */
static inline void ssp_walk_take_up(struct ssp_space *space, uint64_t va)
{
	struct ssp_walk *entry = ssp_walk_entry(space->current, va);

	entry->tag = ssp_walk_tag(space->current, va);
	ssp_table_list_filled(space, entry->table);
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
