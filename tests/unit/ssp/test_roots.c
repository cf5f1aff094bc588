/* SPDX-License-Identifier: BSD-2-Clause */
/* test_roots.c - address spaces: pages that they share, the root buffer, bare mode, one fact a test. */
#include "fixture.h"

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

static void the_root_used_longest_ago_is_taken_over(void **state)
{
	uint64_t first, second;

	(void)state;
	simple_guest();
	for (unsigned int asid = 1; asid < SSP_ROOTS; asid++)
		satp(SATP_SV39, asid, 0);
	second = f.space.roots[f.space.asid_bucket[2]].gsatp;
	satp(SATP_SV39, 1, 0);
	first = f.space.current->gsatp;
	satp(SATP_SV39, SSP_ROOTS, 0);
	assert_non_null(ssp_root_find(&f.space, first));
	assert_null(ssp_root_find(&f.space, second));
}

/* Whatever is used in whatever order, with one root or all. */
static void always_the_root_used_longest_ago_is_taken_over(unsigned int roots)
{
	uint64_t used[2 * SSP_ROOTS] = { 0 }, gsatp[2 * SSP_ROOTS] = { 0 }, seed = roots;

	for (uint64_t now = 1; now < 3000; now++) {
		unsigned int asid = 1 + (seed >> 33) % (2 * SSP_ROOTS - 1), younger = 0;

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		if (now % 64 < 48) /* now and then mostly the same few */
			asid = 1 + asid % (SSP_ROOTS / 2);
		for (unsigned int other = 1; other < 2 * SSP_ROOTS; other++)
			younger += used[other] > used[asid];
		assert_int_equal(gsatp[asid] && ssp_root_find(&f.space, gsatp[asid]),
				 used[asid] && younger < roots);
		satp(SATP_SV39, asid, 0);
		gsatp[asid] = f.space.current->gsatp;
		used[asid] = now;
	}
}

static void in_any_order_the_root_used_longest_ago_is_taken_over(void **state)
{
	(void)state;
	for (unsigned int roots = 1; roots < SSP_ROOTS; roots++) {
		start_with(RAM_DELTA, POOL_TABLES, false);
		ssp_limit_roots(&f.space, roots);
		simple_guest();
		always_the_root_used_longest_ago_is_taken_over(roots);
	}
}

static void the_root_that_runs_is_not_taken_over(void **state)
{
	(void)state;
	simple_guest();
	for (unsigned int asid = 2; asid < 4 * SSP_ROOTS; asid++) {
		struct ssp_root *current = f.space.current;
		uint64_t last_use = current->last_use;

		current->last_use = 0; /* as a host may say */
		satp(SATP_SV39, asid, 0);
		assert_ptr_not_equal(f.space.current, current);
		current->last_use = last_use;
	}
}

/* The last so many are kept, and no others. */
static void a_space_keeps_as_many_roots_as_it_may(void **state)
{
	(void)state;
	for (unsigned int roots = 1; roots < SSP_ROOTS; roots++) {
		uint64_t gsatp[2 * SSP_ROOTS];

		start_with(RAM_DELTA, POOL_TABLES, false);
		ssp_limit_roots(&f.space, roots);
		simple_guest();
		for (unsigned int asid = 1; asid < 2 * SSP_ROOTS; asid++) {
			satp(SATP_SV39, asid, 0);
			assert_maps(0, PAGE(0));
			gsatp[asid] = f.space.current->gsatp;
		}
		for (unsigned int asid = 1; asid < 2 * SSP_ROOTS; asid++)
			assert_int_equal(ssp_root_find(&f.space, gsatp[asid]) != NULL,
					 asid >= 2 * SSP_ROOTS - roots);
		for (unsigned int n = roots + 1; n < SSP_ROOTS; n++)
			assert_int_equal(f.space.roots[n].top, SSP_NONE);
	}
}

/* It is taken over while it runs: by whatever comes, and nothing of before is seen. */
static void a_single_root_is_each_address_space_in_turn(void **state)
{
	uint64_t asid_before;

	(void)state;
	start_with(RAM_DELTA, POOL_TABLES, false);
	ssp_limit_roots(&f.space, 1);
	put_path(0, 3);
	put_path(3, 3);
	for (unsigned int round = 0; round < 4; round++) {
		put(2, 0, PAGE(round), LEAF);
		put(5, 0, PAGE(8 + round), LEAF);
		satp(SATP_SV39, 1, 0);
		asid_before = f.hart.satp;
		assert_maps(0, PAGE(round));
		satp(SATP_SV39, 2, 3);
		assert_int_not_equal(f.hart.satp, asid_before);
		assert_maps(0, PAGE(8 + round));
		satp(SATP_SV48, 2, 3);
		assert_int_equal(load(0), SSP_TRUE_FAULT);
		bare();
		assert_maps(0x80000000, 0x80000000);
		assert_int_equal(f.space.begun, 2);
	}
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

/* More groups of links than a switch may look at one by one. */
static void a_root_with_many_links_changes_hands_without_them(void **state)
{
	(void)state;
	start_with(RAM_DELTA, POOL_MAX, false);
	put_path(0, 3);
	put(2, 0, PAGE(0), LEAF | PTE_G);
	for (unsigned int n = 0; n < 128; n++) {
		put(0, n, guest_table(1), LINK);
		put(3, n, guest_table(1), LINK);
	}
	satp(SATP_SV39, 1, 0);
	for (unsigned int n = 0; n < 128; n++)
		assert_int_equal(load(n * GIB), SSP_ALLOWED);
	for (unsigned int n = 2; n < SSP_ROOTS; n++)
		satp(SATP_SV39, n, 0);
	satp(SATP_SV39, 100, 3);
	assert_int_equal(shadow_level(GIB), -1);
	assert_maps(GIB, PAGE(0));
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

#define FACT(name) cmocka_unit_test_setup(name, start)

static const struct CMUnitTest tests[] = {
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
	FACT(the_root_used_longest_ago_is_taken_over),
	FACT(in_any_order_the_root_used_longest_ago_is_taken_over),
	FACT(the_root_that_runs_is_not_taken_over),
	FACT(a_space_keeps_as_many_roots_as_it_may),
	FACT(a_single_root_is_each_address_space_in_turn),
	FACT(a_root_taken_over_shows_nothing_of_its_past),
	FACT(a_root_that_changes_hands_keeps_global_links),
	FACT(a_root_that_changes_hands_drops_links_to_what_it_has_not),
	FACT(a_root_that_changes_hands_drops_pieces),
	FACT(a_root_with_many_links_changes_hands_without_them),
	FACT(a_root_that_lags_keeps_global_links),
};

int main(void)
{
	return cmocka_run_group_tests_name("root facts", tests, NULL, NULL);
}
