/* SPDX-License-Identifier: BSD-2-Clause */
/* internal.h - what the engine's files share among themselves. */
#ifndef SSP_INTERNAL_H
#define SSP_INTERNAL_H

#include <stdbool.h>

#include "bits.h"
#include "geometry.h"
#include "ssp.h"
#include "ssp_port.h"
#include "walk.h"
#include "walk_cache.h"

/*
 * Bounds of one stay.  A table of any level is emptied by at most 64 groups of plain
 * stores, some 800 instructions, whatever hangs below it.  Looking at the entries
 * of a group one by one costs as much as five groups, so that is done for CROWDED
 * groups of a table at most; a table above the last level with more of them
 * is not looked at but emptied.
 */
#define CROWDED          16
#define HANDED_OVER      8  /* the same where each entry is compared with the guest's as well */
#define READ_ANEW        48 /* large pages that one fill compares with the guest's */
#define UPPER_GROUP_COST 5
#define EAGER_COST       160 /* of a flush, before the tree is put to sleep instead */

static inline uint32_t table_number(const struct ssp_space *space, const struct ssp_table *table)
{
	return table - space->tables;
}

static inline uint64_t table_hpa(const struct ssp_space *space, const struct ssp_table *table)
{
	return space->pool_hpa + ((uint64_t)table_number(space, table) << PAGE_SHIFT);
}

static inline uint64_t *table_entries(const struct ssp_space *space, const struct ssp_table *table)
{
	return ssp_port_table(table_hpa(space, table));
}

static inline struct ssp_root *table_owner(struct ssp_space *space, const struct ssp_table *table)
{
	return &space->roots[table->owner];
}

/*
 * The mark of a link to a table of the same tree, woken or dormant: an RSW bit, which the
 * hart ignores.  A private tree's links into the global tree lack it.
 */
#define LINK_OWN (1ull << 8)

/* A link, woken or dormant, to its table. */
static inline struct ssp_table *link_table(struct ssp_space *space, uint64_t link)
{
	return &space->tables[(pte_address(link) - space->pool_hpa) >> PAGE_SHIFT];
}

static inline bool is_own_link(uint64_t spte)
{
	return spte & LINK_OWN;
}

static inline struct ssp_table *root_top(struct ssp_space *space, const struct ssp_root *root)
{
	return &space->tables[root->top];
}

/* Has all of the global tree been put to sleep since the root linked it? */
static inline bool ssp_root_links_are_old(const struct ssp_space *space,
					  const struct ssp_root *root)
{
	return root->global_generation != space->roots[SSP_GLOBAL].tree_generation;
}

static inline void ssp_root_forget_leaves(struct ssp_root *root)
{
	root->filled = SSP_NONE;
	root->filled_count = 0;
	root->filled_generation++;
	ssp_root_drop_walks(root);
}

/* Above the last level: are there too many entries to look at each? */
static inline bool ssp_table_has_more_groups(const struct ssp_table *table, unsigned int than)
{
	unsigned int count = 0;

	for (uint64_t groups = table->occupied; groups; groups &= groups - 1)
		if (++count > than)
			return true;
	return false;
}

static inline bool ssp_table_is_crowded(const struct ssp_table *table)
{
	return ssp_table_has_more_groups(table, CROWDED);
}

static inline void clear_group(uint64_t *entry)
{
	entry[0] = entry[1] = entry[2] = entry[3] = 0;
	entry[4] = entry[5] = entry[6] = entry[7] = 0;
}

/* Groups of a table become zero, runs of them quickly; returns how many they were. */
static inline unsigned int clear_groups(uint64_t *entry, uint64_t groups)
{
	unsigned int count = 0;

	while (groups) {
		uint64_t skip = lowest_bit(groups);
		const uint64_t *begin = entry += skip << GROUP_SHIFT;

		groups >>= skip;
		do {
			clear_group(entry);
			entry += GROUP_SIZE;
			groups >>= 1;
		} while (groups & 1);
		count += (entry - begin) >> GROUP_SHIFT;
	}
	return count;
}

/* A table of the last level, by its number, becomes empty; returns the cost in groups. */
static inline unsigned int ssp_table_clear(const struct ssp_space *space, uint32_t n)
{
	uint64_t groups = space->tables[n].occupied;

	space->tables[n].occupied = 0;
	return clear_groups(ssp_port_table(space->pool_hpa + ((uint64_t)n << PAGE_SHIFT)), groups);
}

/* table.c */
struct ssp_table *ssp_table_alloc(struct ssp_space *space, struct ssp_root *owner, int level);
void ssp_table_hang(struct ssp_space *space, struct ssp_table *parent, unsigned int index,
		    struct ssp_table *child, uint64_t ident);
void ssp_table_orphan(struct ssp_space *space, struct ssp_table *table);
void ssp_table_empty(struct ssp_space *space, struct ssp_table *table, uint32_t *ring);
void ssp_table_keep_own_links(struct ssp_space *space, struct ssp_table *table, uint64_t bits);
void ssp_table_make_current(struct ssp_space *space, struct ssp_table *table);
void ssp_table_clear_entries(struct ssp_space *space, struct ssp_table *table, unsigned int first,
			     unsigned int last);
void ssp_table_read_anew(struct ssp_space *space, struct ssp_table *table, uint64_t guest);
unsigned int ssp_table_clear_leaves(struct ssp_space *space, struct ssp_table *table);
void ssp_table_set(struct ssp_space *space, struct ssp_table *table, unsigned int index,
		   uint64_t value);
void ssp_tables_join(struct ssp_space *space, uint32_t *ring, uint32_t *more);

/* recycle.c */
enum ssp_fence ssp_tables_reserve(struct ssp_space *space, uint32_t wanted);

/* flush.c */
void ssp_drop_all(struct ssp_space *space);
void ssp_root_sleep(struct ssp_space *space, struct ssp_root *root);
void ssp_root_empty(struct ssp_space *space, struct ssp_root *root);
void ssp_root_flush(struct ssp_space *space, struct ssp_root *root);
void ssp_unlink_global(struct ssp_space *space, struct ssp_table *table);
enum ssp_fence ssp_flush_range(struct ssp_space *space, uint64_t va, uint64_t last);

/* walk_cache.c: the walk to va's leaf tables if it is cached or can be taken up again, or NULL. */
struct ssp_walk *ssp_walk_known(struct ssp_space *space, uint64_t va);
void ssp_walk_remember(struct ssp_space *space, const struct ssp_guest_walk *walk, uint64_t va,
		       struct ssp_table *table);

/* ring_flags.c */
void ssp_ring_caches(struct ssp_space *space);
void ssp_ring_caches_nothing(struct ssp_space *space);

#endif
