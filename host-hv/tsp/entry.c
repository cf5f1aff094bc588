/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - shadow entries: what each should be, the chains that it is in, and
 * which frames may be mapped writable.
 *
 * This file is the only one that writes entries, so T3 and T7 are kept here,
 * and so are the shadow's rules that no sPTE leaves the slots (leaf_of()) and
 * that no table is written behind its shadow's back (tsp_protect()).
 */
#include "internal.h"

#define NOTHING ((struct tsp_want){ 0 })

static struct tsp_region *region_of(const struct tsp *tsp, unsigned int slot, uint64_t gpa,
				    int level)
{
	unsigned int shift = PAGE_SHIFT + 9 * level;

	return &tsp->regions[slot][level][(gpa >> shift) - (tsp->guest->slots[slot].gpa >> shift)];
}

struct tsp_region *tsp_region(const struct tsp *tsp, uint64_t gpa, int level)
{
	return region_of(tsp, tsp_slot(tsp, gpa) - tsp->guest->slots, gpa, level);
}

/* A leaf's region, from its HPA: slots do not overlap there. */
static struct tsp_region *mapped_region(const struct tsp *tsp, uint64_t leaf, int level)
{
	const struct ssp_slot *slot = tsp->guest->slots;
	uint64_t hpa = pte_address(leaf);

	while (slot < tsp->guest->slots + SSP_MAX_SLOTS - 1 &&
	       hpa - slot->delta - slot->gpa >= slot->size)
		slot++;
	return region_of(tsp, slot - tsp->guest->slots, hpa - slot->delta, level);
}

uint32_t *tsp_chain_of(const struct tsp *tsp, const struct tsp_table *table, uint64_t entry)
{
	if (pte_is_leaf(entry))
		return &mapped_region(tsp, entry, table->level)->maps;
	return &tsp_child(tsp, entry)->parents;
}

/* -- what an entry should be -- */

/*
 * The rights of a guest leaf, as the walker would grant them; 0: it grants
 * none.  Without A it is never mapped, without D never writable (Svade).
 */
static uint64_t leaf_bits(uint64_t pte, int level)
{
	if (!(pte & PTE_A) || pte_is_write_only(pte) || pte_address(pte) & (level_size(level) - 1))
		return 0;
	return pte & (pte & PTE_D ? ROLE_BITS : ROLE_BITS & ~PTE_W);
}

/*
 * May all of it not be writable?  A region that tables come to and leave time and again stays in
 * pieces: each change of the form costs work on all 512 entries.
 */
static bool holds_tables(const struct tsp_region *region)
{
	return region->tables || region->breaks == TSP_BREAKS;
}

/*
 * The sPTE of a leaf of this size, or 0 if it cannot be mapped as one: slots
 * bound it, and what is writable holds no guest table.
 */
static uint64_t leaf_of(const struct tsp *tsp, uint64_t gpa, int level, uint64_t bits)
{
	const struct ssp_slot *slot = ssp_slot_of(tsp->guest, gpa);
	uint64_t size = level_size(level);

	if (!slot || level >= TSP_LEAF_LEVELS || slot->delta & (size - 1) ||
	    gpa - slot->gpa + size > slot->size)
		return 0;
	bits &= slot->rights | ~PTE_RWX;
	if ((bits & PTE_W) && holds_tables(region_of(tsp, slot - tsp->guest->slots, gpa, level))) {
		if (level > 0)
			return 0;
		bits &= ~PTE_W;
	}
	if (!(bits & (PTE_R | PTE_X)))
		return 0;
	return pte_make(gpa + slot->delta, PTE_V | bits | PTE_A | PTE_D);
}

/*
 * A leaf, or the table of its pieces.  Pieces are never global: a guest may fence
 * by one address of the whole, and one that has switched to another root since
 * would meet the other pieces there.
 */
static struct tsp_want want_leaf(const struct tsp *tsp, uint64_t gpa, int level, uint64_t bits)
{
	struct tsp_want want = {
		.leaf = leaf_of(tsp, gpa, level, bits),
		.key = { gpa >> PAGE_SHIFT, level - 1, TSP_DIRECT | (bits & ~PTE_G) },
	};

	want.child = !want.leaf && level > 0;
	return want;
}

static struct tsp_want want_guest(const struct tsp *tsp, uint64_t pte, int level)
{
	uint64_t address = pte_address(pte), bits;

	if (PTE_IS_INVALID(pte))
		return NOTHING;
	if (pte & PTE_RWX) {
		bits = leaf_bits(pte, level);
		return bits ? want_leaf(tsp, address, level, bits) : NOTHING;
	}
	if (pte_is_reserved_link(pte) || !level || !ssp_slot_of(tsp->guest, address))
		return NOTHING;
	return (struct tsp_want){ .child = true, .key = { address >> PAGE_SHIFT, level - 1, 0 } };
}

struct tsp_want tsp_wanted(const struct tsp *tsp, const struct tsp_table *table, unsigned int index)
{
	uint64_t gpa = table->gfn << PAGE_SHIFT;

	if (!table->role)
		return want_guest(tsp, ssp_port_load(gpa + tsp_slot(tsp, gpa)->delta + 8 * index),
				  table->level);
	if (!(table->role & PTE_RWX))
		return NOTHING;
	return want_leaf(tsp, gpa + index * level_size(table->level), table->level,
			 table->role & ROLE_BITS);
}

/* -- writing entries -- */

static uint32_t node_of(const struct tsp *tsp, const struct tsp_table *table, unsigned int index)
{
	return tsp_number(tsp, table) * PTES_PER_TABLE + index;
}

static void chain_add(struct tsp *tsp, uint32_t *head, uint32_t node)
{
	tsp->nodes[node] = (struct tsp_node){ .next = *head, .prev = TSP_NONE };
	if (*head != TSP_NONE)
		tsp->nodes[*head].prev = node;
	*head = node;
}

static void chain_remove(struct tsp *tsp, uint32_t *head, uint32_t node)
{
	const struct tsp_node *n = &tsp->nodes[node];

	if (n->prev == TSP_NONE)
		*head = n->next;
	else
		tsp->nodes[n->prev].next = n->next;
	if (n->next != TSP_NONE)
		tsp->nodes[n->next].prev = n->prev;
}

/*
 * Empty an entry.  Taking a leaf away owes nothing: the guest fences what it
 * changes, and what becomes protected is fenced there.  A link may be cached by
 * any hart, and pieces of a superpage are fenced by one address of it.
 */
void tsp_entry_clear(struct tsp *tsp, struct tsp_table *table, unsigned int index)
{
	uint64_t *entry = &tsp_entries(tsp, table)[index], old = *entry;

	if (!old)
		return;
	*entry = 0;
	chain_remove(tsp, tsp_chain_of(tsp, table, old), node_of(tsp, table, index));
	if (pte_is_leaf(old))
		return;
	tsp_owe_everywhere(tsp);
	tsp_doom(tsp, tsp_child(tsp, old));
}

/* Fill an empty entry. */
void tsp_entry_put(struct tsp *tsp, struct tsp_table *table, unsigned int index, uint64_t value)
{
	tsp_entries(tsp, table)[index] = value;
	table->occupied |= 1ull << (index >> GROUP_SHIFT);
	chain_add(tsp, tsp_chain_of(tsp, table, value), node_of(tsp, table, index));
}

/* The guest's entry has changed: follow it, and fill what can be filled at once. */
void tsp_entry_sync(struct tsp *tsp, struct tsp_table *table, unsigned int index)
{
	struct tsp_want want = tsp_wanted(tsp, table, index);
	struct tsp_table *child = want.child ? tsp_find(tsp, &want.key) : NULL;
	uint64_t value = child ? tsp_link(tsp, child) : want.leaf;

	if (tsp_entries(tsp, table)[index] == value)
		return;
	if (child && tsp_has_out_below(tsp, child))
		value = 0; /* what is new here must not be old there: find_path() calls it back */
	tsp_entry_clear(tsp, table, index);
	if (value)
		tsp_entry_put(tsp, table, index, value);
}

/*
 * ssp_walk_mark() for the walk to va, a store to a guest table: what all shadows of that had of the
 * entry goes, here with its fence, and is filled by the next fault.
 */
enum ssp_verdict tsp_mark(struct tsp *tsp, const struct tsp_vcpu *vcpu, uint64_t va,
			  enum ssp_access access, unsigned int state, struct ssp_guest_walk *walk)
{
	enum ssp_verdict verdict = ssp_walk_mark(vcpu->guest, walk, access, state);
	uint64_t gfn = walk->table[walk->level] >> PAGE_SHIFT;
	struct tsp_table *table = tsp_next_of(tsp, gfn, NULL);

	if (verdict != SSP_ALLOWED)
		return verdict;
	for (; table; table = tsp_next_of(tsp, gfn, table))
		tsp_entry_clear(tsp, table, pte_index(va, walk->level));
	tsp_owe(tsp, SSP_FENCE_PAGE);
	return verdict;
}

/* -- protection -- */

/* Count a guest table in, or out of, its frame (level 0) and the regions around it. */
static void count_table(struct tsp *tsp, const struct tsp_table *table, int level, int change)
{
	for (; level < TSP_LEAF_LEVELS; level++)
		tsp_region(tsp, table->gfn << PAGE_SHIFT, level)->tables += change;
}

/* A node is its entry's number in the pool. */
static struct tsp_table *node_table(struct tsp *tsp, uint32_t node)
{
	return &tsp->tables[node / PTES_PER_TABLE];
}

static void make_read_only(struct tsp *tsp, uint32_t node)
{
	for (; node != TSP_NONE; node = tsp->nodes[node].next)
		tsp_entries(tsp, node_table(tsp, node))[node % PTES_PER_TABLE] &= ~PTE_W;
}

/* Writable superpages go; they come back in pieces. */
static void drop_writable(struct tsp *tsp, struct tsp_region *region)
{
	bool broken = false;

	for (uint32_t node = region->maps; node != TSP_NONE;) {
		struct tsp_table *table = node_table(tsp, node);
		unsigned int index = node % PTES_PER_TABLE;

		node = tsp->nodes[node].next;
		if (!(tsp_entries(tsp, table)[index] & PTE_W))
			continue;
		tsp_entry_clear(tsp, table, index);
		broken = true;
	}
	region->breaks += broken && region->breaks < TSP_BREAKS;
}

/*
 * A table's frame alone.  The fence is owed in any case: harts may also
 * use older translations, which the guest has changed and not fenced.
 */
void tsp_protect_frame(struct tsp *tsp, const struct tsp_table *table)
{
	struct tsp_region *frame = tsp_region(tsp, table->gfn << PAGE_SHIFT, 0);

	frame->tables++;
	make_read_only(tsp, frame->maps);
	tsp_owe_everywhere(tsp);
}

/* A frame becomes a table (T2). */
void tsp_protect(struct tsp *tsp, const struct tsp_table *table)
{
	uint64_t gpa = table->gfn << PAGE_SHIFT;

	count_table(tsp, table, 1, 1);
	for (int level = 1; level < TSP_LEAF_LEVELS; level++)
		drop_writable(tsp, tsp_region(tsp, gpa, level));
	tsp_protect_frame(tsp, table);
}

/* It is data again. */
void tsp_release(struct tsp *tsp, const struct tsp_table *table)
{
	count_table(tsp, table, 1, -1);
	if (table->step != TSP_OUT_OF_STEP)
		tsp_release_frame(tsp, table);
}

/* What the guest may write is writable at once, without a fault. */
void tsp_release_frame(struct tsp *tsp, const struct tsp_table *table)
{
	struct tsp_region *frame = tsp_region(tsp, table->gfn << PAGE_SHIFT, 0);

	if (--frame->tables)
		return;
	for (uint32_t node = frame->maps; node != TSP_NONE; node = tsp->nodes[node].next) {
		struct tsp_table *at = node_table(tsp, node);
		uint64_t *entry = &tsp_entries(tsp, at)[node % PTES_PER_TABLE];

		if (tsp_wanted(tsp, at, node % PTES_PER_TABLE).leaf == (*entry | PTE_W))
			*entry |= PTE_W;
	}
}
