// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * walk.c - page walks in one stage or two.
 *
 * Levels are numbered from the leaf: tables of level 0 hold pages of 4 KiB, and an entry of a
 * table of level n stands for 4 KiB << 9 * n.  The walk cache has an entry for a table of level n
 * under the size n + 1, since such a table stands for as much.
 */
#include <stddef.h>

#include "walk.h"

#define PTE_V     (1ull << 0)
#define PTE_RWX   (7ull << 1)
#define PTE_G     (1ull << 5)
#define PTE_A     (1ull << 6)
#define PTE_N     (1ull << 63)
#define PTE_PPN   (((1ull << 44) - 1) << 10)
#define ENTRY     8      /* bytes */
#define NAPOT     0xfull /* pages of 64 KiB, the only size that Svnapot has */
#define ROOT_BITS 2      /* that a root of the G stage has more */

static uint64_t target(uint64_t pte)
{
	return (pte & PTE_PPN) >> 10 << PAGE_BITS;
}

/* The level of the root, or -1: this stage translates nothing. */
static int top_level(uint64_t atp)
{
	switch (SATP_MODE(atp)) {
	case 8: return 2; /* Sv39, Sv39x4 */
	case 9: return 3;
	case 10: return 4;
	default: return -1;
	}
}

static uint64_t slot(uint64_t table, uint64_t address, int level, int more_bits)
{
	uint64_t entries = (uint64_t)1 << (LEVEL_BITS + more_bits);

	return table + (address >> (PAGE_BITS + LEVEL_BITS * level)) % entries * ENTRY;
}

/* What a leaf of a table of this level leads to, as an entry for pages of this size. */
static struct entry leaf(uint64_t pte, uint64_t address, int level, struct owner owner)
{
	uint64_t page = address >> PAGE_BITS, to = target(pte);

	if (pte & PTE_N && !level)
		to = (to & ~(NAPOT << PAGE_BITS)) | (page & NAPOT) << PAGE_BITS;
	to &= ~(((uint64_t)1 << (PAGE_BITS + LEVEL_BITS * level)) - 1);
	return (struct entry){
		.page = page >> LEVEL_BITS * level,
		.target = to,
		.owner = owner,
		.size = level,
		.global = pte & PTE_G,
	};
}

static void remember_table(struct cache *cache, uint64_t address, int level, uint64_t table,
			   struct owner owner)
{
	cache_add(cache, (struct entry){
				 .page = address >> (PAGE_BITS + LEVEL_BITS * (level + 1)),
				 .target = table,
				 .owner = owner,
				 .size = level + 1,
			 });
}

/* --- the G stage ----------------------------------------------------------- */

/* The G stage knows VMIDs alone. */
static struct owner g_owner(const struct space *space)
{
	return (struct owner){ .guest = true, .vmid = HGATP_VMID(space->hgatp) };
}

static bool g_walk_tables(struct model *model, const struct space *space, uint64_t gpa,
			  struct entry *found)
{
	struct owner owner = g_owner(space);
	struct entry *deepest = cache_find(&model->g_walk, gpa >> PAGE_BITS, owner);
	int top = top_level(space->hgatp), level = deepest ? deepest->size - 1 : top;
	uint64_t table = deepest ? deepest->target : SATP_ROOT(space->hgatp);

	model->counts[g_walk_cache_hits] += !!deepest;
	for (;; level--) {
		int more_bits = level == top ? ROOT_BITS : 0;
		uint64_t pte = model->read(model->memory, slot(table, gpa, level, more_bits));

		model->counts[g_refs]++;
		if (!(pte & PTE_V) || (!(pte & PTE_RWX) && !level))
			return false;
		if (pte & PTE_RWX) {
			*found = leaf(pte, gpa, level, owner);
			return true;
		}
		table = target(pte);
		remember_table(&model->g_walk, gpa, level - 1, table, owner);
	}
}

/* A guest's address made a physical one, and how large the page is; false: there is none. */
static bool g_translate(struct model *model, const struct space *space, uint64_t *address,
			int *size)
{
	struct entry *kept, found;
	uint64_t gpa = *address;

	*size = SIZES - 1;
	if (!space->guest || top_level(space->hgatp) < 0)
		return true;
	kept = cache_find(&model->g, gpa >> PAGE_BITS, g_owner(space));
	model->counts[g_cache_hits] += !!kept;
	if (kept)
		found = *kept;
	else if (!g_walk_tables(model, space, gpa, &found))
		return false;
	else
		cache_add(&model->g, found);
	*size = found.size;
	*address =
		found.target + (gpa & (((uint64_t)1 << (PAGE_BITS + LEVEL_BITS * found.size)) - 1));
	return true;
}

/* --- both --------------------------------------------------------------------- */

/* The page is as large as both stages have it. */
static bool through_g_stage(struct model *model, const struct space *space, uint64_t va,
			    struct entry *found)
{
	uint64_t offset = ((uint64_t)1 << (PAGE_BITS + LEVEL_BITS * found->size)) - 1;
	uint64_t address = found->target + (va & offset);
	int size;

	if (!g_translate(model, space, &address, &size))
		return false;
	if (size >= found->size)
		size = found->size;
	found->size = size;
	found->page = va >> (PAGE_BITS + LEVEL_BITS * size);
	found->target = address & ~(((uint64_t)1 << (PAGE_BITS + LEVEL_BITS * size)) - 1);
	return true;
}

/* The first stage translates nothing: the G stage alone does. */
static enum outcome walk_g_alone(struct model *model, const struct space *space, uint64_t va,
				 struct entry *found)
{
	*found = (struct entry){ .size = SIZES - 1, .owner = owner_of(space), .global = true };
	return through_g_stage(model, space, va, found) ? WALK_FINDS : WALK_ENDS;
}

enum outcome walk(struct model *model, const struct space *space, uint64_t va, struct entry *found)
{
	struct owner owner = owner_of(space);
	int top = top_level(space->satp), level = top, size;
	struct entry *deepest = top < 0 ? NULL : cache_find(&model->walk, va >> PAGE_BITS, owner);
	uint64_t pte, table = SATP_ROOT(space->satp);
	bool is_known = deepest; /* what the walk cache has is physical, in a guest as well */

	if (top < 0)
		return walk_g_alone(model, space, va, found);
	if (deepest) {
		level = deepest->size - 1;
		table = deepest->target;
		model->counts[walk_cache_hits]++;
	}
	for (;; level--, is_known = false) {
		if (!is_known && !g_translate(model, space, &table, &size))
			return WALK_ENDS;
		if (!is_known && level < top)
			remember_table(&model->walk, va, level, table, owner);
		pte = model->read(model->memory, slot(table, va, level, 0));
		model->counts[walk_refs]++;
		if (!(pte & PTE_V) || (!(pte & PTE_RWX) && !level))
			return WALK_ENDS;
		if (pte & PTE_RWX)
			break;
		table = target(pte);
	}
	*found = leaf(pte, va, level, owner);
	if (!through_g_stage(model, space, va, found))
		return WALK_ENDS;
	return pte & PTE_A ? WALK_FINDS : WALK_UNUSED;
}
