/* SPDX-License-Identifier: BSD-2-Clause */
/* test_facts.c - what traditional shadow paging does, one fact a test. */
#include "facts.h"

/* -- protection -- */

static void tables_of_a_path_are_protected(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	assert_true(protected(0) && protected(1) && protected(2));
	assert_false(protected(3));
}

static void a_page_that_becomes_a_table_loses_its_writable_mappings(void **state)
{
	(void)state;
	store(TABLE_VA(12), 0);
	assert_int_equal(counted(pt_writes, store(TABLE_VA(12), 0)), 0);
	put(1, 1, guest_table(12), LINK);
	assert_maps(VA(512 + 1), FRAME(1));
	assert_int_equal(counted(pt_writes, store(TABLE_VA(12), 0)), 1);
}

static void a_table_mapped_twice_is_writable_at_neither(void **state)
{
	(void)state;
	put(2, 40, guest_table(2), LEAF);
	store(TABLE_VA(2) + 8 * 300, 0);
	assert_int_equal(counted(pt_writes, store(TABLE_VA(2) + 8 * 50, 0)), 1);
	assert_int_equal(counted(pt_writes, store(VA(40) + 8 * 51, 0)), 1);
}

static void a_superpage_without_tables_stays_whole(void **state)
{
	(void)state;
	put(1, 2, RAM_GPA + 0x400000, LEAF);
	assert_maps(VA(1024 + 5), RAM_GPA + 0x405000);
	assert_int_equal(level_of(VA(1024 + 5)), 1);
	store(VA(1024 + 5), 1);
	assert_int_equal(level_of(VA(1024 + 5)), 1);
}

static void a_superpage_with_tables_is_mapped_in_pieces(void **state)
{
	(void)state;
	put(1, 2, RAM_GPA, LEAF);
	assert_maps(VA(1024 + 60), RAM_GPA + 60 * PAGE_SIZE);
	assert_int_equal(level_of(VA(1024 + 60)), 0);
	assert_int_equal(counted(faults, store(VA(1024 + 61), 1)), 0);
	assert_int_equal(counted(pt_writes, store(VA(1024 + 1) + 8 * 200, 1)), 1);
}

static void a_writable_superpage_is_split_when_a_table_appears_in_it(void **state)
{
	(void)state;
	put(1, 2, RAM_GPA, LEAF);
	put(1, 4, RAM_GPA + 0x40000000, LEAF);
	machine_satp(&m, 0, 0);
	store(RAM_GPA + 0x40005000, 1);
	assert_int_equal(level_of(RAM_GPA + 0x40005000), 2);
	machine_satp(&m, 0,
		     (uint64_t)SATP_SV39 << SATP_MODE_SHIFT | (RAM_GPA + 0x40005000) >> PAGE_SHIFT);
	machine_satp(&m, 0, 0);
	assert_int_equal(level_of(RAM_GPA + 0x40005000), -1);
	assert_int_equal(counted(pt_writes, store(RAM_GPA + 0x40005000, 1)), 1);
	store(RAM_GPA + 0x40006000, 1);
	assert_int_equal(level_of(RAM_GPA + 0x40006000), 0);
	store(RAM_GPA + 0x40206000, 1);
	assert_int_equal(level_of(RAM_GPA + 0x40206000), 1);
}

/*
 * A root in the superpage, for a moment; then a new root's first fault, which goes by the
 * superpage's entry.
 */
static void let_a_table_come_and_go(void)
{
	machine_satp(&m, 0,
		     (uint64_t)SATP_SV39 << SATP_MODE_SHIFT | (RAM_GPA + 0x405000) >> PAGE_SHIFT);
	space(0, 0);
	for (unsigned int n = 0; n < TSP_FLOOD; n++)
		store(VA(1024 + 5), n);
	for (unsigned int n = 0; n < TSP_FLOOD; n++)
		store(PTE_VA(10, 300), 0);
	space(0, 10);
	assert_maps(VA(1024 + 6), RAM_GPA + 0x406000);
}

static void a_superpage_that_tables_come_to_again_stays_in_pieces(void **state)
{
	uint64_t created;

	(void)state;
	put(1, 2, RAM_GPA + 0x400000, LEAF);
	put(10, 0, guest_table(1), LINK);
	assert_maps(VA(1024 + 6), RAM_GPA + 0x406000);
	for (unsigned int n = 1; n <= TSP_BREAKS; n++) {
		assert_int_equal(level_of(VA(1024 + 6)), 1);
		let_a_table_come_and_go();
	}
	assert_int_equal(level_of(VA(1024 + 6)), 0);
	created = m.tsp.created;
	let_a_table_come_and_go();
	assert_int_equal(m.tsp.created - created, 2); /* the two roots, and no pieces */
}

static void a_read_only_superpage_may_hold_tables(void **state)
{
	(void)state;
	put(1, 2, RAM_GPA, LEAF & ~PTE_W);
	assert_maps(VA(1024 + 60), RAM_GPA + 60 * PAGE_SIZE);
	assert_int_equal(level_of(VA(1024 + 60)), 1);
}

static void a_gigapage_is_split_around_tables_only(void **state)
{
	(void)state;
	put(0, 4, RAM_GPA, LEAF);
	assert_maps((4ull << 30) + 0x600000, RAM_GPA + 0x600000);
	assert_int_equal(level_of((4ull << 30) + 0x600000), 1);
	assert_int_equal(counted(pt_writes, store((4ull << 30) + 8 * 300, 0)), 1);
	put(0, 5, RAM_GPA + 0x40000000, LEAF);
	store((5ull << 30) + 0x600000, 0);
	assert_int_equal(level_of((5ull << 30) + 0x600000), 2);
}

static void a_page_that_is_released_is_writable_at_once(void **state)
{
	(void)state;
	put(2, 50, guest_table(12), LEAF);
	put(1, 1, guest_table(12), LINK);
	assert_maps(VA(512 + 1), FRAME(1));
	assert_maps(VA(50), guest_table(12));
	store_pte(1, 1, 0, 0);
	assert_false(protected(12));
	assert_int_equal(counted(faults, store(VA(50), 0)), 0);
}

/* -- stores -- */

static void an_entry_is_filled_at_the_emulated_store(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(counted(pt_writes, store_pte(2, 40, FRAME(9), LEAF)), 1);
	assert_int_equal(counted(faults, assert_maps(VA(40), FRAME(9))), 0);
	assert_int_equal(counted(faults, store(VA(40), 0)), 0);
}

static void a_page_without_d_is_filled_read_only(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	store_pte(2, 40, FRAME(9), LEAF & ~PTE_D);
	assert_int_equal(counted(faults, assert_maps(VA(40), FRAME(9))), 0);
	assert_int_equal(store_kind(0, VA(40), SD, 0).outcome, PAGE_FAULT_AT);
	store_pte(2, 40, FRAME(9), LEAF);
	machine_fence(&m, 0, NULL, NULL);
	assert_int_equal(counted(faults, store(VA(40), 0)), 0);
}

static void a_page_without_a_is_never_mapped(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	store_pte(2, 40, FRAME(9), LEAF & ~PTE_A);
	assert_int_equal(level_of(VA(40)), -1);
	assert_int_equal(load(VA(40)).outcome, PAGE_FAULT_AT);
	assert_int_equal(level_of(VA(40)), -1);
}

static void what_is_no_valid_leaf_is_not_filled(void **state)
{
	static const uint64_t bits[] = {
		LEAF & ~PTE_V,
		LEAF & ~PTE_R,
		LEAF | 1ull << 54,
		LEAF | 1ull << 61,
		LEAF | 1ull << 63,
		PTE_V | PTE_A | PTE_D,
		PTE_V,
	};

	(void)state;
	assert_maps(VA(1), FRAME(1));
	for (unsigned int i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		load(VA(41)); /* a use */
		store(PTE_VA(2, 40), pte_make(FRAME(9), 0) | bits[i]);
		assert_int_equal(level_of(VA(40)), -1);
	}
}

static void the_shadow_follows_a_removed_page_at_once(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	store_pte(2, 1, 0, 0);
	assert_int_equal(level_of(VA(1)), -1);
	assert_maps(VA(1), FRAME(1)); /* the hart may still know it */
	machine_fence(&m, 0, &(uint64_t){ VA(1) }, NULL);
	assert_int_equal(load(VA(1)).outcome, PAGE_FAULT_AT);
}

static void a_changed_link_is_followed(void **state)
{
	(void)state;
	put(3, 1, FRAME(21), LEAF);
	assert_maps(VA(1), FRAME(1));
	space(0, 10);
	assert_maps(VA(1), FRAME(1));
	store(PTE_VA(1, 0), pte_make(guest_table(3), LINK)); /* of the space that does not run */
	space(0, 0);
	assert_maps(VA(1), FRAME(21));
	assert_false(protected(2));
}

static void a_link_is_hung_at_the_store_where_its_table_is_known(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	store_pte(1, 1, guest_table(2), LINK);
	assert_int_equal(level_of(VA(512 + 1)), 0);
}

static void removing_a_link_fences_everything(void **state)
{
	(void)state;
	put(1, 1, guest_table(3), LINK);
	put(3, 1, FRAME(2), LEAF);
	assert_maps(VA(512 + 1), FRAME(2));
	store_pte(1, 1, 0, 0);
	assert_int_equal(m.result.fence, SSP_FENCE_ALL);
	assert_false(protected(3));
	assert_int_equal(load(VA(512 + 1)).outcome, PAGE_FAULT_AT);
}

static void pieces_of_a_superpage_go_together(void **state)
{
	(void)state;
	put(1, 2, RAM_GPA, LEAF);
	assert_maps(VA(1024 + 60), RAM_GPA + 60 * PAGE_SIZE);
	assert_maps(VA(1024 + 61), RAM_GPA + 61 * PAGE_SIZE);
	store_pte(1, 2, 0, 0);
	machine_fence(&m, 0, &(uint64_t){ VA(1024 + 60) }, NULL);
	assert_int_equal(load(VA(1024 + 61)).outcome, PAGE_FAULT_AT);
}

/*
 * It stands in one address space alone, which no kernel does; the fence is for all of the
 * superpage.
 */
static void a_fence_of_one_piece_reaches_all_of_a_global_superpage(void **state)
{
	(void)state;
	put(1, 2, RAM_GPA, LEAF | PTE_G);
	put(11, 2, RAM_GPA + 0x400000, LEAF);
	space(0, 10);
	assert_maps(VA(1), FRAME(1));
	space(0, 0);
	assert_maps(VA(1024 + 61), RAM_GPA + 61 * PAGE_SIZE);
	space(0, 10);
	machine_fence(&m, 0, &(uint64_t){ VA(1024 + 60) }, NULL);
	assert_maps(VA(1024 + 61), RAM_GPA + 0x400000 + 61 * PAGE_SIZE);
}

static void check_kind(enum machine_store kind, uint64_t old)
{
	static const uint64_t value = 0x7fedcba987654321ull;
	unsigned int size = machine_store_size(kind);
	uint64_t mask = size == 8 ? ~0ull : (1ull << 8 * size) - 1;
	struct machine_access done;

	memory.guest[2][300] = 0;
	machine_reset(&m);
	memory.guest[2][300] = old;
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(counted(pt_writes, done = store_kind(0, PTE_VA(2, 300), kind, value)), 1);
	assert_int_equal(done.outcome, DONE);
	assert_int_equal(memory.guest[2][300],
			 (old & ~mask) | (machine_store_result(kind, old, value) & mask));
	if (kind >= AMOSWAP && kind != FSW && kind < FSD)
		assert_int_equal(done.loaded, size == 4 ? (uint64_t)(int32_t)old : old);
}

static void every_kind_of_store_does_what_it_is_for(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	for (enum machine_store kind = SB; kind < SC; kind++) {
		check_kind(kind, 0x8123456789abcdefull);
		check_kind(kind, CAS_EXPECTS);
	}
}

static void a_store_over_two_tables_changes_both(void **state)
{
	(void)state;
	put(1, 1, guest_table(3), LINK);
	put(3, 5, FRAME(5), LEAF);
	memory.guest[2][511] = pte_make(FRAME(3), LEAF);
	memory.guest[3][0] = pte_make(FRAME(4), LEAF);
	assert_maps(VA(511), FRAME(3));
	assert_maps(VA(512), FRAME(4));
	assert_int_equal(store_kind(0, TABLE_VA(3) - 4, SD, 0).outcome, DONE);
	assert_int_equal(memory.guest[2][511], pte_make(FRAME(3), LEAF) & 0xffffffff);
	assert_int_equal(memory.guest[3][0], pte_make(FRAME(4), LEAF) >> 32 << 32);
	machine_fence(&m, 0, NULL, NULL);
	assert_int_equal(load(VA(512)).outcome, PAGE_FAULT_AT);
}

static void a_store_whose_second_page_faults_stores_nothing(void **state)
{
	struct machine_access access;

	(void)state;
	put(2, WINDOW + 3, 0, 0);
	memory.guest[2][511] = 0x1122334455667788ull;
	assert_maps(VA(1), FRAME(1));
	access = store_kind(0, TABLE_VA(3) - 4, SD, 0);
	assert_int_equal(access.outcome, PAGE_FAULT_AT);
	assert_int_equal(access.address, TABLE_VA(3));
	assert_int_equal(memory.guest[2][511], 0x1122334455667788ull);
}

static void a_misaligned_amo_is_the_guests_exception(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(store_kind(0, PTE_VA(2, 300) + 4, AMOADD, 1).outcome, MISALIGNED);
	assert_int_equal(memory.guest[2][300], 0);
}

static void an_instruction_that_does_not_store_there_is_repeated(void **state)
{
	uint64_t x[32] = { [10] = PTE_VA(2, 301), [11] = 1 };

	(void)state;
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(tsp_store(&m.tsp, &m.vcpu[0].tsp, PTE_VA(2, 300),
				   RAM_GPA + 2 * PAGE_SIZE + 300 * 8, 0x00b53023, 4, 0, x)
				 .verdict,
			 TSP_REPEAT);
	assert_int_equal(memory.guest[2][301], 0);
}

#define VSE64_V8_A0 0x02057427u

/* To one entry of a guest table. */
static enum tsp_verdict store_vector(unsigned int table, unsigned int index)
{
	uint64_t va = PTE_VA(table, index), gpa = RAM_GPA + table * PAGE_SIZE + index * 8;
	uint64_t x[32] = { [10] = va };

	return tsp_store(&m.tsp, &m.vcpu[0].tsp, va, gpa, VSE64_V8_A0, 4, 0, x).verdict;
}

static void what_is_not_decoded_goes_aside_where_a_table_stays_one(void **state)
{
	(void)state;
	put(1, 1, guest_table(3), LINK);
	put(3, 0, FRAME(5), LEAF);
	assert_maps(VA(512), FRAME(5));
	assert_int_equal(store_vector(3, 7), TSP_REPEAT);
	check();
	assert_int_equal(store_vector(0, 300), TSP_ASIDE); /* the root */
	assert_int_equal(store_vector(2, 300), TSP_ASIDE); /* through itself */
	assert_int_equal(m.tsp.emulated, 0);
	check();
}

/* -- floods -- */

static void fill_page(unsigned int table, unsigned int from, unsigned int stores)
{
	for (unsigned int i = 0; i < stores; i++)
		store_pte(table, from + i, 0, 0);
}

static void a_flood_unprotects(void **state)
{
	(void)state;
	put(1, 1, guest_table(3), LINK);
	put(3, 1, FRAME(2), LEAF);
	assert_maps(VA(512 + 1), FRAME(2));
	assert_int_equal(counted(pt_writes, fill_page(3, 100, 50)), TSP_FLOOD);
	assert_false(protected(3));
	assert_maps(VA(512 + 1), FRAME(2));
	assert_true(protected(3));
}

static void a_table_in_use_is_not_flooded(void **state)
{
	(void)state;
	put(1, 1, guest_table(3), LINK);
	put(3, 1, FRAME(2), LEAF);
	assert_maps(VA(512 + 1), FRAME(2));
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(load(VA(512 + 40 + i)).outcome, PAGE_FAULT_AT);
		assert_int_equal(counted(pt_writes, store_pte(3, 40 + i, FRAME(i), LEAF)), 1);
	}
	assert_true(protected(3));
}

static void a_fault_through_a_table_is_a_use(void **state)
{
	(void)state;
	put(1, 1, guest_table(3), LINK);
	for (unsigned int i = 0; i < 20; i++) {
		put(3, 8 * i, FRAME(2), LEAF);
		assert_maps(VA(512 + 8 * i), FRAME(2));
		assert_int_equal(counted(pt_writes, fill_page(3, 400, TSP_FLOOD - 1)),
				 TSP_FLOOD - 1);
	}
	assert_true(protected(3));
}

static void a_store_that_is_no_ptes_unprotects(void **state)
{
	static const struct {
		enum machine_store kind;
		unsigned int offset;
	} odd[] = {
		{ SB, 0 }, { SH, 2 }, { SW, 4 }, { SD, 4 }, { AMOADD_W, 4 },
	};

	(void)state;
	put(1, 1, guest_table(3), LINK);
	put(3, 1, FRAME(2), LEAF);
	for (unsigned int i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		machine_fence(&m, 0, NULL, NULL);
		assert_maps(VA(512 + 1), FRAME(2));
		assert_true(protected(3));
		store_kind(0, PTE_VA(3, 200) + odd[i].offset, odd[i].kind, 0);
		assert_false(protected(3));
	}
}

static void sc_unprotects_and_is_repeated(void **state)
{
	(void)state;
	put(1, 1, guest_table(3), LINK);
	put(3, 1, FRAME(2), LEAF);
	assert_maps(VA(512 + 1), FRAME(2));
	assert_true(protected(3));
	assert_int_equal(store_kind(0, PTE_VA(3, 200), SC, 77).outcome, DONE);
	assert_int_equal(memory.guest[3][200], 77);
	assert_false(protected(3));
}

static void a_root_that_is_flooded_leaves_the_cache(void **state)
{
	(void)state;
	space(0, 10);
	assert_maps(VA(1), FRAME(1));
	fill_page(0, 100, 10);
	assert_false(protected(0));
	for (unsigned int i = 0; i < TSP_ROOTS; i++)
		assert_true(m.vcpu[0].tsp.root[i].gsatp != satp_of(SATP_SV39, 0, 0));
	space(0, 0);
	assert_maps(VA(1), FRAME(1));
}

static void the_loaded_root_stays_protected_in_a_flood(void **state)
{
	(void)state;
	assert_int_equal(counted(pt_writes, fill_page(0, 100, 10)), 10);
	assert_true(protected(0));
	assert_maps(VA(1), FRAME(1));
}

static void an_odd_store_to_the_loaded_root_is_followed(void **state)
{
	(void)state;
	put(0, 8, RAM_GPA + 0x40000000, LEAF);
	put(0, 9, RAM_GPA + 0x40000000, LEAF);
	assert_maps(8ull << 30, RAM_GPA + 0x40000000);
	assert_maps(9ull << 30, RAM_GPA + 0x40000000);
	store(PTE_VA(0, 8) + 4, 0); /* half of each */
	assert_int_equal(level_of(8ull << 30), 2);
	assert_int_equal(level_of(9ull << 30), -1);
}

static void a_table_that_loses_its_last_link_is_unprotected(void **state)
{
	(void)state;
	put(1, 1, guest_table(3), LINK);
	put(1, 2, guest_table(3), LINK);
	put(3, 1, FRAME(2), LEAF);
	assert_maps(VA(512 + 1), FRAME(2));
	assert_maps(VA(1024 + 1), FRAME(2));
	store_pte(1, 1, 0, 0);
	assert_true(protected(3));
	store_pte(1, 2, 0, 0);
	assert_false(protected(3));
}

static void a_whole_tree_goes_with_its_last_link(void **state)
{
	(void)state;
	put(0, 7, guest_table(4), LINK);
	put(4, 0, guest_table(5), LINK);
	put(5, 0, FRAME(3), LEAF);
	assert_maps(7ull << 30, FRAME(3));
	assert_true(protected(4) && protected(5));
	store_pte(0, 7, 0, 0);
	assert_false(protected(4) || protected(5));
}

/* -- hostile use -- */

/* Table 0 at all three levels: its entry 300 maps it. */
static void put_self_map(void)
{
	put(0, 3, guest_table(0), LINK);
	put(0, 300, guest_table(0), LEAF);
}
#define SELF_VA ((3ull << 30) + (3ull << 21) + VA(300))

static void a_table_that_maps_itself_is_written_by_what_is_decoded(void **state)
{
	(void)state;
	put_self_map();
	assert_int_equal(store_kind(0, SELF_VA + 8 * 301, SD, 5).outcome, DONE);
	assert_int_equal(memory.guest[0][301], 5);
	assert_int_equal(store_kind(0, SELF_VA + 8 * 301, AMOADD, 5).outcome, DONE);
	assert_int_equal(memory.guest[0][301], 10);
	assert_int_equal(store_kind(0, SELF_VA + 8 * 301 + 2, SH, 5).outcome, DONE);
	assert_int_equal(memory.guest[0][301], 0x5000a);
}

static void sc_fails_where_the_page_stays_a_table(void **state)
{
	(void)state;
	put_self_map();
	assert_int_equal(store_kind(0, SELF_VA + 8 * 301, SC, 5).outcome, DONE);
	assert_int_equal(memory.guest[0][301], 0);
	assert_int_equal(store_kind(0, PTE_VA(0, 301), SC, 5).loaded, 1);
	assert_int_equal(store_kind(0, PTE_VA(2, 301), SC, 5).loaded, 1);
	assert_true(protected(0) && protected(2));
	assert_maps(VA(1), FRAME(1));
}

static void code_can_be_fetched_from_a_table(void **state)
{
	struct machine_access access;

	(void)state;
	assert_maps(VA(1), FRAME(1));
	access = machine_load(&m, 0, TABLE_VA(2), SSP_FETCH, 0);
	assert_int_equal(access.outcome, DONE);
	assert_int_equal(access.address, guest_table(2) + DELTA);
	assert_int_equal(store_kind(0, TABLE_VA(2) + 8 * 300, C_SD, 0x13).outcome, DONE);
	assert_int_equal(memory.guest[2][300], 0x13);
}

static void one_frame_at_two_levels_is_two_tables(void **state)
{
	(void)state;
	put(0, 1, guest_table(2), LINK); /* table 2 as level 1 too */
	put(2, 50, guest_table(12), LINK);
	assert_maps(VA(1), FRAME(1));
	assert_maps((1ull << 30) + (50ull << 21) + VA(3), FRAME(3));
	store_pte(2, 50, FRAME(4), LEAF);
	assert_maps(VA(50), FRAME(4));
	machine_fence(&m, 0, NULL, NULL);
	assert_int_equal(load((1ull << 30) + (50ull << 21)).outcome, PAGE_FAULT_AT);
}

/* -- modes and rights -- */

static void bare_mode_maps_all_of_ram_but_stores_to_tables(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	machine_satp(&m, 0, 0);
	store(RAM_GPA + 0x700000, 0);
	assert_int_equal(counted(pt_writes, store(guest_table(2) + 8 * 300, 9)), 1);
	assert_int_equal(memory.guest[2][300], 9);
	assert_int_equal(machine_load(&m, 0, RAM_GPA, SSP_LOAD, SSP_USER).outcome, DONE);
	assert_int_equal(machine_load(&m, 0, RAM_GPA, SSP_LOAD, 0).outcome, DONE);
	assert_int_equal(load(0x10000000).outcome, OUTSIDE_AT);
	check();
}

static void a_root_outside_of_ram_is_an_access_fault(void **state)
{
	(void)state;
	machine_satp(&m, 0, (uint64_t)SATP_SV39 << SATP_MODE_SHIFT | 0x10000);
	assert_int_equal(load(VA(1)).outcome, ACCESS_FAULT_AT);
	space(0, 0);
	assert_maps(VA(1), FRAME(1));
}

static void wider_modes_have_more_levels(void **state)
{
	(void)state;
	put(5, 0, guest_table(0), LINK);
	put(6, 0, guest_table(5), LINK);
	machine_satp(&m, 0, satp_of(SATP_SV48, 1, 5));
	assert_maps(VA(1), FRAME(1));
	machine_satp(&m, 0, satp_of(SATP_SV57, 1, 6));
	assert_maps(VA(1), FRAME(1));
	store_pte(2, 1, FRAME(2), LEAF);
	machine_fence(&m, 0, NULL, NULL);
	assert_maps(VA(1), FRAME(2));
	space(0, 0);
	assert_maps(VA(1), FRAME(2));
}

static void addresses_that_are_not_canonical_fault(void **state)
{
	(void)state;
	assert_int_equal(load(1ull << 38).outcome, PAGE_FAULT_AT);
	assert_int_equal(load(1ull << 63 | VA(1)).outcome, PAGE_FAULT_AT);
}

static void g_u_and_x_are_kept_for_the_hart(void **state)
{
	int level;

	(void)state;
	put(2, 1, FRAME(1), PTE_V | PTE_X | PTE_A | PTE_D | PTE_G);
	put(2, 2, FRAME(2), LEAF | PTE_U);
	assert_int_equal(machine_load(&m, 0, VA(1), SSP_LOAD, SSP_MXR).outcome, DONE);
	assert_int_equal(shadow_leaf(VA(1), &level) & 0x3ff, PTE_V | PTE_X | PTE_A | PTE_D | PTE_G);
	assert_int_equal(load(VA(1)).outcome, PAGE_FAULT_AT);
	assert_int_equal(load(VA(2)).outcome, PAGE_FAULT_AT);
	assert_int_equal(machine_load(&m, 0, VA(2), SSP_LOAD, SSP_SUM).outcome, DONE);
	assert_int_equal(machine_load(&m, 0, VA(2), SSP_FETCH, SSP_SUM).outcome, PAGE_FAULT_AT);
	assert_int_equal(machine_load(&m, 0, VA(2), SSP_FETCH, SSP_USER).outcome, DONE);
}

static void a_slots_rights_bound_what_is_mapped(void **state)
{
	(void)state;
	machine_slot(&m, 1,
		     (struct ssp_slot){ 0x200000000, 0x400000, 0x5000000000, PTE_R | PTE_X });
	put(2, 1, 0x200001000, LEAF);
	put(1, 2, 0x200200000, LEAF);
	assert_int_equal(load(VA(1)).outcome, DONE);
	assert_int_equal(store_kind(0, VA(1), SD, 0).outcome, OUTSIDE_AT);
	assert_int_equal(load(VA(1024)).outcome, DONE);
	assert_int_equal(level_of(VA(1024)), 1);
}

static void superpages_end_where_the_slot_does(void **state)
{
	(void)state;
	machine_slot(&m, 1, (struct ssp_slot){ 0x200000000, 0x501000, 0x5000000000, PTE_RWX });
	put(1, 2, 0x200400000, LEAF);
	assert_int_equal(load(VA(1024 + 0x100)).outcome, DONE);
	assert_int_equal(level_of(VA(1024 + 0x100)), 0);
	assert_int_equal(load(VA(1024 + 0x101)).outcome, OUTSIDE_AT);
}

static void superpages_that_are_not_congruent_are_mapped_in_pieces(void **state)
{
	(void)state;
	start_with(0x4000003000, POOL_TSP, 1, false);
	put(1, 2, RAM_GPA + 0x400000, LEAF);
	assert_maps(VA(1024 + 7), RAM_GPA + 0x407000);
	assert_int_equal(level_of(VA(1024 + 7)), 0);
}

/* -- sharing, roots, memory -- */

static void address_spaces_share_tables(void **state)
{
	uint64_t created;

	(void)state;
	put(11, 0, guest_table(2), LINK);
	assert_maps(VA(1), FRAME(1));
	created = m.tsp.created;
	space(0, 10);
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(m.tsp.created - created, 2); /* 10 and 11 */
	assert_int_equal(counted(faults, assert_maps(VA(2), FRAME(2))), 0);
}

static void a_cached_root_comes_back_as_it_was(void **state)
{
	(void)state;
	assert_maps(VA(1), FRAME(1));
	space(0, 10);
	space(0, 0);
	assert_int_equal(counted(faults, assert_maps(VA(1), FRAME(1))), 0);
}

/* More leaf tables than the pool has, each with one page. */
static void put_many(unsigned int tables)
{
	for (unsigned int n = 0; n < tables; n++) {
		put(13 + n, 400, FRAME(n), LEAF);
		put(1, 20 + n, guest_table(13 + n), LINK);
	}
}
#define MANY_VA(n) VA(512 * (20 + (n)) + 400)

static void tables_run_out_and_the_oldest_go(void **state)
{
	(void)state;
	start_with(DELTA, TSP_MIN_TABLES, 1, false);
	put_many(30);
	for (unsigned int n = 0; n < 300; n++)
		assert_maps(MANY_VA(n % 30), FRAME(n % 30));
	assert_true(m.tsp.zapped > 100);
}

/* Those in limbo count, as nobody else can have them yet. */
static void the_peak_and_what_is_recycled_are_counted(void **state)
{
	struct tsp *tsp = &m.tsp;
	uint32_t most = 0;

	(void)state;
	start_with(DELTA, TSP_MIN_TABLES, 1, false);
	put_many(32);
	for (unsigned int n = 0; n < 32 && !tsp->recycled; n++) {
		most = tsp->table_count - tsp->free_count;
		assert_int_equal(tsp_tables_peak(tsp), most);
		assert_maps(MANY_VA(n), FRAME(n));
	}
	assert_true(tsp->recycled >= 16 && tsp->table_count - tsp->free_count < most);
	assert_int_equal(tsp_tables_peak(tsp), most);
	tsp_reset_counts(tsp);
	assert_int_equal(tsp_tables_peak(tsp), tsp->table_count - tsp->free_count);
	assert_int_equal(tsp->created + tsp->recycled, 0);
}

static void a_root_that_takes_anothers_place_has_none_of_its_translations(void **state)
{
	enum { SPACES = 20 };

	(void)state;
	for (unsigned int n = 0; n < SPACES; n++)
		memory.guest[20 + n][0] = pte_make(RAM_GPA + 0x40000000 * (n % 3), LEAF);
	for (unsigned int n = 0; n < 3 * SPACES; n++) {
		machine_satp(&m, 0, satp_of(SATP_SV39, 5, 20 + n % SPACES));
		assert_maps(VA(1), RAM_GPA + 0x40000000 * (n % SPACES % 3) + PAGE_SIZE);
	}
}

static void a_global_superpage_in_pieces_goes_by_any_of_its_addresses(void **state)
{
	(void)state;
	put(1, 2, RAM_GPA, LEAF | PTE_G);
	put(11, 2, RAM_GPA + 0x400000, LEAF);
	assert_maps(VA(1024 + 60), RAM_GPA + 60 * PAGE_SIZE);
	space(0, 10);
	machine_fence(&m, 0, &(uint64_t){ VA(1024 + 61) }, NULL);
	assert_maps(VA(1024 + 60), RAM_GPA + 0x400000 + 60 * PAGE_SIZE);
}

static void a_hart_without_svvptc_is_fenced_after_a_fill(void **state)
{
	(void)state;
	start_with(DELTA, POOL_TSP, 1, true);
	assert_maps(VA(1), FRAME(1));
	assert_maps(VA(12), FRAME(12));
	assert_int_equal(m.result.fence, SSP_FENCE_PAGE);
}

/* -- several vCPUs -- */

static void nothing_is_filled_before_others_are_fenced(void **state)
{
	struct tsp_result result;

	(void)state;
	result = tsp_fault(&m.tsp, &m.vcpu[0].tsp, VA(1), SSP_LOAD, 0);
	assert_int_equal(result.verdict, TSP_AGAIN);
	assert_true(result.remote);
	assert_int_equal(level_of(VA(1)), -1);
	assert_maps(VA(1), FRAME(1));
}

static void another_vcpu_cannot_write_what_becomes_a_table(void **state)
{
	(void)state;
	assert_int_equal(store_kind(1, TABLE_VA(12), SD, 0).outcome, DONE);
	assert_int_equal(counted(pt_writes, store_kind(1, TABLE_VA(12), SD, 0)), 0);
	put(1, 1, guest_table(12), LINK);
	assert_maps(VA(512 + 1), FRAME(1));
	assert_int_equal(counted(pt_writes, store_kind(1, PTE_VA(12, 1), SD, 0)), 1);
	machine_fence(&m, 0, NULL, NULL);
	assert_int_equal(load(VA(512 + 1)).outcome, PAGE_FAULT_AT);
}

static void a_root_of_another_vcpu_is_kept(void **state)
{
	(void)state;
	space(1, 10);
	assert_int_equal(load_on(1, VA(1)).outcome, DONE);
	fill_page(10, 100, 10);
	assert_true(protected(10));
	assert_int_equal(load_on(1, VA(2)).outcome, DONE);
}

static void a_loaded_root_stays_when_tables_run_out(void **state)
{
	(void)state;
	start_with(DELTA, TSP_MIN_TABLES, 2, false);
	space(1, 10);
	put_many(32);
	for (unsigned int n = 0; n < 100; n++)
		assert_maps(MANY_VA(n % 32), FRAME(n % 32));
	assert_true(tsp_has_root(&m.vcpu[1].tsp) && protected(10));
	assert_int_equal(load_on(1, VA(1)).outcome, DONE);
}

static void no_table_is_used_again_before_others_are_fenced(void **state)
{
	(void)state;
	start_with(DELTA, TSP_MIN_TABLES, 2, false);
	put_many(32);
	for (unsigned int n = 0; n < 32;) {
		uint64_t created = m.tsp.created, zapped = m.tsp.zapped;
		struct tsp_result result =
			tsp_fault(&m.tsp, &m.vcpu[0].tsp, MANY_VA(n), SSP_LOAD, 0);

		n += result.verdict == TSP_REPEAT;
		if (m.tsp.zapped == zapped)
			continue;
		assert_int_equal(result.verdict, TSP_AGAIN);
		assert_true(result.remote && m.tsp.created == created);
		return;
	}
	fail_msg("there were tables enough");
}

/* -- A and D (Svadu) -- */

static void what_an_access_needs_is_set(void **state)
{
	(void)state;
	machine_set_ad(&m, 0, true);
	put(2, 1, FRAME(1), LEAF & ~(PTE_A | PTE_D));
	assert_maps(VA(1), FRAME(1));
	assert_int_equal(memory.guest[2][1], pte_make(FRAME(1), LEAF & ~PTE_D));
	store(VA(1), 0);
	assert_int_equal(memory.guest[2][1], pte_make(FRAME(1), LEAF));
}

/*
 * Table 2 leads to pages at VA 0, and to superpages at 5 GiB. One that the guest may not write is
 * whole; one that it may and that has tables in it is in pieces.
 */
static void what_is_set_is_followed_in_each_shadow_of_the_table(void **state)
{
	const uint64_t super = (5ull << 30) + 3 * 0x200000;

	(void)state;
	machine_set_ad(&m, 0, true);
	put(0, 5, guest_table(2), LINK);
	put(2, 3, RAM_GPA, LEAF & ~PTE_D);
	assert_maps(VA(3), RAM_GPA);
	assert_maps(super, RAM_GPA);
	assert_int_equal(level_of(super), 1);
	store(VA(3) + 8 * 300, 0);
	assert_int_equal(memory.guest[2][3], pte_make(RAM_GPA, LEAF));
	hart_fence_all(&m.vcpu[0].hart);
	assert_maps(super, RAM_GPA);
	assert_int_equal(level_of(super), 0);
}

static void each_vcpu_has_its_own_choice(void **state)
{
	(void)state;
	machine_set_ad(&m, 1, true);
	put(2, 1, FRAME(1), LEAF & ~(PTE_A | PTE_D));
	assert_int_equal(load_on(0, VA(1)).outcome, PAGE_FAULT_AT);
	assert_int_equal(load_on(1, VA(1)).outcome, DONE);
	assert_int_equal(load_on(0, VA(1)).outcome, DONE);
	assert_int_equal(store_kind(0, VA(1), SD, 0).outcome, PAGE_FAULT_AT);
}

#define TEST(name)     cmocka_unit_test_setup(name, start)
#define TEST_TWO(name) cmocka_unit_test_setup(name, start_two)

static const struct CMUnitTest tests[] = {
	TEST(tables_of_a_path_are_protected),
	TEST(a_page_that_becomes_a_table_loses_its_writable_mappings),
	TEST(a_table_mapped_twice_is_writable_at_neither),
	TEST(a_superpage_without_tables_stays_whole),
	TEST(a_superpage_with_tables_is_mapped_in_pieces),
	TEST(a_writable_superpage_is_split_when_a_table_appears_in_it),
	TEST(a_superpage_that_tables_come_to_again_stays_in_pieces),
	TEST(a_read_only_superpage_may_hold_tables),
	TEST(a_gigapage_is_split_around_tables_only),
	TEST(a_page_that_is_released_is_writable_at_once),
	TEST(an_entry_is_filled_at_the_emulated_store),
	TEST(a_page_without_d_is_filled_read_only),
	TEST(a_page_without_a_is_never_mapped),
	TEST(what_is_no_valid_leaf_is_not_filled),
	TEST(the_shadow_follows_a_removed_page_at_once),
	TEST(a_changed_link_is_followed),
	TEST(a_link_is_hung_at_the_store_where_its_table_is_known),
	TEST(removing_a_link_fences_everything),
	TEST(pieces_of_a_superpage_go_together),
	TEST(a_fence_of_one_piece_reaches_all_of_a_global_superpage),
	TEST(every_kind_of_store_does_what_it_is_for),
	TEST(a_store_over_two_tables_changes_both),
	TEST(a_store_whose_second_page_faults_stores_nothing),
	TEST(a_misaligned_amo_is_the_guests_exception),
	TEST(an_instruction_that_does_not_store_there_is_repeated),
	TEST(a_flood_unprotects),
	TEST(a_table_in_use_is_not_flooded),
	TEST(a_fault_through_a_table_is_a_use),
	TEST(a_store_that_is_no_ptes_unprotects),
	TEST(sc_unprotects_and_is_repeated),
	TEST(what_is_not_decoded_goes_aside_where_a_table_stays_one),
	TEST(a_root_that_is_flooded_leaves_the_cache),
	TEST(the_loaded_root_stays_protected_in_a_flood),
	TEST(an_odd_store_to_the_loaded_root_is_followed),
	TEST(a_table_that_loses_its_last_link_is_unprotected),
	TEST(a_whole_tree_goes_with_its_last_link),
	TEST(a_table_that_maps_itself_is_written_by_what_is_decoded),
	TEST(sc_fails_where_the_page_stays_a_table),
	TEST(code_can_be_fetched_from_a_table),
	TEST(one_frame_at_two_levels_is_two_tables),
	TEST(bare_mode_maps_all_of_ram_but_stores_to_tables),
	TEST(a_root_outside_of_ram_is_an_access_fault),
	TEST(wider_modes_have_more_levels),
	TEST(addresses_that_are_not_canonical_fault),
	TEST(g_u_and_x_are_kept_for_the_hart),
	TEST(a_slots_rights_bound_what_is_mapped),
	TEST(superpages_end_where_the_slot_does),
	TEST(superpages_that_are_not_congruent_are_mapped_in_pieces),
	TEST(address_spaces_share_tables),
	TEST(a_cached_root_comes_back_as_it_was),
	TEST(tables_run_out_and_the_oldest_go),
	TEST(the_peak_and_what_is_recycled_are_counted),
	TEST(a_root_that_takes_anothers_place_has_none_of_its_translations),
	TEST(a_global_superpage_in_pieces_goes_by_any_of_its_addresses),
	TEST(a_hart_without_svvptc_is_fenced_after_a_fill),
	TEST(a_loaded_root_stays_when_tables_run_out),
	TEST(no_table_is_used_again_before_others_are_fenced),
	TEST_TWO(nothing_is_filled_before_others_are_fenced),
	TEST_TWO(another_vcpu_cannot_write_what_becomes_a_table),
	TEST_TWO(a_root_of_another_vcpu_is_kept),
	TEST(what_an_access_needs_is_set),
	TEST(what_is_set_is_followed_in_each_shadow_of_the_table),
	TEST_TWO(each_vcpu_has_its_own_choice),
};

int main(void)
{
	return cmocka_run_group_tests_name("traditional shadow paging", tests, NULL, NULL);
}
