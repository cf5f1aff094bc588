/* SPDX-License-Identifier: BSD-2-Clause */
/* out.c - which leaf tables are out of step, and where the shadow can reach them: see step.c. */
#include "internal.h"

/* Links looked at on the way up to a root; beyond, it counts as reached. */
#define MAX_LINKS 64

void tsp_add_out(struct tsp *tsp, struct tsp_table *table)
{
	table->next_out = tsp->out;
	table->prev_out = TSP_NONE;
	if (tsp->out != TSP_NONE)
		tsp->tables[tsp->out].prev_out = tsp_number(tsp, table);
	tsp->out = tsp_number(tsp, table);
	/* Read by vCPUs that are about to run, without the lock. */
	__atomic_store_n(&tsp->out_count, tsp->out_count + 1, __ATOMIC_RELAXED);
}

/* It is in step again, or no table any more. */
void tsp_forget_step(struct tsp *tsp, struct tsp_table *table)
{
	if (table->prev_out == TSP_NONE)
		tsp->out = table->next_out;
	else
		tsp->tables[table->prev_out].next_out = table->next_out;
	if (table->next_out != TSP_NONE)
		tsp->tables[table->next_out].prev_out = table->prev_out;
	/*
	 * Who reads 0 does without the lock, and its fence has to find the entries that were
	 * compared.
	 */
	__atomic_store_n(&tsp->out_count, tsp->out_count - 1, __ATOMIC_RELEASE);
	tsp->called_back -= table->step == TSP_CALLED_BACK;
	table->step = TSP_IN_STEP;
}

/*
 * Does a path lead from the root down to the table?  Levels end the recursion, `links` its breadth.
 */
static bool is_below(const struct tsp *tsp, const struct tsp_table *table,
		     const struct tsp_table *root, unsigned int *links)
{
	if (table == root)
		return true;
	for (uint32_t node = table->parents; node != TSP_NONE; node = tsp->nodes[node].next) {
		if (!*links)
			return true;
		--*links;
		if (is_below(tsp, &tsp->tables[node / PTES_PER_TABLE], root, links))
			return true;
	}
	return false;
}

/*
 * The first one from n on that is out of step, below top or the same, and was not let go by
 * `except`.
 */
uint32_t tsp_find_out_below(const struct tsp *tsp, uint32_t n, const struct tsp_table *top,
			    uint64_t except)
{
	for (; n != TSP_NONE; n = tsp->tables[n].next_out) {
		const struct tsp_table *table = &tsp->tables[n];
		unsigned int links = MAX_LINKS;

		if (table->step == TSP_OUT_OF_STEP &&
		    (tsp_is_shared(tsp) || table->owner != except) &&
		    is_below(tsp, table, top, &links))
			break;
	}
	return n;
}

bool tsp_has_out_below(const struct tsp *tsp, const struct tsp_table *top)
{
	return tsp_find_out_below(tsp, tsp->out, top, TSP_NO_GSATP) != TSP_NONE;
}
