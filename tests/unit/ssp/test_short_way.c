/* SPDX-License-Identifier: BSD-2-Clause */
/* test_short_way.c - the walk cache, and fills without the engine's long way, one fact a test. */
#include "device.h"
#include "fixture.h"

static void the_walk_cache_serves_neighbours(void **state)
{
	enum ssp_fence fence;

	(void)state;
	simple_guest();
	assert_int_equal(ssp_fault_fast(&f.space, 0, SSP_LOAD, 0, &fence), SSP_SLOW);
	assert_int_equal(store(0), SSP_ALLOWED);
	assert_int_equal(ssp_fault_fast(&f.space, PAGE_SIZE, SSP_LOAD, 0, &fence), SSP_ALLOWED);
	assert_int_equal(ssp_fault_fast(&f.space, 9 * PAGE_SIZE, SSP_LOAD, 0, &fence),
			 SSP_TRUE_FAULT);
	check();
}

static void assert_fast_verdict(uint64_t pte, enum ssp_access access, unsigned int state)
{
	enum ssp_fence fence;
	enum ssp_verdict verdict;

	memory.guest[2][5] = pte;
	ssp_forget_fast(&f.space, 5 * PAGE_SIZE);
	verdict = ssp_fault_fast(&f.space, 5 * PAGE_SIZE, access, state, &fence);
	if (verdict == SSP_SLOW)
		assert_false(pte & PTE_R);
	else
		assert_int_equal(verdict, ssp_leaf_allows(pte, access, state) ? SSP_ALLOWED :
										SSP_TRUE_FAULT);
}

/* All leaves, accesses and states. */
static void the_fast_path_allows_what_the_leaf_does(void **state)
{
	static const enum ssp_access accesses[] = { SSP_FETCH, SSP_LOAD, SSP_STORE };

	(void)state;
	simple_guest();
	assert_int_equal(store(0), SSP_ALLOWED);
	for (uint64_t bits = 0; bits <= PTE_D >> 1; bits++) { /* all but V */
		uint64_t pte = pte_make(PAGE(5), (bits << 1 & ~(uint64_t)PTE_G) | PTE_V);

		for (unsigned int i = 0; i < 3 * 8; i++)
			assert_fast_verdict(pte, accesses[i / 8],
					    (i & 1 ? SSP_USER : 0) | (i & 2 ? SSP_SUM : 0) |
						    (i & 4 ? SSP_MXR : 0));
	}
}

static void a_group_is_filled_where_the_guest_reads_on(void **state)
{
	enum ssp_fence fence;

	(void)state;
	simple_guest();
	put(2, 5, PAGE(5), 0);
	put(2, 7, PAGE(7), LEAF & ~PTE_A);
	assert_int_equal(store(0), SSP_ALLOWED);
	f.space.last_read = 1000;
	assert_int_equal(ssp_fault_fast(&f.space, PAGE_SIZE, SSP_LOAD, 0, &fence), SSP_ALLOWED);
	assert_int_equal(shadow_level(2 * PAGE_SIZE), -1);
	assert_int_equal(ssp_fault_fast(&f.space, 4 * PAGE_SIZE, SSP_LOAD, 0, &fence), SSP_ALLOWED);
	for (unsigned int n = 0; n < 8; n++)
		assert_int_equal(shadow_level(n * PAGE_SIZE), n == 5 || n == 7 ? -1 : 0);
	check();
}

/* The next page but one says whether the guest has the group, and it has not used that one. */
static void no_group_is_filled_beside_a_page_that_was_not_accessed(void **state)
{
	enum ssp_fence fence;

	(void)state;
	simple_guest();
	put(2, 3, PAGE(3), LEAF & ~PTE_A);
	assert_int_equal(store(0), SSP_ALLOWED);
	f.space.last_read = 0;
	assert_int_equal(ssp_fault_fast(&f.space, PAGE_SIZE, SSP_LOAD, 0, &fence), SSP_ALLOWED);
	assert_int_equal(shadow_level(2 * PAGE_SIZE), -1);
}

/* A guest that touches page after page takes a true fault before each is filled. */
static void a_true_fault_is_a_part_of_reading_on(void **state)
{
	enum ssp_fence fence;

	(void)state;
	simple_guest();
	put(2, 5, PAGE(5), 0);
	assert_int_equal(store(0), SSP_ALLOWED);
	f.space.last_read = 1000;
	assert_int_equal(ssp_fault_fast(&f.space, 5 * PAGE_SIZE, SSP_STORE, 0, &fence),
			 SSP_TRUE_FAULT);
	assert_int_equal(f.space.last_read, 1000);
	assert_int_equal(ssp_fault_fast(&f.space, 5 * PAGE_SIZE, SSP_LOAD, 0, &fence),
			 SSP_TRUE_FAULT);
	put(2, 5, PAGE(5), LEAF);
	assert_int_equal(ssp_fault_fast(&f.space, 5 * PAGE_SIZE, SSP_LOAD, 0, &fence), SSP_ALLOWED);
	assert_int_equal(shadow_level(7 * PAGE_SIZE), 0);
}

/* All roots are used, so that the last address space has one whose tree sleeps. */
static void take_a_root_over(uint64_t asid)
{
	for (unsigned int n = 0; n < SSP_ROOTS; n++) {
		satp(SATP_SV39, asid + n, 0);
		assert_int_equal(store(0), SSP_ALLOWED);
		assert_int_equal(store(2 * MIB), SSP_ALLOWED);
	}
}

static void waking_a_table_keeps_the_walks_beside_it(void **state)
{
	enum ssp_fence fence;

	(void)state;
	simple_guest();
	put(1, 1, guest_table(3), LINK);
	put(3, 0, PAGE(16), LEAF);
	take_a_root_over(10);
	assert_int_equal(ssp_fault_fast(&f.space, PAGE_SIZE, SSP_STORE, 0, &fence), SSP_ALLOWED);
	check();
}

/*
 * The shadow's answer alone, with nothing filled: SSP_SLOW from the fast path means that it had the
 * leaf.
 */
static void a_load_fills_the_valid_pages_around_it(void **state)
{
	enum ssp_fence fence;

	(void)state;
	simple_guest();
	put(2, 2, PAGE(2), LEAF & ~PTE_A);
	assert_maps(0, PAGE(0));
	assert_int_equal(ssp_fault_fast(&f.space, PAGE_SIZE, SSP_LOAD, 0, &fence), SSP_SLOW);
	assert_int_equal(ssp_fault_fast(&f.space, 2 * PAGE_SIZE, SSP_LOAD, 0, &fence),
			 SSP_TRUE_FAULT);
	check();
}

static void the_walk_cache_ends_with_a_fence_by_asid(void **state)
{
	enum ssp_fence fence;

	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	fence_asid(1);
	assert_int_equal(ssp_fault_fast(&f.space, PAGE_SIZE, SSP_LOAD, 0, &fence), SSP_SLOW);
}

static void the_walk_cache_keeps_nothing_when_its_generations_run_out(void **state)
{
	enum ssp_fence fence;

	(void)state;
	simple_guest();
	f.space.current->walk_generation = -(1ull << SSP_WALK_VA_BITS);
	assert_maps(0, PAGE(0));
	fence_asid(1);
	assert_int_equal(ssp_fault_fast(&f.space, PAGE_SIZE, SSP_LOAD, 0, &fence), SSP_SLOW);
	assert_maps(0, PAGE(0));
}

/* A fetch is let through, and goes where ssp_code_hit() says. */
#define assert_code(va, state)                                                       \
	do {                                                                         \
		assert_int_equal(touch(va, SSP_FETCH, state), SSP_ALLOWED);          \
		assert_int_equal(ssp_code_hit(&f.space, va, state), f.hpa);          \
		assert_int_equal(ssp_code_hit(&f.space, va, (state) ^ SSP_USER), 0); \
	} while (0)

static void code_is_where_the_shadow_has_it(void **state)
{
	(void)state;
	simple_guest();
	put(2, 9, PAGE(9), LEAF | PTE_U);
	put(1, 1, RAM_GPA + 4 * MIB, LEAF);
	put(0, 1, RAM_GPA + GIB, LEAF);
	put(0, 511, RAM_GPA + GIB, LEAF);
	assert_int_equal(ssp_code_hit(&f.space, 0, 0), 0);
	assert_code(6, 0ull);
	assert_code(9 * PAGE_SIZE + 2, SSP_USER);
	assert_code(2 * MIB + 5 * PAGE_SIZE + 4, 0ull);
	assert_code(GIB + 2 * MIB + 5 * PAGE_SIZE + 4, 0ull);
	assert_code(-2ull, 0ull);
	assert_int_equal(ssp_code_hit(&f.space, 6 | 1ull << 39, 0), 0); /* not canonical */
	assert_int_equal(ssp_code_hit(&f.space, 6 | 1ull << 63, 0), 0);
	fence_va(9 * PAGE_SIZE);
	put(2, 9, PAGE(9), LEAF & ~PTE_X);
	assert_maps(9 * PAGE_SIZE, PAGE(9));
	assert_int_equal(ssp_code_hit(&f.space, 9 * PAGE_SIZE, 0), 0);
}

static void code_is_gone_after_a_fence(void **state)
{
	(void)state;
	simple_guest();
	put(2, 64, PAGE(9), LEAF); /* of another group */
	assert_code(0, 0ull);
	assert_code(64 * PAGE_SIZE, 0ull);
	put(2, 64, 0, 0);
	fence_va(64 * PAGE_SIZE);
	assert_int_equal(ssp_code_hit(&f.space, 64 * PAGE_SIZE, 0), 0);
	assert_code(0, 0ull);
	fence_all();
	assert_int_equal(ssp_code_hit(&f.space, 0, 0), 0);
}

static void code_of_a_guest_without_tables_is_at_its_address(void **state)
{
	(void)state;
	bare();
	assert_int_equal(ssp_code_hit(&f.space, RAM_GPA, 0), 0);
	assert_code(RAM_GPA + 6, 0ull);
	assert_true(ssp_is_bare_device(&f.space, RAM_GPA - 1));
	assert_false(ssp_is_bare_device(&f.space, RAM_GPA));
	simple_guest();
	assert_false(ssp_is_bare_device(&f.space, RAM_GPA - 1));
}

/* A store to a page that processes share: no walk is known before. */
static void share_a_page(void)
{
	simple_guest();
	put(2, 1, PAGE(1), LEAF & ~PTE_W);
	assert_int_equal(store(PAGE_SIZE), SSP_TRUE_FAULT);
	assert_int_equal(shadow_level(PAGE_SIZE), -1);
}

static void a_page_that_forbids_an_access_is_found_by_the_walk_cache(void **state)
{
	(void)state;
	share_a_page();
	assert_int_equal(f.result.fence, SSP_FENCE_ASID);
	assert_non_null(ssp_walk_hit(f.space.current, PAGE_SIZE));
	assert_null(ssp_walk_hit(f.space.current, 2 * MIB));
	put(2, 1, PAGE(2), LEAF);
	fence_va_asid(PAGE_SIZE, 1);
	assert_int_equal(shadow_level(PAGE_SIZE), 0);
	assert_maps(PAGE_SIZE, PAGE(2));
}

/* I6 and I7: its table has leaves when the next page is filled, and a fence finds them. */
static void what_is_filled_there_is_flushed(void **state)
{
	enum ssp_fence fence;

	(void)state;
	share_a_page();
	assert_int_equal(ssp_fault_fast(&f.space, 0, SSP_LOAD, 0, &fence), SSP_ALLOWED);
	check();
	fence_asid(1);
	assert_int_equal(shadow_level(0), -1);
}

/* Tables of a path that ends above the last level, or nowhere, are not made. */
static void nothing_is_made_for_a_page_that_is_not_there(void **state)
{
	uint32_t before;

	(void)state;
	simple_guest();
	put(1, 3, RAM_GPA + 4 * MIB, LEAF & ~PTE_W);
	before = f.space.free_count;
	assert_int_equal(store(40 * PAGE_SIZE), SSP_TRUE_FAULT);
	assert_int_equal(store(5 * MIB), SSP_TRUE_FAULT);
	assert_int_equal(store(6 * MIB), SSP_TRUE_FAULT);
	assert_int_equal(f.space.free_count, before);
	assert_null(ssp_walk_hit(f.space.current, 40 * PAGE_SIZE));
	assert_null(ssp_walk_hit(f.space.current, 6 * MIB));
}

static void a_fault_after_a_fence_takes_the_walk_up(void **state)
{
	const struct ssp_walk *walk;

	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	fence_asid(1);
	assert_null(ssp_walk_hit(f.space.current, 0));
	walk = ssp_walk_take_up(&f.space, PAGE_SIZE);
	assert_non_null(walk);
	assert_ptr_equal(walk, ssp_walk_hit(f.space.current, 0));
	assert_null(ssp_walk_take_up(&f.space, 2 * MIB));
	check();
}

#define FACT(name) cmocka_unit_test_setup(name, start)

static const struct CMUnitTest tests[] = {
	FACT(the_walk_cache_serves_neighbours),
	FACT(the_fast_path_allows_what_the_leaf_does),
	FACT(a_group_is_filled_where_the_guest_reads_on),
	FACT(no_group_is_filled_beside_a_page_that_was_not_accessed),
	FACT(a_true_fault_is_a_part_of_reading_on),
	FACT(waking_a_table_keeps_the_walks_beside_it),
	FACT(a_load_fills_the_valid_pages_around_it),
	FACT(the_walk_cache_ends_with_a_fence_by_asid),
	FACT(the_walk_cache_keeps_nothing_when_its_generations_run_out),
	FACT(code_is_where_the_shadow_has_it),
	FACT(code_is_gone_after_a_fence),
	FACT(code_of_a_guest_without_tables_is_at_its_address),
	FACT(a_page_that_forbids_an_access_is_found_by_the_walk_cache),
	FACT(what_is_filled_there_is_flushed),
	FACT(nothing_is_made_for_a_page_that_is_not_there),
	FACT(a_fault_after_a_fence_takes_the_walk_up),
};

int main(void)
{
	return cmocka_run_group_tests_name("short-way facts", tests, NULL, NULL);
}
