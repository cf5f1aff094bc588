/* SPDX-License-Identifier: BSD-2-Clause */
/* recycle.c - when tables run out, all of one root become free. */
#include "internal.h"

/* Whose tables go: the least recently used root's, our own, the global tree's. */
static struct ssp_root *choose_victim(struct ssp_space *space)
{
	struct ssp_root *victim = NULL;

	for (unsigned int i = SSP_GLOBAL + 1; i < SSP_ROOTS; i++) {
		struct ssp_root *root = &space->roots[i];

		if (root == space->current || root->tables <= 1)
			continue;
		if (!victim || root->last_use < victim->last_use)
			victim = root;
	}
	if (!victim && space->current && space->current->tables > 1)
		victim = space->current;
	return victim ? victim : &space->roots[SSP_GLOBAL];
}

/* All tables of a root but its top one become free, whatever their number. */
static void recycle(struct ssp_space *space, struct ssp_root *victim)
{
	uint32_t count = victim->tables - 1;

	if (space->free_count < space->free_least)
		space->free_least = space->free_count;
	ssp_root_empty(space, victim);
	ssp_tables_join(space, &space->free, &victim->spare);
	victim->tables = 1;
	space->free_count += count;
	space->tables_recycled += count;
}

/*
 * Reserve before the first write: afterwards `wanted` allocations cannot fail.
 * SSP_MIN_TABLES exceeds all top tables by more than that, so somebody has them.
 */
enum ssp_fence ssp_tables_reserve(struct ssp_space *space, uint32_t wanted)
{
	enum ssp_fence fence = SSP_FENCE_NONE;

	while (space->free_count < wanted) {
		struct ssp_root *victim = choose_victim(space);

		if (victim == &space->roots[SSP_GLOBAL])
			ssp_drop_all(space); /* every root may link its tables */
		recycle(space, victim);
		fence = SSP_FENCE_ALL;
	}
	return fence;
}
