// SPDX-License-Identifier: BSD-2-Clause
/* What each combination of R, W, X, U with SUM and MXR permits, at every page size. */
#include "payload.h"

static const uint64_t combinations[] = {
	PTE_R, PTE_R | PTE_W, PTE_X, PTE_R | PTE_X, PTE_R | PTE_W | PTE_X,
};

#define COMBINATIONS (sizeof(combinations) / sizeof(combinations[0]))

static uint64_t code_page;

/* A page whose first instruction returns: it can be loaded from, stored to and called. */
static uint64_t make_code_page(void)
{
	uint64_t page = mega_alloc(); /* usable at level 1 too */

	*(volatile uint32_t *)page = 0x00008067;
	__asm__ volatile("fence.i");
	return page;
}

static uint64_t expected_load(uint64_t flags)
{
	return flags & PTE_R ? CAUSE_NONE : CAUSE_LOAD_PAGE;
}

static uint64_t expected_store(uint64_t flags)
{
	return flags & PTE_W ? CAUSE_NONE : CAUSE_STORE_PAGE;
}

static uint64_t expected_fetch(uint64_t flags)
{
	return flags & PTE_X ? CAUSE_NONE : CAUSE_FETCH_PAGE;
}

static void store_same(uint64_t va, unsigned int *good, uint64_t expected)
{
	*good += try_store(va, 0x00008067).cause == expected;
}

static void supervisor_pages(const struct mode *mode, uint64_t root, unsigned int level)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < COMBINATIONS; i++) {
		uint64_t flags = combinations[i];

		*pte_of(mode, root, TEST_VA, level) = PTE(code_page, flags | PTE_V | PTE_AD);
		fence_page(TEST_VA);
		good += load_cause(TEST_VA) == expected_load(flags);
		store_same(TEST_VA, &good, expected_store(flags));
		good += fetch_cause(TEST_VA) == expected_fetch(flags);
		good += attempt_user(USER(user_load), TEST_VA, 0).cause == CAUSE_LOAD_PAGE;
		good += attempt_user(USER(user_store), TEST_VA, 0x8067).cause == CAUSE_STORE_PAGE;
		good += attempt_user(USER(user_jump), TEST_VA, 0).cause == CAUSE_FETCH_PAGE;
	}
	fact_equal(good, 6 * COMBINATIONS, level ? "superpages of S-mode" : "pages of S-mode");
}

static void user_pages(const struct mode *mode, uint64_t root, unsigned int level)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < COMBINATIONS; i++) {
		uint64_t flags = combinations[i], ecall = CAUSE_USER_ECALL;

		*pte_of(mode, root, TEST_VA, level) =
			PTE(code_page, flags | PTE_V | PTE_U | PTE_AD);
		fence_page(TEST_VA);
		good += attempt_user(USER(user_load), TEST_VA, 0).cause ==
			(flags & PTE_R ? ecall : CAUSE_LOAD_PAGE);
		good += attempt_user(USER(user_store), TEST_VA, 0x8067).cause ==
			(flags & PTE_W ? ecall : CAUSE_STORE_PAGE);
		good += load_cause(TEST_VA) == CAUSE_LOAD_PAGE;
		csr_set(sstatus, SSTATUS_SUM);
		good += load_cause(TEST_VA) == expected_load(flags);
		store_same(TEST_VA, &good, expected_store(flags));
		good += fetch_cause(TEST_VA) == CAUSE_FETCH_PAGE;
		csr_clear(sstatus, SSTATUS_SUM);
		good += load_cause(TEST_VA) == CAUSE_LOAD_PAGE;
	}
	fact_equal(good, 7 * COMBINATIONS,
		   level ? "superpages of U-mode, SUM off and on" :
			   "pages of U-mode, SUM off and on");
}

static void executable_only_with_mxr(const struct mode *mode, uint64_t root)
{
	map_page(mode, root, TEST_VA, code_page, PTE_V | PTE_X | PTE_AD);
	fence_page(TEST_VA);
	fact_equal(load_cause(TEST_VA), CAUSE_LOAD_PAGE, "an executable page cannot be read");
	csr_set(sstatus, SSTATUS_MXR);
	fact_equal(load_cause(TEST_VA), CAUSE_NONE, "with MXR it can");
	fact_equal(store_cause(TEST_VA), CAUSE_STORE_PAGE, "but not written");
	csr_clear(sstatus, SSTATUS_MXR);
	fact_equal(load_cause(TEST_VA), CAUSE_LOAD_PAGE, "MXR off again");
}

static void fault_values(const struct mode *mode, uint64_t root)
{
	struct outcome o;

	*pte_of(mode, root, TEST_VA, 0) = 0;
	fence_page(TEST_VA);
	o = try_load(TEST_VA + 0x128);
	fact_equal(o.tval, TEST_VA + 0x128, "stval of a load");
	o = try_store(TEST_VA + 0xff8, 0);
	fact_equal(o.tval, TEST_VA + 0xff8, "stval of a store");
	o = try_fetch(TEST_VA + 0x40);
	fact_equal(o.tval, TEST_VA + 0x40, "stval of a fetch");
	fact_equal(o.epc, TEST_VA + 0x40, "sepc of a fetch");
	fact(o.status & SSTATUS_SPP, "SPP tells of S-mode");
	o = attempt_user(USER(user_load), TEST_VA + 8, 0);
	fact_equal(o.epc, USER(user_load), "sepc of a user's load");
	fact_equal(o.tval, TEST_VA + 8, "stval of a user's load");
	fact(!(o.status & SSTATUS_SPP), "SPP tells of U-mode");
	fact(o.status & SSTATUS_SPIE, "SPIE keeps the user's SIE");
	fact(!(o.status & SSTATUS_SIE), "SIE is off in the handler");
}

static void one_mode(const struct mode *mode)
{
	uint64_t root = root_new(mode);

	facts_about(mode->name);
	map_user_code(mode, root);
	satp_load(mode, root, 0);
	fence_all();
	supervisor_pages(mode, root, 0);
	user_pages(mode, root, 0);
	executable_only_with_mxr(mode, root);
	fault_values(mode, root);
	*pte_of(mode, root, TEST_VA, 1) = 0;
	fence_all();
	supervisor_pages(mode, root, 1);
	user_pages(mode, root, 1);
	csr_write(satp, 0);
	fence_all();
}

void payload(uint64_t hart)
{
	const struct mode *mode;

	(void)hart;
	code_page = make_code_page();
	for_each_mode(mode) one_mode(mode);
}
