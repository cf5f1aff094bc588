/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recycling.c - where tables run out (ssp/recycle.c): who loses them is left with an empty top table,
 * no hart finds a way to a table that is free, and nothing else has changed.  So the invariants I1 to
 * I8, which the state before has, hold afterwards.
 *
 * Sizes: those of tree.h: tables of 8 entries, two levels, two roots and the global tree, six tables,
 * of which all count as filled and each link has a fixed place.
 */
#define ALL_LISTED
#define LINK_AT(root) (2 + 2 * (root))
#include "tree.h"

#include "recycle.c"

#include "check.c"

/*
 * The checker of the unit tests takes the state that the harnesses of these trees begin with: by random
 * values alone, since its recursion is too much for CBMC.
 */
void prove_begin(void)
{
	any_space();
	PROVE(!ssp_check(&space), "a tree that breaks an invariant");
}

/* A root that has given its table away already, to nobody. */
static void take_table(unsigned int root)
{
	ssp_root_empty(&space, &space.roots[root]);
	space.roots[root].spare = SSP_NONE;
	space.roots[root].tables = 1;
}

static bool leads_to_table(unsigned int from, unsigned int to)
{
	uint64_t entry = pool[from][any_below(PTES_PER_TABLE)];

	return is_link(entry) && pte_address(entry) == table_at(to);
}

static void prove_recycled(unsigned int n)
{
	const struct ssp_root *root = &space.roots[n];

	PROVE(space.free_count == 1 && space.free == leaves_of(n) &&
		      tables[leaves_of(n)].next == leaves_of(n) &&
		      tables[leaves_of(n)].prev == leaves_of(n),
	      "the ring of free tables is another (I4)");
	PROVE(root->tables == 1 && root->spare == SSP_NONE &&
		      tables[top_of(n)].children == SSP_NONE,
	      "a table has two places (I2, I4)");
	PROVE(!pool[top_of(n)][any_below(PTES_PER_TABLE)],
	      "the top table is not empty (I1, I3, I8)");
	PROVE(!tables[top_of(n)].occupied, "a group that is empty counts as occupied");
	PROVE(root->filled == SSP_NONE && !root->filled_count, "a free table is listed (I6)");
}

static void prove_untouched(unsigned int but)
{
	unsigned int table = any_below(TABLES), index = any_below(PTES_PER_TABLE);

	PROVE(table / 2 == but || pool[table][index] == before[table][index],
	      "a table of another root has changed");
}

/* The root that does not run is the first to give. */
void prove_recycle(void)
{
	uint64_t walks;
	enum ssp_fence fence;

	any_space();
	note();
	walks = space.roots[2].walk_generation;
	fence = ssp_tables_reserve(&space, 1);
	PROVE(fence == SSP_FENCE_ALL, "a hart may still walk the table");
	prove_recycled(2);
	prove_untouched(2);
	PROVE(space.roots[2].walk_generation != walks, "a walk to a free table is cached (I7)");
	PROVE(space.roots[2].tree_generation != 1, "a walk to a free table can be taken up (I7)");
}

/* Then the one that runs, ... */
void prove_recycle_own(void)
{
	uint64_t walks;
	enum ssp_fence fence;

	any_space();
	take_table(2);
	note();
	walks = space.roots[1].walk_generation;
	fence = ssp_tables_reserve(&space, 1);
	PROVE(fence == SSP_FENCE_ALL, "a hart may still walk the table");
	prove_recycled(1);
	prove_untouched(1);
	PROVE(space.roots[1].walk_generation != walks, "a walk to a free table is cached (I7)");
	PROVE(space.roots[1].tree_generation != 1, "a walk to a free table can be taken up (I7)");
}

/* ... and last the global tree, which other roots may link. */
void prove_recycle_global(void)
{
	enum ssp_fence fence;

	any_space();
	take_table(2);
	take_table(1);
	any_global_link(1);
	tables[top_of(1)].occupied = 1;
	any_global_link(2);
	tables[top_of(2)].occupied = 1;
	fence = ssp_tables_reserve(&space, 1);
	PROVE(fence == SSP_FENCE_ALL, "a hart may still walk the table");
	prove_recycled(SSP_GLOBAL);
	PROVE(!leads_to_table(top_of(1), leaves_of(SSP_GLOBAL)), "a table that is free is linked");
	ssp_root_enter(&space, &space.roots[2]);
	PROVE(!leads_to_table(top_of(2), leaves_of(SSP_GLOBAL)),
	      "another root links it when it runs");
}
