/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * index.c - where tables are found: by what they stand for, by age, and among those that may have
 * lost their last link.
 */
#include "internal.h"

/* Tables of one guest often lie side by side. */
static unsigned int bucket_of(uint64_t gfn)
{
	return (gfn ^ gfn >> 10) % TSP_BUCKETS;
}

static void bucket_add(struct tsp *tsp, struct tsp_table *table)
{
	uint32_t *head = &tsp->bucket[bucket_of(table->gfn)], number = tsp_number(tsp, table);

	table->same_hash = *head;
	table->same_hash_prev = TSP_NONE;
	if (*head != TSP_NONE)
		tsp->tables[*head].same_hash_prev = number;
	*head = number;
}

static void bucket_remove(struct tsp *tsp, struct tsp_table *table)
{
	if (table->same_hash_prev == TSP_NONE)
		tsp->bucket[bucket_of(table->gfn)] = table->same_hash;
	else
		tsp->tables[table->same_hash_prev].same_hash = table->same_hash;
	if (table->same_hash != TSP_NONE)
		tsp->tables[table->same_hash].same_hash_prev = table->same_hash_prev;
}

struct tsp_table *tsp_find(const struct tsp *tsp, const struct tsp_key *key)
{
	struct tsp_table *table = tsp_table_at(tsp, tsp->bucket[bucket_of(key->gfn)]);

	while (table &&
	       !(table->gfn == key->gfn && table->level == key->level && table->role == key->role))
		table = tsp_table_at(tsp, table->same_hash);
	return table;
}

struct tsp_table *tsp_next_of(const struct tsp *tsp, uint64_t gfn, const struct tsp_table *table)
{
	struct tsp_table *next =
		tsp_table_at(tsp, table ? table->same_hash : tsp->bucket[bucket_of(gfn)]);

	while (next && (next->gfn != gfn || next->role))
		next = tsp_table_at(tsp, next->same_hash);
	return next;
}

/* -- by age -- */

static void age_add(struct tsp *tsp, struct tsp_table *table)
{
	uint32_t number = tsp_number(tsp, table);

	table->older = tsp->newest;
	table->newer = TSP_NONE;
	if (tsp->newest != TSP_NONE)
		tsp->tables[tsp->newest].newer = number;
	else
		tsp->oldest = number;
	tsp->newest = number;
}

static void age_remove(struct tsp *tsp, struct tsp_table *table)
{
	if (table->older != TSP_NONE)
		tsp->tables[table->older].newer = table->newer;
	else
		tsp->oldest = table->newer;
	if (table->newer != TSP_NONE)
		tsp->tables[table->newer].older = table->older;
	else
		tsp->newest = table->older;
}

void tsp_index_add(struct tsp *tsp, struct tsp_table *table)
{
	bucket_add(tsp, table);
	age_add(tsp, table);
}

void tsp_index_remove(struct tsp *tsp, struct tsp_table *table)
{
	bucket_remove(tsp, table);
	age_remove(tsp, table);
}

/* A fault came through it: it is young, and what was written to it is no flood. */
void tsp_use(struct tsp *tsp, struct tsp_table *table)
{
	table->writes = 0;
	age_remove(tsp, table);
	age_add(tsp, table);
}

/* -- without links -- */

/* A table may have lost its last link: if so at the end of this call, it goes. */
void tsp_doom(struct tsp *tsp, struct tsp_table *table)
{
	if (table->parents != TSP_NONE || !table->live || table->doomed)
		return;
	table->doomed = true;
	table->next_doomed = tsp->doomed;
	tsp->doomed = tsp_number(tsp, table);
}
