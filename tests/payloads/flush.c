// SPDX-License-Identifier: BSD-2-Clause
/*
 * After a fence that covers it, a change of any kind is seen: remapping, rights, page size, tables.
 */
#include "payload.h"

static uint64_t page_with(uint64_t value)
{
	uint64_t page = page_alloc();

	write64(page, value);
	return page;
}

/* 1, or 0 where the machine has no ASIDs. */
static uint64_t own_asid;

typedef void (*fence_fn)(uint64_t va, uint64_t asid);

static void by_page(uint64_t va, uint64_t asid)
{
	(void)asid;
	fence_page(va);
}

static void by_asid(uint64_t va, uint64_t asid)
{
	(void)va;
	fence_asid(asid);
}

static void by_page_and_asid(uint64_t va, uint64_t asid)
{
	fence_page_asid(va, asid);
}

static void by_nothing(uint64_t va, uint64_t asid)
{
	(void)va;
	(void)asid;
	fence_all();
}

static const struct {
	fence_fn fence;
	const char *what;
} fences[] = {
	{ by_page, "a fence by address" },
	{ by_asid, "a fence by ASID" },
	{ by_page_and_asid, "a fence by address and ASID" },
	{ by_nothing, "a fence of everything" },
};

/* Remap, withdraw, restrict and widen one page, fencing each change. */
static void leaf_changes(const struct mode *mode, uint64_t root, fence_fn fence, const char *what)
{
	uint64_t *pte = pte_of(mode, root, TEST_VA, 0);
	uint64_t one = page_with(1), two = page_with(2), good = 0;

	*pte = PTE(one, PTE_RW);
	fence(TEST_VA, own_asid);
	good += read64(TEST_VA) == 1;
	*pte = PTE(two, PTE_RW);
	fence(TEST_VA, own_asid);
	good += read64(TEST_VA) == 2;
	*pte = PTE(two, PTE_RW & ~PTE_W);
	fence(TEST_VA + 8, own_asid);
	good += store_cause(TEST_VA) == CAUSE_STORE_PAGE && read64(TEST_VA) == 2;
	*pte = 0;
	fence(TEST_VA + PAGE - 1, own_asid);
	good += load_cause(TEST_VA) == CAUSE_LOAD_PAGE;
	*pte = PTE(one, PTE_RW);
	fence(TEST_VA, own_asid);
	good += store_cause(TEST_VA) == CAUSE_NONE && read64(one) == 0;
	write64(one, 1);
	fact_equal(good, 5, what);
}

/* A fence for any address inside a superpage covers all of it. */
static void superpage_changes(const struct mode *mode, uint64_t root)
{
	uint64_t *pte = pte_of(mode, root, TEST_VA + MEGA, 1), va = TEST_VA + MEGA;
	uint64_t a = mega_alloc(), b = mega_alloc(), good = 0;

	for (uint64_t at = 0; at < MEGA; at += MEGA / 8) {
		write64(a + at, 0xa0 + at);
		write64(b + at, 0xb0 + at);
	}
	*pte = PTE(a, PTE_RW);
	fence_page(va);
	for (uint64_t at = 0; at < MEGA; at += MEGA / 8)
		good += read64(va + at) == 0xa0 + at;
	*pte = PTE(b, PTE_RW);
	fence_page(va + MEGA / 2 + 0x123);
	for (uint64_t at = 0; at < MEGA; at += MEGA / 8)
		good += read64(va + at) == 0xb0 + at;
	fact_equal(good, 16, "a fence inside a superpage covers all of it");
	*pte = PTE(b, PTE_RW & ~PTE_W);
	fence_page(va);
	fact_equal(store_cause(va + MEGA - 8), CAUSE_STORE_PAGE, "its rights change as a whole");
}

/* Superpage to table and back, and one table for another. */
static void table_changes(const struct mode *mode, uint64_t root)
{
	uint64_t va = TEST_VA + 2 * MEGA, *pte = pte_of(mode, root, va, 1);
	uint64_t mega = mega_alloc(), first = page_alloc(), second = page_alloc();

	write64(mega, 0x21);
	((uint64_t *)first)[0] = PTE(page_with(0x22), PTE_RW);
	((uint64_t *)second)[0] = PTE(page_with(0x23), PTE_RW);
	*pte = PTE(mega, PTE_RW);
	fence_page(va);
	fact_equal(read64(va), 0x21, "a superpage");
	*pte = PTE(first, PTE_V);
	fence_all();
	fact_equal(read64(va), 0x22, "replaced by a table");
	fact_equal(load_cause(va + PAGE), CAUSE_LOAD_PAGE, "which has no second page");
	*pte = PTE(second, PTE_V);
	fence_asid(own_asid);
	fact_equal(read64(va), 0x23, "replaced by another table");
	*pte = PTE(mega, PTE_RW);
	fence_asid(own_asid);
	fact_equal(read64(va), 0x21, "replaced by the superpage again");
	*pte = 0;
	fence_all();
	fact_equal(load_cause(va), CAUSE_LOAD_PAGE, "and withdrawn");
}

void payload(uint64_t hart)
{
	const struct mode *mode;

	(void)hart;
	own_asid = asid_bits() > 0;
	for_each_mode(mode)
	{
		uint64_t root = root_new(mode);

		satp_load(mode, root, own_asid);
		fence_all();
		for (unsigned int f = 0; f < 4; f++)
			leaf_changes(mode, root, fences[f].fence, fences[f].what);
		superpage_changes(mode, root);
		table_changes(mode, root);
		csr_write(satp, 0);
		fence_all();
	}
}
