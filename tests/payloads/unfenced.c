// SPDX-License-Identifier: BSD-2-Clause
/*
 * New mappings that nobody fences, as Svvptc lets kernels make them: seen
 * after a bounded number of spurious faults.  One is granted here.
 */
#include "payload.h"

#define PAGES 600 /* more than one last-level table */

static const struct mode *mode;
static uint64_t root;

static bool seen_soon(uint64_t va, uint64_t expected)
{
	struct outcome first = try_load(va), o = first.cause == CAUSE_NONE ? first : try_load(va);

	return o.cause == CAUSE_NONE && o.value == expected;
}

static void absent_pages_become_present(void)
{
	uint64_t good = 0;

	for (uint64_t va = TEST_VA; va < TEST_VA + PAGES * PAGE; va += PAGE) {
		uint64_t page = page_alloc();

		write64(page, va);
		good += load_cause(va) == CAUSE_LOAD_PAGE;
		map_page(mode, root, va, page, PTE_RW);
		good += seen_soon(va, va);
	}
	fact_equal(good, 2 * PAGES, "a page that faulted is seen once it is mapped");
}

/*
 * Linux's fault-around: one fault maps the neighbours as well.  Another page of their table is
 * known, so that what a hart remembers to be absent is theirs alone, and nothing above.
 */
static void neighbours_of_a_fault(void)
{
	uint64_t start = TEST_VA + GIGA, good = 0;

	map_page(mode, root, start + 100 * PAGE, page_alloc(), PTE_RW);
	fact(seen_soon(start + 100 * PAGE, 0), "a page of the same table");
	for (uint64_t i = 0; i < 16; i++)
		good += load_cause(start + i * PAGE) == CAUSE_LOAD_PAGE;
	for (uint64_t i = 0; i < 16; i++) {
		uint64_t page = page_alloc();

		write64(page, i);
		map_page(mode, root, start + i * PAGE, page, PTE_RW);
	}
	for (uint64_t i = 0; i < 16; i++)
		good += seen_soon(start + i * PAGE, i);
	fact_equal(good, 32, "so are its neighbours");
}

static void a_new_table(void)
{
	uint64_t va = TEST_VA + 3 * GIGA, page = page_alloc(), table = page_alloc();

	write64(page, 99);
	fact_equal(load_cause(va), CAUSE_LOAD_PAGE, "nothing is mapped");
	((uint64_t *)table)[0] = PTE(page, PTE_RW);
	*pte_of(mode, root, va, 1) = PTE(table, PTE_V);
	fact(seen_soon(va, 99), "a whole table appears");
}

static void made_by_another_root(void)
{
	uint64_t other = root_new(mode), va = TEST_VA + GIGA / 2, page = page_alloc();

	write64(page, 1234);
	map_page(mode, root, va, page_alloc(), PTE_RW);
	*pte_of(mode, other, va, 1) = *pte_of(mode, root, va, 1);
	fact(seen_soon(va, 0), "a page before the root changes");
	fact_equal(load_cause(va + PAGE), CAUSE_LOAD_PAGE, "its neighbour is absent");
	satp_load(mode, other, 0);
	fence_all();
	map_page(mode, other, va + PAGE, page, PTE_RW);
	satp_load(mode, root, 0);
	fact(seen_soon(va + PAGE, 1234), "mapped under another root");
}

void payload(uint64_t hart)
{
	(void)hart;
	for_each_mode(mode)
	{
		root = root_new(mode);
		satp_load(mode, root, 0);
		fence_all();
		absent_pages_become_present();
		neighbours_of_a_fault();
		a_new_table();
		made_by_another_root();
		csr_write(satp, 0);
		fence_all();
	}
}
