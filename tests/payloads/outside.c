// SPDX-License-Identifier: BSD-2-Clause
/*
 * Entries that name what is no RAM: leaves, tables and roots' pointers beyond memory or at devices.
 */
#include "payload.h"

#define PLIC_PRIORITIES 0x0c000000ul
#define HOLE            0x14000000ul
#define BEYOND_RAM      0x1000000000ul /* 64 GiB */
#define HIGHEST         (~0ul << 12 & ~(~0ul << 56))

static const uint64_t places[] = { HOLE, BEYOND_RAM, HIGHEST };
static const char *const names[] = { "a hole", "beyond RAM", "the highest frame" };

#define PLACES (sizeof(places) / sizeof(places[0]))

static const struct mode *mode;
static uint64_t root;

static void leaves(void)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		uint64_t good = 0;

		map_page(mode, root, TEST_VA, places[i], PTE_RWX);
		fence_page(TEST_VA);
		good += load_cause(TEST_VA) == CAUSE_LOAD_ACCESS;
		good += store_cause(TEST_VA + 8) == CAUSE_STORE_ACCESS;
		good += fetch_cause(TEST_VA + 16) == CAUSE_FETCH_ACCESS;
		good += try_load(TEST_VA + 24).tval == TEST_VA + 24;
		fact_equal(good, 4, names[i]);
	}
	*pte_of(mode, root, TEST_VA, 0) = 0;
	fence_page(TEST_VA);
}

/* An access fault by the specification; QEMU's own walker makes it a page fault. */
static bool is_fault(uint64_t cause, uint64_t access, uint64_t page)
{
	return cause == access || cause == page;
}

static void tables_at(uint64_t place, const char *name)
{
	uint64_t va = TEST_VA + GIGA, good = 0;

	for (unsigned int level = 1; level < mode->levels; level++) {
		/* A slot away from the identity mapping. */
		uint64_t at = level > 1 ? 100ul << (12 + 9 * level) : va;

		*pte_of(mode, root, at, level) = PTE(place, PTE_V);
		fence_all();
		good += is_fault(load_cause(at), CAUSE_LOAD_ACCESS, CAUSE_LOAD_PAGE);
		good += is_fault(store_cause(at), CAUSE_STORE_ACCESS, CAUSE_STORE_PAGE);
		good += is_fault(fetch_cause(at), CAUSE_FETCH_ACCESS, CAUSE_FETCH_PAGE);
		*pte_of(mode, root, at, level) = 0;
		fence_all();
	}
	fact_equal(good, 3 * (mode->levels - 1), name);
}

static void tables(void)
{
	tables_at(HOLE, "a table in a hole");
	tables_at(BEYOND_RAM, "a table beyond RAM");
	tables_at(HIGHEST, "a table in the highest frame");
	tables_at(PLIC_PRIORITIES, "a table in a device");
}

/* A superpage of which only a part is RAM works where it is RAM. */
static void half_a_superpage(void)
{
	uint64_t page = page_alloc(), va = TEST_VA + 4 * GIGA;

	write64(page, 0x600d);
	*pte_of(mode, root, va, 2) = PTE(0x80000000ul, PTE_RW);
	fence_all();
	fact_equal(read64(va + (page - 0x80000000ul)), 0x600d, "1 GiB that begins with RAM");
	*pte_of(mode, root, va, 2) = PTE(0x1000000000ul, PTE_RW);
	fence_all();
	fact_equal(load_cause(va + 0x12345678), CAUSE_LOAD_ACCESS, "1 GiB without RAM");
	*pte_of(mode, root, va, 2) = PTE(0, PTE_RW);
	fence_all();
	fact_equal(*(volatile uint8_t *)(va + 0x10000005) & 0x60, 0x60, "1 GiB with devices");
}

void payload(uint64_t hart)
{
	(void)hart;
	for_each_mode(mode)
	{
		root = root_new(mode);
		satp_load(mode, root, 0);
		fence_all();
		leaves();
		tables();
		half_a_superpage();
		csr_write(satp, 0);
		fence_all();
	}
}
