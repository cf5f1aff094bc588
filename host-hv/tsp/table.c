/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c - the life of shadow tables.
 *
 *	free --create--> live --zap--> limbo --fences, next call--> free
 *
 * A zapped table is empty and linked by nobody, but a hart may have cached a
 * link to it.  It waits in limbo until the fences that the call owes have been
 * made; so a table is not reused while a walker could reach it.
 */
#include "internal.h"

#define ZAP_AT_ONCE 16 /* when tables run out */

/* -- making -- */

/* A page for the first time: what it held before does not matter. */
static struct tsp_table *alloc_fresh(struct tsp *tsp)
{
	struct tsp_table *table = &tsp->tables[tsp->fresh++];
	uint64_t *entries = tsp_entries(tsp, table);

	for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
		entries[i] = 0;
	return table;
}

static struct tsp_table *alloc_page(struct tsp *tsp)
{
	struct tsp_table *table;

	tsp->free_count--;
	if (tsp->free == TSP_NONE)
		return alloc_fresh(tsp);
	table = &tsp->tables[tsp->free];
	tsp->free = table->newer;
	return table;
}

/* The pieces of a superpage come all at once: each alone would cost a fault. */
static void fill_direct(struct tsp *tsp, struct tsp_table *table)
{
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
		uint64_t leaf = tsp_wanted(tsp, table, i).leaf;

		if (leaf)
			tsp_entry_put(tsp, table, i, leaf);
	}
}

/*
 * Of several tables of a frame none may be out of step: stores to the others are followed in all.
 */
static void protect(struct tsp *tsp, const struct tsp_table *table)
{
	struct tsp_key leaf = { table->gfn, 0, 0 };
	struct tsp_table *other = tsp_find(tsp, &leaf);

	tsp_protect(tsp, table);
	if (other && other->step == TSP_OUT_OF_STEP)
		tsp_call_back(tsp, other);
}

/*
 * An empty table that nothing links yet.  tsp_reserve() made sure that this
 * cannot fail.  From the fence on that protecting it owes, its guest table
 * cannot change unseen.
 */
struct tsp_table *tsp_create(struct tsp *tsp, const struct tsp_key *key)
{
	struct tsp_table *table = alloc_page(tsp);

	*table = (struct tsp_table){
		.gfn = key->gfn,
		.level = key->level,
		.role = key->role,
		.parents = TSP_NONE,
		.live = true,
	};
	tsp_index_add(tsp, table);
	tsp->created++;
	if (!key->role)
		protect(tsp, table);
	else if (!key->level)
		fill_direct(tsp, table);
	return table;
}

struct tsp_table *tsp_find_or_create(struct tsp *tsp, const struct tsp_key *key)
{
	struct tsp_table *table = tsp_find(tsp, key);

	return table ? table : tsp_create(tsp, key);
}

/* -- zapping -- */

static void clear_entries(struct tsp *tsp, struct tsp_table *table)
{
	for (uint64_t groups = table->occupied; groups; groups &= groups - 1) {
		unsigned int first = lowest_bit(groups) << GROUP_SHIFT;

		for (unsigned int i = first; i < first + GROUP_SIZE; i++)
			tsp_entry_clear(tsp, table, i);
	}
	table->occupied = 0;
}

static void clear_parents(struct tsp *tsp, struct tsp_table *table)
{
	while (table->parents != TSP_NONE)
		tsp_entry_clear(tsp, &tsp->tables[table->parents / PTES_PER_TABLE],
				table->parents % PTES_PER_TABLE);
}

/*
 * Empty a table, unlink it and let go of its guest table; it must not be loaded.
 * What is to be fenced are its links, and those to it.
 */
void tsp_zap(struct tsp *tsp, struct tsp_table *table)
{
	table->live = false;
	clear_entries(tsp, table);
	clear_parents(tsp, table);
	tsp_index_remove(tsp, table);
	tsp_forget_root(tsp, table);
	if (!table->role)
		tsp_release(tsp, table);
	if (table->step != TSP_IN_STEP)
		tsp_forget_step(tsp, table);
	table->newer = tsp->limbo;
	tsp->limbo = tsp_number(tsp, table);
	tsp->zapped++;
}

/* Zapping dooms children, levels further down: the list takes the place of recursion. */
static void zap_doomed(struct tsp *tsp)
{
	while (tsp->doomed != TSP_NONE) {
		struct tsp_table *table = &tsp->tables[tsp->doomed];

		tsp->doomed = table->next_doomed;
		table->doomed = false;
		if (table->live && table->parents == TSP_NONE && !table->loaded)
			tsp_zap(tsp, table);
	}
}

static void free_zapped(struct tsp *tsp)
{
	while (tsp->limbo != TSP_NONE) {
		struct tsp_table *table = &tsp->tables[tsp->limbo];

		tsp->limbo = table->newer;
		table->newer = tsp->free;
		tsp->free = tsp_number(tsp, table);
		if (tsp->free_count < tsp->free_least)
			tsp->free_least = tsp->free_count;
		tsp->free_count++;
	}
}

static void zap_oldest(struct tsp *tsp)
{
	struct tsp_table *table = tsp_table_at(tsp, tsp->oldest);
	uint64_t zapped = tsp->zapped;

	for (unsigned int n = 0; table && n < ZAP_AT_ONCE;) {
		struct tsp_table *newer = tsp_table_at(tsp, table->newer);

		if (!table->loaded) {
			tsp_zap(tsp, table);
			n++;
		}
		table = newer;
	}
	zap_doomed(tsp);
	tsp->recycled += tsp->zapped - zapped;
}

/*
 * Reserve before the first write: afterwards `wanted` tables can be made.
 * False: they can in the next call, once what this one owes is done.
 */
bool tsp_reserve(struct tsp *tsp, uint32_t wanted)
{
	if (tsp->free_count >= wanted)
		return true;
	zap_oldest(tsp);
	if (tsp_is_shared(tsp))
		return false;
	free_zapped(tsp);
	return true;
}

/* -- around each call -- */

/* What the call before this one owed has been done. */
void tsp_begin(struct tsp *tsp)
{
	free_zapped(tsp);
	if (tsp_waits(tsp))
		tsp_compare(tsp);
}

struct tsp_result tsp_end(struct tsp *tsp, enum tsp_verdict verdict)
{
	struct tsp_result result = { .verdict = verdict };

	zap_doomed(tsp);
	result.fence = tsp->fence;
	result.remote = tsp->remote && tsp_is_shared(tsp);
	tsp->fence = SSP_FENCE_NONE;
	tsp->remote = false;
	return result;
}
