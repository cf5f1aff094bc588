/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c - the life of shadow tables: allocation, hanging, clearing; recycle.c takes them from a
 * root.
 *
 *	free --alloc--> hung at a link --orphan--> spare --alloc--> hung ...
 *	 ^                                           |
 *	 +--------------- recycle, all of a root's --+
 *
 * Every step touches only the entries that may be non-zero (I5).  None depends on how
 * many tables hang below: whoever loses its place takes them along, and they
 * change rings together when their parent is used again.
 */
#include "hits.h"
#include "internal.h"

static void ring_add(struct ssp_space *space, uint32_t *ring, struct ssp_table *table)
{
	uint32_t n = table_number(space, table);

	table->next = table->prev = n;
	if (*ring != SSP_NONE) {
		struct ssp_table *first = &space->tables[*ring];

		table->next = *ring;
		table->prev = first->prev;
		space->tables[first->prev].next = n;
		first->prev = n;
	}
	*ring = n;
}

static void ring_remove(struct ssp_space *space, uint32_t *ring, struct ssp_table *table)
{
	uint32_t n = table_number(space, table);

	space->tables[table->prev].next = table->next;
	space->tables[table->next].prev = table->prev;
	if (*ring == n)
		*ring = table->next == n ? SSP_NONE : table->next;
}

/* All of `more` goes into the ring; then there is no `more`. */
void ssp_tables_join(struct ssp_space *space, uint32_t *ring, uint32_t *more)
{
	struct ssp_table *tables = space->tables;
	uint32_t first = *ring, second = *more, last;

	*more = SSP_NONE;
	if (second == SSP_NONE)
		return;
	if (first == SSP_NONE) {
		*ring = second;
		return;
	}
	last = tables[first].prev;
	tables[first].prev = tables[second].prev;
	tables[tables[second].prev].next = first;
	tables[second].prev = last;
	tables[last].next = second;
}

/* The table, which nothing links, is all zero afterwards; its children go into the ring. */
void ssp_table_empty(struct ssp_space *space, struct ssp_table *table, uint32_t *ring)
{
	clear_groups(table_entries(space, table), table->occupied);
	table->occupied = 0;
	ssp_tables_join(space, ring, &table->children);
}

/* A table for the first time: what its page and description held before does not matter. */
static struct ssp_table *alloc_fresh(struct ssp_space *space)
{
	struct ssp_table *table = &space->tables[space->fresh++];

	*table = (struct ssp_table){ .children = SSP_NONE };
	clear_groups(table_entries(space, table), ALL_GROUPS);
	return table;
}

/* An empty table from a ring that has some; what hung below it stays there. */
static struct ssp_table *alloc_from_ring(struct ssp_space *space, uint32_t *ring)
{
	struct ssp_table *table = &space->tables[*ring];

	ring_remove(space, ring, table);
	ssp_table_empty(space, table, ring);
	return table;
}

/* Write one entry, keeping I5 and I6. */
void ssp_table_set(struct ssp_space *space, struct ssp_table *table, unsigned int index,
		   uint64_t value)
{
	table_entries(space, table)[index] = value;
	if (value)
		table->occupied |= 1ull << (index >> GROUP_SHIFT);
	if (pte_is_leaf(value))
		ssp_table_list_filled(space, table);
}

/*
 * A table that hangs loses its place, and all below it with it: whoever uses it next empties it
 * first.
 */
void ssp_table_orphan(struct ssp_space *space, struct ssp_table *table)
{
	ring_remove(space, &space->tables[table->parent].children, table);
	ring_add(space, &table_owner(space, table)->spare, table);
}

/*
 * A zeroed table for owner.  Its spare ones go first: they cost no fence, since
 * making them spare was fenced.  ssp_tables_reserve() made sure that this cannot
 * fail.
 */
struct ssp_table *ssp_table_alloc(struct ssp_space *space, struct ssp_root *owner, int level)
{
	struct ssp_table *table;

	if (owner->spare != SSP_NONE) {
		table = alloc_from_ring(space, &owner->spare);
	} else {
		table = space->free == SSP_NONE ? alloc_fresh(space) :
						  alloc_from_ring(space, &space->free);
		table->filled_generation = 0;
		space->free_count--;
		owner->tables++;
		space->tables_allocated++;
	}
	table->owner = owner - space->roots;
	table->level = level;
	return table;
}

/* Link child, just allocated, below parent. */
void ssp_table_hang(struct ssp_space *space, struct ssp_table *parent, unsigned int index,
		    struct ssp_table *child, uint64_t ident)
{
	ring_add(space, &parent->children, child);
	child->parent = table_number(space, parent);
	child->index = index;
	child->ident = ident;
	ssp_table_set(space, parent, index, pte_make(table_hpa(space, child), PTE_V | LINK_OWN));
}

/* Of a table above the last level only links to its own tree stay, with these of their bits. */
void ssp_table_keep_own_links(struct ssp_space *space, struct ssp_table *table, uint64_t bits)
{
	uint64_t *entries = table_entries(space, table);
	uint64_t left = 0;

	for (uint64_t groups = table->occupied; groups; groups &= groups - 1) {
		unsigned int group = lowest_bit(groups);
		uint64_t *entry = entries + (group << GROUP_SHIFT), any = 0;

		for (unsigned int i = 0; i < GROUP_SIZE; i++) {
			uint64_t own = -(entry[i] / LINK_OWN & 1);

			any |= entry[i] &= own & bits;
		}
		if (any)
			left |= 1ull << group;
	}
	table->occupied = left;
}

/* Entries first to last of a table of the last level. */
void ssp_table_clear_entries(struct ssp_space *space, struct ssp_table *table, unsigned int first,
			     unsigned int last)
{
	uint64_t *entries = table_entries(space, table), groups = table->occupied;
	unsigned int end = last + 1;

	while (first < end && first % GROUP_SIZE)
		entries[first++] = 0;
	while (first < end && end % GROUP_SIZE)
		entries[--end] = 0;
	if (first == end)
		return;
	groups &= ~0ull << (first >> GROUP_SHIFT);
	clear_groups(entries, groups & ~0ull >> (64 - (end >> GROUP_SHIFT)));
}

/*
 * Above the last level: clear leaves; links stay as they are.  A link without leaves below is
 * harmless.  The table is not crowded.  Returns the cost in groups.
 */
unsigned int ssp_table_clear_leaves(struct ssp_space *space, struct ssp_table *table)
{
	uint64_t *entries = table_entries(space, table);
	uint64_t left = 0;
	unsigned int visited = 0;

	for (uint64_t groups = table->occupied; groups; groups &= groups - 1, visited++) {
		unsigned int group = lowest_bit(groups);
		uint64_t *entry = entries + (group << GROUP_SHIFT), any = 0;

		for (unsigned int i = 0; i < GROUP_SIZE; i++)
			any |= entry[i] = entry[i] & PTE_RWX ? 0 : entry[i];
		if (any)
			left |= 1ull << group;
	}
	table->occupied = left;
	return visited * UPPER_GROUP_COST;
}

/*
 * What a flush left behind in a table goes: its leaves and its links to the global tree;
 * its own links are put to sleep, one level a visit.  The links of a crowded table go as
 * well, since visiting them costs more than to hang the few again that are used.
 */
void ssp_table_make_current(struct ssp_space *space, struct ssp_table *table)
{
	if (table->level == 0 || ssp_table_is_crowded(table))
		ssp_table_empty(space, table, &table_owner(space, table)->spare);
	else
		ssp_table_keep_own_links(space, table, ~PTE_V);
}

/* Would a fill for the guest's entry write this leaf, of the first slot and the table's size? */
static bool fills_as(const struct ssp_space *space, const struct ssp_table *table, uint64_t pte,
		     uint64_t leaf)
{
	uint64_t size = pte_make(level_size(table->level), 0);

	return ssp_may_hold(pte) && leaf == ssp_leaf_in(space, table->owner == SSP_GLOBAL, pte) &&
	       space->ram_size >= size &&
	       pte_make(pte_address(pte), 0) - space->ram_base <= space->ram_size - size;
}

/*
 * The same, where the guest has its table at `guest`: pages of 2 MiB stay that are what they were.
 * They are few, and most are used again, as the kernel's are.
 */
void ssp_table_read_anew(struct ssp_space *space, struct ssp_table *table, uint64_t guest)
{
	uint64_t *entries = table_entries(space, table), left = 0, leaves = 0;
	unsigned int budget = READ_ANEW;

	if (table->level != 1 || ssp_table_is_crowded(table)) {
		ssp_table_make_current(space, table);
		return;
	}
	for (uint64_t groups = table->occupied; groups; groups &= groups - 1) {
		unsigned int first = lowest_bit(groups) << GROUP_SHIFT;
		uint64_t any = 0;

		for (unsigned int i = first; i < first + GROUP_SIZE; i++) {
			uint64_t old = entries[i];

			if (!old)
				continue;
			if (is_own_link(old))
				any |= entries[i] = old & ~PTE_V;
			else if (budget && budget-- &&
				 fills_as(space, table, ssp_port_load(guest + 8 * i), old))
				any |= leaves |= old;
			else
				entries[i] = 0;
		}
		if (any)
			left |= groups & -groups;
	}
	table->occupied = left;
	if (leaves)
		ssp_table_list_filled(space, table);
}
