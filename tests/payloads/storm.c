// SPDX-License-Identifier: BSD-2-Clause
/* Floods: of fences, of satp writes, of faults, of changes between modes. */
#include "payload.h"

#define FLOOD 3000

static const struct mode *mode;
static uint64_t root, page;

static void fences(void)
{
	uint64_t good = 0;

	for (uint64_t i = 0; i < FLOOD; i++) {
		write64(TEST_VA, i);
		fence_page(TEST_VA + (i % 600) * PAGE);
		fence_asid(i % 5);
		fence_page_asid(~i << 12, i);
		good += read64(TEST_VA) == i;
	}
	fact_equal(good, FLOOD, "a flood of fences");
}

/* More address fences than any log of them holds, and then the change that matters. */
static void fences_before_a_change(void)
{
	uint64_t other = page_alloc(), good = 0;

	for (uint64_t i = 0; i < 16; i++) {
		uint64_t frame = i & 1 ? page : other;

		write64(frame, i);
		map_page(mode, root, TEST_VA, frame, PTE_RW);
		fence_page(TEST_VA);
		for (uint64_t j = 1; j < 300; j++)
			fence_page(TEST_VA + j * PAGE);
		good += read64(TEST_VA) == i;
	}
	fact_equal(good, 16, "a change among many fences");
	map_page(mode, root, TEST_VA, page, PTE_RW);
	fence_page(TEST_VA);
}

static void satp_writes(void)
{
	uint64_t good = 0;

	for (uint64_t i = 0; i < FLOOD; i++) {
		satp_load(mode, root, i & 7);
		write64(TEST_VA, i);
		good += read64(TEST_VA) == i;
	}
	satp_load(mode, root, 0);
	fact_equal(good, FLOOD, "a flood of satp writes");
}

static void faults(void)
{
	uint64_t good = 0;

	for (uint64_t i = 1; i <= FLOOD; i++)
		good += load_cause(TEST_VA + i * PAGE) == CAUSE_LOAD_PAGE;
	fact_equal(good, FLOOD, "a flood of faults");
}

static void rights_back_and_forth(void)
{
	uint64_t *pte = pte_of(mode, root, TEST_VA, 0), good = 0;

	for (uint64_t i = 0; i < FLOOD; i++) {
		*pte = PTE(page, i & 1 ? PTE_RW : PTE_RW & ~PTE_W);
		fence_page(TEST_VA);
		good += store_cause(TEST_VA) == (i & 1 ? CAUSE_NONE : CAUSE_STORE_PAGE);
	}
	fact_equal(good, FLOOD, "a right given and taken many times");
	*pte = PTE(page, PTE_RW);
	fence_page(TEST_VA);
}

/* Every mode in turn over the same pages, bare between them. */
static void modes_in_turn(const struct mode *modes, unsigned int count)
{
	uint64_t roots[3], good = 0;

	for (unsigned int i = 0; i < count; i++) {
		roots[i] = root_new(&modes[i]);
		map_page(&modes[i], roots[i], TEST_VA, page, PTE_RW);
	}
	for (uint64_t i = 0; i < 300; i++) {
		satp_load(&modes[i % count], roots[i % count], 0);
		fence_all();
		write64(TEST_VA, i);
		csr_write(satp, 0);
		good += read64(page) == i;
	}
	fact_equal(good, 300, "paging modes in turn");
}

void payload(uint64_t hart)
{
	(void)hart;
	mode = first_mode();
	root = root_new(mode);
	page = page_alloc();
	map_page(mode, root, TEST_VA, page, PTE_RW);
	satp_load(mode, root, 0);
	fence_all();
	fences();
	fences_before_a_change();
	satp_writes();
	faults();
	rights_back_and_forth();
	csr_write(satp, 0);
	modes_in_turn(mode, modes_from(mode));
}
