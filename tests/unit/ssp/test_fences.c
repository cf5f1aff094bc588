/* SPDX-License-Identifier: BSD-2-Clause */
/* test_fences.c - what a fence shows, which fences are owed, and what needs none, one fact a test. */
#include "hits.h"
#include "internal.h"
#include "fixture.h"

/* --- Fences --- */

/* The first page is cached, and its entry another since. */
static void changed_page(void)
{
	simple_guest();
	assert_maps(0, PAGE(0));
	put(2, 0, PAGE(9), LEAF);
}

static void a_fence_by_address_shows_the_new_page(void **state)
{
	(void)state;
	changed_page();
	fence_va(0);
	assert_maps(0, PAGE(9));
}

/* Who fences a page that is there uses it next: no fault is needed to see it. */
static void a_fenced_page_is_read_anew(void **state)
{
	(void)state;
	changed_page();
	fence_va(0);
	assert_maps(0, PAGE(9));
	assert_int_equal(f.calls, 0);
	put(2, 0, PAGE(9), LEAF & ~PTE_A);
	fence_va_asid(0, 1);
	assert_int_equal(shadow_level(0), -1);
}

static void a_fence_of_another_page_keeps_the_page(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	fence_va(PAGE_SIZE);
	assert_maps(0, PAGE(0));
	assert_int_equal(f.calls, 0);
}

static void a_fence_of_the_wrong_asid_keeps_the_page(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	fence_va_asid(0, 2);
	fence_asid(2);
	assert_int_equal(shadow_level(0), 0);
}

static void a_fence_by_asid_shows_every_new_page(void **state)
{
	(void)state;
	changed_page();
	fence_asid(1);
	assert_maps(0, PAGE(9));
}

static void bits_of_a_fence_above_the_asid_are_ignored(void **state)
{
	(void)state;
	changed_page();
	fence_asid(1 | 1ull << 20);
	assert_maps(0, PAGE(9));
}

/* The one that runs knows where the page's entry is, too. */
static void a_fence_by_address_and_asid_reaches_another_root(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	satp(SATP_SV39, 2, 0);
	assert_maps(0, PAGE(0));
	put(2, 0, PAGE(9), LEAF);
	fence_va_asid(0, 1);
	satp(SATP_SV39, 1, 0);
	assert_maps(0, PAGE(9));
}

static void a_fence_by_address_and_asid_reaches_another_root_of_the_asid(void **state)
{
	(void)state;
	simple_guest();
	put(3, 0, guest_table(1), LINK);
	assert_maps(0, PAGE(0));
	satp(SATP_SV39, 1, 3);
	assert_maps(0, PAGE(0));
	put(2, 0, PAGE(9), LEAF);
	fence_va_asid(0, 1);
	satp(SATP_SV39, 1, 0);
	assert_maps(0, PAGE(9));
}

static void a_fence_by_address_and_asid_drops_all_pieces_of_another_root(void **state)
{
	(void)state;
	start_with(RAM_DELTA + 0x3000, POOL_TABLES, false);
	simple_guest();
	put(1, 1, 0x80400000, LEAF);
	assert_maps(3 * MIB, 0x80500000);
	satp(SATP_SV39, 2, 0);
	put(1, 1, 0x80800000, LEAF);
	fence_va_asid(2 * MIB, 1);
	satp(SATP_SV39, 1, 0);
	assert_maps(3 * MIB, 0x80900000);
}

static void a_fence_by_asid_reaches_another_root(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	satp(SATP_SV39, 2, 0);
	put(2, 0, PAGE(9), LEAF);
	fence_asid(1);
	assert_int_equal(
		ssp_root_find(&f.space, 8ull << 60 | 1ull << 44 | RAM_GPA >> 12)->asid_generation,
		0);
	satp(SATP_SV39, 1, 0);
	assert_maps(0, PAGE(9));
}

static void a_fence_is_owed_even_if_the_shadow_has_nothing(void **state)
{
	(void)state;
	simple_guest();
	assert_int_equal(ssp_flush_va(&f.space, 0x5000), SSP_FENCE_PAGE);
	assert_int_equal(ssp_flush_va_asid(&f.space, 0x5000, 1), SSP_FENCE_PAGE);
	assert_int_equal(ssp_flush_asid(&f.space, 1), SSP_FENCE_ASID);
	assert_int_equal(ssp_flush_all(&f.space), SSP_FENCE_ALL);
}

static void one_logged_fence_is_replayed_on_entry(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	assert_maps(PAGE_SIZE, PAGE(1));
	satp(SATP_SV39, 2, 0);
	put(2, 0, PAGE(9), LEAF);
	fence_va(0);
	satp(SATP_SV39, 1, 0);
	assert_maps(0, PAGE(9));
	assert_maps(PAGE_SIZE, PAGE(1));
	assert_int_equal(f.calls, 0);
}

static void a_root_that_the_log_has_left_behind_is_emptied(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	satp(SATP_SV39, 2, 0);
	put(2, 0, PAGE(9), LEAF);
	for (unsigned int n = 0; n <= SSP_LOG_SIZE; n++)
		fence_va(n * PAGE_SIZE);
	satp(SATP_SV39, 1, 0);
	assert_maps(0, PAGE(9));
}

static void pieces_that_the_log_has_left_behind_are_not_cached(void **state)
{
	(void)state;
	start_with(RAM_DELTA + 0x3000, POOL_TABLES, false);
	simple_guest();
	put(1, 1, 0x80400000, LEAF);
	assert_maps(2 * MIB, 0x80400000);
	assert_maps(3 * MIB, 0x80500000);
	satp(SATP_SV39, 2, 0);
	put(1, 1, 0x80800000, LEAF);
	fence_va(2 * MIB);
	for (unsigned int n = 0; n < SSP_LOG_SIZE; n++)
		fence_va(n * PAGE_SIZE);
	satp(SATP_SV39, 1, 0);
	assert_maps(3 * MIB, 0x80900000);
}

/* 64 pages around the end of a leaf table, 32 to 95 of the guest; all of them change. */
#define RANGE_VA (2 * MIB - 32 * PAGE_SIZE)

static void map_range(unsigned int from, uint64_t bits)
{
	for (unsigned int n = 0; n < 32; n++) {
		put(2, 480 + n, PAGE(from + n), LEAF | bits);
		put(3, n, PAGE(from + 32 + n), LEAF | bits);
	}
}

static void range_guest(uint64_t bits)
{
	put_path(0, 3);
	put(1, 1, guest_table(3), LINK);
	map_range(0, bits);
}

static void assert_range(unsigned int from)
{
	for (unsigned int n = 0; n < 64; n++)
		assert_maps(RANGE_VA + n * PAGE_SIZE, PAGE(from + n));
}

static void a_fence_of_pages_shows_each_of_them_in_every_tree(void **state)
{
	(void)state;
	for (uint64_t bits = 0; bits <= PTE_G; bits += PTE_G) {
		range_guest(bits);
		satp(SATP_SV39, 1, 0);
		assert_range(0);
		satp(SATP_SV39, 2, 0);
		assert_range(0);
		map_range(64, bits);
		fence_pages(RANGE_VA, 64);
		assert_range(64);
		satp(SATP_SV39, 1, 0);
		assert_range(64);
		fence_all();
	}
}

static void a_fence_of_pages_by_asid_reaches_every_root_of_it(void **state)
{
	(void)state;
	range_guest(0);
	put(4, 0, guest_table(1), LINK);
	satp(SATP_SV39, 1, 0);
	assert_range(0);
	satp(SATP_SV39, 1, 4);
	assert_range(0);
	satp(SATP_SV39, 2, 4);
	map_range(64, 0);
	fence_pages_asid(RANGE_VA, 64, 1);
	satp(SATP_SV39, 1, 4);
	assert_range(64);
	satp(SATP_SV39, 1, 0);
	assert_range(64);
}

static void a_fence_of_pages_drops_all_pieces_of_a_superpage(void **state)
{
	(void)state;
	start_with(RAM_DELTA + PAGE_SIZE, POOL_TABLES, false);
	put_path(0, 2);
	put(1, 0, RAM_GPA, LEAF);
	put(1, 1, RAM_GPA, LEAF);
	satp(SATP_SV39, 1, 0);
	assert_maps(0x5000, RAM_GPA + 0x5000);
	put(1, 0, RAM_GPA + 2 * MIB, LEAF);
	fence_pages(RANGE_VA, 64);
	assert_maps(0x5000, RAM_GPA + 2 * MIB + 0x5000);
}

static void a_fence_of_pages_by_asid_drops_all_pieces_of_another_root(void **state)
{
	(void)state;
	start_with(RAM_DELTA + 0x3000, POOL_TABLES, false);
	simple_guest();
	put(1, 1, 0x80400000, LEAF);
	assert_maps(3 * MIB, 0x80500000);
	satp(SATP_SV39, 2, 0);
	put(1, 1, 0x80800000, LEAF);
	fence_pages_asid(RANGE_VA, 64, 1);
	satp(SATP_SV39, 1, 0);
	assert_maps(3 * MIB, 0x80900000);
}

/* ---- tables with more links than are looked at ---- */

/* A root of 512 links, from `global` on into the global tree. */
static void crowded_guest(unsigned int global)
{
	for (unsigned int n = 0; n < PTES_PER_TABLE; n++) {
		bool g = n >= global;

		put(0, n, guest_table(1 + g), LINK);
		put(1, n, RAM_GPA, LEAF);
		put(2, n, RAM_GPA, LEAF | PTE_G);
	}
	satp(SATP_SV39, 1, 0);
}

static void change_superpages(uint64_t to)
{
	for (unsigned int n = 0; n < PTES_PER_TABLE; n++) {
		put(1, n, to, LEAF);
		put(2, n, to, LEAF | PTE_G);
	}
}

static void assert_crowd(unsigned int links, uint64_t gpa)
{
	for (uint64_t n = 0; n < links; n++)
		assert_maps((uint64_t)((int64_t)(n << 55) >> 25), gpa);
}

static void a_crowded_root_shows_what_is_new_after_each_fence(void **state)
{
	(void)state;
	for (unsigned int links = 128; links <= 144; links += 8) {
		for (unsigned int global = 0; global <= links; global += links / 2) {
			start_with(RAM_DELTA, 2 * POOL_TABLES, false);
			crowded_guest(global);
			assert_crowd(links, RAM_GPA);
			change_superpages(RAM_GPA + 2 * MIB);
			fence_asid(1);
			assert_crowd(global, RAM_GPA + 2 * MIB);
			change_superpages(RAM_GPA + 4 * MIB);
			fence_all();
			assert_crowd(links, RAM_GPA + 4 * MIB);
			change_superpages(RAM_GPA + 6 * MIB);
			fence_all();
			satp(SATP_SV39, 2, 0);
			assert_crowd(links, RAM_GPA + 6 * MIB);
		}
	}
}

/* No fence takes tables out of use: what is spare goes before what is free. */
static void a_crowded_root_uses_its_own_tables_again(void **state)
{
	uint64_t allocated;

	(void)state;
	start_with(RAM_DELTA, 2 * POOL_TABLES, false);
	crowded_guest(PTES_PER_TABLE);
	assert_crowd(200, RAM_GPA);
	allocated = f.space.tables_allocated;
	for (unsigned int round = 0; round < 4; round++) {
		fence_asid(1);
		assert_crowd(200, RAM_GPA);
	}
	assert_int_equal(f.space.tables_allocated, allocated);
	assert_int_equal(f.space.tables_recycled, 0);
}

static void a_fence_of_everything_reaches_every_root(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	satp(SATP_SV39, 2, 0);
	put(2, 0, PAGE(9), LEAF);
	fence_all();
	satp(SATP_SV39, 1, 0);
	assert_maps(0, PAGE(9));
}

static void a_fence_of_many_tables_clears_all_of_them(void **state)
{
	(void)state;
	simple_guest();
	for (unsigned int n = 0; n < 2 * SSP_EAGER_TABLES; n++) {
		put(1, n, guest_table(2), LINK);
		assert_maps(n * 2 * MIB, PAGE(0));
	}
	put(2, 0, PAGE(9), LEAF);
	fence_asid(1);
	for (unsigned int n = 0; n < 2 * SSP_EAGER_TABLES; n++)
		assert_maps(n * 2 * MIB, PAGE(9));
}

/* ---- what an address space has of a table that fell asleep ---- */

/* Two large pages of the kernel's. */
static void large_pages(void)
{
	put(0, 0, guest_table(1), LINK);
	put(1, 0, RAM_GPA, LEAF | PTE_G);
	put(1, 1, RAM_GPA + 2 * MIB, LEAF | PTE_G);
	satp(SATP_SV39, 1, 0);
	assert_maps(0, RAM_GPA);
	assert_maps(2 * MIB, RAM_GPA + 2 * MIB);
}

/* One is used again, and what became of the other one is of interest. */
static void use_large_page_again(void)
{
	fence_all();
	assert_int_equal(shadow_level(2 * MIB), -1);
	assert_maps(0, RAM_GPA);
}

static void large_pages_stay_that_are_what_they_were(void **state)
{
	(void)state;
	large_pages();
	use_large_page_again();
	assert_int_equal(shadow_level(2 * MIB), 1);
	assert_maps(2 * MIB, RAM_GPA + 2 * MIB);
	assert_int_equal(f.calls, 0);
}

static void a_large_page_that_has_changed_does_not_stay(void **state)
{
	const uint64_t less[] = { PTE_A, PTE_D, PTE_R, PTE_V, PTE_X, PTE_G };

	(void)state;
	large_pages();
	put(1, 1, RAM_GPA + 4 * MIB, LEAF | PTE_G);
	use_large_page_again();
	assert_int_equal(shadow_level(2 * MIB), -1);
	assert_maps(2 * MIB, RAM_GPA + 4 * MIB);
	for (unsigned int n = 0; n < sizeof(less) / sizeof(less[0]); n++) {
		start(NULL);
		large_pages();
		put(1, 1, RAM_GPA + 2 * MIB, (LEAF | PTE_G) & ~less[n]);
		use_large_page_again();
		assert_int_equal(shadow_level(2 * MIB), -1);
	}
}

static void large_pages_of_another_table_do_not_stay(void **state)
{
	(void)state;
	large_pages();
	put(0, 0, guest_table(2), LINK);
	put(2, 0, RAM_GPA, LEAF | PTE_G);
	use_large_page_again();
	assert_int_equal(shadow_level(2 * MIB), -1);
}

static void a_large_page_that_memory_has_left_does_not_stay(void **state)
{
	struct ssp_slot slot;

	(void)state;
	large_pages();
	slot = f.space.slots[0];
	slot.size = 3 * MIB;
	assert_true(guest_table(2) + PAGE_SIZE <= slot.gpa + slot.size);
	ssp_slot_set(&f.space, 0, slot);
	caller_owes(&f.caller, SSP_FENCE_ALL, 0);
	assert_maps(0, RAM_GPA);
	assert_int_equal(shadow_level(2 * MIB), -1);
}

/* A fence of everything reads anew the links to leaf tables that are not global, and no more. */
static void walks_are_taken_up_after_a_fence_of_everything(void **state)
{
	const uint64_t kernel = (-1ull << 38) + 2 * MIB;

	(void)state;
	simple_guest();
	put(0, 256, guest_table(3), LINK);
	put(3, 1, guest_table(4), LINK);
	put(4, 0, PAGE(0), LEAF | PTE_G);
	assert_maps(0, PAGE(0));
	assert_maps(kernel, PAGE(0));
	fence_all();
	assert_maps(kernel, PAGE(0));
	assert_non_null(ssp_walk_take_up(&f.space, 0));
	fence_all();
	assert_null(ssp_walk_take_up(&f.space, kernel));
	put(1, 0, guest_table(5), LINK);
	assert_null(ssp_walk_take_up(&f.space, 0));
}

static void a_changed_link_is_followed_after_a_fence_by_asid(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	put(3, 0, PAGE(9), LEAF);
	put(3, 1, PAGE(10), LEAF);
	put(1, 0, guest_table(3), LINK);
	fence_asid(1);
	assert_maps(0, PAGE(9));
	assert_maps(PAGE_SIZE, PAGE(10));
}

static void an_access_with_more_rights_sees_them_without_a_fence(void **state)
{
	(void)state;
	simple_guest();
	put(2, 0, PAGE(0), LEAF & ~PTE_W);
	assert_maps(0, PAGE(0));
	put(2, 0, PAGE(0), LEAF);
	assert_int_equal(store(0), SSP_ALLOWED);
}

static void check_fill_is_fenced(enum ssp_fence fence)
{
	simple_guest();
	assert_int_equal(store(0), SSP_ALLOWED);
	assert_int_equal(ssp_fault(&f.space, PAGE_SIZE, SSP_STORE, 0).fence, fence);
	/* So many more regions that the walk to the first has to be made again. */
	for (unsigned int n = 1; n <= SSP_WALK_CACHE; n++) {
		put(1, n, guest_table(2), LINK);
		assert_int_equal(store(n * 2 * MIB), SSP_ALLOWED);
	}
	assert_int_equal(ssp_fault(&f.space, 2 * PAGE_SIZE, SSP_STORE, 0).fence, fence);
}

static void a_fill_is_fenced_only_where_the_hart_lacks_svvptc(void **state)
{
	(void)state;
	check_fill_is_fenced(SSP_FENCE_NONE);
	start_with(RAM_DELTA, POOL_TABLES, true);
	check_fill_is_fenced(SSP_FENCE_PAGE);
}

/* That there was none no fence of its pages covers. */
static void filling_a_superpage_is_fenced_as_a_link_and_changing_it_as_a_page(void **state)
{
	(void)state;
	simple_guest();
	put(1, 1, 0x80400000, LEAF);
	put(1, 2, 0x80600000, LEAF);
	assert_maps(2 * MIB, 0x80400000);
	assert_int_equal(ssp_fault(&f.space, 4 * MIB, SSP_LOAD, 0).fence, SSP_FENCE_ASID);
	put(1, 1, 0x80600000, LEAF);
	assert_int_equal(ssp_fault(&f.space, 2 * MIB, SSP_LOAD, 0).fence, SSP_FENCE_PAGE);
}

static void what_is_forgotten_faults_again_and_is_filled_with_what_there_is(void **state)
{
	(void)state;
	simple_guest();
	assert_int_equal(ssp_forget_fast(&f.space, 0), SSP_FENCE_NONE);
	assert_maps(0, PAGE(0));
	assert_int_equal(ssp_forget_fast(&f.space, 0), SSP_FENCE_PAGE);
	assert_int_equal(ssp_forget_fast(&f.space, 0), SSP_FENCE_NONE);
	caller_owes(&f.caller, SSP_FENCE_PAGE, 0);
	put(2, 0, PAGE(9), LEAF);
	assert_maps(0, PAGE(9));
	assert_int_equal(ssp_forget_fast(&f.space, 8 * MIB), SSP_FENCE_NONE);
}

/* As far as they differ: behind that, and before, nothing is looked at. */
static void pages_behind_a_fenced_one_are_forgotten_if_they_changed(void **state)
{
	enum ssp_fence fence;

	(void)state;
	simple_guest();
	for (unsigned int i = 0; i < 6; i++) {
		put(2, i, PAGE(i), LEAF);
		assert_maps(i * PAGE_SIZE, PAGE(i));
	}
	put(2, 0, 0, 0);
	put(2, 2, 0, 0);
	put(2, 3, PAGE(3), LEAF & ~PTE_W);
	put(2, 5, 0, 0);
	assert_true(ssp_flush_va_fast(&f.space, PAGE_SIZE));
	ssp_forget_stale(&f.space, PAGE_SIZE);
	assert_int_equal(ssp_fault_fast(&f.space, PAGE_SIZE, SSP_LOAD, 0, &fence), SSP_SLOW);
	for (unsigned int i = 2; i < 4; i++)
		assert_int_equal(ssp_forget_fast(&f.space, i * PAGE_SIZE), SSP_FENCE_NONE);
	for (unsigned int i = 4; i < 7; i++)
		assert_int_equal(ssp_forget_fast(&f.space, i % 6 * PAGE_SIZE), SSP_FENCE_PAGE);
}

static void where_leaves_are_split_is_known(void **state)
{
	(void)state;
	simple_guest();
	put(1, 1, 0x80400000, LEAF);
	assert_maps(2 * MIB, 0x80400000);
	assert_int_equal(f.space.split, 0);
	start_with(RAM_DELTA + PAGE_SIZE, POOL_TABLES, false);
	simple_guest();
	assert_maps(0, PAGE(0));
	assert_int_equal(f.space.split, 0);
	put(1, 1, 0x80400000, LEAF);
	assert_int_equal(ssp_fault(&f.space, 2 * MIB, SSP_LOAD, 0).verdict, SSP_ALLOWED);
	assert_int_equal(f.space.split, 1);
}

static void a_repeated_fault_is_fenced_for_everything(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	assert_int_equal(ssp_fault(&f.space, 0, SSP_LOAD, 0).fence, SSP_FENCE_ALL);
}

static void changing_a_shadow_leaf_is_fenced(void **state)
{
	(void)state;
	changed_page();
	assert_int_equal(ssp_fault(&f.space, 0, SSP_LOAD, 0).fence, SSP_FENCE_PAGE);
}

/* By a page of it that the shadow does not map, in another gigabyte than one that it does. */
static void a_fence_of_a_huge_superpage_is_not_put_off(void **state)
{
	(void)state;
	satp(SATP_SV48, 1, 0);
	f.caller.logs = true;
	put(0, 0, 0, LEAF);
	assert_maps(RAM_GPA, RAM_GPA);
	put(0, 0, 0, 0);
	fence_va(RAM_GPA + RAM_SIZE + GIB);
	assert_int_equal(load(RAM_GPA), SSP_TRUE_FAULT);
}

#define FACT(name) cmocka_unit_test_setup(name, start)

static const struct CMUnitTest tests[] = {
	FACT(a_fence_by_address_shows_the_new_page),
	FACT(a_fenced_page_is_read_anew),
	FACT(a_fence_of_another_page_keeps_the_page),
	FACT(a_fence_of_the_wrong_asid_keeps_the_page),
	FACT(a_fence_by_asid_shows_every_new_page),
	FACT(bits_of_a_fence_above_the_asid_are_ignored),
	FACT(a_fence_by_address_and_asid_reaches_another_root),
	FACT(a_fence_by_address_and_asid_reaches_another_root_of_the_asid),
	FACT(a_fence_by_address_and_asid_drops_all_pieces_of_another_root),
	FACT(a_fence_by_asid_reaches_another_root),
	FACT(a_fence_is_owed_even_if_the_shadow_has_nothing),
	FACT(one_logged_fence_is_replayed_on_entry),
	FACT(a_root_that_the_log_has_left_behind_is_emptied),
	FACT(pieces_that_the_log_has_left_behind_are_not_cached),
	FACT(a_fence_of_pages_shows_each_of_them_in_every_tree),
	FACT(a_fence_of_pages_by_asid_reaches_every_root_of_it),
	FACT(a_fence_of_pages_drops_all_pieces_of_a_superpage),
	FACT(a_fence_of_pages_by_asid_drops_all_pieces_of_another_root),
	FACT(a_crowded_root_shows_what_is_new_after_each_fence),
	FACT(a_crowded_root_uses_its_own_tables_again),
	FACT(a_fence_of_everything_reaches_every_root),
	FACT(a_fence_of_many_tables_clears_all_of_them),
	FACT(large_pages_stay_that_are_what_they_were),
	FACT(a_large_page_that_has_changed_does_not_stay),
	FACT(large_pages_of_another_table_do_not_stay),
	FACT(a_large_page_that_memory_has_left_does_not_stay),
	FACT(walks_are_taken_up_after_a_fence_of_everything),
	FACT(a_changed_link_is_followed_after_a_fence_by_asid),
	FACT(an_access_with_more_rights_sees_them_without_a_fence),
	FACT(a_fill_is_fenced_only_where_the_hart_lacks_svvptc),
	FACT(filling_a_superpage_is_fenced_as_a_link_and_changing_it_as_a_page),
	FACT(where_leaves_are_split_is_known),
	FACT(pages_behind_a_fenced_one_are_forgotten_if_they_changed),
	FACT(what_is_forgotten_faults_again_and_is_filled_with_what_there_is),
	FACT(a_repeated_fault_is_fenced_for_everything),
	FACT(changing_a_shadow_leaf_is_fenced),
	FACT(a_fence_of_a_huge_superpage_is_not_put_off),
};

int main(void)
{
	return cmocka_run_group_tests_name("fence facts", tests, NULL, NULL);
}
