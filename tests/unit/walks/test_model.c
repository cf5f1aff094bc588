// SPDX-License-Identifier: BSD-2-Clause
/* test_model.c - patterns whose counts are computed by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"

#define PAGE     4096ull
#define MIB2     (PAGE << 9)
#define SV39     (8ull << 60)
#define PTE_LEAF 0xcfull /* V, R, W, X, A, D */
#define PTE_NEXT 0x1ull
#define PTE_G    0x20ull

/* --- memory: some pages, all of them tables ---------------------------------- */

#define TABLES 64
static uint64_t memory[TABLES][512];
static unsigned int used;

static uint64_t read_table(void *unused, uint64_t physical)
{
	(void)unused;
	assert_true(physical / PAGE < used);
	return memory[physical / PAGE][physical % PAGE / 8];
}

/* The number of the first of so many pages that are all 0. */
static uint64_t new_tables(unsigned int count)
{
	assert_true(used + count <= TABLES);
	memset(memory[used], 0, count * PAGE);
	used += count;
	return used - count;
}

/* Maps a page of 4 KiB << 9 * level; the entries that lead to it are made where they are missing. */
static void map(uint64_t root, int top, uint64_t va, uint64_t to, int level, uint64_t flags)
{
	uint64_t table = root, *entry;

	for (int at = top;; at--) {
		/* the larger root of the G stage: its pages lie one behind the other */
		uint64_t index = va >> (12 + 9 * at) & (at == top ? 0x7ff : 0x1ff);

		entry = &memory[table + index / 512][index % 512];
		if (at == level)
			break;
		if (!*entry)
			*entry = new_tables(1) << 10 | PTE_NEXT;
		table = *entry >> 10;
	}
	*entry = to / PAGE << 10 | flags;
}

/* --- a core ------------------------------------------------------------------------- */

static struct model model;

static void make(unsigned int first, unsigned int second, unsigned int caches)
{
	model_free(&model);
	model = (struct model){ .geometry = { [l1i] = first,
					      [l1d] = first,
					      [l2] = second,
					      [l2_ways] = 1,
					      [walk_cache] = caches,
					      [g_walk_cache] = caches,
					      [g_cache] = caches,
					      [asids] = 1,
					      [vmids] = 1 } };
	assert_null(model_make(&model, read_table, NULL));
}

static int begin(void **unused)
{
	(void)unused;
	used = 1; /* page 0 is none */
	make(4, 16, 0);
	return 0;
}

static void expect(enum count which, uint64_t value)
{
	assert_int_equal(model.counts[which], value);
	model.counts[which] = 0;
}

static void load(const struct space *space, uint64_t va, uint64_t physical)
{
	assert_int_equal(model_access(&model, DATA, space, va), physical);
}

/* Pages from va on, each mapped to 1 GiB above. */
static struct space one_stage(uint64_t va, unsigned int pages, uint64_t flags)
{
	uint64_t root = new_tables(1);

	for (unsigned int i = 0; i < pages; i++)
		map(root, 2, va + i * PAGE, va + i * PAGE + (1 << 30), 0, flags);
	return (struct space){ .satp = SV39 | 1ull << 44 | root };
}

/* --- one stage ----------------------------------------------------------------------- */

static void a_page_is_walked_once(void **unused)
{
	struct space space = one_stage(0x10000, 1, PTE_LEAF);

	(void)unused;
	for (int i = 0; i < 10; i++)
		load(&space, 0x10000 + i * 8, 0x40010000 + i * 8);
	expect(data, 10);
	expect(l1d_misses, 1);
	expect(walks, 1);
	expect(walk_refs, 3);
}

static void pages_beyond_the_first_tlb_are_in_the_second(void **unused)
{
	struct space space = one_stage(0x10000, 8, PTE_LEAF);

	(void)unused;
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 8; i++)
			load(&space, 0x10000 + i * PAGE, 0x40010000 + i * PAGE);
	expect(l1d_misses, 24); /* 8 pages in turn never meet again in 4 entries */
	expect(walks, 8);
	expect(l2_hits, 16);
	expect(walk_refs, 24);
}

static void two_pages_of_one_way_push_each_other_out(void **unused)
{
	struct space space = one_stage(0x10000, 17, PTE_LEAF);

	(void)unused;
	make(1, 16, 0);
	for (int round = 0; round < 5; round++) {
		load(&space, 0x10000, 0x40010000);
		load(&space, 0x20000, 0x40020000); /* 16 pages on */
	}
	expect(walks, 10);
	expect(l2_hits, 0);
}

static void the_walk_cache_leaves_one_reference(void **unused)
{
	struct space space = one_stage(0x10000, 17, PTE_LEAF);

	(void)unused;
	make(1, 0, 4);
	for (int i = 0; i < 17; i++)
		load(&space, 0x10000 + i * PAGE, 0x40010000 + i * PAGE);
	expect(walks, 17);
	expect(walk_refs, 3 + 16);
	expect(walk_cache_hits, 16);
}

static void a_superpage_is_one_entry_and_not_in_the_second_tlb(void **unused)
{
	struct space space = { .satp = SV39 | new_tables(1) };

	(void)unused;
	map(space.satp & 0xfff, 2, 0, 5 * MIB2, 1, PTE_LEAF);
	for (int i = 0; i < 512; i++)
		load(&space, i * PAGE, 5 * MIB2 + i * PAGE);
	expect(walks, 1);
	expect(walk_refs, 2);
	assert_int_equal(model.l2.filled[1], 0);
}

static void asids_keep_spaces_apart_and_global_pages_do_not(void **unused)
{
	struct space own = one_stage(0x10000, 1, PTE_LEAF), other = own;
	struct space global = one_stage(0x50000, 1, PTE_LEAF | PTE_G), again = global;

	(void)unused;
	other.satp += 1ull << 44;
	again.satp += 1ull << 44;
	load(&own, 0x10000, 0x40010000);
	load(&other, 0x10000, 0x40010000);
	load(&own, 0x10000, 0x40010000);
	expect(walks, 2);
	load(&global, 0x50000, 0x40050000);
	load(&again, 0x50000, 0x40050000);
	expect(walks, 1);
}

static void fetches_and_loads_have_tlbs_of_their_own_over_one(void **unused)
{
	struct space space = one_stage(0x10000, 1, PTE_LEAF);

	(void)unused;
	load(&space, 0x10000, 0x40010000);
	model_access(&model, FETCH, &space, 0x10000);
	expect(walks, 1);
	expect(l1i_misses, 1);
	expect(l2_hits, 1);
}

static void a_fault_walks_and_keeps_nothing(void **unused)
{
	struct space space = one_stage(0x10000, 1, PTE_LEAF);

	(void)unused;
	for (int i = 0; i < 2; i++)
		assert_true(model_access(&model, FAULTING, &space, 0x11000) == UNTRANSLATED);
	assert_true(model_access(&model, FAULTING, &space, 1 << 30) == UNTRANSLATED);
	expect(fault_walks, 3);
	expect(walk_refs, 3 + 3 + 1);
	expect(data, 0);
}

/* --- fences ---------------------------------------------------------------------------- */

/* How many of three pages are walked again: two of one ASID, the second global; one of another. */
static void fence_takes(struct scope scope, uint64_t again)
{
	struct space space = one_stage(0x10000, 1, PTE_LEAF), other = space;

	other.satp += 1ull << 44;
	map(space.satp & 0xfff, 2, 0x11000, 0x40011000, 0, PTE_LEAF | PTE_G);
	for (int round = 0; round < 2; round++) {
		load(&space, 0x10000, 0x40010000);
		load(&space, 0x11000, 0x40011000);
		load(&other, 0x10000, 0x40010000);
		if (!round)
			model_fence(&model, FENCE_VMA, &scope);
	}
	expect(walks, 3 + again);
}

static void each_form_of_a_fence_takes_what_it_names(void **unused)
{
	(void)unused;
	fence_takes((struct scope){ 0 }, 3);
	begin(NULL);
	fence_takes((struct scope){ .has_page = true, .page = 0x10 }, 2);
	begin(NULL);
	fence_takes((struct scope){ .has_page = true, .page = 0x11 }, 1);
	begin(NULL);
	fence_takes((struct scope){ .has_asid = true, .asid = 1 }, 1); /* not the global page */
	begin(NULL);
	fence_takes((struct scope){ .has_page = true, .page = 0x10, .has_asid = true, .asid = 2 },
		    1);
	begin(NULL);
	fence_takes((struct scope){ .guest = true }, 0);
}

static void a_fence_of_a_page_leaves_the_walk_cache(void **unused)
{
	struct space space = one_stage(0x10000, 1, PTE_LEAF);
	struct scope page = { .has_page = true, .page = 0x10 }, all = { 0 };

	(void)unused;
	make(1, 0, 4);
	load(&space, 0x10000, 0x40010000);
	expect(walk_refs, 3);
	model_fence(&model, FENCE_VMA, &page);
	load(&space, 0x10000, 0x40010000);
	expect(walk_refs, 1);
	model_fence(&model, FENCE_VMA, &all);
	load(&space, 0x10000, 0x40010000);
	expect(walk_refs, 3);
}

static void without_a_fence_the_old_translation_stays(void **unused)
{
	struct space space = one_stage(0x10000, 1, PTE_LEAF);
	struct scope all = { 0 };

	(void)unused;
	load(&space, 0x10000, 0x40010000);
	map(space.satp & 0xfff, 2, 0x10000, 0x50000000, 0, PTE_LEAF);
	load(&space, 0x10000, 0x40010000);
	model_fence(&model, FENCE_VMA, &all);
	load(&space, 0x10000, 0x50000000);
}

static void a_core_without_asids_fences_at_each_switch(void **unused)
{
	struct space space = one_stage(0x10000, 1, PTE_LEAF), other = space;

	(void)unused;
	other.satp += 1ull << 44;
	model.geometry[asids] = 0;
	load(&space, 0x10000, 0x40010000);
	model_switch(&model, &space, &other);
	model_switch(&model, &other, &space);
	load(&space, 0x10000, 0x40010000);
	expect(walks, 2);
}

/* --- two stages --------------------------------------------------------------------------- */

#define FAR (MIB2 * 8) /* a guest's memory begins there, for itself; physically at 0 */

/* The guest's tables are pages of `memory`, seen at FAR; its data lie above all of them. */
static struct space two_stages(unsigned int pages, int host_level)
{
	uint64_t hroot = new_tables(4), root, data_at = FAR + MIB2;

	for (uint64_t at = 0; host_level == 0 && at < TABLES; at++)
		map(hroot, 2, FAR + at * PAGE, at * PAGE, 0, PTE_LEAF);
	for (uint64_t at = 0; host_level == 0 && at < pages; at++)
		map(hroot, 2, data_at + at * PAGE, MIB2 + at * PAGE, 0, PTE_LEAF);
	for (uint64_t at = 0; host_level == 1 && at < 2; at++)
		map(hroot, 2, FAR + at * MIB2, at * MIB2, 1, PTE_LEAF);
	root = new_tables(1);
	for (unsigned int i = 0; i < pages; i++)
		map(root, 2, i * PAGE, data_at + i * PAGE, 0, PTE_LEAF);
	/* What map() wrote as physical numbers of tables are guest's numbers from here on. */
	for (uint64_t table = root; table < used; table++)
		for (int i = 0; i < 512; i++)
			if ((memory[table][i] & 0xf) == PTE_NEXT)
				memory[table][i] += FAR / PAGE << 10;
	return (struct space){ .guest = true,
			       .satp = SV39 | 1ull << 44 | (FAR / PAGE + root),
			       .hgatp = SV39 | 1ull << 44 | hroot };
}

static void two_stages_walk_15_references(void **unused)
{
	struct space space = two_stages(8, 0);

	(void)unused;
	make(1, 0, 0);
	for (int i = 0; i < 8; i++)
		load(&space, i * PAGE, MIB2 + i * PAGE);
	expect(walks, 8);
	expect(walk_refs, 8 * 3);
	expect(g_refs, 8 * 12);
}

static void large_host_pages_walk_11(void **unused)
{
	struct space space = two_stages(8, 1);

	(void)unused;
	make(1, 0, 0);
	for (int i = 0; i < 8; i++)
		load(&space, i * PAGE, MIB2 + i * PAGE);
	expect(walk_refs, 8 * 3);
	expect(g_refs, 8 * 8);
}

static void with_caches_two_stages_walk_2_and_large_pages_1(void **unused)
{
	struct space space = two_stages(8, 0);

	(void)unused;
	make(1, 0, 8);
	load(&space, 0, MIB2);
	model.counts[walk_refs] = model.counts[g_refs] = 0;
	for (int i = 1; i < 8; i++)
		load(&space, i * PAGE, MIB2 + i * PAGE);
	expect(walk_refs, 7);
	expect(g_refs, 7);
	begin(NULL);
	space = two_stages(8, 1);
	make(1, 0, 8);
	load(&space, 0, MIB2);
	model.counts[walk_refs] = model.counts[g_refs] = 0;
	for (int i = 1; i < 8; i++)
		load(&space, i * PAGE, MIB2 + i * PAGE);
	expect(walk_refs, 7);
	expect(g_refs, 0);
}

static void a_page_is_as_large_as_both_stages_have_it(void **unused)
{
	uint64_t hroot = new_tables(4), root = new_tables(1);
	struct space space = { .guest = true, .satp = SV39 | root, .hgatp = SV39 | hroot };

	(void)unused;
	for (uint64_t at = 0; at < TABLES; at++)
		map(hroot, 2, at * PAGE, at * PAGE, 0, PTE_LEAF);
	map(root, 2, MIB2, 0, 1, PTE_LEAF);
	load(&space, MIB2 + 5 * PAGE, 5 * PAGE);
	load(&space, MIB2 + 6 * PAGE, 6 * PAGE);
	expect(walks, 2);
	assert_int_equal(model.l2.filled[0], 2);
}

static void a_guest_without_paging_walks_the_g_stage_alone(void **unused)
{
	struct space space = two_stages(8, 1);

	(void)unused;
	space.satp = 0;
	load(&space, FAR + 0x5123, 0x5123);
	load(&space, FAR + 0x6123, 0x6123);
	expect(walks, 1);
	expect(walk_refs, 0);
	expect(g_refs, 2);
}

static void fences_of_guests_are_by_vmid(void **unused)
{
	struct space space = two_stages(1, 0);
	struct scope other = { .guest = true, .has_vmid = true, .vmid = 2 }, own = other;

	(void)unused;
	own.vmid = 1;
	load(&space, 0, MIB2);
	model_fence(&model, FENCE_VMA, &(struct scope){ 0 });
	model_fence(&model, FENCE_VMA, &other);
	model_fence(&model, FENCE_GVMA, &other);
	load(&space, 0, MIB2);
	expect(walks, 1);
	model_fence(&model, FENCE_VMA, &own);
	load(&space, 0, MIB2);
	expect(walks, 1);
	model_fence(&model, FENCE_GVMA, &own);
	load(&space, 0, MIB2);
	expect(walks, 1);
}

static void a_fence_of_the_first_stage_leaves_the_g_stage(void **unused)
{
	struct space space = two_stages(1, 0);
	struct scope own = { .guest = true, .has_vmid = true, .vmid = 1 };

	(void)unused;
	make(1, 0, 8);
	load(&space, 0, MIB2);
	model.counts[g_refs] = 0;
	model_fence(&model, FENCE_VMA, &own);
	load(&space, 0, MIB2);
	expect(g_refs, 0);
	own.has_page = true;
	own.page = (FAR + MIB2) >> PAGE_BITS;
	model_fence(&model, FENCE_GVMA, &own);
	load(&space, 0, MIB2);
	expect(g_refs, 1); /* its walk cache stays for a page */
	own.has_page = false;
	model_fence(&model, FENCE_GVMA, &own);
	load(&space, 0, MIB2);
	assert_true(model.counts[g_refs] > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_page_is_walked_once, begin),
		cmocka_unit_test_setup(pages_beyond_the_first_tlb_are_in_the_second, begin),
		cmocka_unit_test_setup(two_pages_of_one_way_push_each_other_out, begin),
		cmocka_unit_test_setup(the_walk_cache_leaves_one_reference, begin),
		cmocka_unit_test_setup(a_superpage_is_one_entry_and_not_in_the_second_tlb, begin),
		cmocka_unit_test_setup(asids_keep_spaces_apart_and_global_pages_do_not, begin),
		cmocka_unit_test_setup(fetches_and_loads_have_tlbs_of_their_own_over_one, begin),
		cmocka_unit_test_setup(a_fault_walks_and_keeps_nothing, begin),
		cmocka_unit_test_setup(each_form_of_a_fence_takes_what_it_names, begin),
		cmocka_unit_test_setup(a_fence_of_a_page_leaves_the_walk_cache, begin),
		cmocka_unit_test_setup(without_a_fence_the_old_translation_stays, begin),
		cmocka_unit_test_setup(a_core_without_asids_fences_at_each_switch, begin),
		cmocka_unit_test_setup(two_stages_walk_15_references, begin),
		cmocka_unit_test_setup(large_host_pages_walk_11, begin),
		cmocka_unit_test_setup(with_caches_two_stages_walk_2_and_large_pages_1, begin),
		cmocka_unit_test_setup(a_page_is_as_large_as_both_stages_have_it, begin),
		cmocka_unit_test_setup(a_guest_without_paging_walks_the_g_stage_alone, begin),
		cmocka_unit_test_setup(fences_of_guests_are_by_vmid, begin),
		cmocka_unit_test_setup(a_fence_of_the_first_stage_leaves_the_g_stage, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
