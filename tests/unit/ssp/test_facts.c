/* SPDX-License-Identifier: BSD-2-Clause */
/* test_facts.c - what the engine does, one fact a test. */
#include "hits.h"
#include "fixture.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

/* Sv39, ASID 1, VA page n at frame n for n < 8; tables 0, 1, 2. */
static void simple_guest(void)
{
	put_path(0, 3);
	for (unsigned int n = 0; n < 8; n++)
		put(2, n, PAGE(n), LEAF);
	satp(SATP_SV39, 1, 0);
}

/* --- Translation --- */

static void every_mode_translates_through_all_its_levels(void **state)
{
	(void)state;
	for (unsigned int levels = 3; levels <= 5; levels++) {
		put_path(0, levels);
		put(levels - 1, 1, PAGE(levels), LEAF);
		satp(SATP_SV39 + levels - 3, 1, 0);
		assert_maps(0x1234, PAGE(levels) + 0x234);
		fence_all();
	}
}

static void an_upper_half_address_is_translated(void **state)
{
	(void)state;
	put(0, 511, guest_table(1), LINK);
	put(1, 511, guest_table(2), LINK);
	put(2, 511, PAGE(1), LEAF);
	satp(SATP_SV39, 1, 0);
	assert_maps(-8ull, PAGE(1) + 0xff8);
}

static void an_address_that_is_not_canonical_is_a_true_fault(void **state)
{
	(void)state;
	simple_guest();
	assert_int_equal(load(1ull << 39), SSP_TRUE_FAULT);
	assert_int_equal(load(1ull << 63), SSP_TRUE_FAULT);
}

static void an_invalid_entry_is_a_true_fault_at_any_level(void **state)
{
	(void)state;
	simple_guest();
	assert_int_equal(load(9 * PAGE_SIZE), SSP_TRUE_FAULT);
	assert_int_equal(load(2 * MIB), SSP_TRUE_FAULT);
	assert_int_equal(load(GIB), SSP_TRUE_FAULT);
}

static void reserved_encodings_are_true_faults(void **state)
{
	static const uint64_t bad[] = { PTE_V | PTE_W,     PTE_V | PTE_W | PTE_X, LEAF | 1ull << 63,
					LEAF | 1ull << 61, LEAF | 1ull << 54,     LINK };

	(void)state;
	simple_guest();
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(2, 9, PAGE(0), bad[i] | PTE_A | PTE_D);
		assert_int_equal(load(9 * PAGE_SIZE), SSP_TRUE_FAULT);
		assert_int_equal(touch(9 * PAGE_SIZE, SSP_FETCH, 0), SSP_TRUE_FAULT);
	}
	put(2, 9, PAGE(0), LINK); /* a link below the last level */
	assert_int_equal(load(9 * PAGE_SIZE), SSP_TRUE_FAULT);
}

static void a_link_with_leaf_bits_is_a_true_fault(void **state)
{
	static const uint64_t bad[] = { PTE_U, PTE_A, PTE_D, 1ull << 60 };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		simple_guest();
		put(1, 0, guest_table(2), LINK | bad[i]);
		assert_int_equal(load(0), SSP_TRUE_FAULT);
	}
}

static void a_misaligned_superpage_is_a_true_fault(void **state)
{
	(void)state;
	simple_guest();
	put(1, 1, PAGE(1), LEAF);
	assert_int_equal(load(2 * MIB), SSP_TRUE_FAULT);
}

static void a_table_that_links_itself_ends_at_the_last_level(void **state)
{
	(void)state;
	put(0, 0, guest_table(0), LINK);
	put(0, 1, PAGE(1), LEAF);
	satp(SATP_SV39, 1, 0);
	assert_maps(PAGE_SIZE, PAGE(1));
	assert_int_equal(load(0), SSP_TRUE_FAULT);
}

static void a_guest_table_outside_ram_is_an_access_fault(void **state)
{
	(void)state;
	simple_guest();
	put(1, 1, 0x1000, LINK);
	assert_int_equal(load(2 * MIB), SSP_ACCESS_FAULT);
}

static void a_leaf_outside_ram_is_a_device(void **state)
{
	(void)state;
	simple_guest();
	put(2, 9, 0x10000000, LEAF);
	assert_int_equal(load(9 * PAGE_SIZE + 5), SSP_OUTSIDE);
	assert_int_equal(f.result.gpa, 0x10000005);
}

/* --- Rights --- */

static void a_clear_is_a_true_fault(void **state)
{
	(void)state;
	simple_guest();
	put(2, 9, PAGE(0), LEAF & ~PTE_A);
	assert_int_equal(load(9 * PAGE_SIZE), SSP_TRUE_FAULT);
}

static void d_clear_makes_a_page_readable_only(void **state)
{
	(void)state;
	simple_guest();
	put(2, 9, PAGE(0), LEAF & ~PTE_D);
	assert_maps(9 * PAGE_SIZE, PAGE(0));
	assert_int_equal(store(9 * PAGE_SIZE), SSP_TRUE_FAULT);
	put(2, 9, PAGE(0), LEAF);
	assert_int_equal(store(9 * PAGE_SIZE), SSP_ALLOWED);
}

static void user_pages_are_for_user_mode_and_sum(void **state)
{
	(void)state;
	simple_guest();
	put(2, 9, PAGE(0), LEAF | PTE_U);
	assert_int_equal(touch(9 * PAGE_SIZE, SSP_LOAD, 0), SSP_TRUE_FAULT);
	assert_int_equal(touch(9 * PAGE_SIZE, SSP_LOAD, SSP_USER), SSP_ALLOWED);
	assert_int_equal(touch(9 * PAGE_SIZE, SSP_STORE, SSP_SUM), SSP_ALLOWED);
	assert_int_equal(touch(9 * PAGE_SIZE, SSP_FETCH, SSP_SUM), SSP_TRUE_FAULT);
	assert_int_equal(touch(0, SSP_LOAD, SSP_USER), SSP_TRUE_FAULT);
}

static void mxr_makes_executable_pages_readable(void **state)
{
	(void)state;
	simple_guest();
	put(2, 9, PAGE(0), PTE_V | PTE_X | PTE_A);
	assert_int_equal(touch(9 * PAGE_SIZE, SSP_LOAD, 0), SSP_TRUE_FAULT);
	assert_int_equal(touch(9 * PAGE_SIZE, SSP_LOAD, SSP_MXR), SSP_ALLOWED);
}

static void a_slot_takes_rights_away(void **state)
{
	(void)state;
	ssp_slot_set(&f.space, 1, (struct ssp_slot){ 0x1000000, PAGE_SIZE, 0, PTE_R });
	simple_guest();
	put(2, 9, 0x1000000, LEAF);
	assert_int_equal(load(9 * PAGE_SIZE), SSP_ALLOWED);
	assert_int_equal(store(9 * PAGE_SIZE), SSP_OUTSIDE);
}

static void a_leaf_that_a_slot_leaves_no_rights_is_not_filled(void **state)
{
	uint64_t hpa;

	(void)state;
	ssp_slot_set(&f.space, 1, (struct ssp_slot){ 0x1000000, PAGE_SIZE, 0, PTE_R });
	simple_guest();
	put(2, 9, 0x1000000, PTE_V | PTE_X | PTE_A);
	assert_int_equal(touch(9 * PAGE_SIZE, SSP_LOAD, SSP_MXR), SSP_OUTSIDE);
	assert_int_equal(ssp_translate(&f.space, f.space.current->gsatp, 9 * PAGE_SIZE, SSP_LOAD,
				       SSP_MXR, &hpa),
			 SSP_OUTSIDE);
}

/* --- Superpages --- */

static void a_congruent_superpage_is_one_shadow_leaf(void **state)
{
	(void)state;
	simple_guest();
	put(1, 1, 0x80400000, LEAF);
	put(0, 1, 0xc0000000, LEAF);
	assert_maps(2 * MIB + 0x12345, 0x80412345);
	assert_int_equal(shadow_level(2 * MIB), 1);
	assert_maps(GIB + 0x1234567, 0xc1234567);
	assert_int_equal(shadow_level(GIB), 2);
}

static void a_superpage_that_is_not_congruent_is_mapped_in_pieces(void **state)
{
	(void)state;
	start_with(RAM_DELTA + 0x3000, POOL_TABLES, false);
	simple_guest();
	put(1, 1, 0x80400000, LEAF);
	assert_maps(2 * MIB + 0x12345, 0x80412345);
	assert_int_equal(shadow_level(2 * MIB + 0x12345), 0);
	assert_int_equal(shadow_level(2 * MIB), -1);
}

static void a_superpage_at_the_edge_of_ram_is_mapped_in_pieces(void **state)
{
	(void)state;
	ssp_slot_set(&f.space, 1, (struct ssp_slot){ 0x1000000, PAGE_SIZE, 0, PTE_RWX });
	simple_guest();
	put(1, 1, 0x1000000, LEAF);
	assert_int_equal(load(2 * MIB), SSP_ALLOWED);
	assert_int_equal(load(2 * MIB + PAGE_SIZE), SSP_OUTSIDE);
}

static void fencing_one_piece_drops_all_pieces(void **state)
{
	(void)state;
	start_with(RAM_DELTA + 0x3000, POOL_TABLES, false);
	simple_guest();
	put(1, 1, 0x80400000, LEAF);
	assert_maps(2 * MIB, 0x80400000);
	assert_maps(3 * MIB, 0x80500000);
	put(1, 1, 0x80800000, LEAF);
	fence_va(2 * MIB);
	assert_maps(3 * MIB, 0x80900000);
}

static void fencing_a_piece_of_a_global_gigabyte_reaches_every_root(void **state)
{
	(void)state;
	start_with(RAM_DELTA + 0x3000, POOL_TABLES, false);
	put(0, 1, 0x80000000, LEAF | PTE_G);
	put(3, 1, 0x80000000, LEAF | PTE_G);
	satp(SATP_SV39, 1, 0);
	assert_maps(GIB, 0x80000000);
	satp(SATP_SV39, 2, 3);
	assert_maps(GIB + PAGE_SIZE, 0x80001000);
	put(0, 1, 0xc0000000, LEAF | PTE_G);
	put(3, 1, 0xc0000000, LEAF | PTE_G);
	fence_va(GIB);
	assert_maps(GIB + PAGE_SIZE, 0xc0001000);
	satp(SATP_SV39, 1, 0);
	assert_maps(GIB, 0xc0000000);
}

static void fencing_a_piece_fences_the_page_in_all_address_spaces(void **state)
{
	(void)state;
	start_with(RAM_DELTA + 0x3000, POOL_TABLES, false);
	simple_guest();
	put(1, 1, 0x80400000, LEAF);
	assert_maps(2 * MIB, 0x80400000);
	assert_int_equal(ssp_flush_va(&f.space, 2 * MIB), SSP_FENCE_ALL);
}

static void a_superpage_replaces_a_table_and_the_other_way_round(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	put(1, 0, 0x80400000, LEAF);
	fence_all();
	assert_maps(PAGE_SIZE, 0x80401000);
	put(1, 0, guest_table(2), LINK);
	fence_all();
	assert_maps(PAGE_SIZE, PAGE(1));
}

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
	assert_true(ssp_flush_va_fast(&f.space, PAGE_SIZE, false, 0));
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

/* --- Sharing --- */

/* Tables 0 and 4 are two top tables that share the guest's tables 1 and 2. */
static void two_roots(uint64_t bits)
{
	simple_guest();
	put(4, 0, guest_table(1), LINK);
	for (unsigned int n = 0; n < 8; n++)
		put(2, n, PAGE(n), LEAF | bits);
}

static void a_global_page_is_fenced_for_every_root(void **state)
{
	(void)state;
	two_roots(PTE_G);
	assert_maps(0, PAGE(0));
	satp(SATP_SV39, 2, 4);
	put(2, 0, PAGE(9), LEAF | PTE_G);
	fence_va(0);
	assert_maps(PAGE_SIZE, PAGE(1));
	assert_maps(0, PAGE(9));
}

static void a_private_page_is_not_seen_by_another_asid(void **state)
{
	(void)state;
	two_roots(0);
	assert_maps(0, PAGE(0));
	put(2, 0, PAGE(9), LEAF);
	satp(SATP_SV39, 2, 4);
	assert_maps(PAGE_SIZE, PAGE(1));
	assert_maps(0, PAGE(9));
}

static void a_global_page_filled_by_one_root_serves_another(void **state)
{
	(void)state;
	two_roots(PTE_G);
	assert_maps(0, PAGE(0));
	satp(SATP_SV39, 2, 4);
	assert_maps(PAGE_SIZE, PAGE(1));
	assert_int_equal(shadow_level(0), 0);
}

static void a_global_page_survives_a_fence_by_asid(void **state)
{
	(void)state;
	two_roots(PTE_G);
	assert_maps(0, PAGE(0));
	fence_asid(1);
	assert_int_equal(shadow_level(0), 0);
}

static void g_in_a_link_makes_all_pages_below_global(void **state)
{
	(void)state;
	two_roots(0);
	put(1, 0, guest_table(2), LINK | PTE_G);
	assert_maps(0, PAGE(0));
	fence_asid(1);
	assert_int_equal(shadow_level(0), 0);
}

static void a_private_page_beside_global_ones_makes_the_table_private(void **state)
{
	(void)state;
	two_roots(PTE_G);
	assert_int_equal(store(0), SSP_ALLOWED);
	put(2, 1, PAGE(1), LEAF);
	assert_int_equal(store(PAGE_SIZE), SSP_ALLOWED);
	put(2, 1, PAGE(9), LEAF);
	satp(SATP_SV39, 2, 4);
	assert_maps(PAGE_SIZE, PAGE(9));
}

static void an_older_global_leaf_does_not_stop_another_root_for_ever(void **state)
{
	(void)state;
	two_roots(PTE_G);
	put(2, 0, PAGE(0), (LEAF | PTE_G) & ~PTE_W);
	put(2, 1, PAGE(1), LEAF);
	assert_maps(0, PAGE(0));
	put(2, 0, PAGE(0), LEAF | PTE_G);
	satp(SATP_SV39, 2, 4);
	assert_maps(PAGE_SIZE, PAGE(1));
	assert_int_equal(store(0), SSP_ALLOWED);
}

static void roots_of_different_modes_do_not_share(void **state)
{
	(void)state;
	two_roots(PTE_G);
	put(2, 0, 0x80600000, LEAF | PTE_G); /* of 4 KiB in Sv39, of 2 MiB in Sv48 */
	put(5, 0, guest_table(1), LINK);
	assert_maps(5 * PAGE_SIZE, PAGE(5));
	satp(SATP_SV48, 2, 5);
	assert_maps(5 * PAGE_SIZE, 0x80605000);
	satp(SATP_SV39, 1, 0);
	assert_maps(5 * PAGE_SIZE, PAGE(5));
}

/* --- satp, roots and bare mode --- */

static void an_unsupported_mode_leaves_satp_alone(void **state)
{
	(void)state;
	simple_guest();
	assert_int_equal(ssp_satp_legal(&f.space, 5, 11ull << 60 | 7), 5);
	f.space.satp_modes = 1u << SATP_SV39;
	assert_int_equal(ssp_satp_legal(&f.space, 5, 9ull << 60 | 7), 5);
	assert_int_equal(ssp_satp_legal(&f.space, 5, 8ull << 60 | 7), 8ull << 60 | 7);
}

static void bare_mode_has_no_other_field(void **state)
{
	(void)state;
	assert_int_equal(ssp_satp_legal(&f.space, 5, 7ull << 44 | 7), 0);
}

static void bare_mode_is_the_identity_for_both_privileges(void **state)
{
	(void)state;
	assert_maps(0x80123456, 0x80123456);
	assert_int_equal(touch(0x80123456, SSP_FETCH, SSP_USER), SSP_ALLOWED);
	assert_int_equal(touch(0x80123456, SSP_STORE, 0), SSP_ALLOWED);
	assert_int_equal(load(0x10000000), SSP_OUTSIDE);
	assert_int_equal(load(1ull << 40), SSP_OUTSIDE);
	assert_int_equal(f.result.gpa, 1ull << 40);
}

static void leaving_bare_mode_leaves_nothing_behind(void **state)
{
	(void)state;
	put(0, 2, 0xc0000000, LEAF);
	assert_maps(0x80000000, 0x80000000);
	satp(SATP_SV39, 0, 0);
	assert_maps(0x80000000, 0xc0000000);
	bare();
	assert_maps(0x80000000, 0x80000000);
}

static void more_roots_than_the_buffer_holds_all_work(void **state)
{
	(void)state;
	simple_guest();
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int asid = 1; asid < 3 * SSP_ROOTS; asid++) {
			satp(SATP_SV39, asid, 0);
			assert_maps(0, PAGE(0));
		}
	}
}

static void a_known_root_is_found_with_its_leaves(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	for (unsigned int asid = 2; asid < SSP_ROOTS - 1; asid++)
		satp(SATP_SV39, asid, 0);
	satp(SATP_SV39, 1, 0);
	assert_maps(0, PAGE(0));
	assert_int_equal(f.calls, 0);
}

static void a_root_taken_over_shows_nothing_of_its_past(void **state)
{
	(void)state;
	simple_guest();
	assert_maps(0, PAGE(0));
	for (unsigned int asid = 2; asid < SSP_ROOTS; asid++)
		satp(SATP_SV39, asid, 0);
	put(2, 0, PAGE(9), LEAF);
	for (unsigned int asid = SSP_ROOTS; asid < 2 * SSP_ROOTS; asid++) {
		satp(SATP_SV39, asid, 0);
		assert_maps(PAGE_SIZE, PAGE(1));
		assert_maps(0, PAGE(9));
	}
}

/* --- Tables, walk cache, memory --- */

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

/* The oldest root, which the next address space takes over, has the global mapping at 1 GiB in its shadow. */
static void fill_all_roots(unsigned int table)
{
	for (unsigned int n = 1; n < SSP_ROOTS; n++) {
		satp(SATP_SV39, n, table);
		if (n == 1)
			fence_all(); /* of the hart's, too */
		assert_int_equal(load(GIB), SSP_ALLOWED);
		if (n == 1)
			assert_true(shadow_level(GIB) >= 0);
	}
}

static void a_root_that_changes_hands_keeps_global_links(void **state)
{
	(void)state;
	put_path(0, 3);
	put(0, 1, guest_table(1), LINK);
	put(2, 0, PAGE(0), LEAF | PTE_G);
	put(3, 1, guest_table(1), LINK);
	put(3, 2, guest_table(1), LINK);
	fill_all_roots(0);
	satp(SATP_SV39, 100, 3);
	assert_int_equal(shadow_level(GIB), 0);
	assert_int_equal(shadow_level(2 * GIB), -1);
	assert_int_equal(shadow_level(0), -1);
	fence_all();
	assert_int_equal(shadow_level(GIB), -1);
}

static void a_root_that_changes_hands_drops_links_to_what_it_has_not(void **state)
{
	static const uint64_t others[] = { LEAF, LINK | PTE_U, LINK | 1ull << 60, 0 };

	(void)state;
	put_path(0, 3);
	put(0, 1, guest_table(1), LINK);
	put(2, 0, PAGE(0), LEAF | PTE_G);
	for (unsigned int i = 0; i < 5; i++) {
		fill_all_roots(0);
		put(3, 1, guest_table(i < 4 ? 1 : 4), i < 4 ? others[i] : LINK);
		satp(SATP_SV39, 100 + i, 3);
		assert_int_equal(shadow_level(GIB), -1);
	}
}

/* The frame of a guest leaf that is mapped in pieces is a table of another address space. */
static void a_root_that_changes_hands_drops_pieces(void **state)
{
	(void)state;
	start_with(RAM_DELTA + 2 * MIB, POOL_TABLES, false);
	put(1, 1, guest_table(0), LEAF | PTE_G);
	put(2, 1, guest_table(0), LINK);
	fill_all_roots(1);
	satp(SATP_SV39, 100, 2);
	assert_int_equal(shadow_level(GIB), -1);
}

/* Flushes by address say nothing of links; one of everything does. */
static void a_root_that_lags_keeps_global_links(void **state)
{
	(void)state;
	put_path(0, 3);
	put(2, 0, PAGE(0), LEAF | PTE_G);
	satp(SATP_SV39, 1, 0);
	assert_maps(0, PAGE(0));
	satp(SATP_SV39, 2, 0);
	for (unsigned int n = 0; n <= SSP_LOG_SIZE; n++)
		fence_va(4 * MIB);
	satp(SATP_SV39, 1, 0);
	assert_int_equal(shadow_level(0), 0);
	satp(SATP_SV39, 2, 0);
	fence_all();
	satp(SATP_SV39, 1, 0);
	assert_int_equal(shadow_level(0), -1);
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
	FACT(every_mode_translates_through_all_its_levels),
	FACT(an_upper_half_address_is_translated),
	FACT(an_address_that_is_not_canonical_is_a_true_fault),
	FACT(an_invalid_entry_is_a_true_fault_at_any_level),
	FACT(reserved_encodings_are_true_faults),
	FACT(a_link_with_leaf_bits_is_a_true_fault),
	FACT(a_misaligned_superpage_is_a_true_fault),
	FACT(a_table_that_links_itself_ends_at_the_last_level),
	FACT(a_guest_table_outside_ram_is_an_access_fault),
	FACT(a_leaf_outside_ram_is_a_device),
	FACT(a_clear_is_a_true_fault),
	FACT(d_clear_makes_a_page_readable_only),
	FACT(user_pages_are_for_user_mode_and_sum),
	FACT(mxr_makes_executable_pages_readable),
	FACT(a_slot_takes_rights_away),
	FACT(a_leaf_that_a_slot_leaves_no_rights_is_not_filled),
	FACT(a_congruent_superpage_is_one_shadow_leaf),
	FACT(a_superpage_that_is_not_congruent_is_mapped_in_pieces),
	FACT(a_superpage_at_the_edge_of_ram_is_mapped_in_pieces),
	FACT(fencing_one_piece_drops_all_pieces),
	FACT(fencing_a_piece_of_a_global_gigabyte_reaches_every_root),
	FACT(fencing_a_piece_fences_the_page_in_all_address_spaces),
	FACT(a_superpage_replaces_a_table_and_the_other_way_round),
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
	FACT(a_global_page_is_fenced_for_every_root),
	FACT(a_private_page_is_not_seen_by_another_asid),
	FACT(a_global_page_filled_by_one_root_serves_another),
	FACT(a_global_page_survives_a_fence_by_asid),
	FACT(g_in_a_link_makes_all_pages_below_global),
	FACT(a_private_page_beside_global_ones_makes_the_table_private),
	FACT(an_older_global_leaf_does_not_stop_another_root_for_ever),
	FACT(roots_of_different_modes_do_not_share),
	FACT(an_unsupported_mode_leaves_satp_alone),
	FACT(bare_mode_has_no_other_field),
	FACT(bare_mode_is_the_identity_for_both_privileges),
	FACT(leaving_bare_mode_leaves_nothing_behind),
	FACT(more_roots_than_the_buffer_holds_all_work),
	FACT(a_known_root_is_found_with_its_leaves),
	FACT(a_root_taken_over_shows_nothing_of_its_past),
	FACT(a_tree_outlives_a_fence_by_asid),
	FACT(the_smallest_pool_is_enough_for_any_guest),
	FACT(roots_that_lag_do_not_reach_recycled_global_tables),
	FACT(recycling_spares_no_global_table),
	FACT(the_walk_cache_serves_neighbours),
	FACT(the_fast_path_allows_what_the_leaf_does),
	FACT(a_group_is_filled_where_the_guest_reads_on),
	FACT(a_true_fault_is_a_part_of_reading_on),
	FACT(waking_a_table_keeps_the_walks_beside_it),
	FACT(a_root_that_changes_hands_keeps_global_links),
	FACT(a_root_that_changes_hands_drops_links_to_what_it_has_not),
	FACT(a_root_that_changes_hands_drops_pieces),
	FACT(a_root_that_lags_keeps_global_links),
	FACT(a_load_fills_the_valid_pages_around_it),
	FACT(the_walk_cache_ends_with_a_fence_by_asid),
	FACT(the_walk_cache_keeps_nothing_when_its_generations_run_out),
	FACT(memory_that_is_taken_away_is_not_reached_again),
	FACT(translating_fills_nothing),
	FACT(bad_arguments_are_refused),
};

int main(void)
{
	return cmocka_run_group_tests_name("engine facts", tests, NULL, NULL);
}
