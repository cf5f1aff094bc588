// SPDX-License-Identifier: BSD-2-Clause
/* cbo.zero: zeroes a block, and faults as a store does.  Harts without it say so. */
#include "payload.h"

#define BLOCK  64
#define OFFSET (5 * BLOCK)

static const struct mode *mode;
static uint64_t root, page;

static uint64_t zero_block(uint64_t va, uint64_t unused)
{
	register uint64_t a0 __asm__("a0") = va;

	(void)unused;
	__asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" ::"r"(a0) : "memory"); /* cbo.zero (a0) */
	return 0;
}

static uint64_t cause_with(uint64_t flags)
{
	map_page(mode, root, TEST_VA, page, flags);
	fence_page(TEST_VA);
	return attempt(zero_block, TEST_VA + OFFSET + 3, 0).cause;
}

static void faults(void)
{
	fact_equal(cause_with(PTE_RW & ~PTE_D), CAUSE_STORE_PAGE, "D=0 faults as a store");
	fact_equal(cause_with(PTE_RW & ~PTE_W), CAUSE_STORE_PAGE, "a read-only page");
	fact_equal(cause_with(0), CAUSE_STORE_PAGE, "an absent page");
	fact_equal(read64(page + OFFSET), ~0ul, "none of them changed memory");
}

static void zeroes(void)
{
	uint64_t zero = 0;

	fact_equal(cause_with(PTE_RW), CAUSE_NONE, "a writable page");
	for (uint64_t at = OFFSET; at < OFFSET + BLOCK; at += 8)
		zero += read64(page + at) == 0;
	fact_equal(zero, BLOCK / 8, "the block is zero");
	fact_equal(read64(page + OFFSET - 8), ~0ul, "what is before it is not");
	fact_equal(read64(page + OFFSET + BLOCK), ~0ul, "nor what is after it");
}

void payload(uint64_t hart)
{
	(void)hart;
	root = root_in_first_mode(&mode);
	page = page_alloc();
	for (uint64_t at = 0; at < PAGE; at += 8)
		write64(page + at, ~0ul);
	if (attempt(zero_block, page, 0).cause == CAUSE_ILLEGAL) {
		note("no Zicboz");
		fact_equal(read64(page), ~0ul, "without Zicboz nothing is zeroed");
		return;
	}
	satp_load(mode, root, 0);
	fence_all();
	faults();
	zeroes();
	csr_write(satp, 0);
}
