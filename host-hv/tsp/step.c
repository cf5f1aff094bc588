/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step.c - leaf tables out of step, until the guest's next fence.
 *
 *	store to a leaf table --> let go: writable, its shadow stays
 *	                             |
 *	fence of pages ------------> their entries are compared, it stays out
 *	other fence, switch to      called back: protected --fences--> all entries compared
 *	another root above it, new link, a table above its level
 *
 * "SFENCE.VMA" of the privileged specification allows it: a hart may go on with what it has cached until it
 * is fenced.  But not with what it cannot have cached.  An entry that is old in the
 * shadow was read for some address space, address and hart; a table that another one is about to
 * reach is therefore called back first.  With one vCPU the owner's address space alone
 * has used the table since it was let go, and comes back to it without that.
 *
 * Non-leaf tables stay in step, so that each path in the shadow is the guest's own.
 */
#include "internal.h"

/* Links looked at on the way up to a root; beyond, it counts as reached. */
#define MAX_LINKS	64

static void list_add(struct tsp *tsp, struct tsp_table *table)
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
	/* Who reads 0 does without the lock, and its fence has to find the entries that were compared. */
	__atomic_store_n(&tsp->out_count, tsp->out_count - 1, __ATOMIC_RELEASE);
	tsp->called_back -= table->step == TSP_CALLED_BACK;
	table->step = TSP_IN_STEP;
}

/* -- letting go -- */

/*
 * The guest stores to the frame at gpa, which is protected; false: it is not a leaf table, or not that alone.
 * With the first one each vCPU's fences become the host's business: none may go on without that.
 */
bool tsp_let_go(struct tsp *tsp, const struct tsp_vcpu *vcpu, uint64_t gpa)
{
	uint64_t gfn = gpa >> PAGE_SHIFT;
	struct tsp_table *table = tsp_next_of(tsp, gfn, NULL);

	if (!tsp->lets_go || !table || table->level || tsp_next_of(tsp, gfn, table))
		return false;
	tsp->remote |= !tsp->out_count;
	table->step = TSP_OUT_OF_STEP;
	table->owner = vcpu->root[vcpu->current].gsatp;
	list_add(tsp, table);
	tsp_release_frame(tsp, table);
	tsp->let_go++;
	return true;
}

/* -- calling back -- */

/* Only what is there is compared: the rest is what no walk has found yet. */
static void compare(struct tsp *tsp, struct tsp_table *table)
{
	const uint64_t *entries = tsp_entries(tsp, table);

	for (uint64_t groups = table->occupied; groups; groups &= groups - 1) {
		unsigned int first = lowest_bit(groups) << GROUP_SHIFT;

		for (unsigned int i = first; i < first + GROUP_SIZE; i++)
			if (entries[i])
				tsp_entry_sync(tsp, table, i);
	}
	tsp_forget_step(tsp, table);
}

/* What the call before this one owed has been done: nobody stores to them any more. */
void tsp_compare(struct tsp *tsp)
{
	uint32_t next;

	for (uint32_t n = tsp->out; n != TSP_NONE; n = next) {
		next = tsp->tables[n].next_out;
		if (tsp->tables[n].step == TSP_CALLED_BACK)
			compare(tsp, &tsp->tables[n]);
	}
}

/* With one vCPU, which does not run, nobody can store to it meanwhile. */
void tsp_call_back(struct tsp *tsp, struct tsp_table *table)
{
	tsp_protect_frame(tsp, table);
	table->step = TSP_CALLED_BACK;
	tsp->called_back++;
	if (!tsp_is_shared(tsp))
		compare(tsp, table);
}

/* -- when -- */

/* Does a path lead from the root down to the table?  Levels end the recursion, `links` its breadth. */
static bool is_below(const struct tsp *tsp, const struct tsp_table *table, const struct tsp_table *root,
		     unsigned int *links)
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

/* The first one from n on that is out of step, below top or the same, and was not let go by `except`. */
static uint32_t find_below(const struct tsp *tsp, uint32_t n, const struct tsp_table *top, uint64_t except)
{
	for (; n != TSP_NONE; n = tsp->tables[n].next_out) {
		const struct tsp_table *table = &tsp->tables[n];
		unsigned int links = MAX_LINKS;

		if (table->step == TSP_OUT_OF_STEP && (tsp_is_shared(tsp) || table->owner != except) &&
		    is_below(tsp, table, top, &links))
			break;
	}
	return n;
}

/* Something is about to reach top that has not since they were let go, unless it is the only vCPU with this satp. */
void tsp_call_back_below(struct tsp *tsp, const struct tsp_table *top, uint64_t except)
{
	uint32_t next;

	for (uint32_t n = find_below(tsp, tsp->out, top, except); n != TSP_NONE; n = next) {
		next = find_below(tsp, tsp->tables[n].next_out, top, except);
		tsp_call_back(tsp, &tsp->tables[n]);
	}
}

bool tsp_has_out_below(const struct tsp *tsp, const struct tsp_table *top)
{
	return find_below(tsp, tsp->out, top, TSP_NO_GSATP) != TSP_NONE;
}

/* What an address space has not used since holds nothing old for it. */
static bool concerns(const struct tsp *tsp, const struct tsp_table *table, uint64_t asid)
{
	return asid == TSP_ALL_ASIDS || tsp_is_shared(tsp) || satp_asid(table->owner) == asid;
}

static void fence_pages(struct tsp *tsp, struct tsp_table *table, uint64_t va, uint64_t pages)
{
	for (; pages; pages--, va += PAGE_SIZE)
		tsp_entry_sync(tsp, table, pte_index(va, 0));
}

struct tsp_result tsp_fence(struct tsp *tsp, uint64_t va, uint64_t pages, uint64_t asid)
{
	uint32_t next;

	tsp_begin(tsp);
	for (uint32_t n = tsp->out; n != TSP_NONE; n = next) {
		struct tsp_table *table = &tsp->tables[n];

		next = table->next_out;
		if (!concerns(tsp, table, asid))
			continue;
		if (pages)
			fence_pages(tsp, table, va, pages);
		else
			tsp_call_back(tsp, table);
	}
	return tsp_end(tsp, tsp_waits(tsp) ? TSP_AGAIN : TSP_REPEAT);
}
