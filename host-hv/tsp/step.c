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
 * "SFENCE.VMA" of the privileged specification allows it: a hart may go on with what it has cached
 * until it is fenced.  But not with what it cannot have cached.  An entry that is old in the shadow
 * was read for some address space, address and hart; a table that another one is about to reach is
 * therefore called back first.  With one vCPU the owner's address space alone has used the table
 * since it was let go, and comes back to it without that.
 *
 * Non-leaf tables stay in step, so that each path in the shadow is the guest's own.
 */
#include "internal.h"

/* -- letting go -- */

/*
 * The guest stores to the frame at gpa, which is protected; false: it is not a leaf table, or not
 * that alone. With the first one each vCPU's fences become the host's business: none may go on
 * without that.
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
	tsp_add_out(tsp, table);
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

/*
 * Something is about to reach top that has not since they were let go, unless it is the only vCPU
 * with this satp.
 */
void tsp_call_back_below(struct tsp *tsp, const struct tsp_table *top, uint64_t except)
{
	uint32_t next;

	for (uint32_t n = tsp_find_out_below(tsp, tsp->out, top, except); n != TSP_NONE; n = next) {
		next = tsp_find_out_below(tsp, tsp->tables[n].next_out, top, except);
		tsp_call_back(tsp, &tsp->tables[n]);
	}
}
