/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_marks.c - A and D that the engine sets (Svadu), one fact a test; page 0 is filled the long
 * way, and those behind it the short way.
 */
#include "hits.h"
#include "fixture.h"

#define BARE     (LEAF & ~(PTE_A | PTE_D))
#define READ_ROM 0x200000000ull /* the guest's tables once more, read-only */
#define DEVICE   0x10000000ull

static const uint64_t pages[] = { 0, PAGE_SIZE }; /* by the long way and by the short one */

static int start_marking(void **state)
{
	start(state);
	ssp_set_ad(&f.space, true);
	simple_guest();
	for (unsigned int n = 0; n < 8; n++)
		put(2, n, PAGE(n), BARE);
	return 0;
}

static uint64_t marks_of(uint64_t va)
{
	return memory.guest[2][va / PAGE_SIZE] & (PTE_A | PTE_D);
}

#define for_both(va) for (unsigned int i_ = 0; i_ < 2 && (va = pages[i_], true); i_++)

static void a_load_sets_A_alone(void **state)
{
	uint64_t va;

	(void)state;
	for_both(va)
	{
		assert_int_equal(load(va), SSP_ALLOWED);
		assert_int_equal(marks_of(va), PTE_A);
	}
}

static void a_fetch_sets_A_alone(void **state)
{
	uint64_t va;

	(void)state;
	for_both(va)
	{
		assert_int_equal(touch(va, SSP_FETCH, 0), SSP_ALLOWED);
		assert_int_equal(marks_of(va), PTE_A);
	}
}

static void a_store_sets_both(void **state)
{
	uint64_t va;

	(void)state;
	for_both(va)
	{
		assert_int_equal(store(va), SSP_ALLOWED);
		assert_int_equal(marks_of(va), PTE_A | PTE_D);
	}
}

/* The hart has the leaf without W by then, and is fenced for it. */
static void a_store_after_a_load_sets_D(void **state)
{
	uint64_t va;

	(void)state;
	for_both(va)
	{
		assert_int_equal(load(va), SSP_ALLOWED);
		assert_int_equal(store(va), SSP_ALLOWED);
		assert_int_equal(marks_of(va), PTE_A | PTE_D);
	}
}

static void one_attempt_marks_a_page(void **state)
{
	uint64_t va;

	(void)state;
	for_both(va)
	{
		memory.swaps = 0;
		assert_int_equal(store(va), SSP_ALLOWED);
		assert_int_equal(memory.swaps, 1);
	}
}

static void neighbours_are_not_marked(void **state)
{
	(void)state;
	assert_int_equal(load(0), SSP_ALLOWED);
	f.space.last_read = 0;
	assert_int_equal(load(PAGE_SIZE), SSP_ALLOWED);
	for (unsigned int n = 2; n < 8; n++) {
		assert_int_equal(marks_of(n * PAGE_SIZE), 0);
		assert_int_equal(shadow_level(n * PAGE_SIZE), -1);
	}
}

static void what_the_guest_took_away_is_set_again_after_its_fence(void **state)
{
	uint64_t va;

	(void)state;
	for_both(va)
	{
		assert_int_equal(store(va), SSP_ALLOWED);
		memory.guest[2][va / PAGE_SIZE] &= ~PTE_D;
		fence_va(va);
		assert_int_equal(load(va), SSP_ALLOWED);
		assert_int_equal(marks_of(va), PTE_A);
		assert_int_equal(store(va), SSP_ALLOWED);
		assert_int_equal(marks_of(va), PTE_A | PTE_D);
	}
}

/* All rights, accesses and states: what allows the access with A and D set, and nothing else. */
static void only_an_access_that_is_allowed_marks(void **state)
{
	static const enum ssp_access accesses[] = { SSP_FETCH, SSP_LOAD, SSP_STORE };

	(void)state;
	assert_int_equal(store(0), SSP_ALLOWED);
	for (uint64_t bits = 0; bits < 4 * 16 * 3 * 8; bits++) {
		uint64_t pte = (bits & 15) << 1 | (bits & 16 ? PTE_A : 0) | (bits & 32 ? PTE_D : 0);
		enum ssp_access access = accesses[bits / 64 % 3];
		unsigned int n = bits / 192, page = bits & 1 ? 9 : 600;
		unsigned int s =
			(n & 1 ? SSP_USER : 0) | (n & 2 ? SSP_SUM : 0) | (n & 4 ? SSP_MXR : 0);
		uint64_t va = page * PAGE_SIZE, set = access == SSP_STORE ? PTE_A | PTE_D : PTE_A;
		uint64_t *gpte = page == 9 ? &memory.guest[2][9] : &memory.guest[3][88];
		bool allowed;

		put(1, 1, guest_table(3), LINK);
		*gpte = pte_make(PAGE(5), pte | PTE_V);
		allowed = (pte & PTE_RWX) && ssp_leaf_allows(*gpte | PTE_A | PTE_D, access, s);
		fence_all();
		assert_int_equal(store(0), SSP_ALLOWED);
		assert_int_equal(touch(va, access, s), allowed ? SSP_ALLOWED : SSP_TRUE_FAULT);
		assert_int_equal(*gpte, pte_make(PAGE(5), pte | PTE_V | (allowed ? set : 0)));
	}
}

static bool fail_once(uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old, (void)new;
	*entry = 0;
	memory.swap = NULL;
	return false;
}

static void an_entry_that_changed_meanwhile_is_read_again(void **state)
{
	uint64_t va;

	(void)state;
	for_both(va)
	{
		memory.swap = fail_once;
		assert_int_equal(load(va), SSP_TRUE_FAULT);
		assert_int_equal(f.calls, 1);
		assert_int_equal(memory.guest[2][va / PAGE_SIZE], 0);
		assert_int_equal(shadow_level(va), -1);
		put(2, 0, PAGE(0), LEAF);
		assert_int_equal(load(0), SSP_ALLOWED);
	}
}

/* What is not filled brings no neighbours along: its group may count as empty (I5). */
static void an_entry_that_changed_meanwhile_fills_no_neighbour(void **state)
{
	(void)state;
	put(2, 16, PAGE(6), LEAF);
	put(2, 1, PAGE(1), LEAF);
	assert_int_equal(load(16 * PAGE_SIZE), SSP_ALLOWED);
	memory.swap = fail_once;
	assert_int_equal(load(0), SSP_TRUE_FAULT);
	assert_int_equal(shadow_level(PAGE_SIZE), -1);
	put(2, 0, PAGE(0), BARE);
	memory.swap = fail_once;
	assert_int_equal(ssp_fault(&f.space, 0, SSP_LOAD, 0).verdict, SSP_ALLOWED);
	assert_int_equal(shadow_level(0), -1);
	assert_int_equal(shadow_level(PAGE_SIZE), -1);
}

/*
 * Table 2 is reached through its read-only image. A walk alone says so too: who fills by what it
 * says would be asked to for ever.
 */
static void a_table_that_cannot_be_written_is_an_access_fault(void **state)
{
	uint64_t va, hpa;

	(void)state;
	ssp_slot_set(&f.space, 1,
		     (struct ssp_slot){ READ_ROM, 16 * PAGE_SIZE, RAM_GPA + RAM_DELTA - READ_ROM,
					PTE_R | PTE_X });
	caller_owes(&f.caller, SSP_FENCE_ALL, 0);
	put(1, 0, READ_ROM + 2 * PAGE_SIZE, LINK);
	for_both(va)
	{
		put(2, 2, PAGE(2), LEAF);
		assert_int_equal(load(va), SSP_ACCESS_FAULT);
		assert_int_equal(marks_of(va), 0);
		put(2, va / PAGE_SIZE, PAGE(0), LEAF & ~PTE_D);
		assert_int_equal(load(va), SSP_ALLOWED);
		assert_int_equal(store(va), SSP_ACCESS_FAULT);
		assert_int_equal(marks_of(va), PTE_A);
		assert_int_equal(ssp_translate(&f.space, f.caller.satp, va, SSP_STORE, 0, &hpa),
				 SSP_ACCESS_FAULT);
	}
	assert_int_equal(memory.swaps, 0);
}

/* The firmware's short way, of leaves that lack no more than what is to be set. */
static void assert_plain_case(uint64_t pte, enum ssp_access access, unsigned int s)
{
	const struct ssp_walk *walk = ssp_walk_hit(f.space.current, 0);
	uint64_t marked = pte | ssp_marks(access);

	if (!ssp_leaf_has_rights(&f.space, pte, access))
		return;
	assert_int_equal(marked, pte | f.space.need[access]);
	if (ssp_leaf_plainly_allows(&f.space, pte, access, ssp_not_user(s)))
		return;
	assert_int_equal(ssp_leaf_lacks_marks(pte, ssp_not_user(s)),
			 ssp_leaf_plainly_allows(&f.space, marked, access, ssp_not_user(s)));
	if (!ssp_leaf_lacks_marks(pte, ssp_not_user(s)))
		return;
	assert_int_equal(ssp_may_plainly_mark(&f.space, walk, pte),
			 ssp_may_mark(&f.space, walk, marked, access, s) == SSP_ALLOWED);
}

static void every_plain_case(uint64_t page)
{
	static const enum ssp_access accesses[] = { SSP_FETCH, SSP_LOAD, SSP_STORE };

	for (uint64_t bits = 0; bits < 2 * 64; bits++)
		for (unsigned int n = 0; n < 3 * 8; n++)
			assert_plain_case(pte_make(page, (bits << 1 & ~(uint64_t)PTE_G) | PTE_V),
					  accesses[n % 3],
					  (n / 3 & 1 ? SSP_USER : 0) | (n / 3 & 2 ? SSP_SUM : 0) |
						  (n / 3 & 4 ? SSP_MXR : 0));
}

static void the_plain_case_is_what_may_be_marked(void **state)
{
	(void)state;
	assert_int_equal(store(0), SSP_ALLOWED);
	every_plain_case(PAGE(5));
	every_plain_case(DEVICE);
	every_plain_case(RAM_GPA + RAM_SIZE);
	ssp_slot_set(&f.space, 1,
		     (struct ssp_slot){ READ_ROM, 16 * PAGE_SIZE, RAM_GPA + RAM_DELTA - READ_ROM,
					PTE_R | PTE_X });
	caller_owes(&f.caller, SSP_FENCE_ALL, 0);
	put(1, 0, READ_ROM + 2 * PAGE_SIZE, LINK);
	assert_int_equal(load(0), SSP_ALLOWED);
	every_plain_case(PAGE(5));
}

static void a_store_that_a_slot_forbids_sets_nothing(void **state)
{
	uint64_t va;

	(void)state;
	ssp_slot_set(&f.space, 1,
		     (struct ssp_slot){ READ_ROM, 16 * PAGE_SIZE, RAM_DELTA + 0x10000000, PTE_R });
	caller_owes(&f.caller, SSP_FENCE_ALL, 0);
	put(2, 2, PAGE(2), LEAF);
	assert_int_equal(load(2 * PAGE_SIZE), SSP_ALLOWED);
	for_both(va)
	{
		put(2, va / PAGE_SIZE, READ_ROM, BARE);
		assert_int_equal(store(va), SSP_OUTSIDE);
		assert_int_equal(marks_of(va), 0);
		assert_int_equal(load(va), SSP_ALLOWED);
		assert_int_equal(marks_of(va), PTE_A);
	}
}

static void a_device_is_marked_as_memory_is(void **state)
{
	(void)state;
	put(2, 2, PAGE(2), LEAF);
	assert_int_equal(load(2 * PAGE_SIZE), SSP_ALLOWED);
	put(2, 0, DEVICE, BARE);
	assert_int_equal(load(0), SSP_OUTSIDE);
	assert_int_equal(f.result.gpa, DEVICE);
	assert_int_equal(marks_of(0), PTE_A);
	assert_int_equal(store(8), SSP_OUTSIDE);
	assert_int_equal(f.result.gpa, DEVICE + 8);
	assert_int_equal(marks_of(0), PTE_A | PTE_D);
}

static void a_superpage_is_marked_as_a_whole(void **state)
{
	(void)state;
	put(1, 2, RAM_GPA + 4 * MIB, BARE);
	assert_int_equal(load(4 * MIB), SSP_ALLOWED);
	assert_int_equal(memory.guest[1][2], pte_make(RAM_GPA + 4 * MIB, BARE | PTE_A));
	assert_int_equal(store(5 * MIB), SSP_ALLOWED);
	assert_int_equal(memory.guest[1][2], pte_make(RAM_GPA + 4 * MIB, LEAF));
	assert_int_equal(shadow_level(4 * MIB), 1);
}

static void a_translation_sets_nothing(void **state)
{
	uint64_t hpa;

	(void)state;
	assert_int_equal(ssp_translate(&f.space, f.caller.satp, 8, SSP_LOAD, 0, &hpa),
			 SSP_UNMARKED);
	assert_int_equal(hpa, PAGE(0) + RAM_DELTA + 8);
	put(2, 0, DEVICE, BARE);
	assert_int_equal(ssp_translate(&f.space, f.caller.satp, 8, SSP_STORE, 0, &hpa),
			 SSP_UNMARKED);
	assert_int_equal(hpa, 0);
	assert_int_equal(memory.swaps, 0);
}

static void without_it_the_guest_has_the_fault(void **state)
{
	uint64_t va;

	(void)state;
	assert_int_equal(load(0), SSP_ALLOWED);
	memory.swaps = 0;
	ssp_set_ad(&f.space, false);
	assert_int_equal(store(0), SSP_TRUE_FAULT);
	memory.guest[2][0] &= ~PTE_A;
	fence_va(0);
	for_both(va) assert_int_equal(load(va), SSP_TRUE_FAULT);
	assert_int_equal(memory.swaps, 0);
	assert_int_equal(marks_of(0), 0);
}

#define FACT(name) cmocka_unit_test_setup(name, start_marking)

static const struct CMUnitTest tests[] = {
	FACT(a_load_sets_A_alone),
	FACT(a_fetch_sets_A_alone),
	FACT(a_store_sets_both),
	FACT(a_store_after_a_load_sets_D),
	FACT(one_attempt_marks_a_page),
	FACT(neighbours_are_not_marked),
	FACT(what_the_guest_took_away_is_set_again_after_its_fence),
	FACT(only_an_access_that_is_allowed_marks),
	FACT(an_entry_that_changed_meanwhile_is_read_again),
	FACT(an_entry_that_changed_meanwhile_fills_no_neighbour),
	FACT(a_table_that_cannot_be_written_is_an_access_fault),
	FACT(the_plain_case_is_what_may_be_marked),
	FACT(a_store_that_a_slot_forbids_sets_nothing),
	FACT(a_device_is_marked_as_memory_is),
	FACT(a_superpage_is_marked_as_a_whole),
	FACT(a_translation_sets_nothing),
	FACT(without_it_the_guest_has_the_fault),
};

int main(void)
{
	return cmocka_run_group_tests_name("facts of A and D", tests, NULL, NULL);
}
