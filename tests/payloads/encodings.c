// SPDX-License-Identifier: BSD-2-Clause
/* Page-table entries and addresses that must fault: reserved encodings, A and D, canonical form. */
#include "payload.h"

static uint64_t data_page;

/*
 * Each entry is tried twice: after a fence of everything, and after a fence of
 * its page alone, when a walker may still know the tables above from the
 * neighbour that was just read.
 */
static bool neighbour_known;

static void fence_for(uint64_t va)
{
	if (!neighbour_known) {
		fence_all();
		return;
	}
	fence_page(va);
	read64(va + PAGE);
}

/* Puts an entry for TEST_VA and returns the cause of a load; the rest is as mapped before. */
static uint64_t load_through(const struct mode *mode, uint64_t root, unsigned int level,
			     uint64_t pte)
{
	uint64_t cause;

	*pte_of(mode, root, TEST_VA, level) = pte;
	if (level)
		fence_all();
	else
		fence_for(TEST_VA);
	cause = load_cause(TEST_VA);
	*pte_of(mode, root, TEST_VA, level) = 0;
	fence_all();
	return cause;
}

static void reserved_leaves(const struct mode *mode, uint64_t root)
{
	uint64_t good = 0;

	fact_equal(load_through(mode, root, 0, PTE(data_page, PTE_RW)), CAUSE_NONE, "a good entry");
	fact_equal(load_through(mode, root, 0, PTE(data_page, PTE_RW & ~PTE_V)), CAUSE_LOAD_PAGE,
		   "V=0");
	fact_equal(load_through(mode, root, 0, PTE(data_page, PTE_V | PTE_W | PTE_AD)),
		   CAUSE_LOAD_PAGE, "W without R is reserved");
	fact_equal(load_through(mode, root, 0, PTE(data_page, PTE_V | PTE_W | PTE_X | PTE_AD)),
		   CAUSE_LOAD_PAGE, "WX without R is reserved");
	fact_equal(load_through(mode, root, 0, PTE(data_page, PTE_V)), CAUSE_LOAD_PAGE,
		   "a pointer at the last level");
	for (unsigned int bit = 54; bit <= 60; bit++)
		good += load_through(mode, root, 0, PTE(data_page, PTE_RW) | 1ul << bit) ==
			CAUSE_LOAD_PAGE;
	fact_equal(good, 7, "bits 60:54 are reserved");
}

static void reserved_pointers(const struct mode *mode, uint64_t root)
{
	uint64_t table = page_alloc(), good = 0;

	((uint64_t *)table)[0] = PTE(data_page, PTE_RW);
	fact_equal(load_through(mode, root, 1, PTE(table, PTE_V)), CAUSE_NONE, "a good pointer");
	fact_equal(load_through(mode, root, 1, PTE(table, PTE_V | PTE_U)), CAUSE_LOAD_PAGE,
		   "U in a pointer");
	fact_equal(load_through(mode, root, 1, PTE(table, PTE_V | PTE_A)), CAUSE_LOAD_PAGE,
		   "A in a pointer");
	fact_equal(load_through(mode, root, 1, PTE(table, PTE_V | PTE_D)), CAUSE_LOAD_PAGE,
		   "D in a pointer");
	fact_equal(load_through(mode, root, 1, PTE(table, PTE_V | PTE_G)), CAUSE_NONE,
		   "G in a pointer is good");
	for (unsigned int bit = 54; bit <= 63; bit++)
		good += load_through(mode, root, 1, PTE(table, PTE_V) | 1ul << bit) ==
			CAUSE_LOAD_PAGE;
	fact_equal(good, 10, "bits 63:54 of a pointer are reserved");
	fact_equal(load_through(mode, root, 1, PTE(data_page + PAGE, PTE_RW)), CAUSE_LOAD_PAGE,
		   "a misaligned superpage");
}

static void accessed_and_dirty(const struct mode *mode, uint64_t root, unsigned int level)
{
	uint64_t va = TEST_VA + 8 * GIGA + level * GIGA, *pte = pte_of(mode, root, va, level);

	*pte = PTE(data_page, PTE_RW & ~PTE_AD);
	fence_for(va);
	fact_equal(load_cause(va), CAUSE_LOAD_PAGE, "a load with A=0 faults");
	fact_equal(store_cause(va), CAUSE_STORE_PAGE, "a store with A=0 faults");
	*pte |= PTE_A;
	fence_for(va);
	fact_equal(load_cause(va), CAUSE_NONE, "a load with A=1 D=0 succeeds");
	fact_equal(store_cause(va), CAUSE_STORE_PAGE, "a store with D=0 faults");
	fact_equal(*pte & PTE_AD, PTE_A, "nobody set D");
	*pte |= PTE_D;
	fence_for(va);
	fact_equal(store_cause(va), CAUSE_NONE, "a store with D=1 succeeds");
	*pte &= ~PTE_D;
	fence_for(va);
	fact_equal(store_cause(va), CAUSE_STORE_PAGE, "D cleared and fenced: it faults again");
	fence_for(va);
	fact_equal(load_cause(va), CAUSE_NONE, "a load, which may cache the page");
	fact_equal(store_cause(va), CAUSE_STORE_PAGE, "and a store, which must not use that");
	*pte = PTE(data_page, PTE_RX & ~PTE_AD);
	fence_for(va);
	fact_equal(fetch_cause(va), CAUSE_FETCH_PAGE, "a fetch with A=0 faults");
	*pte = 0;
	fence_for(va);
}

/* The bits above those that are translated must equal the topmost of them. */
static void canonical_addresses(const struct mode *mode, uint64_t root)
{
	unsigned int width = 12 + 9 * mode->levels;
	uint64_t low = TEST_VA, high = low | ~0ul << (width - 1), good = 0;

	map_page(mode, root, low, data_page, PTE_RW);
	map_page(mode, root, high, data_page, PTE_RW);
	fence_all();
	fact_equal(load_cause(low), CAUSE_NONE, "an address of the lower half");
	fact_equal(load_cause(high), CAUSE_NONE, "an address of the upper half");
	for (unsigned int bit = width; bit < 64; bit++) {
		good += load_cause(low ^ 1ul << bit) == CAUSE_LOAD_PAGE;
		good += store_cause(high ^ 1ul << bit) == CAUSE_STORE_PAGE;
		good += try_load(high ^ 1ul << bit).tval == (high ^ 1ul << bit);
	}
	fact_equal(good, 3 * (64 - width), "no other address with the same low bits");
	fact_equal(fetch_cause(low ^ 1ul << 63), CAUSE_FETCH_PAGE, "nor for a fetch");
}

static void one_mode(const struct mode *mode)
{
	uint64_t root = root_new(mode);

	facts_about(mode->name);
	satp_load(mode, root, 0);
	fence_all();
	reserved_pointers(mode, root);
	accessed_and_dirty(mode, root, 1);
	for (int known = 0; known < 2; known++) {
		map_page(mode, root, TEST_VA + PAGE, data_page, PTE_RW);
		map_page(mode, root, TEST_VA + 8 * GIGA + PAGE, data_page, PTE_RW);
		fence_all();
		neighbour_known = known;
		reserved_leaves(mode, root);
		accessed_and_dirty(mode, root, 0);
	}
	neighbour_known = false;
	canonical_addresses(mode, root);
	csr_write(satp, 0);
	fence_all();
}

void payload(uint64_t hart)
{
	const struct mode *mode;

	(void)hart;
	data_page = mega_alloc();
	for_each_mode(mode) one_mode(mode);
}
