// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many tables: pages spread so that each needs a table of its own, more of
 * them than a machine may want to keep, read over and over.
 */
#include "payload.h"

#define ROOTS   4
#define REGIONS 3000 /* each 2 MiB apart: one last-level table each */
#define STRIDE  (MEGA + PAGE)

static const struct mode *mode;
static uint64_t roots[ROOTS], shared_page, tables[REGIONS];

/* All roots share the guest's own tables; the first page of each region tells which it is. */
static void build(void)
{
	for (unsigned int r = 0; r < ROOTS; r++)
		roots[r] = root_new(mode);
	for (unsigned int i = 0; i < REGIONS; i++) {
		uint64_t va = TEST_VA + i * STRIDE;

		map_page(mode, roots[0], va, page_alloc(), PTE_RW);
		tables[i] = *pte_of(mode, roots[0], va, 1);
		write64(*pte_of(mode, roots[0], va, 0) >> 10 << 12, i);
		for (unsigned int r = 1; r < ROOTS; r++)
			*pte_of(mode, roots[r], va, 1) = tables[i];
	}
	fence_all();
}

static uint64_t read_all(void)
{
	uint64_t good = 0;

	for (unsigned int i = 0; i < REGIONS; i++)
		good += read64(TEST_VA + i * STRIDE) == i;
	return good;
}

static void remap_all(void)
{
	for (unsigned int i = 0; i < REGIONS; i++)
		map_page(mode, roots[0], TEST_VA + i * STRIDE, shared_page, PTE_RW);
	fence_all();
}

void payload(uint64_t hart)
{
	uint64_t good = 0;
	bool asids = asid_bits() >= 3;

	(void)hart;
	mode = first_mode();
	shared_page = page_alloc();
	write64(shared_page, 0xabcdef);
	build();
	for (unsigned int round = 0; round < 2 * ROOTS; round++) {
		satp_load(mode, roots[round % ROOTS], asids ? 1 + round % ROOTS : 0);
		if (!asids)
			fence_all();
		good += read_all();
	}
	fact_equal(good, 2 * ROOTS * REGIONS, "every page of 3000 tables, in four roots");
	remap_all();
	good = 0;
	for (unsigned int i = 0; i < REGIONS; i++)
		good += read64(TEST_VA + i * STRIDE) == 0xabcdef;
	fact_equal(good, REGIONS, "all of them remapped and fenced at once");
	csr_write(satp, 0);
}
