/* SPDX-License-Identifier: BSD-2-Clause */
/* test_step.c - what leaf tables out of step do and do not, one fact a test. */
#include "facts.h"

static int start_free(void **state)
{
	(void)state;
	m.lets_go = true;
	return start(state);
}

static int start_two_free(void **state)
{
	(void)state;
	m.lets_go = true;
	return start_two(state);
}

static int end(void **state)
{
	(void)state;
	m.lets_go = false;
	return 0;
}

static bool out_of_step(unsigned int table)
{
	for (uint32_t n = m.tsp.out; n != TSP_NONE; n = m.tsp.tables[n].next_out)
		if (m.tsp.tables[n].gfn == guest_table(table) >> PAGE_SHIFT)
			return m.tsp.tables[n].step == TSP_OUT_OF_STEP;
	return false;
}

/* The guest has changed page 1 of its first space, and fenced nothing yet. */
static void let_go(void)
{
	assert_maps(VA(1), FRAME(1));
	assert_maps(VA(2), FRAME(2));
	store_pte(2, 1, FRAME(9), LEAF);
	assert_true(out_of_step(2));
}

/* Of the shadow: the hart looks again. */
#define assert_shadow_maps(va, gpa)              \
	do {                                     \
		hart_fence_all(&m.vcpu[0].hart); \
		assert_maps(va, gpa);            \
	} while (0)

static void fence_page(uint64_t va)
{
	machine_fence(&m, 0, &va, NULL);
	check();
}

static void fence_all(unsigned int v)
{
	machine_fence(&m, v, NULL, NULL);
	check();
}

/* -- letting go -- */

static void only_the_first_store_to_a_leaf_table_faults(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(counted(tsp.let_go, store_pte(2, 1, FRAME(9), LEAF)), 1);
	assert_int_equal(counted(faults, store_pte(2, 1, FRAME(10), LEAF)), 0);
	assert_int_equal(counted(faults, store_pte(2, 3, FRAME(11), LEAF)), 0);
	assert_int_equal(m.pt_writes, 0);
}

static void each_mapping_of_the_table_is_writable(void **state)
{
	(void)state;
	put(2, 40, guest_table(2), LEAF);
	assert_maps(VA(40), guest_table(2));
	let_go();
	assert_int_equal(counted(pt_writes, store(VA(40) + 8 * 51, 0)), 0);
}

static void other_tables_stay_in_step(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(counted(pt_writes, store_pte(1, 3, 0, 0)), 1);
	assert_int_equal(counted(pt_writes, store_pte(0, 3, 0, 0)), 1);
	assert_int_equal(m.tsp.out_count, 0);
}

static void stores_of_any_kind_go_to_a_leaf_table(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(store_kind(0, PTE_VA(2, 200), SC, 77).loaded, 0);
	assert_int_equal(memory.guest[2][200], 77);
	assert_int_equal(store_kind(0, PTE_VA(2, 201) + 1, SB, 77).outcome, DONE);
	assert_int_equal(m.pt_writes, 0);
	assert_true(out_of_step(2));
}

static void a_superpage_stays_in_pieces_while_its_table_is_free(void **state)
{
	(void)state;
	put(1, 2, RAM_GPA, LEAF);
	let_go();
	for (unsigned int n = 0; n < 3; n++) {
		store(VA(1024 + 60), n);
		assert_int_equal(level_of(VA(1024 + 60)), 0);
	}
}

/* -- fences -- */

static void a_change_shows_with_the_fence_of_its_page(void **state)
{
	(void)state;
	let_go();
	assert_shadow_maps(VA(1), FRAME(1));
	fence_page(VA(2));
	assert_shadow_maps(VA(1), FRAME(1));
	fence_page(VA(1));
	assert_maps(VA(1), FRAME(9));
}

static void the_fence_of_a_page_leaves_the_table_free(void **state)
{
	(void)state;
	let_go();
	fence_page(VA(1));
	assert_int_equal(counted(faults, store_pte(2, 1, FRAME(10), LEAF)), 0);
	fence_page(VA(1));
	assert_maps(VA(1), FRAME(10));
}

static void a_fence_of_everything_calls_back(void **state)
{
	(void)state;
	let_go();
	store_pte(2, 2, FRAME(8), LEAF);
	fence_all(0);
	assert_int_equal(m.tsp.out_count, 0);
	assert_int_equal(counted(faults,
				 {
					 assert_maps(VA(1), FRAME(9));
					 assert_maps(VA(2), FRAME(8));
				 }),
			 0);
	assert_int_equal(counted(tsp.let_go, store_pte(2, 1, FRAME(10), LEAF)), 1);
}

static void fences_are_told_only_while_something_is_out_of_step(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(counted(flushes, fence_all(0)), 0);
	let_go();
	assert_int_equal(counted(flushes, fence_page(VA(1))), 1);
	assert_int_equal(counted(flushes, fence_all(0)), 1);
	assert_int_equal(counted(flushes, fence_all(0)), 0);
}

static void a_fence_of_another_space_leaves_the_table_free(void **state)
{
	uint16_t own = 0, other = 3;

	(void)state;
	let_go();
	machine_fence(&m, 0, NULL, &other);
	assert_true(out_of_step(2));
	machine_fence(&m, 0, NULL, &own);
	assert_false(out_of_step(2));
	assert_maps(VA(1), FRAME(9));
}

/* -- faults -- */

static void a_fault_on_an_old_entry_makes_it_current(void **state)
{
	(void)state;
	put(2, 1, FRAME(1), LEAF & ~PTE_W);
	let_go();
	hart_fence_all(&m.vcpu[0].hart);
	assert_int_equal(counted(faults, store(VA(1), 5)), 1);
	assert_maps(VA(1), FRAME(9));
	assert_true(out_of_step(2));
}

static void a_page_that_was_absent_is_filled_by_its_fault(void **state)
{
	(void)state;
	put(2, 60, 0, 0);
	let_go();
	store_pte(2, 60, FRAME(6), LEAF);
	assert_int_equal(level_of(VA(60)), -1);
	assert_maps(VA(60), FRAME(6));
	assert_int_equal(level_of(VA(60)), 0);
	assert_true(out_of_step(2));
}

/* -- whoever reaches the table anew -- */

static void another_root_sees_nothing_old(void **state)
{
	(void)state;
	put(11, 0, guest_table(2), LINK);
	space(0, 10);
	assert_maps(VA(1), FRAME(1));
	space(0, 0);
	let_go();
	space(0, 10);
	assert_false(out_of_step(2));
	assert_maps(VA(1), FRAME(9));
}

static void its_own_root_comes_back_to_it_as_it_was(void **state)
{
	(void)state;
	let_go();
	space(0, 10);
	space(0, 0);
	assert_true(out_of_step(2));
	assert_shadow_maps(VA(1), FRAME(1));
	fence_page(VA(1));
	assert_maps(VA(1), FRAME(9));
}

static void a_new_link_shows_nothing_old(void **state)
{
	(void)state;
	let_go();
	store_pte(1, 7, guest_table(2), LINK);
	assert_maps(VA(7 * 512 + 1), FRAME(9));
	assert_false(out_of_step(2));
}

static void a_new_link_further_up_shows_nothing_old(void **state)
{
	(void)state;
	let_go();
	store_pte(0, 7, guest_table(1), LINK);
	assert_maps((7ull << 30) + VA(1), FRAME(9));
	assert_false(out_of_step(2));
}

static void a_leaf_table_that_becomes_another_table_is_called_back(void **state)
{
	(void)state;
	let_go();
	store_pte(2, 50, guest_table(12), LINK);
	store_pte(0, 1, guest_table(2), LINK); /* table 2 as level 1 too */
	assert_maps((1ull << 30) + (50ull << 21) + VA(3), FRAME(3));
	assert_int_equal(m.tsp.out_count, 0);
	assert_maps(VA(1), FRAME(9));
	assert_int_equal(counted(pt_writes, store_pte(2, 50, FRAME(4), LEAF)), 1);
	fence_all(0);
	assert_int_equal(load((1ull << 30) + (50ull << 21)).outcome, PAGE_FAULT_AT);
	assert_maps(VA(50), FRAME(4));
}

static void a_table_that_goes_is_counted_no_more(void **state)
{
	(void)state;
	store_pte(1, 1, guest_table(12), LINK);
	assert_maps(VA(512 + 1), FRAME(1));
	store_pte(12, 1, FRAME(9), LEAF);
	assert_true(out_of_step(12));
	store_pte(1, 1, 0, 0);
	assert_int_equal(m.tsp.out_count, 0);
	store_pte(1, 1, guest_table(12), LINK);
	assert_maps(VA(512 + 1), FRAME(9));
}

static void the_table_is_let_go_again_after_everything_was_forgotten(void **state)
{
	(void)state;
	let_go();
	machine_reset(&m);
	check();
	assert_int_equal(m.tsp.out_count, 0);
	assert_maps(VA(1), FRAME(9));
	store_pte(2, 1, FRAME(10), LEAF);
	fence_page(VA(1));
	assert_maps(VA(1), FRAME(10));
}

/* -- several vCPUs -- */

static void with_the_first_table_others_fences_are_told(void **state)
{
	(void)state;
	assert_int_equal(load_on(1, VA(1)).outcome, DONE);
	let_go();
	assert_true(m.vcpu[1].tells);
	fence_all(1);
	assert_int_equal(m.tsp.out_count, 0);
	assert_int_equal(load_on(1, VA(1)).address, FRAME(9) + DELTA);
}

static void the_fence_of_one_vcpu_waits_for_stores_of_the_other(void **state)
{
	struct tsp_result result;

	(void)state;
	let_go();
	result = tsp_fence(&m.tsp, 0, 0, TSP_ALL_ASIDS);
	assert_int_equal(result.verdict, TSP_AGAIN);
	assert_true(result.remote);
	memory.guest[2][1] = pte_make(FRAME(10), LEAF); /* by what the other hart has cached */
	hart_fence_all(&m.vcpu[0].hart);
	hart_fence_all(&m.vcpu[1].hart);
	assert_int_equal(tsp_fence(&m.tsp, 0, 0, TSP_ALL_ASIDS).verdict, TSP_REPEAT);
	assert_maps(VA(1), FRAME(10));
}

static void a_vcpu_that_loads_the_root_sees_nothing_old(void **state)
{
	(void)state;
	space(1, 10);
	let_go();
	space(1, 0);
	assert_false(out_of_step(2));
	assert_int_equal(load_on(1, VA(1)).address, FRAME(9) + DELTA);
}

static void a_fence_of_any_space_reaches_a_shared_table(void **state)
{
	uint16_t asid = 5;

	(void)state;
	machine_satp(&m, 1, satp_of(SATP_SV39, 5, 0));
	assert_int_equal(load_on(1, VA(1)).outcome, DONE);
	let_go();
	machine_fence(&m, 1, NULL, &asid);
	assert_int_equal(load_on(1, VA(1)).address, FRAME(9) + DELTA);
}

#define TEST(name)     cmocka_unit_test_setup_teardown(name, start_free, end)
#define TEST_TWO(name) cmocka_unit_test_setup_teardown(name, start_two_free, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_first_store_to_a_leaf_table_faults),
		TEST(each_mapping_of_the_table_is_writable),
		TEST(other_tables_stay_in_step),
		TEST(stores_of_any_kind_go_to_a_leaf_table),
		TEST(a_superpage_stays_in_pieces_while_its_table_is_free),
		TEST(a_change_shows_with_the_fence_of_its_page),
		TEST(the_fence_of_a_page_leaves_the_table_free),
		TEST(a_fence_of_everything_calls_back),
		TEST(fences_are_told_only_while_something_is_out_of_step),
		TEST(a_fence_of_another_space_leaves_the_table_free),
		TEST(a_fault_on_an_old_entry_makes_it_current),
		TEST(a_page_that_was_absent_is_filled_by_its_fault),
		TEST(another_root_sees_nothing_old),
		TEST(its_own_root_comes_back_to_it_as_it_was),
		TEST(a_new_link_shows_nothing_old),
		TEST(a_new_link_further_up_shows_nothing_old),
		TEST(a_leaf_table_that_becomes_another_table_is_called_back),
		TEST(a_table_that_goes_is_counted_no_more),
		TEST(the_table_is_let_go_again_after_everything_was_forgotten),
		TEST_TWO(with_the_first_table_others_fences_are_told),
		TEST_TWO(the_fence_of_one_vcpu_waits_for_stores_of_the_other),
		TEST_TWO(a_vcpu_that_loads_the_root_sees_nothing_old),
		TEST_TWO(a_fence_of_any_space_reaches_a_shared_table),
	};

	return cmocka_run_group_tests_name("leaf tables out of step", tests, NULL, NULL);
}
