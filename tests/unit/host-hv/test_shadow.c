/* SPDX-License-Identifier: BSD-2-Clause */
/* Shadow tables that are host-hv's: their owner, faults, roots and fences. */
#include "shadows.h"

/* -- who owns the tables -- */

static void whoever_fills_or_flushes_has_the_tables(void **state)
{
	(void)state;
	assert_int_equal(policy_of(0), POLICY_SSP_TABLES);
	assert_int_equal(policy_of(HM_POLICY_SATP), HM_POLICY_SATP | POLICY_SSP_TABLES);
	assert_int_equal(policy_of(HM_POLICY_FILL), HM_POLICY_FILL);
	assert_int_equal(policy_of(HM_POLICY_FLUSH), HM_POLICY_FLUSH);
	assert_int_equal(policy_of(HM_POLICY_ALL), HM_POLICY_ALL);
}

static void parses(const char *text, uint64_t expected)
{
	char copy[64];
	uint64_t policy;

	assert_true(policy_parse(strcpy(copy, text), &policy));
	assert_int_equal(policy, expected);
}

static void policies_have_names(void **state)
{
	uint64_t policy;

	(void)state;
	parses("ssp-hm", HM_POLICY_ALL);
	parses("ssp", HM_POLICY_SATP | POLICY_SSP_TABLES);
	parses("tsp", POLICY_TSP);
	parses("tsp-in-step", POLICY_TSP_IN_STEP);
	parses("none", POLICY_SSP_TABLES);
	parses("inject,fill", HM_POLICY_INJECT | HM_POLICY_FILL);
	assert_false(policy_parse((char[]){ "native" }, &policy));
	assert_false(policy_parse((char[]){ "satp,native" }, &policy));
	assert_false(policy_parse((char[]){ "" }, &policy));
}

static void the_first_entry_has_a_root_and_a_fence(void **state)
{
	(void)state;
	vcpu_reset(v, RAM, 0);
	begin(v);
	assert_int_equal(run->policy, vm.policy & ~POLICY_IN_STEP);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	assert_int_equal(run->roots[run->root].gsatp, 0);
	assert_int_equal(run->roots[run->root].root >> 60, 8);
	assert_int_equal(run->roots_new, 0xffff);
}

static void a_change_of_owner_drops_everything(void **state)
{
	(void)state;
	fault(LOAD, VA);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
	vm.policy = HM_POLICY_ALL;
	enter();
	assert_int_equal(run->policy, HM_POLICY_ALL);
	map(space[0], VA, 0);
	vm.policy = policy_of(0);
	begin(v);
	assert_int_equal(run->roots[run->root].gsatp, space[0]);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
}

static void the_firmware_gets_the_fences_of_its_own_tables(void **state)
{
	(void)state;
	vm.policy = HM_POLICY_ALL;
	enter();
	fence(VA, PAGE, 1);
	assert_true(run->flags & HM_RUN_FENCE_VMA);
	shadow_satp(v, space[1]);
	assert_int_equal(run->satp, space[1]);
}

/* -- page faults -- */

static void what_the_guest_allows_is_filled(void **state)
{
	uint64_t leaf;

	(void)state;
	fault(STORE, VA);
	leaf = shadow_leaf(run->root, VA);
	assert_int_equal(pte_address(leaf), (uint64_t)ram + 40 * PAGE);
	assert_int_equal(leaf & PTE_RWX, PTE_RWX);
	assert_int_equal(v->shadow->count[SHADOW_HIDDEN_FAULT], 1);
	assert_int_equal(run->pc, 0);
}

static void what_it_forbids_is_its_own_fault(void **state)
{
	(void)state;
	run->pc = 0x1234;
	fault(STORE, VA + PAGE);
	assert_int_equal(run->scause, STORE);
	assert_int_equal(run->stval, VA + PAGE);
	assert_int_equal(run->sepc, 0x1234);
	assert_int_equal(run->pc, 0x7000);
	assert_int_equal(v->shadow->count[SHADOW_TRUE_FAULT], 1);
}

static void a_table_outside_ram_is_an_access_fault(void **state)
{
	(void)state;
	shadow_satp(v, 8UL << 60 | 0x10000);
	fault(STORE, VA);
	assert_int_equal(run->scause, 7);
	fault(LOAD, VA);
	assert_int_equal(run->scause, 5);
	fault(FETCH, VA);
	assert_int_equal(run->scause, 1);
}

static void the_state_of_the_access_counts(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(RAM, ALLOWED | PTE_U));
	fault(LOAD, VA);
	assert_int_equal(v->shadow->count[SHADOW_TRUE_FAULT], 1);
	run->priv = 1;
	run->sstatus |= 1UL << 18; /* SUM */
	fault(LOAD, VA);
	assert_int_equal(v->shadow->count[SHADOW_HIDDEN_FAULT], 1);
	run->priv = 0;
	run->sstatus = 0;
	fault(LOAD, VA);
	assert_int_equal(v->shadow->count[SHADOW_HIDDEN_FAULT], 2);
}

static void outside_is_a_device_and_its_instruction_is_fetched(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(UART, ALLOWED));
	map(space[0], VA + PAGE, pte_make(RAM + 50 * PAGE, ALLOWED));
	map(space[0], VA + 2 * PAGE, pte_make(RAM + 60 * PAGE, ALLOWED));
	run->pc = VA + 2 * PAGE - 2; /* across two pages that are not neighbours */
	*(uint16_t *)(ram + 51 * PAGE - 2) = 0x8023;
	*(uint16_t *)(ram + 60 * PAGE) = 0x00a5;
	fault(STORE, VA + 5);
	assert_int_equal(accesses, 1);
	assert_int_equal(run->exit_insn, 0x00a58023);
	assert_int_equal(run->exit_insn_len, 4);
	assert_int_equal(run->exit_gpa, UART + 5);
	assert_int_equal(v->shadow->count[SHADOW_MMIO], 1);
}

static void code_that_is_gone_faults_by_itself(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(UART, ALLOWED));
	run->pc = VA + PAGE;
	fault(STORE, VA);
	assert_int_equal(accesses, 0);
	assert_fetch_fault(VA + PAGE);
}

static void nothing_is_fetched_from_a_device(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(UART, ALLOWED));
	fault(FETCH, VA);
	assert_int_equal(run->scause, 1);
	assert_int_equal(accesses, 0);
}

/* -- roots -- */

static void each_address_space_has_its_root(void **state)
{
	uint64_t first = run->root;

	(void)state;
	fault(LOAD, VA);
	shadow_satp(v, space[1]);
	assert_int_not_equal(run->root, first);
	assert_int_equal(run->roots[run->root].gsatp, space[1]);
	assert_true(run->roots_new >> run->root & 1);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	fault(LOAD, VA);
	assert_int_equal(pte_address(shadow_leaf(run->root, VA)), (uint64_t)ram + 41 * PAGE);
	assert_int_equal(pte_address(shadow_leaf(first, VA)), (uint64_t)ram + 40 * PAGE);
	enter();
	shadow_satp(v, space[0]);
	assert_int_equal(run->root, first);
	assert_int_equal(run->roots_new, 0);
}

/*
 * One shadow table more, or two: another 2 MiB of VA's gigabyte, or another gigabyte; the guest's
 * tables are the same.
 */
static void use_tables(unsigned count, unsigned number)
{
	uint64_t *top = at((space[0] & SATP_PPN_MASK) << 12),
		 *middle = at(pte_address(top[pte_index(VA, 2)]));

	middle[200] = middle[pte_index(VA, 1)];
	top[number] = top[pte_index(VA, 2)];
	fault(LOAD,
	      count == 1 ? 200UL << 21 | (VA & -GIB) : (uint64_t)number << 30 | (VA & (GIB - 1)));
}

/* The hart may hold pointers to the tables that it gets. */
static void a_first_root_fences_for_the_tables_of_others(void **state)
{
	struct ssp_space *engine = &v->shadow->space;
	unsigned number = 10;

	(void)state;
	fault(LOAD, VA);
	if (engine->free_count % 2)
		use_tables(1, number++);
	while (engine->free_count)
		use_tables(2, number++);
	assert_int_equal(engine->tables_recycled, 0);
	enter();
	shadow_satp(v, space[1]);
	assert_true(engine->tables_recycled);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
}

static void the_firmware_switches_alone(void **state)
{
	uint64_t first = run->root, second;

	(void)state;
	shadow_satp(v, space[1]);
	enter();
	second = run->root;
	run->root = first;
	run->satp = space[0];
	shadow_leave(v);
	fault(LOAD, VA);
	assert_int_not_equal(shadow_leaf(first, VA), 0);
	assert_int_equal(shadow_leaf(second, VA), 0);
}

static void the_least_recently_used_root_goes(void **state)
{
	uint64_t clock = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		shadow_satp(v, 8UL << 60 | (100UL + i) << 44 | 0x80000);
		run->roots[run->root].used = ++clock;
		enter();
	}
	for (unsigned n = 0; n < HM_ROOTS; n++)
		assert_true(run->roots[n].root);
	assert_int_equal(run->root, 5);
	run->roots[6].used = ++clock; /* the oldest but for this */
	shadow_satp(v, space[0]);
	assert_int_equal(run->root, 7);
	assert_int_equal(run->roots[7].gsatp, space[0]);
}

/* Its entry is another address space's, of which the hart has cached nothing under its ASID. */
static void a_single_root_changes_hands_while_it_runs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t generation = run->roots[0].generation;

		shadow_satp(v, space[!(i % 2)]);
		assert_int_equal(run->root, 0);
		assert_int_equal(run->roots[0].gsatp, space[!(i % 2)]);
		assert_int_not_equal(run->roots[0].generation, generation);
		assert_true(run->roots_new & 1);
		assert_int_equal(shadow_leaf(0, VA), 0);
		fault(LOAD, VA);
		assert_int_equal(pte_address(shadow_leaf(0, VA)),
				 (uint64_t)ram + PAGE * (40 + !(i % 2)));
		enter();
	}
	for (unsigned n = 1; n < HM_ROOTS; n++)
		assert_int_equal(run->roots[n].root, 0);
}

/* -- fences -- */

static void fill_both(uint64_t *first, uint64_t *second)
{
	*first = run->root;
	fault(LOAD, VA);
	shadow_satp(v, space[1]);
	*second = run->root;
	fault(LOAD, VA);
	enter();
}

static void a_fence_of_a_page_reaches_roots_that_do_not_run(void **state)
{
	uint64_t first, second;

	(void)state;
	fill_both(&first, &second);
	map(space[0], VA, 0);
	map(space[1], VA, 0);
	fence(VA, PAGE, ~0UL);
	assert_int_equal(shadow_leaf(second, VA), 0);
	assert_int_equal(shadow_leaf(first, VA), 0);
	assert_int_equal(run->roots[first].root >> 60, 8);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
	assert_int_equal(run->hw_fence_va, VA);
	assert_false(run->flags & HM_RUN_FENCE_VMA);
}

/* Its root is flushed when it is entered, and until then the firmware has none. */
static void a_fence_of_another_asid_takes_its_root_from_the_buffer(void **state)
{
	uint64_t first, second, generation;

	(void)state;
	fill_both(&first, &second);
	fence(0, 0, 1);
	assert_int_equal(run->roots[first].root, 0);
	assert_int_not_equal(shadow_leaf(second, VA), 0);
	assert_true(run->roots_new >> first & 1);
	assert_int_equal(run->hw_fence, HM_FENCE_NONE);
	generation = run->roots[second].generation;
	fence(0, 0, 2);
	assert_int_equal(run->roots[second].generation, generation);
	assert_int_equal(run->hw_fence, HM_FENCE_ASID);
	shadow_satp(v, space[0]);
	assert_int_equal(run->root, first);
	assert_int_equal(shadow_leaf(first, VA), 0);
}

static void a_fence_of_everything_takes_other_roots_from_the_buffer(void **state)
{
	uint64_t first, second;

	(void)state;
	fill_both(&first, &second);
	fence(0, 0, ~0UL);
	assert_int_equal(run->roots[first].root, 0);
	assert_int_equal(shadow_leaf(second, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	shadow_satp(v, space[0]);
	assert_int_equal(run->root, first);
	assert_int_equal(run->roots[first].root >> 60, 8);
	assert_int_equal(shadow_leaf(first, VA), 0);
}

static void a_range_is_fenced_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		map(space[0], VA + i * PAGE, pte_make(RAM + PAGE * (40 + i), ALLOWED));
		fault(STORE, VA + i * PAGE);
	}
	map(space[0], VA + PAGE, 0);
	map(space[0], VA + 2 * PAGE, 0);
	fence(VA + PAGE + 8, PAGE, 1);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
	assert_int_equal(shadow_leaf(run->root, VA + PAGE), 0);
	assert_int_equal(shadow_leaf(run->root, VA + 2 * PAGE), 0);
	assert_int_not_equal(shadow_leaf(run->root, VA + 3 * PAGE), 0);
	fence(VA, 1UL << 40, 1);
	assert_int_equal(shadow_leaf(run->root, VA + 3 * PAGE), 0);
}

/* HM_POLICY_LOG_FENCES: the firmware found it absent, and has fenced the hart. */
static void logged(uint64_t va, uint64_t asid)
{
	run->fences[run->fence_count].va = va;
	run->fences[run->fence_count++].asid = asid;
}

static void logged_fences_reach_roots_that_do_not_run(void **state)
{
	uint64_t first, second;

	(void)state;
	fill_both(&first, &second);
	map(space[0], VA, 0);
	logged(VA + 8 * PAGE, 2);
	logged(VA, ~0UL);
	run->exit_reason = HM_EXIT_INTERRUPT;
	shadow_leave(v);
	assert_int_equal(run->fence_count, 0);
	assert_int_equal(shadow_leaf(first, VA), 0);
	assert_int_not_equal(shadow_leaf(second, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_NONE);
}

static void what_the_guest_mapped_behind_a_logged_fence_is_read(void **state)
{
	(void)state;
	fault(STORE, VA);
	enter();
	map(space[0], VA + PAGE, pte_make(RAM + 50 * PAGE, ALLOWED));
	map(space[0], VA + 2 * PAGE, pte_make(RAM + 60 * PAGE, ALLOWED));
	logged(VA + PAGE, 1);
	logged(VA + 2 * PAGE, ~0UL);
	run->exit_reason = HM_EXIT_PAGE_FAULT;
	run->exit_value = VA + 2 * PAGE;
	shadow_leave(v);
	assert_int_equal(pte_address(shadow_leaf(run->root, VA + PAGE)), (uint64_t)ram + 50 * PAGE);
	assert_int_equal(shadow_leaf(run->root, VA + 2 * PAGE), 0);
	fault(STORE, VA + 2 * PAGE);
	assert_int_equal(pte_address(shadow_leaf(run->root, VA + 2 * PAGE)),
			 (uint64_t)ram + 60 * PAGE);
	assert_int_equal(run->hw_fence, HM_FENCE_NONE);
}

static void a_page_with_a_true_fault_is_dropped(void **state)
{
	(void)state;
	map(space[0], VA, pte_make(RAM + 40 * PAGE, ALLOWED & ~PTE_W));
	fault(LOAD, VA);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
	enter();
	fault(STORE, VA);
	assert_int_equal(run->scause, STORE);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
	assert_int_equal(run->hw_fence_va, VA);
}

static void a_fence_drops_the_pages_behind_that_changed_too(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		map(space[0], VA + i * PAGE, pte_make(RAM + PAGE * (40 + i), ALLOWED));
		fault(STORE, VA + i * PAGE);
	}
	enter();
	for (unsigned i = 0; i < 3; i++)
		map(space[0], VA + i * PAGE, 0);
	fence(VA, PAGE, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(shadow_leaf(run->root, VA + i * PAGE), 0);
	assert_int_not_equal(shadow_leaf(run->root, VA + 3 * PAGE), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
}

/* Its pages are fenced by any address in it: the firmware could not tell. */
static void regions_with_split_superpages_exit_for_fences(void **state)
{
	uint64_t table = (space[0] & SATP_PPN_MASK) << 12, va = 5UL << 30;

	(void)state;
	fault(LOAD, VA);
	enter();
	assert_int_equal(run->fence_exits, 0);
	at(table)[pte_index(va, 2)] = pte_make(0x80000000, ALLOWED); /* its RAM is less than 1 GB */
	fault(LOAD, va);
	enter();
	assert_int_equal(run->fence_exits, 1 << 5);
}

static void two_fences_owed_become_one_of_everything(void **state)
{
	(void)state;
	shadow_owe(v, SSP_FENCE_PAGE, VA);
	shadow_owe(v, SSP_FENCE_NONE, 0);
	shadow_owe(v, SSP_FENCE_PAGE, VA);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
	shadow_owe(v, SSP_FENCE_PAGE, VA + PAGE);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	run->hw_fence = HM_FENCE_NONE;
	shadow_owe(v, SSP_FENCE_ASID, 0);
	shadow_satp(v, space[1]); /* it named the root before */
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
}

static void remote_fences_are_paid_before_the_guest_runs(void **state)
{
	struct fence f = { HM_RUN_FENCE_VMA, VA, PAGE, FENCE_ALL };

	(void)state;
	fault(LOAD, VA);
	enter();
	map(space[0], VA, 0);
	fence_vcpus(&vm, 1, &f);
	begin(v);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	assert_int_equal(run->hw_fence, HM_FENCE_PAGE);
	assert_false(run->flags & HM_RUN_FENCE_VMA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whoever_fills_or_flushes_has_the_tables),
		TEST(policies_have_names),
		TEST_ALL(the_first_entry_has_a_root_and_a_fence),
		TEST_ALL(a_change_of_owner_drops_everything),
		TEST(the_firmware_gets_the_fences_of_its_own_tables),
		TEST_ALL(what_the_guest_allows_is_filled),
		TEST_ALL(what_it_forbids_is_its_own_fault),
		TEST_ALL(a_table_outside_ram_is_an_access_fault),
		TEST_ALL(the_state_of_the_access_counts),
		TEST_ALL(outside_is_a_device_and_its_instruction_is_fetched),
		TEST_ALL(code_that_is_gone_faults_by_itself),
		TEST_ALL(nothing_is_fetched_from_a_device),
		TEST_ALL(each_address_space_has_its_root),
		TEST(a_first_root_fences_for_the_tables_of_others),
		TEST(the_firmware_switches_alone),
		TEST(the_least_recently_used_root_goes),
		cmocka_unit_test_setup_teardown(a_single_root_changes_hands_while_it_runs,
						setup_one_root, teardown),
		TEST(a_fence_of_a_page_reaches_roots_that_do_not_run),
		TEST(a_fence_of_another_asid_takes_its_root_from_the_buffer),
		TEST(a_fence_of_everything_takes_other_roots_from_the_buffer),
		TEST(a_range_is_fenced_whole),
		TEST(logged_fences_reach_roots_that_do_not_run),
		TEST(what_the_guest_mapped_behind_a_logged_fence_is_read),
		TEST(a_page_with_a_true_fault_is_dropped),
		TEST(a_fence_drops_the_pages_behind_that_changed_too),
		TEST(regions_with_split_superpages_exit_for_fences),
		TEST(two_fences_owed_become_one_of_everything),
		TEST(remote_fences_are_paid_before_the_guest_runs),
	};

	return RUN(tests);
}
