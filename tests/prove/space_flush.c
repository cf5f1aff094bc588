/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space_flush.c - completeness of the fences of an ASID and of everything (ssp/flush.c): no leaf that
 * a hart can reach is left, nor comes back when a table that was put to sleep is used again.
 *
 * Sizes: those of tree.h: tables of 8 entries, two levels, two roots and the global tree, six tables,
 * of which all count as filled and each link has a fixed place.  SSP_EAGER_TABLES is 1, so that all of
 * a root goes to sleep, or 2, so that its tables are cleared.
 */
#define ALL_LISTED
#define LINK_AT(root)   (2 + 2 * (root))
/* A link that is there needs no other table. */
#define ssp_table_alloc table_alloc_as_it_is
#include "tree.h"
#undef ssp_table_alloc

struct ssp_table *ssp_table_alloc(struct ssp_space *all, struct ssp_root *owner, int level)
{
	(void)owner;
	(void)level;
	PROVE(false, "a table is hung where there is one");
	return all->tables;
}

#include "fault.c"

static uint64_t own_leaf(unsigned int root, uint64_t va)
{
	uint64_t leaf = hart_walk(&space.roots[root], va);

	return leaf & PTE_G ? 0 : leaf;
}

/* The root that runs. */
void prove_flush_asid(void)
{
	enum ssp_fence fence;

	any_space();
	space.roots[2].gsatp = ~space.roots[1].gsatp;
	fence = ssp_flush_asid(&space, satp_asid(space.roots[1].gsatp));
	PROVE(fence >= SSP_FENCE_ASID, "the hart keeps what it has cached");
	PROVE(!own_leaf(1, any()), "a page is still mapped");
}

/* One that does not: by the time that it runs. */
void prove_flush_asid_of_other(void)
{
	any_space();
	space.roots[1].gsatp = ~space.roots[2].gsatp;
	ssp_flush_asid(&space, satp_asid(space.roots[2].gsatp));
	PROVE(!space.roots[2].asid_generation, "the hart may have pages cached for it");
	ssp_root_enter(&space, &space.roots[2]);
	PROVE(!own_leaf(2, any()), "a page is still mapped");
}

void prove_flush_all(void)
{
	enum ssp_fence fence;

	any_space();
	fence = ssp_flush_all(&space);
	PROVE(fence == SSP_FENCE_ALL, "the hart keeps what it has cached");
	PROVE(!hart_walk(&space.roots[1], any()), "a page is still mapped");
	PROVE(!hart_walk(&space.roots[SSP_GLOBAL], any()), "a global page is still mapped");
}

void prove_flush_all_of_other(void)
{
	any_space();
	ssp_flush_all(&space);
	ssp_root_enter(&space, &space.roots[2]);
	PROVE(!space.roots[2].asid_generation, "the hart may have pages cached for it");
	PROVE(!hart_walk(&space.roots[2], any()), "a page is still mapped");
}

/* A fill that comes by a link that sleeps, or to another table of the guest: nothing old is below. */
static void prove_wake_in(unsigned int root)
{
	struct ssp_guest_walk walk = { .level = any_bool(), .link_hpa = { PAGE_SIZE } };
	unsigned int index;
	enum ssp_fence fence = SSP_FENCE_NONE;
	struct ssp_table *child;
	uint64_t ident, entry, tag;

	walk.table[0] = walk.pte = any();
	ident = child_ident(&walk, 1);
	any_space();
	index = tables[leaves_of(root)].index;
	entry = pool[top_of(root)][index];
	tag = space.roots[1].walk_generation;
	ASSUME(is_own_link(entry) && (!(entry & PTE_V) || tables[leaves_of(root)].ident != ident));
	child = own_child(&space, &tables[top_of(root)], index, &walk, &fence);
	PROVE(child == &tables[leaves_of(root)] && child->ident == ident, "another table");
	PROVE(!pool[leaves_of(root)][any_below(PTES_PER_TABLE)], "an old leaf comes back");
	PROVE(fence == (root == SSP_GLOBAL ? SSP_FENCE_ALL : SSP_FENCE_ASID),
	      "the hart keeps the link");
	PROVE(!(entry & PTE_V) || space.roots[1].walk_generation != tag,
	      "a walk that was cached goes by the link");
}

void prove_wake(void)
{
	prove_wake_in(1);
}

void prove_wake_global(void)
{
	prove_wake_in(SSP_GLOBAL);
}

/* The table above sleeps, and is used again: its links stay dormant, and a large page that stays is inside the slot. */
static void prove_read_anew_in(unsigned int root)
{
	const struct ssp_table *table = &tables[top_of(root)];
	unsigned int index = any_below(PTES_PER_TABLE);
	uint64_t base = any_below(1ull << 20), pages = any_below(1ull << 20), old, now;

	any_space();
	space.ram_base = pte_make(any_below(1ull << 20) << PAGE_SHIFT, 0);
	space.ram_hpa = pte_make(base << PAGE_SHIFT, 0);
	space.ram_size = pte_make(pages << PAGE_SHIFT, 0);
	space.roots[root].filled_generation++;
	old = pool[top_of(root)][index];
	ssp_table_read_anew(&space, &tables[top_of(root)], 0);
	now = pool[top_of(root)][index];
	if (is_own_link(old))
		PROVE(now == (old & ~PTE_V), "a link is awake, or lost");
	else
		PROVE(!now || now == old, "another leaf");
	if (!pte_is_leaf(now))
		return;
	PROVE((pte_address(now) >> PAGE_SHIFT) - base <= pages - PTES_PER_TABLE &&
		      pages >= PTES_PER_TABLE,
	      "I1: a leaf outside the slots");
	PROVE(table->occupied & 1, "I5: an entry in a group that counts as empty");
	PROVE(table->filled_generation == space.roots[root].filled_generation,
	      "I6: a table with leaves is not on the filled list");
}

void prove_read_anew(void)
{
	prove_read_anew_in(1);
}

void prove_read_anew_global(void)
{
	prove_read_anew_in(SSP_GLOBAL);
}
