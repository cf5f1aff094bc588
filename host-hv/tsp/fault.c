/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c - a page fault of the guest: whose is it, and filling the shadow.
 *
 *	guest walk --> true fault, access fault, outside: the caller's business
 *	     |
 *	reserve tables --> find or make those of the path --> link them --> leaf
 *	                        |                                            |
 *	                   AGAIN: others could still write them         PT_WRITE
 *
 * Tables of the path are protected before anything is taken from them into the
 * shadow.  With several vCPUs that needs their fences in between.
 */
#include "internal.h"

/* The shadow tables of a guest path, by level, and what the guest says at its end. */
struct path {
	struct tsp_table *table[MAX_LEVELS];
	int leaf; /* level of the last one */
	struct tsp_want want;
};

static struct tsp_table *root_table(struct tsp *tsp, const struct tsp_vcpu *vcpu)
{
	return &tsp->tables[vcpu->root[vcpu->current].table];
}

/* Tables that are out of step may show at their old places what they must not at new ones. */
static struct tsp_table *find_child(struct tsp *tsp, const struct path *path, uint64_t va)
{
	struct tsp_table *child = tsp_find_or_create(tsp, &path->want.key);

	if (tsp->out_count &&
	    tsp_entries(tsp, path->table[path->leaf])[pte_index(va, path->leaf)] !=
		    tsp_link(tsp, child))
		tsp_call_back_below(tsp, child, TSP_NO_GSATP);
	return child;
}

/* False: one of them has only just been protected. */
static bool find_path(struct tsp *tsp, struct tsp_table *table, uint64_t va, struct path *path)
{
	uint64_t created = tsp->created;

	for (;;) {
		path->leaf = table->level;
		path->table[path->leaf] = table;
		path->want = tsp_wanted(tsp, table, pte_index(va, path->leaf));
		if (!path->want.child)
			return !tsp_is_shared(tsp) || (tsp->created == created && !tsp_waits(tsp));
		table = find_child(tsp, path, va);
		tsp_use(tsp, table);
	}
}

static void link_path(struct tsp *tsp, const struct path *path, uint64_t va, int top)
{
	for (int level = top; level > path->leaf; level--) {
		struct tsp_table *table = path->table[level];
		unsigned int index = pte_index(va, level);
		uint64_t link = tsp_link(tsp, path->table[level - 1]);

		if (tsp_entries(tsp, table)[index] == link)
			continue;
		tsp_entry_clear(tsp, table, index);
		tsp_entry_put(tsp, table, index, link);
		/*
		 * The hart may have cached that there was none.  It would fault again, and be
		 * fenced in full then (fill()): this saves the fault.
		 */
		tsp_owe(tsp, SSP_FENCE_ASID);
	}
}

/* Write the leaf; false: it was there already. */
static bool put_leaf(struct tsp *tsp, const struct path *path, uint64_t va)
{
	struct tsp_table *table = path->table[path->leaf];
	unsigned int index = pte_index(va, path->leaf);
	uint64_t old = tsp_entries(tsp, table)[index];

	if (old == path->want.leaf)
		return false;
	tsp_entry_clear(tsp, table, index);
	if (path->want.leaf)
		tsp_entry_put(tsp, table, index, path->want.leaf);
	if (old || tsp->fence_after_fill)
		tsp_owe(tsp, SSP_FENCE_PAGE);
	return true;
}

/*
 * Neighbours in a group of 8: what the guest has there already.  A hart that
 * remembers their absence faults again, and that is fenced.
 */
static void fill_around(struct tsp *tsp, struct tsp_table *table, uint64_t va)
{
	unsigned int first = pte_index(va, 0) & ~(GROUP_SIZE - 1);

	for (unsigned int i = first; i < first + GROUP_SIZE; i++) {
		struct tsp_want want;

		if (tsp_entries(tsp, table)[i])
			continue;
		want = tsp_wanted(tsp, table, i);
		if (want.leaf)
			tsp_entry_put(tsp, table, i, want.leaf);
	}
}

/*
 * Whatever the fault was for, let the table at gpa go; the hart has cached that it was protected.
 */
static bool let_go(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t va, uint64_t gpa,
		   struct path *path)
{
	if (!tsp_let_go(tsp, vcpu, gpa))
		return false;
	path->want = tsp_wanted(tsp, path->table[path->leaf], pte_index(va, path->leaf));
	if (!put_leaf(tsp, path, va))
		tsp_owe(tsp, SSP_FENCE_PAGE);
	return true;
}

static enum tsp_verdict fill(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t va, uint64_t gpa,
			     enum ssp_access access)
{
	struct tsp_table *top = root_table(tsp, vcpu);
	struct path path;
	bool written, to_table;

	tsp_use(tsp, top);
	if (!find_path(tsp, top, va, &path))
		return TSP_AGAIN;
	link_path(tsp, &path, va, top->level);
	/*
	 * The guest allows the store: a table's protection has taken W away; or
	 * another vCPU has changed the entry since, where the leaf table is out of step.
	 */
	to_table =
		access == SSP_STORE && !(path.want.leaf & PTE_W) && tsp_region(tsp, gpa, 0)->tables;
	if (to_table && let_go(tsp, vcpu, va, gpa, &path))
		return TSP_LET_GO;
	written = put_leaf(tsp, &path, va);
	if (to_table)
		return TSP_PT_WRITE;
	/* The hart has cached that there was nothing, or less, perhaps above. */
	if (!written)
		tsp_owe(tsp, SSP_FENCE_ALL);
	if (access != SSP_STORE && path.leaf == 0 && !path.table[0]->role)
		fill_around(tsp, path.table[0], va);
	return TSP_REPEAT;
}

/* The guest walks its tables there; no flood of stores happens to tables in use. */
static void use_path(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t va)
{
	struct tsp_table *table = root_table(tsp, vcpu);

	for (;;) {
		uint64_t entry = tsp_entries(tsp, table)[pte_index(va, table->level)];

		table->writes = 0;
		if (!is_link(entry))
			return;
		table = tsp_child(tsp, entry);
	}
}

/*
 * A fault where the guest's tables lack A or D alone.  False: *verdict ends the call, or if that is
 * TSP_FAULT, walk->verdict says what it is.  Out of line: other faults would save its registers.
 */
static __attribute__((noinline)) bool mark(struct tsp *tsp, const struct tsp_vcpu *vcpu,
					   uint64_t va, enum ssp_access access, unsigned int state,
					   struct ssp_guest_walk *walk, enum tsp_verdict *verdict)
{
	*verdict = TSP_REPEAT;
	if (tsp_mark(tsp, vcpu, va, access, state, walk) == SSP_UNMARKED)
		return false;
	*verdict = TSP_FAULT;
	if (walk->verdict == SSP_ALLOWED && !ssp_slot_of(tsp->guest, walk->gpa))
		walk->verdict = SSP_OUTSIDE;
	return walk->verdict == SSP_ALLOWED;
}

struct tsp_result tsp_fault(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t va,
			    enum ssp_access access, unsigned int state)
{
	struct ssp_guest_walk walk;
	struct tsp_result result;
	enum tsp_verdict verdict = TSP_FAULT;

	tsp_begin(tsp);
	ssp_guest_walk(vcpu->guest, vcpu->root[vcpu->current].gsatp, va, access, state, &walk);
	if (walk.verdict == SSP_ALLOWED && !ssp_walk_slot(tsp->guest, &walk, access, state))
		walk.verdict = SSP_OUTSIDE;
	if (walk.verdict != SSP_ALLOWED && !(walk.verdict == SSP_UNMARKED &&
					     mark(tsp, vcpu, va, access, state, &walk, &verdict))) {
		if (verdict != TSP_FAULT)
			return tsp_end(tsp, verdict);
		use_path(tsp, vcpu, va);
		result = tsp_end(tsp, TSP_FAULT);
		result.fault = walk.verdict;
		result.va = va;
		result.gpa = walk.gpa;
		return result;
	}
	if (!tsp_reserve(tsp, MAX_LEVELS + 1))
		return tsp_end(tsp, TSP_AGAIN);
	tsp_match_privilege(tsp, vcpu, state & SSP_USER);
	result = tsp_end(tsp, fill(tsp, vcpu, va, walk.gpa, access));
	result.gpa = walk.gpa;
	return result;
}
