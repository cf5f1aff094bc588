/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast_flush.c - a fence of a page whose leaf tables the walk cache knows (ssp/hits.h): afterwards the
 * shadow has what the guest's entry is at that moment, or nothing, and no other page changes.
 *
 * Sizes: tables of 8 entries, a walk cache of one, a log of two pages.
 */
#define SSP_SIZES_H
#define PTE_INDEX_BITS   3
#define SV39_LEVELS      2
#define SSP_ROOTS        3
#define SSP_ASID_BUCKETS 1
#define SSP_LOG_SIZE     2
#define SSP_WALK_CACHE   1
#define SSP_MAX_SLOTS    1
#define SSP_EAGER_TABLES 1
#define SSP_MIN_TABLES   5
#include "spec.h"

#include "hits.h"

#define GUEST 0x90000000ull

static struct ssp_space space;
static struct ssp_table table;
static uint64_t shadow[PTES_PER_TABLE], before[PTES_PER_TABLE], global_top[PTES_PER_TABLE];
static uint64_t gpte, gpte_hpa;

/* The guest's entry is read once: it may be another at any moment. */
uint64_t ssp_port_load(uint64_t hpa)
{
	PROVE(gpte_hpa == ~0ull, "an entry is read twice");
	gpte_hpa = hpa;
	return gpte;
}

static void any_space(void)
{
	struct ssp_root *root = &space.roots[1];

	gpte = any();
	gpte_hpa = ~0ull;
	for (unsigned int i = 0; i < 2; i++) {
		/* of the others nothing is looked at */
		unsigned int n = any_below(PTES_PER_TABLE);

		shadow[n] = any();
		global_top[n] = any_bool() ? any() : 0;
	}
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
		before[i] = shadow[i];
	space.slots[0] = (struct ssp_slot){ 0x80000000, 0x40000000, 0x1000000000, PTE_RWX };
	space.ram_base = pte_make(space.slots[0].gpa, 0);
	space.ram_size = pte_make(space.slots[0].size, 0);
	space.ram_hpa = pte_make(space.slots[0].gpa + space.slots[0].delta, 0);
	space.global_top = global_top;
	space.global_shift = PAGE_SHIFT + PTE_INDEX_BITS;
	space.log_head = any();
	space.current = root;
	root->gsatp = satp_make(SATP_SV39, any() & SATP_ASID_MASK, 0);
	root->ring_page = any_bool() ? ssp_ring_page_of(satp_asid(root->gsatp)) : 0;
	root->walk_generation = 1ull << SSP_WALK_VA_BITS;
	root->walk[0] = (struct ssp_walk){
		.tag = ssp_walk_tag(root, any()),
		.guest = GUEST,
		.shadow = shadow,
		.table = &table,
	};
	table.owner = any_bool() ? SSP_GLOBAL : 1;
}

static unsigned int index_of(uint64_t va)
{
	return va >> 12 & (PTES_PER_TABLE - 1);
}

/* What the shadow has for the page by now, and that it has the same as before for all others. */
static void prove_anew(uint64_t va)
{
	unsigned int n = any_below(PTES_PER_TABLE);
	uint64_t leaf = shadow[index_of(va)], wanted;

	PROVE(n == index_of(va) || shadow[n] == before[n], "another page changes");
	PROVE(gpte_hpa == GUEST + 8 * index_of(va), "the entry of another page is read");
	if (!leaf)
		return;
	wanted = ssp_leaf_in(&space, table.owner == SSP_GLOBAL, gpte);
	PROVE(leaf == wanted && (gpte & PTE_V) && (gpte & PTE_R) && (gpte & PTE_A),
	      "the shadow keeps what the guest's entry is no more");
}

static void prove_unchanged(void)
{
	unsigned int n = any_below(PTES_PER_TABLE);

	PROVE(shadow[n] == before[n], "a fence that is not carried out changes something");
}

void prove_flush_va_fast(void)
{
	uint64_t va = any(), log_head;
	bool global_above;

	any_space();
	log_head = space.log_head;
	global_above = global_top[va >> (12 + PTE_INDEX_BITS) & (PTES_PER_TABLE - 1)];
	if (!ssp_flush_va_fast(&space, va)) {
		prove_unchanged();
		PROVE(space.log_head == log_head, "a fence is logged that is not carried out");
		return;
	}
	prove_anew(va);
	PROVE(table.owner == SSP_GLOBAL || !global_above, "the global tree may have the page");
	PROVE(space.log_head == log_head + 1 && space.log[log_head % SSP_LOG_SIZE] == va &&
		      space.current->log_position == space.log_head,
	      "other roots do not learn of the fence");
}

void prove_flush_va_asid_fast(void)
{
	uint64_t va = any(), asid = any();

	any_space();
	if (!ssp_flush_va_asid_fast(&space, va, asid)) {
		prove_unchanged();
		return;
	}
	PROVE(satp_asid(space.current->gsatp) == (asid & SATP_ASID_MASK) &&
		      space.current->ring_page,
	      "a fence of another ASID, or of several roots");
	if (table.owner == SSP_GLOBAL)
		prove_unchanged();
	else
		prove_anew(va);
}
