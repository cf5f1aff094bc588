// SPDX-License-Identifier: BSD-2-Clause
/* Many address spaces at one virtual address, with few and many ASIDs, fenced and reused. */
#include "payload.h"

#define SPACES  48
#define SHARERS 16
#define FENCED  64ul /* pages */

struct space {
	uint64_t root, page;
};

static struct space spaces[SPACES];

static void make_spaces(const struct mode *mode, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		spaces[i].root = root_new(mode);
		spaces[i].page = page_alloc();
		write64(spaces[i].page, 1000 + i);
		map_page(mode, spaces[i].root, TEST_VA, spaces[i].page, PTE_RW);
	}
	fence_all();
}

/* More address spaces than any buffer of roots has places, each with an ASID of its own. */
static void distinct_asids(const struct mode *mode, unsigned int count)
{
	uint64_t good = 0;

	for (unsigned int round = 0; round < 6; round++)
		for (unsigned int i = 0; i < count; i++) {
			satp_load(mode, spaces[i].root, i + 1);
			good += read64(TEST_VA) == 1000 + i + 100000 * round;
			write64(TEST_VA, read64(TEST_VA) + 100000);
		}
	fact_equal(good, 6 * count, "every address space sees its own page");
	for (unsigned int i = 0; i < count; i++)
		write64(spaces[i].page, 1000 + i);
}

/*
 * One that is used between all others, so that it is ready each time, while they use the hart's
 * ASIDs up.
 */
static void one_beside_many(const struct mode *mode, unsigned int count)
{
	uint64_t good = 0;

	for (unsigned int round = 0; round < 4; round++)
		for (unsigned int i = 1; i < count; i++) {
			satp_load(mode, spaces[0].root, 1);
			good += read64(TEST_VA) == 1000;
			satp_load(mode, spaces[i].root, i + 1);
			good += read64(TEST_VA) == 1000 + i;
		}
	fact_equal(good, 8 * (count - 1), "one address space beside many others");
}

/* One ASID for all: legal when a fence follows each change of satp. */
static void one_asid_with_fences(const struct mode *mode, unsigned int count)
{
	uint64_t good = 0;

	for (unsigned int round = 0; round < 4; round++)
		for (unsigned int i = 0; i < count; i++) {
			satp_load(mode, spaces[i].root, 0);
			fence_all();
			good += read64(TEST_VA) == 1000 + i;
		}
	fact_equal(good, 4 * count, "one ASID serves all, with a fence at each switch");
}

/* An ASID goes to another address space after a fence for it. */
static void asid_reused(const struct mode *mode, unsigned int count)
{
	uint64_t good = 0;

	for (unsigned int i = 0; i < count; i++) {
		satp_load(mode, spaces[i].root, 1 + i % 3);
		fence_asid(1 + i % 3);
		good += read64(TEST_VA) == 1000 + i;
	}
	fact_equal(good, count, "an ASID is reused after a fence for it");
}

/* While another space runs, a fence for an ASID that does not run takes effect. */
static void fence_for_another(const struct mode *mode)
{
	uint64_t fresh = page_alloc();

	write64(fresh, 77);
	satp_load(mode, spaces[0].root, 1);
	fence_asid(1);
	fact_equal(read64(TEST_VA), 1000, "the first space is cached");
	satp_load(mode, spaces[1].root, 2);
	map_page(mode, spaces[0].root, TEST_VA, fresh, PTE_RW);
	fence_page_asid(TEST_VA, 1);
	satp_load(mode, spaces[0].root, 1);
	fact_equal(read64(TEST_VA), 77, "a fence by address reaches a space that does not run");
	satp_load(mode, spaces[1].root, 2);
	map_page(mode, spaces[0].root, TEST_VA, spaces[0].page, PTE_RW);
	fence_asid(1);
	satp_load(mode, spaces[0].root, 1);
	fact_equal(read64(TEST_VA), 1000, "and so does a fence by ASID");
}

/* The most that one remote fence by address can have to do. */
static void long_fence_for_many_spaces(const struct mode *mode)
{
	uint64_t fresh = page_alloc(), good = 0;

	write64(fresh, 88);
	for (unsigned int i = 0; i < SHARERS; i++) {
		for (uint64_t n = 1; n < FENCED; n++)
			map_page(mode, spaces[i].root, TEST_VA + n * PAGE, spaces[0].page, PTE_RW);
		satp_load(mode, spaces[i].root, 1);
		for (uint64_t n = 1; n < FENCED; n++)
			good += read64(TEST_VA + n * PAGE) == 1000;
	}
	fact_equal(good, SHARERS * (FENCED - 1), "address spaces that share pages and an ASID");
	for (unsigned int i = 0; i < SHARERS; i++)
		map_page(mode, spaces[i].root, TEST_VA + (FENCED - 1) * PAGE, fresh, PTE_RW);
	sbi_call(SBI_RFENCE, 2, 0, ~0ul, TEST_VA, FENCED * PAGE, 1);
	good = 0;
	for (unsigned int i = 0; i < SHARERS; i++) {
		satp_load(mode, spaces[i].root, 1);
		good += read64(TEST_VA + (FENCED - 1) * PAGE) == 88;
	}
	fact_equal(good, SHARERS, "a long remote fence by address reaches all of them");
}

/* A root page becomes data and another page the root, under the same ASID. */
static void root_page_recycled(const struct mode *mode)
{
	uint64_t old = root_new(mode), fresh = root_new(mode), page = page_alloc();

	write64(page, 5);
	map_page(mode, old, TEST_VA, spaces[0].page, PTE_RW);
	map_page(mode, fresh, TEST_VA, page, PTE_RW);
	satp_load(mode, old, 0);
	fence_all();
	read64(TEST_VA);
	satp_load(mode, fresh, 0);
	fence_all();
	for (unsigned int i = 0; i < PAGE / 8; i++)
		write64(old + 8 * i, ~0ul);
	fact_equal(read64(TEST_VA), 5, "a former root's page is ordinary memory");
}

void payload(uint64_t hart)
{
	const struct mode *mode;
	unsigned int bits = asid_bits();
	unsigned int usable = bits >= 6 ? SPACES : (1u << bits) - 1;

	(void)hart;
	for_each_mode(mode)
	{
		make_spaces(mode, SPACES);
		one_asid_with_fences(mode, SPACES);
		if (bits)
			distinct_asids(mode, usable);
		if (bits >= 2)
			one_beside_many(mode, usable);
		if (bits >= 2) {
			asid_reused(mode, SPACES);
			fence_for_another(mode);
			long_fence_for_many_spaces(mode);
		}
		root_page_recycled(mode);
		csr_write(satp, 0);
		fence_all();
	}
}
