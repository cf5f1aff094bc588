/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring_drain.c - draining a ring whose page holds anything and changes at any moment (ssp/ring.c):
 * what is read and written lies inside, and each flush in it is carried out and owed.
 *
 * What ring.c calls of the engine is a stub that notes its arguments and owes any fence.
 *
 * Sizes: the ring as it ships, with any tail and at most PENDING entries behind it, or a head that
 * is none; budgets that few entries exceed; leaf tables of 16 entries.
 */
#define SSP_SIZES_H
#define PTE_INDEX_BITS   4
#define SV39_LEVELS      2
#define SSP_ROOTS        2
#define SSP_ASID_BUCKETS 1
#define SSP_LOG_SIZE     2
#define SSP_WALK_CACHE   1
#define SSP_MAX_SLOTS    1
#define SSP_EAGER_TABLES 1
#define SSP_MIN_TABLES   8
#define FLUSH_BUDGET     4
#define HINT_BUDGET      3
#define COST_OF_WALK     1
#define COST_OF_UNLINK   2
#define COST_OF_SPACE    2
#include "prove.h"

#include "ring.c"

#define PENDING 2
#define RING    0x80000000ull
#define TABLE   0x90000000ull
#define ENTRIES (RING + PAGE_SIZE / 2)

static struct ssp_space space;
static struct ssp_table table;
static uint64_t shadow[PTES_PER_TABLE];

/* One entry of those that are pending, as it was first read, and a page that it flushes. */
static uint64_t chosen, chosen_word[2], page, page_asid;
static bool chosen_read[2], carried_out, of_one_asid;
static uint64_t head_read, stored;
static unsigned int stores;

uint64_t ssp_port_load(uint64_t hpa)
{
	uint64_t value = any();

	PROVE(!(hpa & 7), "a word at an odd address");
	if (hpa - TABLE < sizeof(shadow))
		return value;
	PROVE(hpa == RING || hpa - ENTRIES < HM_RING_ENTRIES * sizeof(struct hm_ring_entry),
	      "a read outside the guest's part of the ring");
	if (hpa == RING)
		return head_read;
	if ((hpa & ~8ull) == chosen && !chosen_read[hpa >> 3 & 1]) {
		chosen_read[hpa >> 3 & 1] = true;
		chosen_word[hpa >> 3 & 1] = value;
	}
	return value;
}

void ssp_port_store(uint64_t hpa, uint64_t value)
{
	PROVE(hpa == RING + offsetof(struct hm_ring, tail), "a store to the guest's part");
	stored = value;
	stores++;
}

void ssp_port_fence(void)
{
}

/* ---- the engine: any fence of at least a page may be owed ---- */

static enum ssp_fence any_fence(void)
{
	return SSP_FENCE_PAGE + any_below(3);
}

static bool covers(uint64_t va, uint64_t last)
{
	return page >= va && page <= last;
}

enum ssp_fence ssp_flush_all(struct ssp_space *all)
{
	(void)all;
	carried_out = true;
	return SSP_FENCE_ALL;
}

/* SSP_FENCE_NONE: no root of the ASID runs. */
enum ssp_fence ssp_flush_asid(struct ssp_space *all, uint64_t asid)
{
	(void)all;
	carried_out |= of_one_asid && asid == page_asid;
	return SSP_FENCE_ASID;
}

enum ssp_fence ssp_flush_va_asid(struct ssp_space *all, uint64_t va, uint64_t asid)
{
	(void)all;
	carried_out |= of_one_asid && asid == page_asid && va == page;
	return any_fence();
}

enum ssp_fence ssp_flush_va(struct ssp_space *all, uint64_t va)
{
	(void)all;
	carried_out |= va == page;
	return any_bool() ? SSP_FENCE_PAGE : SSP_FENCE_ALL;
}

enum ssp_fence ssp_flush_range(struct ssp_space *all, uint64_t va, uint64_t last)
{
	carried_out |=
		of_one_asid && satp_asid(all->current->gsatp) == page_asid && covers(va, last);
	return SSP_FENCE_ASID;
}

unsigned int ssp_roots_of_asid(const struct ssp_space *all, uint64_t asid)
{
	(void)all;
	(void)asid;
	return any_below(3);
}

void ssp_ring_caches(struct ssp_space *all)
{
	(void)all;
}

struct ssp_walk *ssp_walk_known(struct ssp_space *all, uint64_t va)
{
	return ssp_walk_hit(all->current, va);
}

/* ---- the harnesses ---- */

static void any_ring(bool walks)
{
	struct ssp_root *root = &space.roots[1];

	space.current = root;
	root->gsatp = satp_make(SATP_SV39, any() & SATP_ASID_MASK, 0);
	root->ring_page = any_bool() ? ssp_ring_page_of(satp_asid(root->gsatp)) : 0;
	root->walk_generation = 1ull << SSP_WALK_VA_BITS;
	root->walk[0] = (struct ssp_walk){
		.tag = walks ? ssp_walk_tag(root, any()) : 0,
		.guest = TABLE,
		.shadow = shadow,
		.table = &table,
	};
	table.owner = walks && any_bool() ? SSP_GLOBAL : 1;
	space.global_top = shadow;
	space.global_shift = PAGE_SHIFT + PTE_INDEX_BITS;
	space.slots[0] = (struct ssp_slot){ 0, 1ull << 40, 1ull << 41, PTE_RWX };
	space.ram_base = 0;
	space.ram_size = pte_make(space.slots[0].size, 0);
	space.ram_hpa = pte_make(space.slots[0].delta, 0);
	space.log_head = any();
	space.ring = (struct ssp_ring){ .hpa = RING, .tail = any(), .flags = any() & 3 };
	head_read = any_bool() ? any() : space.ring.tail + any_below(PENDING + 1);
	ASSUME((uint32_t)head_read - space.ring.tail <= PENDING ||
	       (uint32_t)head_read - space.ring.tail > HM_RING_ENTRIES);
	stores = 0;
	chosen_read[0] = chosen_read[1] = carried_out = of_one_asid = false;
	chosen = page = 0;
}

/* CBMC's own checks say that each array is accessed inside. */
void prove_inside(void)
{
	any_ring(true);
	ssp_ring_drain(&space);
	PROVE(stores == 1 && (uint32_t)stored == (uint32_t)head_read, "not all is drained");
	PROVE(space.ring.tail == (uint32_t)head_read, "the tail is another than was published");
}

/* Does the entry that was read ask for a flush of the page? */
static bool asks_for_page(void)
{
	uint64_t va = chosen_word[0] & ~(PAGE_SIZE - 1), pages = (uint32_t)chosen_word[1];
	uint64_t op = chosen_word[0] & (PAGE_SIZE - 1);

	if (!chosen_read[0] || !chosen_read[1] || op == HM_RING_OP_MAP)
		return false;
	if ((op != HM_RING_OP_FLUSH && op != HM_RING_OP_FLUSH_GLOBAL) ||
	    chosen_word[1] >> HM_RING_ASID_SHIFT > HM_RING_ASID_MASK ||
	    (pages && va + pages * PAGE_SIZE - 1 < va))
		return true; /* makes no sense: everything */
	if (of_one_asid &&
	    (op != HM_RING_OP_FLUSH || chosen_word[1] >> HM_RING_ASID_SHIFT != page_asid))
		return false;
	if (!of_one_asid && op != HM_RING_OP_FLUSH_GLOBAL)
		return false;
	return !pages || page - va < pages * PAGE_SIZE;
}

static bool fence_covers(const struct ssp_drained *owed)
{
	switch (owed->fence) {
	case SSP_FENCE_ALL: return true;
	case SSP_FENCE_ASID: return of_one_asid;
	case SSP_FENCE_PAGE: return page - owed->va < owed->pages * PAGE_SIZE;
	default: return false;
	}
}

/* Whatever entry asks for a page, its flush is carried out, and a fence that covers it is owed. */
void prove_flushes(void)
{
	struct ssp_drained owed;

	any_ring(false);
	page = any() & ~(PAGE_SIZE - 1);
	page_asid = any() & SATP_ASID_MASK;
	of_one_asid = any_bool();
	chosen = ENTRIES + (space.ring.tail + any_below(PENDING)) % HM_RING_ENTRIES *
				   sizeof(struct hm_ring_entry);
	owed = ssp_ring_drain(&space);
	if (!asks_for_page())
		return;
	PROVE(carried_out, "a flush is lost");
	PROVE(fence_covers(&owed), "a flush without its fence");
}
