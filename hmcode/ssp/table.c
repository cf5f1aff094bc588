/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c - the life of shadow tables: allocation, hanging, clearing, recycling.
 *
 *	free list --alloc--> hung at a link --orphan--> spare --alloc--> hung ...
 *	    ^                                             |
 *	    +------------------- recycle -----------------+
 *
 * Every step touches only the entries that may be non-zero (I5).
 */
#include "internal.h"

static void list_remove(struct ssp_space *space, uint32_t *head, struct ssp_table *table)
{
	if (table->prev == SSP_NONE)
		*head = table->next;
	else
		space->tables[table->prev].next = table->next;
	if (table->next != SSP_NONE)
		space->tables[table->next].prev = table->prev;
}

static void list_add(struct ssp_space *space, uint32_t *head, struct ssp_table *table)
{
	table->prev = SSP_NONE;
	table->next = *head;
	if (*head != SSP_NONE)
		space->tables[*head].prev = table_number(space, table);
	*head = table_number(space, table);
}

static void release(struct ssp_space *space, struct ssp_table *table)
{
	list_add(space, &space->free, table);
	space->free_count++;
}

static inline void clear_group(uint64_t *entry)
{
	entry[0] = entry[1] = entry[2] = entry[3] = 0;
	entry[4] = entry[5] = entry[6] = entry[7] = 0;
}

/* A table for the first time: what its page and description held before does not matter. */
static struct ssp_table *take_fresh(struct ssp_space *space)
{
	struct ssp_table *table = &space->tables[space->fresh++];
	uint64_t *entries = table_entries(space, table);

	*table = (struct ssp_table){ .parent = SSP_NONE };
	for (unsigned int i = 0; i < PTES_PER_TABLE; i += GROUP_SIZE)
		clear_group(entries + i);
	return table;
}

static struct ssp_table *take_free(struct ssp_space *space)
{
	struct ssp_table *table;

	space->free_count--;
	if (space->free == SSP_NONE)
		return take_fresh(space);
	table = &space->tables[space->free];
	list_remove(space, &space->free, table);
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
		ssp_table_list_dirty(space, table);
}

/* From now on the table may hold leaves. */
void ssp_table_list_dirty(struct ssp_space *space, struct ssp_table *table)
{
	struct ssp_root *owner = table_owner(space, table);

	if (table->dirty_turn == owner->dirty_turn)
		return;
	table->dirty_turn = owner->dirty_turn;
	table->next_dirty = owner->dirty;
	owner->dirty = table_number(space, table);
	owner->dirty_count++;
}

/* The table loses its place; whoever hangs or frees it next empties it first. */
void ssp_table_orphan(struct ssp_space *space, struct ssp_table *table)
{
	struct ssp_root *owner = table_owner(space, table);

	list_remove(space, &owner->owned, table);
	list_add(space, &owner->owned, table);
	table->parent = SSP_NONE;
}

static unsigned int visit_cost(const struct ssp_table *table, unsigned int groups)
{
	return table->level > 0 ? groups * UPPER_GROUP_COST : groups;
}

static void empty_upper_group(struct ssp_space *space, const struct ssp_table *table,
			      uint64_t *entry)
{
	for (unsigned int i = 0; i < GROUP_SIZE; i++) {
		uint64_t old = entry[i];

		if (!old)
			continue;
		entry[i] = 0;
		if (is_link(old) && link_table(space, old)->owner == table->owner)
			ssp_table_orphan(space, link_table(space, old));
	}
}

/* Make an unreachable table all zero; its children become spare.  Returns the cost. */
unsigned int ssp_table_empty(struct ssp_space *space, struct ssp_table *table)
{
	uint64_t *entries = table_entries(space, table);
	unsigned int visited = 0;

	for (uint64_t groups = table->occupied; groups; groups &= groups - 1, visited++) {
		uint64_t *entry = entries + (lowest_bit(groups) << GROUP_SHIFT);

		if (table->level > 0)
			empty_upper_group(space, table, entry);
		else
			clear_group(entry);
	}
	table->occupied = 0;
	return visit_cost(table, visited);
}

/*
 * A zeroed table for owner.  Spare tables stand at the head of the owner's
 * list and go first: they cost no fence, since making them spare was fenced.
 * ssp_tables_reserve() made sure that this cannot fail.
 */
struct ssp_table *ssp_table_alloc(struct ssp_space *space, struct ssp_root *owner, int level)
{
	struct ssp_table *table;

	if (owner->owned != SSP_NONE && space->tables[owner->owned].parent == SSP_NONE) {
		table = &space->tables[owner->owned];
		ssp_table_empty(space, table);
		list_remove(space, &owner->owned, table);
	} else {
		table = take_free(space);
		table->dirty_turn = 0;
		space->tables_allocated++;
	}
	table->owner = owner - space->roots;
	table->level = level;
	table->epoch = owner->epoch;
	table->parent = SSP_NONE;
	return table;
}

/* Link child, just allocated, below parent. */
void ssp_table_hang(struct ssp_space *space, struct ssp_table *parent, unsigned int index,
		    struct ssp_table *child, uint64_t ident)
{
	list_add(space, &table_owner(space, child)->owned, child);
	child->parent = table_number(space, parent);
	child->index = index;
	child->ident = ident;
	ssp_table_set(space, parent, index, pte_make(table_hpa(space, child), PTE_V));
}

/*
 * Clear leaves; links stay as they are.  A link without leaves below is
 * harmless.  Returns the cost.
 */
unsigned int ssp_table_clear_leaves(struct ssp_space *space, struct ssp_table *table)
{
	uint64_t *entries = table_entries(space, table);
	uint64_t left = 0;
	unsigned int visited = 0;

	for (uint64_t groups = table->occupied; groups; groups &= groups - 1, visited++) {
		unsigned int group = lowest_bit(groups);
		uint64_t *entry = entries + (group << GROUP_SHIFT);

		if (table->level == 0) {
			clear_group(entry);
			continue;
		}
		for (unsigned int i = 0; i < GROUP_SIZE; i++) {
			if (pte_is_leaf(entry[i]))
				entry[i] = 0;
			else if (entry[i])
				left |= 1ull << group;
		}
	}
	table->occupied = left;
	return visit_cost(table, visited);
}

/*
 * A table that a flush left behind is emptied of leaves and its links are put
 * to sleep, one level a visit, before the link to it is woken.
 */
void ssp_table_make_current(struct ssp_space *space, struct ssp_table *table)
{
	uint64_t *entries = table_entries(space, table);

	table->epoch = table_owner(space, table)->epoch;
	ssp_table_clear_leaves(space, table);
	for (uint64_t groups = table->occupied; groups; groups &= groups - 1) {
		uint64_t *entry = entries + (lowest_bit(groups) << GROUP_SHIFT);

		for (unsigned int i = 0; i < GROUP_SIZE; i++) {
			if (!entry[i])
				continue;
			entry[i] &= ~PTE_V;
			link_table(space, entry[i])->epoch = 0;
		}
	}
}

/* Give one table of a flushed root back.  Returns the cost. */
static unsigned int recycle_one(struct ssp_space *space, struct ssp_root *victim)
{
	struct ssp_table *table = &space->tables[victim->owned];
	unsigned int cost;

	if (table->parent != SSP_NONE) {
		struct ssp_table *parent = &space->tables[table->parent];

		table_entries(space, parent)[table->index] = 0;
		if (victim == &space->roots[SSP_GLOBAL] && table->parent == victim->top)
			ssp_unlink_global(space, table);
	}
	cost = ssp_table_empty(space, table);
	list_remove(space, &victim->owned, table);
	table->parent = SSP_NONE;
	release(space, table);
	space->tables_recycled++;
	return cost;
}

/* Whose tables go: the least recently used root's, our own, the global tree's. */
static struct ssp_root *choose_victim(struct ssp_space *space)
{
	struct ssp_root *victim = NULL;

	for (unsigned int i = SSP_GLOBAL + 1; i < SSP_ROOTS; i++) {
		struct ssp_root *root = &space->roots[i];

		if (root == space->current || root->top == SSP_NONE || root->owned == SSP_NONE)
			continue;
		if (!victim || root->last_use < victim->last_use)
			victim = root;
	}
	if (!victim && space->current && space->current->owned != SSP_NONE)
		victim = space->current;
	return victim ? victim : &space->roots[SSP_GLOBAL];
}

/*
 * Reserve before the first write: afterwards `wanted` allocations cannot fail.
 * SSP_MIN_TABLES exceeds all top tables by more than that, so somebody has them.
 */
enum ssp_fence ssp_tables_reserve(struct ssp_space *space, uint32_t wanted)
{
	enum ssp_fence fence = SSP_FENCE_NONE;

	while (space->free_count < wanted) {
		struct ssp_root *victim = choose_victim(space);

		if (victim == &space->roots[SSP_GLOBAL])
			ssp_drop_all(space);	/* every root may link its tables */
		else
			ssp_root_sleep(space, victim);
		/* A few more than wanted, if they are cheap. */
		for (unsigned int i = 0, cost = 0; i < 8 && victim->owned != SSP_NONE; i++) {
			if (space->free_count >= wanted && cost > RECYCLE_COST)
				break;
			cost += recycle_one(space, victim);
		}
		fence = SSP_FENCE_ALL;
	}
	return fence;
}
