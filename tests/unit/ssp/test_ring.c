/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ring.c - the engine's end of the flush ring, one fact a test. */
#include <string.h>

#include "hits.h"
#include "fixture.h"
#include "producer.h"
#include "ring.h"

#define FULL_HEAD 0xffffffc0u /* wraps around within half a ring */

/* Sv39, ASID 1, VA page n at frame n for n < 128; a ring whose count is about to wrap. */
static int start_ring(void **state)
{
	(void)state;
	start_with(RAM_DELTA, POOL_TABLES, false);
	put_path(0, 3);
	for (unsigned int n = 0; n < 128; n++)
		put(2, n, PAGE(n), LEAF);
	satp(SATP_SV39, 1, 0);
	ring_page()->head = FULL_HEAD;
	ssp_ring_attach(&f.space, RING_GPA + RAM_DELTA);
	return 0;
}

static void commit(void)
{
	caller_commit(&f.caller);
	check();
	assert_int_equal(ring_page()->tail, ring_page()->head);
}

/* Map page n somewhere else, after it was cached; pages from 128 on are free to be used. */
static void remap(unsigned int n)
{
	assert_maps(n * PAGE_SIZE, PAGE(n));
	put(2, n, PAGE(200 + n), LEAF);
}

static bool is_remapped(unsigned int n)
{
	assert_int_equal(load(n * PAGE_SIZE), SSP_ALLOWED);
	return f.hpa == PAGE(200 + n) + RAM_DELTA;
}

static void a_flush_is_effective_when_it_was_committed(void **state)
{
	(void)state;
	remap(3);
	push(HM_RING_OP_FLUSH, 3 * PAGE_SIZE, 1, 1);
	assert_false(is_remapped(3));
	commit();
	assert_true(is_remapped(3));
}

static void a_range_is_one_entry(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 64; n++)
		remap(n);
	push(HM_RING_OP_FLUSH, 0, 64, 1);
	commit();
	for (unsigned int n = 0; n < 64; n++)
		assert_true(is_remapped(n));
	assert_int_equal(ssp_ring_entries(&f.space.ring), 1);
}

static void a_flush_spares_the_pages_beside_it(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 8; n++)
		remap(n);
	push(HM_RING_OP_FLUSH, 2 * PAGE_SIZE, 3, 1);
	commit();
	for (unsigned int n = 0; n < 8; n++)
		assert_int_equal(is_remapped(n), n >= 2 && n < 5);
}

static void a_flush_of_no_pages_is_one_of_the_address_space(void **state)
{
	(void)state;
	remap(1);
	remap(100);
	push(HM_RING_OP_FLUSH, 0, 0, 1);
	commit();
	assert_true(is_remapped(1) && is_remapped(100));
}

static void a_flush_of_another_address_space_reaches_it(void **state)
{
	(void)state;
	remap(1);
	remap(2);
	satp(SATP_SV39, 2, 0);
	push(HM_RING_OP_FLUSH, PAGE_SIZE, 1, 1);
	commit();
	satp(SATP_SV39, 1, 0);
	assert_true(is_remapped(1));
	assert_false(is_remapped(2));
	satp(SATP_SV39, 2, 0);
	push(HM_RING_OP_FLUSH, 0, 0, 1);
	commit();
	satp(SATP_SV39, 1, 0);
	assert_true(is_remapped(2));
}

static void a_flush_spares_global_pages_and_a_global_one_does_not(void **state)
{
	(void)state;
	put(2, 1, PAGE(1), LEAF | PTE_G);
	assert_maps(PAGE_SIZE, PAGE(1));
	put(1, 0, guest_table(2), LINK | PTE_G);
	fence_all();
	remap(1);
	push(HM_RING_OP_FLUSH, PAGE_SIZE, 1, 1);
	commit();
	assert_false(is_remapped(1));
	push(HM_RING_OP_FLUSH_GLOBAL, PAGE_SIZE, 1, 0);
	commit();
	assert_true(is_remapped(1));
}

static void several_ranges_are_fenced_as_well(void **state)
{
	(void)state;
	remap(1);
	remap(50);
	remap(100);
	push(HM_RING_OP_FLUSH, PAGE_SIZE, 1, 1);
	push(HM_RING_OP_FLUSH, 50 * PAGE_SIZE, 1, 1);
	push(HM_RING_OP_FLUSH_GLOBAL, 100 * PAGE_SIZE, 1, 0);
	commit();
	assert_true(is_remapped(1) && is_remapped(50) && is_remapped(100));
}

static void a_flush_of_an_address_space_keeps_the_fence_of_a_global_page(void **state)
{
	(void)state;
	put(1, 0, guest_table(2), LINK | PTE_G);
	remap(1);
	push(HM_RING_OP_FLUSH_GLOBAL, PAGE_SIZE, 1, 0);
	push(HM_RING_OP_FLUSH, 0, 0, 1);
	commit();
	assert_true(is_remapped(1));
}

static void more_pages_than_a_drain_takes_are_flushed_all_the_same(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int n = 0; n < 128; n++)
			put(2, n, PAGE(n), LEAF);
		fence_all();
		for (unsigned int n = 0; n < 128; n++)
			remap(n);
		for (unsigned int n = 0; n < 128; n += 2)
			push(round ? HM_RING_OP_FLUSH_GLOBAL : HM_RING_OP_FLUSH, n * PAGE_SIZE, 2,
			     !round);
		commit();
		for (unsigned int n = 0; n < 128; n++)
			assert_true(is_remapped(n));
	}
}

/* In up to two leaf tables; a superpage between goes with them. */
static void a_long_range_spares_the_pages_beside_it(void **state)
{
	(void)state;
	put(1, 1, PAGE(512), LEAF);
	assert_maps(2 * MIB, PAGE(512));
	put(1, 1, PAGE(1024), LEAF);
	for (unsigned int n = 0; n < 128; n++)
		remap(n);
	push(HM_RING_OP_FLUSH, 10 * PAGE_SIZE, 100, 1);
	commit();
	for (unsigned int n = 0; n < 128; n++)
		assert_int_equal(is_remapped(n), n >= 10 && n < 110);
	assert_maps(2 * MIB, PAGE(512));
	push(HM_RING_OP_FLUSH, 110 * PAGE_SIZE, 500, 1);
	commit();
	for (unsigned int n = 0; n < 128; n++)
		assert_int_equal(is_remapped(n), n >= 10);
	assert_maps(2 * MIB, PAGE(1024));
	push(HM_RING_OP_FLUSH, 10 * PAGE_SIZE, 1024, 1);
	commit();
	assert_true(is_remapped(0));
}

static void a_long_range_reaches_its_own_address_space(void **state)
{
	(void)state;
	remap(1);
	remap(100);
	satp(SATP_SV39, 2, 0);
	push(HM_RING_OP_FLUSH, PAGE_SIZE, 100, 1);
	commit();
	satp(SATP_SV39, 1, 0);
	assert_true(is_remapped(1) && is_remapped(100));
}

static void a_ring_that_is_taken_over_is_drained(void **state)
{
	(void)state;
	remap(1);
	remap(2);
	push(HM_RING_OP_FLUSH, PAGE_SIZE, 1, 1);
	ssp_ring_attach_undrained(&f.space, RING_GPA + RAM_DELTA);
	commit();
	assert_true(is_remapped(1));
	assert_false(is_remapped(2));
}

static void an_entry_is_drained_once(void **state)
{
	(void)state;
	push(HM_RING_OP_FLUSH, 0, 0, 1);
	commit();
	remap(1);
	commit();
	assert_false(is_remapped(1));
	assert_int_equal(ssp_ring_entries(&f.space.ring), 1);
}

static void what_was_there_before_is_not_drained(void **state)
{
	(void)state;
	remap(1);
	push(HM_RING_OP_FLUSH, PAGE_SIZE, 1, 1);
	ssp_ring_attach(&f.space, RING_GPA + RAM_DELTA);
	commit();
	assert_false(is_remapped(1));
}

static void an_entry_into_the_guest_drains(void **state)
{
	(void)state;
	remap(1);
	push(HM_RING_OP_FLUSH, PAGE_SIZE, 1, 1);
	caller_reenter(&f.caller);
	check();
	assert_true(is_remapped(1));
	assert_int_equal(ssp_ring_entries(&f.space.ring) - f.space.ring.others, 1);
}

/* Faults that the next access to page n takes. */
static unsigned int faults(unsigned int n)
{
	assert_maps(n * PAGE_SIZE, PAGE(n));
	return f.calls;
}

static void a_hint_saves_the_fault(void **state)
{
	(void)state;
	assert_true(faults(0) > 0);
	assert_true(faults(30) > 0);
	put(2, 64, PAGE(64), LEAF);
	push(HM_RING_OP_MAP, 64 * PAGE_SIZE, 3, 1);
	commit();
	assert_int_equal(faults(64) + faults(65) + faults(66), 0);
	assert_true(faults(67) > 0);
	assert_int_equal(f.space.ring.hints_used, 3);
	assert_int_equal(ssp_ring_entries(&f.space.ring) - f.space.ring.others, 0);
}

static void a_hint_of_more_rights_saves_the_fault(void **state)
{
	(void)state;
	put(2, 1, PAGE(1), LEAF & ~PTE_D);
	assert_maps(PAGE_SIZE, PAGE(1));
	put(2, 1, PAGE(1), LEAF);
	push(HM_RING_OP_MAP, PAGE_SIZE, 1, 1);
	commit();
	assert_int_equal(store(PAGE_SIZE), SSP_ALLOWED);
	assert_int_equal(f.calls, 0);
}

static void a_hint_gives_what_the_tables_say(void **state)
{
	(void)state;
	assert_true(faults(0) > 0);
	put(2, 64, PAGE(64), LEAF & ~PTE_A);
	put(2, 65, 0x10000000, LEAF); /* no RAM */
	put(2, 66, PAGE(66), 0);
	push(HM_RING_OP_MAP, 64 * PAGE_SIZE, 3, 1);
	commit();
	assert_int_equal(load(64 * PAGE_SIZE), SSP_TRUE_FAULT);
	assert_int_equal(load(65 * PAGE_SIZE), SSP_OUTSIDE);
	assert_int_equal(load(66 * PAGE_SIZE), SSP_TRUE_FAULT);
	assert_int_equal(f.space.ring.hints_lost, 3);
}

static void a_hint_for_another_address_space_is_lost(void **state)
{
	(void)state;
	assert_true(faults(0) > 0);
	push(HM_RING_OP_MAP, 64 * PAGE_SIZE, 1, 2);
	commit();
	assert_true(faults(64) > 0);
	assert_int_equal(f.space.ring.hints_lost, 1);
}

static void hints_do_not_spend_what_flushes_need(void **state)
{
	(void)state;
	remap(1);
	remap(2);
	for (unsigned int n = 0; n < HM_RING_ENTRIES - 1; n++)
		push(HM_RING_OP_MAP, 64 * PAGE_SIZE, 8, 1);
	push(HM_RING_OP_FLUSH, PAGE_SIZE, 1, 1);
	commit();
	assert_true(is_remapped(1));
	assert_false(is_remapped(2));
}

/* Whatever makes no sense: everything that was cached is gone, and nothing else happens. */
static void expect_flush_of_everything(void)
{
	remap(1);
	commit();
	assert_true(is_remapped(1));
}

static void a_wild_head_flushes_everything(void **state)
{
	(void)state;
	while (!ring_is_full())
		push(HM_RING_OP_MAP, 0, 1, 1);
	commit();
	remap(2);
	ring_page()->head += HM_RING_ENTRIES + 1;
	commit();
	assert_true(is_remapped(2));
	ring_page()->head -= 1;
	expect_flush_of_everything();
}

static void bad_entries_flush_everything(void **state)
{
	static const uint64_t bad[][2] = {
		{ 0, 1 },
		{ 4, 1 },
		{ 15, 1 }, /* no operations */
		{ HM_RING_OP_FLUSH | 0x10, 1 },
		{ HM_RING_OP_MAP | 0x800, 1 },
		{ HM_RING_OP_FLUSH, 1ull << 48 | 1 },
		{ HM_RING_OP_MAP, 1ull << 63 },
		{ HM_RING_OP_FLUSH_GLOBAL, 1ull << 32 | 1 },
		{ -PAGE_SIZE | HM_RING_OP_FLUSH, 2 },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(2, 1, PAGE(1), LEAF);
		fence_all();
		push_words(bad[i][0], bad[i][1]);
		expect_flush_of_everything();
	}
}

static void the_last_page_of_all_is_sound(void **state)
{
	(void)state;
	remap(1);
	push(HM_RING_OP_FLUSH, -PAGE_SIZE, 1, 1);
	commit();
	assert_false(is_remapped(1));
}

static void a_full_ring_is_drained(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 64; n++)
		remap(n);
	for (unsigned int n = 0; n < HM_RING_ENTRIES; n++)
		push(n < 64 ? HM_RING_OP_FLUSH : HM_RING_OP_MAP, n % 64 * PAGE_SIZE, 1, 1);
	assert_true(ring_is_full());
	commit();
	for (unsigned int n = 0; n < 64; n++)
		assert_true(is_remapped(n));
}

static void the_guest_cannot_move_the_tail(void **state)
{
	(void)state;
	remap(1);
	push(HM_RING_OP_FLUSH, PAGE_SIZE, 1, 1);
	ring_page()->tail = ring_page()->head;
	commit();
	assert_true(is_remapped(1));
}

static void nothing_is_cached_after_a_fence_of_everything_alone(void **state)
{
	(void)state;
	assert_true(ring_page()->flags & HM_RING_CACHED);
	fence_all();
	assert_false(ring_page()->flags & HM_RING_CACHED);
	assert_maps(0, PAGE(0));
	assert_true(ring_page()->flags & HM_RING_CACHED);
	fence_asid(1);
	assert_true(ring_page()->flags & HM_RING_CACHED);
}

/*
 * Fills recycle tables of the global tree, of which everything cached is dropped, and then go on.
 */
static void recycling_does_not_say_that_nothing_is_cached(void **state)
{
	(void)state;
	start_with(RAM_DELTA, SSP_MIN_TABLES, false);
	put_path(0, 3);
	put(2, 0, PAGE(0), LEAF | PTE_G);
	for (unsigned int n = 0; n < 64; n++)
		put(0, n, guest_table(1), LINK);
	satp(SATP_SV39, 1, 0);
	ssp_ring_attach(&f.space, RING_GPA + RAM_DELTA);
	for (unsigned int n = 0; n < 64; n++) {
		assert_maps(n * GIB, PAGE(0));
		assert_true(ring_page()->flags & HM_RING_CACHED);
	}
	assert_true(f.space.tables_recycled > 16);
}

static void running_says_whether_the_guest_can_run(void **state)
{
	(void)state;
	assert_true(ring_page()->flags & HM_RING_RUNNING);
	ssp_ring_leave(&f.space);
	assert_false(ring_page()->flags & HM_RING_RUNNING);
	ssp_ring_enter(&f.space);
	assert_true(ring_page()->flags & HM_RING_RUNNING);
}

static void without_a_ring_nothing_is_stored(void **state)
{
	(void)state;
	ssp_ring_attach(&f.space, 0);
	memset(memory.ring, 0, sizeof(memory.ring));
	assert_false(ssp_ring_pending(&f.space));
	fence_all();
	assert_maps(0, PAGE(0));
	ssp_ring_leave(&f.space);
	ssp_ring_enter(&f.space);
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
		assert_int_equal(memory.ring[i], 0);
}

#define FACT(name) cmocka_unit_test_setup(name, start_ring)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(a_flush_is_effective_when_it_was_committed),
		FACT(a_range_is_one_entry),
		FACT(a_flush_spares_the_pages_beside_it),
		FACT(a_flush_of_no_pages_is_one_of_the_address_space),
		FACT(a_flush_of_another_address_space_reaches_it),
		FACT(a_flush_spares_global_pages_and_a_global_one_does_not),
		FACT(several_ranges_are_fenced_as_well),
		FACT(a_flush_of_an_address_space_keeps_the_fence_of_a_global_page),
		FACT(more_pages_than_a_drain_takes_are_flushed_all_the_same),
		FACT(a_long_range_spares_the_pages_beside_it),
		FACT(a_long_range_reaches_its_own_address_space),
		FACT(a_ring_that_is_taken_over_is_drained),
		FACT(an_entry_is_drained_once),
		FACT(what_was_there_before_is_not_drained),
		FACT(an_entry_into_the_guest_drains),
		FACT(a_hint_saves_the_fault),
		FACT(a_hint_of_more_rights_saves_the_fault),
		FACT(a_hint_gives_what_the_tables_say),
		FACT(a_hint_for_another_address_space_is_lost),
		FACT(hints_do_not_spend_what_flushes_need),
		FACT(a_wild_head_flushes_everything),
		FACT(bad_entries_flush_everything),
		FACT(the_last_page_of_all_is_sound),
		FACT(a_full_ring_is_drained),
		FACT(the_guest_cannot_move_the_tail),
		FACT(nothing_is_cached_after_a_fence_of_everything_alone),
		FACT(recycling_does_not_say_that_nothing_is_cached),
		FACT(running_says_whether_the_guest_can_run),
		FACT(without_a_ring_nothing_is_stored),
	};

	return cmocka_run_group_tests_name("ring facts", tests, NULL, NULL);
}
