/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.h - a shadow of two address spaces and the global tree, with anything in it that the
 * invariants allow, as the state in which a harness begins.
 *
 *	top of the global tree --> leaf table         tables 0, 1
 *	top of root 1, which runs --> leaf table             2, 3
 *	      `--> the global tree's, perhaps
 *	top of root 2 --> leaf table                         4, 5
 *
 * Each link stands anywhere, valid or dormant; beside it are leaves of any kind.
 */
#ifndef PROVE_TREE_H
#define PROVE_TREE_H

#define SSP_SIZES_H
#define PTE_INDEX_BITS   3
#define SV39_LEVELS      2
#define SSP_ROOTS        3
#define SSP_ASID_BUCKETS 1
#define SSP_LOG_SIZE     2
#define SSP_WALK_CACHE   1
#define SSP_MAX_SLOTS    1
#ifndef SSP_EAGER_TABLES
#define SSP_EAGER_TABLES 1
#endif
#define SSP_MIN_TABLES 5
#include "prove.h"

#include "flush.c"
#include "table.c"

#define POOL   0x100000ull
#define TABLES 6

static struct ssp_space space;
static struct ssp_table tables[TABLES];
static uint64_t pool[TABLES][PTES_PER_TABLE];

uint64_t *ssp_port_table(uint64_t hpa)
{
	return pool[(hpa - POOL) >> PAGE_SHIFT];
}

uint64_t ssp_port_load(uint64_t hpa)
{
	(void)hpa;
	return any();
}

void ssp_ring_caches_nothing(struct ssp_space *all)
{
	(void)all;
}

/* A root's tables, and where the upper one links the lower one. */
static unsigned int top_of(unsigned int root)
{
	return 2 * root;
}

static unsigned int leaves_of(unsigned int root)
{
	return 2 * root + 1;
}

static uint64_t table_at(unsigned int n)
{
	return POOL + n * PAGE_SIZE;
}

static uint64_t any_leaf(unsigned int root)
{
	uint64_t leaf = PTE_V | PTE_R | PTE_A | PTE_D | (root == SSP_GLOBAL ? PTE_G : 0);

	return any_bool() ? 0 : leaf | (any_below(1ull << 20) << PTE_PPN_SHIFT);
}

/* Returns whether a leaf is in it. */
static bool any_leaves(unsigned int root, unsigned int number)
{
	bool any_there = false;

	for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
		pool[number][i] = any_leaf(root);
		any_there |= pool[number][i] != 0;
	}
	return any_there;
}

/*
 * On the filled list if it has leaves that a hart may reach (I6), or otherwise perhaps; with
 * ALL_LISTED always, so that CBMC knows the list.
 */
#ifdef ALL_LISTED
#define MAY_BE_LEFT_OUT false
#else
#define MAY_BE_LEFT_OUT any_bool()
#endif

static void any_listing(unsigned int number, bool must)
{
	struct ssp_root *root = &space.roots[number / 2];

	tables[number].filled_generation = 0;
	if (!must && MAY_BE_LEFT_OUT)
		return;
	tables[number].filled_generation = root->filled_generation;
	tables[number].next_filled = root->filled;
	root->filled = number;
	root->filled_count++;
}

/* Where a root's top table links the lower one: anywhere, unless the harness says it. */
#ifndef LINK_AT
#define LINK_AT(root) any_below(PTES_PER_TABLE)
#endif

static void any_tree(unsigned int n)
{
	struct ssp_root *root = &space.roots[n];
	struct ssp_table *top = &tables[top_of(n)], *child = &tables[leaves_of(n)];
	unsigned int index = LINK_AT(n);
	bool awake = any_bool(), split = any_bool(), leaves_above, leaves_below;

	*root = (struct ssp_root){
		.walk_generation = 1ull << SSP_WALK_VA_BITS,
		.tree_generation = 1,
		.global_generation = 1,
		.gsatp = satp_make(SATP_SV39, any() & SATP_ASID_MASK, 0),
		.filled_generation = 1,
		.filled = SSP_NONE,
		.spare = SSP_NONE,
		.tables = 2,
		.top = top_of(n),
		.mode = SATP_SV39,
		.asid_generation = 1,
	};
	leaves_above = any_leaves(n, top_of(n));
	leaves_below = any_leaves(n, leaves_of(n));
	*top = (struct ssp_table){ .level = 1, .owner = n, .children = leaves_of(n), .occupied = 1 };
	*child = (struct ssp_table){ .owner = n,
				     .children = SSP_NONE,
				     .parent = top_of(n),
				     .index = index,
				     .next = leaves_of(n),
				     .prev = leaves_of(n),
				     .occupied = leaves_below || any_bool(),
				     .ident = split ? SSP_IDENT_SPLIT : 0 };
	pool[top_of(n)][index] = pte_make(table_at(leaves_of(n)), LINK_OWN | (awake ? PTE_V : 0));
	any_listing(top_of(n), leaves_above);
	any_listing(leaves_of(n), awake && leaves_below);
}

/* Links to the global tree's table, where that has it itself (I3). */
static void any_global_link(unsigned int n)
{
	unsigned int index = tables[leaves_of(SSP_GLOBAL)].index;
	uint64_t link = pool[top_of(SSP_GLOBAL)][index];

	if ((link & PTE_V) && tables[leaves_of(n)].index != index && any_bool())
		pool[top_of(n)][index] = link & ~LINK_OWN;
}

static void any_space(void)
{
	space.pool_hpa = POOL;
	space.tables = tables;
	space.table_count = space.fresh = TABLES;
	space.free_count = 0;
	space.free = SSP_NONE;
	space.log_head = 100;
	space.slot_count = 1;
	space.slots[0] = (struct ssp_slot){ 0, 1ull << 33, 0, PTE_RWX };
	space.ring.hpa = 0;
	for (unsigned int n = 0; n < SSP_ROOTS; n++)
		any_tree(n);
	for (unsigned int n = 1; n < SSP_ROOTS; n++) {
		any_global_link(n);
		space.roots[n].log_position = space.log_head;
	}
	space.global_top = pool[top_of(SSP_GLOBAL)];
	space.global_shift = PAGE_SHIFT + PTE_INDEX_BITS;
	space.asid_bucket[0] = 1;
	space.roots[1].next_asid = 2;
	space.roots[2].next_asid = SSP_GLOBAL;
	space.current = &space.roots[1];
}

/* The entries as they were before. */
static uint64_t before[TABLES][PTES_PER_TABLE];

static void note(void)
{
	for (unsigned int n = 0; n < TABLES; n++)
		for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
			before[n][i] = pool[n][i];
}

/* What a hart finds for an address, which does not use what the engine does: a leaf or 0. */
static uint64_t hart_walk(const struct ssp_root *root, uint64_t va)
{
	uint64_t entry = pool[root->top][va >> (12 + PTE_INDEX_BITS) & (PTES_PER_TABLE - 1)];

	if ((entry & PTE_V) && !(entry & PTE_RWX))
		entry = pool[(pte_address(entry) - POOL) >> 12][va >> 12 & (PTES_PER_TABLE - 1)];
	return entry & PTE_V ? entry : 0;
}

#endif
