// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tables linked into two roots: what one root's fence and one address space's
 * cached entries may mean for the other.
 */
#include "payload.h"

#define VA        TEST_VA
#define NEIGHBOUR (TEST_VA + PAGE)
#define OLD       0x01dul
#define NEW       0x2e3ul

static uint64_t page_with(uint64_t value)
{
	uint64_t page = page_alloc();

	write64(page, value);
	return page;
}

/* Links the table that holds VA in one root into another. */
static void share_table(const struct mode *mode, uint64_t from, uint64_t to)
{
	*pte_of(mode, to, VA, 1) = *pte_of(mode, from, VA, 1);
}

/* A fence for every address space must reach what an earlier root has cached. */
static void global_page_changed_under_another_root(const struct mode *mode)
{
	uint64_t a = root_new(mode), b = root_new(mode);

	map_page(mode, a, VA, page_with(OLD), PTE_RW | PTE_G);
	map_page(mode, a, NEIGHBOUR, page_with(0), PTE_RW | PTE_G);
	share_table(mode, a, b);

	satp_load(mode, a, 1);
	fence_all();
	fact_equal(read64(VA), OLD, "the page is cached through the first root");
	satp_load(mode, b, 2);
	*pte_of(mode, a, VA, 0) = PTE(page_with(NEW), PTE_RW | PTE_G);
	fence_page(VA);
	read64(NEIGHBOUR);
	fact_equal(read64(VA), NEW, "a global page shows its new frame under the second root");
	satp_load(mode, a, 1);
	read64(NEIGHBOUR);
	fact_equal(read64(VA), NEW, "and under the first");
}

/* An entry cached for one address space says nothing about another. */
static void leaf_cached_for_one_asid(const struct mode *mode)
{
	uint64_t a = root_new(mode), b = root_new(mode);

	map_page(mode, a, VA, page_with(OLD), PTE_RW);
	map_page(mode, a, NEIGHBOUR, page_with(0), PTE_RW);
	share_table(mode, a, b);

	satp_load(mode, a, 1);
	fence_all();
	fact_equal(read64(VA), OLD, "the page is cached for the first address space");
	*pte_of(mode, a, VA, 0) = PTE(page_with(NEW), PTE_RW);
	/* Only address space 2 is fenced: it never used the page, so it must read the table. */
	fence_asid(2);
	satp_load(mode, b, 2);
	read64(NEIGHBOUR);
	fact_equal(read64(VA), NEW, "another address space does not see the cached frame");
}

void payload(uint64_t hart)
{
	const struct mode *mode;

	(void)hart;
	for_each_mode(mode)
	{
		global_page_changed_under_another_root(mode);
		if (asid_bits() >= 2)
			leaf_cached_for_one_asid(mode);
		csr_write(satp, 0);
		fence_all();
	}
}
