/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - the invariants of tsp.h, for tests.  Not linked into host-hv: it
 * visits everything.
 */
#include "internal.h"

static uint64_t count_chain(const struct tsp *tsp, uint32_t node)
{
	uint64_t n = 0;

	for (; node != TSP_NONE && n <= (uint64_t)tsp->table_count * PTES_PER_TABLE; n++)
		node = tsp->nodes[node].next;
	return n;
}

static bool in_chain(const struct tsp *tsp, uint32_t head, uint32_t wanted)
{
	uint32_t before = TSP_NONE;

	for (uint32_t node = head; node != TSP_NONE; before = node, node = tsp->nodes[node].next)
		if (node == wanted)
			return tsp->nodes[node].prev == before;
	return false;
}

/* Is a guest table inside that is protected, by the list of tables instead of the counts? */
static bool has_table(const struct tsp *tsp, uint64_t gpa, uint64_t size)
{
	for (uint32_t n = tsp->oldest; n != TSP_NONE; n = tsp->tables[n].newer)
		if (!tsp->tables[n].role && tsp->tables[n].step != TSP_OUT_OF_STEP &&
		    (tsp->tables[n].gfn << PAGE_SHIFT) - gpa < size)
			return true;
	return false;
}

static const char *check_leaf(const struct tsp *tsp, const struct tsp_table *table, uint64_t leaf)
{
	uint64_t size = level_size(table->level), gpa;
	const struct ssp_slot *slot = tsp->guest->slots;

	if (!ssp_leaf_in_slot(tsp->guest, leaf, table->level))
		return "T1: a leaf outside the slots or above their rights";
	if ((leaf & (PTE_A | PTE_D)) != (PTE_A | PTE_D) || pte_is_write_only(leaf))
		return "T1: a leaf that the hardware walker would write, or refuse";
	while (pte_address(leaf) - slot->delta - slot->gpa >= slot->size)
		slot++;
	gpa = pte_address(leaf) - slot->delta;
	if ((leaf & PTE_W) && has_table(tsp, gpa, size))
		return "T2: a guest table is writable";
	return NULL;
}

/* W may be missing, and a superpage may be in pieces, until the next fault there. */
static bool in_step(const struct tsp *tsp, uint64_t entry, const struct tsp_want *want)
{
	const struct tsp_table *child;

	if (pte_is_leaf(entry))
		return (entry & ~PTE_W) == (want->leaf & ~PTE_W) && !(entry & ~want->leaf & PTE_W);
	child = tsp_child(tsp, entry);
	return (want->leaf || want->child) && child->live && child->gfn == want->key.gfn &&
	       child->level == want->key.level && child->role == want->key.role;
}

static const char *check_entry(const struct tsp *tsp, const struct tsp_table *table,
			       unsigned int index, uint64_t entry)
{
	struct tsp_want want = tsp_wanted(tsp, table, index);
	const char *broken;

	if (!(table->occupied >> (index >> GROUP_SHIFT) & 1))
		return "T7: an entry in a group that counts as empty";
	if (pte_is_leaf(entry)) {
		broken = check_leaf(tsp, table, entry);
		if (broken)
			return broken;
	}
	if (table->step == TSP_IN_STEP && !in_step(tsp, entry, &want))
		return "T4: an entry that is not what the guest says";
	if (!in_chain(tsp, *tsp_chain_of(tsp, table, entry),
		      (table - tsp->tables) * PTES_PER_TABLE + index))
		return "T3: an entry that is not in its chain";
	return NULL;
}

static const char *check_table(const struct tsp *tsp, const struct tsp_table *table,
			       uint64_t *leaves, uint64_t *links)
{
	const uint64_t *entries = tsp_entries(tsp, table);
	struct tsp_key key = { table->gfn, table->level, table->role };

	if (!table->live || tsp_find(tsp, &key) != table)
		return "T6: a table that its key does not find";
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
		const char *broken;

		if (!entries[i])
			continue;
		broken = check_entry(tsp, table, i, entries[i]);
		if (broken)
			return broken;
		if (pte_is_leaf(entries[i]))
			++*leaves;
		else
			++*links;
	}
	return NULL;
}

/* Nodes in the chains of a slot's frames and regions. */
static uint64_t count_mapped(const struct tsp *tsp, unsigned int slot)
{
	const struct ssp_slot *s = &tsp->guest->slots[slot];
	uint64_t mapped = 0;

	for (int level = 0; s->size && level < TSP_LEAF_LEVELS; level++) {
		unsigned int shift = PAGE_SHIFT + 9 * level;
		uint64_t first = s->gpa >> shift, last = (s->gpa + s->size - 1) >> shift;

		for (uint64_t n = first; n <= last; n++)
			mapped += count_chain(tsp, tsp->regions[slot][level][n - first].maps);
	}
	return mapped;
}

/* Guest tables in a slot's part of a region, by the list of tables. */
static uint32_t count_tables(const struct tsp *tsp, uint64_t gpa, int level)
{
	uint64_t size = level_size(level), base = gpa & -size;
	uint32_t inside = 0;

	for (uint32_t n = tsp->oldest; n != TSP_NONE; n = tsp->tables[n].newer) {
		uint64_t at = tsp->tables[n].gfn << PAGE_SHIFT;

		inside += !tsp->tables[n].role && at - base < size &&
			  (level || tsp->tables[n].step != TSP_OUT_OF_STEP) &&
			  ssp_slot_of(tsp->guest, at) == ssp_slot_of(tsp->guest, gpa);
	}
	return inside;
}

static const char *check_counts(struct tsp *tsp)
{
	uint32_t live = 0, free = 0;

	for (uint32_t n = tsp->oldest; n != TSP_NONE; n = tsp->tables[n].newer, live++) {
		uint64_t gpa = tsp->tables[n].gfn << PAGE_SHIFT;

		for (int level = 0; !tsp->tables[n].role && level < TSP_LEAF_LEVELS; level++)
			if (tsp_region(tsp, gpa, level)->tables != count_tables(tsp, gpa, level))
				return "T5: guest tables of a region are miscounted";
	}
	for (uint32_t n = tsp->free; n != TSP_NONE; n = tsp->tables[n].newer)
		free++;
	for (uint32_t n = tsp->limbo; n != TSP_NONE; n = tsp->tables[n].newer)
		live++;
	free += tsp->table_count - tsp->fresh;
	if (free != tsp->free_count || live + free != tsp->table_count)
		return "T5: tables are lost";
	return NULL;
}

static const char *check_steps(const struct tsp *tsp)
{
	uint32_t out = 0, called_back = 0, listed = 0;

	for (uint32_t n = tsp->oldest; n != TSP_NONE; n = tsp->tables[n].newer) {
		const struct tsp_table *table = &tsp->tables[n];

		out += table->step != TSP_IN_STEP;
		called_back += table->step == TSP_CALLED_BACK;
		if (table->step != TSP_IN_STEP && (table->role || table->level))
			return "T9: a table that is no leaf table is not in step";
		if (table->step == TSP_OUT_OF_STEP &&
		    (tsp_next_of(tsp, table->gfn, NULL) != table ||
		     tsp_next_of(tsp, table->gfn, table)))
			return "T9: a frame with several tables is writable";
	}
	for (uint32_t n = tsp->out; n != TSP_NONE && listed <= out; n = tsp->tables[n].next_out)
		listed++;
	if (listed != out || out != tsp->out_count || called_back != tsp->called_back)
		return "T5: tables that are not in step are miscounted";
	return NULL;
}

static const char *check_roots(const struct tsp *tsp)
{
	uint32_t loaded = 0, counted = 0;

	for (uint32_t n = tsp->oldest; n != TSP_NONE; n = tsp->tables[n].newer)
		counted += tsp->tables[n].loaded;
	for (unsigned int i = 0; i < tsp->vcpu_count; i++) {
		for (unsigned int n = 0; n < TSP_ROOTS; n++) {
			const struct tsp_root *root = &tsp->vcpu[i]->root[n];

			if (root->table == TSP_NONE)
				continue;
			if (!tsp->tables[root->table].live)
				return "T8: a root without a table";
			if (n == tsp->vcpu[i]->current)
				loaded++;
		}
	}
	return loaded == counted ? NULL : "T8: loaded roots are miscounted";
}

const char *tsp_check(struct tsp *tsp)
{
	uint64_t leaves = 0, links = 0, mapped = 0, linked = 0;
	const char *broken = check_counts(tsp);

	for (uint32_t n = tsp->oldest; n != TSP_NONE && !broken; n = tsp->tables[n].newer) {
		broken = check_table(tsp, &tsp->tables[n], &leaves, &links);
		linked += count_chain(tsp, tsp->tables[n].parents);
	}
	broken = broken ? broken : check_steps(tsp);
	for (unsigned int i = 0; i < tsp->guest->slot_count && !broken; i++)
		mapped += count_mapped(tsp, i);
	if (!broken && (leaves != mapped || links != linked))
		broken = "T3: a chain with more than the entries";
	return broken ? broken : check_roots(tsp);
}
