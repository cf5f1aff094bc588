// SPDX-License-Identifier: BSD-2-Clause
/* Tables that are linked into themselves, changed through their own mapping, or loop. */
#include "payload.h"

/* A slot of the root that nothing else uses; the root is its own table there. */
#define SLOT      300ul
#define LOOP_SLOT 200ul

static const struct mode *mode;

static uint64_t sign_extend(uint64_t va)
{
	unsigned int shift = 64 - (12 + 9 * mode->levels);

	return (uint64_t)((int64_t)(va << shift) >> shift);
}

/* Where a root linked into itself shows the entry of va, were pointers leaves as well. */
static uint64_t window_on_pte(uint64_t va)
{
	unsigned int top = mode->levels - 1;
	uint64_t width = 12 + 9 * mode->levels, below = va & ((1ul << width) - 1);

	return sign_extend(SLOT << (12 + 9 * top) | (below >> 12 << 3));
}

static void link_root(uint64_t root)
{
	((uint64_t *)root)[SLOT] = PTE(root, PTE_V);
}

static void edit_through_window(uint64_t root)
{
	uint64_t one = page_alloc(), two = page_alloc(), window = window_on_pte(TEST_VA);

	write64(one, 1);
	write64(two, 2);
	map_page(mode, root, TEST_VA, one, PTE_RW);
	fence_all();
	fact_equal(read64(TEST_VA), 1, "the page before");
	fact_equal(load_cause(window), CAUSE_LOAD_PAGE, "a pointer is no leaf: the window faults");
	*pte_of(mode, root, TEST_VA + MEGA, 0) = *pte_of(mode, root, TEST_VA, 1) | PTE_RW;
	fence_all();
	window = TEST_VA + MEGA + 8 * (TEST_VA >> 12 & 511);
	fact_equal(read64(window), PTE(one, PTE_RW), "a table mapped as data shows its entry");
	write64(window, PTE(two, PTE_RW));
	fence_page(TEST_VA);
	fact_equal(read64(TEST_VA), 2, "an entry stored through its table's mapping counts");
}

/* Maps the table of TEST_VA inside itself: the page is both a table and its own data. */
static void table_maps_itself(uint64_t root)
{
	uint64_t table = *pte_of(mode, root, TEST_VA, 1) >> 10 << 12, page = page_alloc();
	uint64_t self = (TEST_VA & ~(MEGA - 1)) + 7 * PAGE;

	write64(page, 0x77);
	map_page(mode, root, self, table, PTE_RW);
	fence_all();
	write64(self + 8 * 9, PTE(page, PTE_RW));
	fence_all();
	fact_equal(read64((TEST_VA & ~(MEGA - 1)) + 9 * PAGE), 0x77, "a table that maps itself");
	write64(self + 8 * 7, 0);
	fence_page(self);
	fact_equal(load_cause(self), CAUSE_LOAD_PAGE, "unmaps itself");
}

/* Loops of pointers: the walk goes round until it runs out of levels, and faults. */
static void loops(uint64_t root)
{
	uint64_t shift = 12 + 9 * (mode->levels - 1), start = LOOP_SLOT << shift;
	uint64_t table = page_alloc(), good = 0, self = 0;

	for (unsigned int i = 0; i < 512; i++)
		((uint64_t *)table)[i] = PTE(table, PTE_V);
	((uint64_t *)root)[LOOP_SLOT] = PTE(table, PTE_V);
	fence_all();
	for (uint64_t va = start; va < start + 64 * PAGE; va += PAGE)
		good += load_cause(va) == CAUSE_LOAD_PAGE;
	fact_equal(good, 64, "a table full of pointers to itself");
	for (unsigned int level = 0; level < mode->levels; level++)
		self |= SLOT << (12 + 9 * level);
	fact_equal(load_cause(sign_extend(self)), CAUSE_LOAD_PAGE,
		   "the root through itself at every level");
}

void payload(uint64_t hart)
{
	(void)hart;
	for_each_mode(mode)
	{
		uint64_t root = root_new(mode);

		link_root(root);
		satp_load(mode, root, 0);
		fence_all();
		edit_through_window(root);
		table_maps_itself(root);
		loops(root);
		csr_write(satp, 0);
		fence_all();
	}
}
