/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tables.c - the engine's tables and its caller's memory, one fact a test. */
#include "fixture.h"

static void a_tree_outlives_a_fence_by_asid(void **state)
{
	uint64_t allocated;

	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	allocated = f.space.tables_allocated;
	fence_asid(1);
	assert_maps(0, PAGE(0));
	assert_int_equal(f.space.tables_allocated, allocated);
}

static void the_smallest_pool_is_enough_for_any_guest(void **state)
{
	(void)state;
	start_with(RAM_DELTA, SSP_MIN_TABLES, false);
	put_path(0, 5);
	for (unsigned int n = 0; n < 64; n++) {
		put(3, n, guest_table(4), LINK);
		put(2, n, guest_table(3), LINK);
	}
	put(4, 0, PAGE(0), LEAF);
	for (unsigned int asid = 1; asid < 20; asid++) {
		satp(SATP_SV57, asid, 0);
		for (unsigned int n = 0; n < 64; n++)
			assert_maps(n * 2 * MIB + (n * 7 % 64) * GIB, PAGE(0));
	}
	assert_true(f.space.tables_recycled > 1000);
}

static uint32_t in_use(void)
{
	return f.space.table_count - f.space.free_count;
}

static void the_peak_is_the_most_tables_at_a_time(void **state)
{
	uint32_t most = 0;

	(void)state;
	start_with(RAM_DELTA, SSP_MIN_TABLES, false);
	simple_guest();
	assert_maps(0, PAGE(0));
	assert_int_equal(ssp_tables_peak(&f.space), in_use());
	for (unsigned int n = 1; n < 64; n++)
		put(0, n, guest_table(1), LINK);
	for (unsigned int n = 1; !f.space.tables_recycled; n++) {
		most = in_use();
		assert_int_equal(ssp_tables_peak(&f.space), most);
		assert_maps(n % 64 * GIB, PAGE(0));
	}
	assert_true(in_use() < most);
	assert_int_equal(ssp_tables_peak(&f.space), most);
	ssp_tables_reset_counts(&f.space);
	assert_int_equal(ssp_tables_peak(&f.space), in_use());
	assert_int_equal(f.space.tables_allocated + f.space.tables_recycled, 0);
}

static void roots_that_lag_do_not_reach_recycled_global_tables(void **state)
{
	(void)state;
	start_with(RAM_DELTA, SSP_MIN_TABLES, false);
	put_path(0, 3);
	put(2, 0, PAGE(0), LEAF | PTE_G);
	for (unsigned int n = 0; n < 64; n++) {
		put(0, n, guest_table(1), LINK);
		put(3, n, guest_table(4), LINK);
	}
	put(4, 0, guest_table(5), LINK);
	put(5, 0, PAGE(5), LEAF);
	for (unsigned int round = 0; round < 60; round++) {
		satp(SATP_SV39, 1 + round % 3, 0);
		for (unsigned int n = 0; n < 8; n++)
			assert_maps((round + n) % 64 * GIB, PAGE(0));
		satp(SATP_SV39, 5 + round % 3, 3);
		fence_asid(5 + round % 3);
		for (unsigned int n = 0; n < 3; n++) {
			fence_va((round + n) % 64 * GIB);
			assert_maps((round + n) % 64 * GIB, PAGE(5));
		}
	}
}

static void recycling_spares_no_global_table(void **state)
{
	(void)state;
	start_with(RAM_DELTA, SSP_MIN_TABLES, false);
	put_path(0, 3);
	put(2, 0, PAGE(0), LEAF | PTE_G);
	for (unsigned int n = 0; n < 64; n++) {
		put(0, n, guest_table(1), LINK);
		put(1, n, guest_table(2), LINK);
	}
	for (unsigned int asid = 1; asid < 20; asid++) {
		satp(SATP_SV39, asid, 0);
		for (unsigned int n = 0; n < 64; n++)
			assert_maps(n * GIB, PAGE(0));
	}
	assert_true(f.space.tables_recycled > 100);
}

static void memory_that_is_taken_away_is_not_reached_again(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	caller_owes(&f.caller, ssp_invalidate_gpa(&f.space, PAGE(0), PAGE_SIZE), 0);
	assert_int_equal(shadow_level(0), -1);
	ssp_slot_set(&f.space, 0, (struct ssp_slot){ 0 });
	caller_owes(&f.caller, SSP_FENCE_ALL, 0);
	assert_int_equal(load(0), SSP_ACCESS_FAULT);
}

static void translating_fills_nothing(void **state)
{
	uint64_t hpa;

	(void)state;
	simple_guest();
	assert_int_equal(ssp_translate(&f.space, f.space.current->gsatp, 0x123, SSP_STORE, 0, &hpa),
			 SSP_ALLOWED);
	assert_int_equal(hpa, PAGE(0) + RAM_DELTA + 0x123);
	assert_int_equal(shadow_level(0), -1);
}

static void bad_arguments_are_refused(void **state)
{
	static struct ssp_space space;

	(void)state;
	assert_false(ssp_init(&space, POOL_HPA, memory.tables, SSP_MIN_TABLES - 1, 1u << 8, false));
	assert_false(ssp_init(&space, POOL_HPA + 8, memory.tables, SSP_MIN_TABLES, 1u << 8, false));
	assert_false(ssp_init(&space, POOL_HPA, memory.tables, SSP_MIN_TABLES, 1u << 9, false));
}

#define FACT(name) cmocka_unit_test_setup(name, start)

static const struct CMUnitTest tests[] = {
	FACT(a_tree_outlives_a_fence_by_asid),
	FACT(the_smallest_pool_is_enough_for_any_guest),
	FACT(the_peak_is_the_most_tables_at_a_time),
	FACT(roots_that_lag_do_not_reach_recycled_global_tables),
	FACT(recycling_spares_no_global_table),
	FACT(memory_that_is_taken_away_is_not_reached_again),
	FACT(translating_fills_nothing),
	FACT(bad_arguments_are_refused),
};

int main(void)
{
	return cmocka_run_group_tests_name("table facts", tests, NULL, NULL);
}
