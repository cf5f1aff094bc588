/* SPDX-License-Identifier: BSD-2-Clause */
/* Traditional shadow paging of host-hv's: stores to tables, tables out of step. */
#include "shadows.h"

/* -- traditional shadow paging -- */

/* The guest's leaf table for VA is mapped at VA + PAGE, and the code sd a0, 0(a1) runs at VA. */
static uint64_t map_leaf_table(void)
{
	uint64_t table = pte_address(at((space[0] & SATP_PPN_MASK) << 12)[pte_index(VA, 2)]);

	table = pte_address(at(table)[pte_index(VA, 1)]);
	map(space[0], VA + PAGE, pte_make(table, ALLOWED));
	*(uint32_t *)(ram + 40 * PAGE) = 0x00a5b023;
	run->pc = VA;
	return VA + PAGE;
}

static void a_store_to_a_table_is_emulated_and_followed(void **state)
{
	uint64_t table = map_leaf_table();

	(void)state;
	fault(LOAD, VA);
	run->x[10] = pte_make(RAM + 50 * PAGE, ALLOWED);
	run->x[11] = table + 8 * pte_index(VA + 4 * PAGE, 0);
	fault(STORE, run->x[11]);
	assert_int_equal(v->shadow->count[SHADOW_PT_WRITE], 1);
	assert_true(run->flags & HM_RUN_ADVANCE);
	assert_int_equal(run->exit_insn_len, 4);
	assert_int_equal(pte_address(shadow_leaf(run->root, VA + 4 * PAGE)),
			 (uint64_t)ram + 50 * PAGE);
}

static void a_store_whose_code_is_gone_is_no_store(void **state)
{
	uint64_t table = map_leaf_table();

	(void)state;
	fault(LOAD, VA);
	run->pc = VA + 7 * PAGE;
	run->x[11] = table + 8 * 300;
	fault(STORE, run->x[11]);
	assert_false(run->flags & HM_RUN_ADVANCE);
	assert_fetch_fault(VA + 7 * PAGE);
}

static void a_misaligned_amo_is_the_guests(void **state)
{
	uint64_t table = map_leaf_table();

	(void)state;
	fault(LOAD, VA);
	*(uint32_t *)(ram + 40 * PAGE) = 0x00a5b02f; /* amoadd.d x0, a0, (a1) */
	run->x[11] = table + 4;
	fault(STORE, run->x[11]);
	assert_int_equal(run->scause, 6);
	assert_int_equal(run->stval, table + 4);
}

/* The second page of a store: that is where the fault is. */
static void the_second_page_of_a_store_is_named(void **state)
{
	uint64_t table = map_leaf_table();

	(void)state;
	fault(LOAD, VA);
	run->x[11] = table + PAGE - 4;
	fault(STORE, run->x[11]);
	assert_int_equal(run->scause, STORE);
	assert_int_equal(run->stval, table + PAGE);
	assert_int_equal(v->shadow->count[SHADOW_TRUE_FAULT], 1);
}

static void protecting_a_table_fences_other_vcpus(void **state)
{
	(void)state;
	fault(LOAD, VA);
	assert_true(vm.vcpu[1].fence.flags & HM_RUN_FENCE_VMA);
	assert_int_equal(vm.vcpu[1].fence.asid, FENCE_ALL);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
}

static void the_firmware_serves_the_guests_fences(void **state)
{
	(void)state;
	fault(LOAD, VA);
	enter();
	fence(VA, PAGE, 1);
	assert_true(run->flags & HM_RUN_FENCE_VMA);
	assert_int_not_equal(shadow_leaf(run->root, VA), 0);
}

/* Meanwhile its stores were not seen. */
static void what_was_shadowed_before_another_policy_is_forgotten(void **state)
{
	struct vcpu *other = &vm.vcpu[1];

	(void)state;
	begin(other);
	fence_leave(other);
	fault(LOAD, VA);
	vm.policy = HM_POLICY_ALL;
	enter();
	map(space[0], VA, 0);
	vm.policy = POLICY_TSP_IN_STEP;
	enter();
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	/* The other vCPU has not even seen that there was another policy. */
	assert_false(shadow_ready(other));
	other->run->exit_cause = LOAD;
	other->run->exit_value = VA;
	assert_int_equal(shadow_fault(other), RESUME);
	begin(other);
	assert_int_not_equal(other->run->roots[other->run->root].root, 0);
}

static void no_vcpu_goes_on_while_another_runs_elsewhere(void **state)
{
	struct vcpu *other = &vm.vcpu[1];

	(void)state;
	begin(other);
	fence_leave(other);
	vm.policy = HM_POLICY_ALL;
	enter();
	vm.policy = POLICY_TSP_IN_STEP;
	assert_false(shadow_ready(other));
	begin(other);
	assert_true(shadow_ready(other));
	assert_true(v->fence.flags & HM_RUN_FENCE_VMA); /* and is not where it was */
}

/*
 * vse64.v v8, (a1) to the table that maps it runs where nothing is protected, and the guest comes
 * back behind it.
 */
static void a_store_that_is_not_decoded_is_executed_aside(void **state)
{
	uint64_t table = map_leaf_table(), entry = table + 8 * 300;

	(void)state;
	*(uint32_t *)(ram + 40 * PAGE) = 0x0205f427;
	fault(LOAD, VA);
	fault(STORE, entry);
	assert_int_equal(v->shadow->count[SHADOW_PT_WRITE], 1);
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP);
	enter();
	assert_int_equal(run->policy, POLICY_ASIDE);
	fault(STORE, entry);
	assert_true(shadow_leaf(run->root, table) & PTE_W);
	enter();
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP);
	run->pc += PAGE;
	vm.vcpu[1].run->pc = run->pc;
	begin(&vm.vcpu[1]);
	shadow_leave(&vm.vcpu[1]);
	fence_leave(&vm.vcpu[1]);
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP); /* it was not that one's */
	enter();
	assert_int_equal(vm.policy, POLICY_TSP_IN_STEP);
	enter();
	assert_int_equal(run->policy, POLICY_TSP);
	fault(LOAD, table);
	assert_false(shadow_leaf(run->root, table) & PTE_W);
}

/* As a CPU that stops behind such a store: no exit far from it would come. */
static void a_call_ends_what_was_executed_aside(void **state)
{
	uint64_t table = map_leaf_table(), entry = table + 8 * 300;

	(void)state;
	*(uint32_t *)(ram + 40 * PAGE) = 0x0205f427;
	fault(LOAD, VA);
	fault(STORE, entry);
	enter();
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP);
	run->pc += 8;
	run->exit_reason = HM_EXIT_SBI;
	enter();
	assert_int_equal(vm.policy, POLICY_TSP_IN_STEP);
}

/* An SC: its own code might be behind the table. */
static void so_is_one_that_is_repeated_in_vain(void **state)
{
	uint64_t table = map_leaf_table(), other;

	(void)state;
	map(space[0], VA + GIB, pte_make(RAM + 41 * PAGE, ALLOWED));
	other = pte_address(at((space[0] & SATP_PPN_MASK) << 12)[pte_index(VA + GIB, 2)]);
	map(space[0], table, pte_make(other, ALLOWED));
	*(uint32_t *)(ram + 40 * PAGE) = 0x18a5b52f; /* sc.d a0, a0, (a1) */
	fault(LOAD, VA + GIB);
	run->x[11] = table;
	fault(STORE, table);
	assert_int_equal(vm.policy, POLICY_TSP_IN_STEP);
	fault(LOAD, VA + GIB);
	fault(STORE, table);
	assert_int_equal(vm.policy, POLICY_ASIDE | POLICY_IN_STEP);
	vm.policy = HM_POLICY_ALL; /* the operator's */
	run->pc += PAGE;
	enter();
	assert_int_equal(vm.policy, HM_POLICY_ALL);
}

/* -- leaf tables out of step -- */

#define FENCES_END HM_POLICY_FLUSH /* in the firmware */

/* The guest has made its leaf table writable, and what it maps at VA another page. */
static uint64_t change_leaf(void)
{
	uint64_t table = map_leaf_table();

	fault(LOAD, VA);
	fault(STORE, table + 8 * pte_index(VA, 0));
	assert_false(run->flags & HM_RUN_ADVANCE);
	assert_true(shadow_leaf(run->root, table) & PTE_W);
	map(space[0], VA, pte_make(RAM + 50 * PAGE, ALLOWED));
	return table;
}

static uint64_t mapped(uint64_t va)
{
	return pte_address(shadow_leaf(run->root, va)) - (uint64_t)ram;
}

/* SFENCE.VMA that the firmware does not end (exits.c). */
static void fence_exit(struct vcpu *vcpu, uint64_t start, uint64_t size, uint64_t asid)
{
	const struct fence f = { HM_RUN_FENCE_VMA, start, size, asid };

	shadow_sync(vcpu, &f);
}

static void a_store_to_a_leaf_table_counts_once(void **state)
{
	(void)state;
	change_leaf();
	assert_int_equal(v->shadow->count[SHADOW_PT_WRITE], 1);
	assert_int_equal(mapped(VA), 40 * PAGE);
}

static void fences_exit_while_a_table_is_out_of_step(void **state)
{
	(void)state;
	assert_int_equal(run->policy, POLICY_TSP);
	change_leaf();
	enter();
	assert_int_equal(run->policy, POLICY_TSP & ~FENCES_END);
	fence_exit(v, VA, PAGE, 1);
	assert_int_equal(mapped(VA), 50 * PAGE);
	run->flags |= HM_RUN_FENCE_VMA;
	enter();
	assert_true(run->flags & HM_RUN_FENCE_VMA); /* the hart's part is the firmware's */
	assert_int_equal(run->policy, POLICY_TSP & ~FENCES_END);
	fence_exit(v, 0, 0, FENCE_ALL);
	enter();
	assert_int_equal(run->policy, POLICY_TSP);
}

/* Where none goes out of step, no entry looks whether one has: nothing may be left of before. */
static void nothing_stays_out_of_step_where_none_goes(void **state)
{
	struct vcpu *other = &vm.vcpu[1];

	(void)state;
	begin(other);
	fence_leave(other);
	change_leaf();
	vm.policy = POLICY_TSP_IN_STEP;
	assert_false(shadow_ready(other));
	enter();
	assert_false(shadow_syncs(v));
	assert_int_equal(run->policy, POLICY_TSP);
	assert_int_equal(shadow_leaf(run->root, VA), 0);
	begin(other);
	assert_int_equal(other->run->policy, POLICY_TSP);
}

static void others_fences_exit_from_then_on(void **state)
{
	struct vcpu *other = &vm.vcpu[1];

	(void)state;
	begin(other);
	fence_leave(other);
	assert_int_equal(other->run->policy, POLICY_TSP);
	change_leaf();
	assert_true(other->fence.flags & HM_RUN_FENCE_VMA); /* it is made to leave */
	begin(other);
	assert_int_equal(other->run->policy, POLICY_TSP & ~FENCES_END);
	fence_leave(other);
	fence_exit(other, 0, 0, FENCE_ALL);
	assert_int_equal(mapped(VA), 50 * PAGE);
}

static void a_long_range_is_everything(void **state)
{
	const struct fence pages = { HM_RUN_FENCE_VMA, VA, 64 * PAGE, FENCE_ALL };
	const struct fence more = { HM_RUN_FENCE_VMA, VA + 3, 64 * PAGE, FENCE_ALL };

	(void)state;
	change_leaf();
	shadow_sync(v, &pages);
	enter();
	assert_int_equal(run->policy, POLICY_TSP & ~FENCES_END);
	shadow_sync(v, &more);
	enter();
	assert_int_equal(run->policy, POLICY_TSP);
}

static void a_commit_of_the_ring_is_a_fence_of_everything(void **state)
{
	struct hm_ring *ring = (struct hm_ring *)(ram + 60 * PAGE);

	(void)state;
	change_leaf();
	run->ring_gpa = RAM + 60 * PAGE;
	ring->head = 3;
	enter();
	shadow_commit(v);
	assert_int_equal(mapped(VA), 50 * PAGE);
	assert_int_equal(run->hw_fence, HM_FENCE_ALL);
	assert_int_equal(ring->tail, 3);
	assert_true(ring->flags & HM_RING_CACHED);
}

static void code_that_may_not_be_fetched_is_old_no_more(void **state)
{
	uint64_t table = change_leaf();

	(void)state;
	map(space[0], VA, 0);
	run->x[11] = 8 * 300;
	fault(STORE, table + PAGE); /* nothing there: the guest's own fault */
	run->pc = VA;
	map(space[0], VA + 2 * PAGE, pte_make((space[0] & SATP_PPN_MASK) << 12, ALLOWED));
	fault(STORE, VA + 2 * PAGE); /* to the root, by code that is no more */
	assert_int_equal(shadow_leaf(run->root, VA), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_STEP(a_store_to_a_table_is_emulated_and_followed),
		TEST_IN_STEP(a_store_whose_code_is_gone_is_no_store),
		TEST_IN_STEP(a_misaligned_amo_is_the_guests),
		TEST_IN_STEP(the_second_page_of_a_store_is_named),
		TEST_IN_STEP(protecting_a_table_fences_other_vcpus),
		TEST_IN_STEP(the_firmware_serves_the_guests_fences),
		TEST_IN_STEP(what_was_shadowed_before_another_policy_is_forgotten),
		TEST_IN_STEP(no_vcpu_goes_on_while_another_runs_elsewhere),
		TEST_IN_STEP(a_store_that_is_not_decoded_is_executed_aside),
		TEST_IN_STEP(a_call_ends_what_was_executed_aside),
		TEST_IN_STEP(so_is_one_that_is_repeated_in_vain),
		TEST_TSP(a_store_to_a_leaf_table_counts_once),
		TEST_TSP(fences_exit_while_a_table_is_out_of_step),
		TEST_TSP(nothing_stays_out_of_step_where_none_goes),
		TEST_TSP(others_fences_exit_from_then_on),
		TEST_TSP(a_long_range_is_everything),
		TEST_TSP(a_commit_of_the_ring_is_a_fence_of_everything),
		TEST_TSP(code_that_may_not_be_fetched_is_old_no_more),
	};

	return RUN(tests);
}
