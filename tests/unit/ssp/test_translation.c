/* SPDX-License-Identifier: BSD-2-Clause */
/* test_translation.c - what of the guest's tables the engine follows, and what it maps, one fact a test. */
#include "fixture.h"

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
};

int main(void)
{
	return cmocka_run_group_tests_name("translation facts", tests, NULL, NULL);
}
