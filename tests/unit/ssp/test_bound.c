/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_bound.c - no stay in the engine does unbounded work.
 *
 * The engine is compiled with a call at every basic block, which counts.  The
 * loops over entries, which long stays consist of, have at most INSTRUCTIONS
 * instructions a block on riscv64, so the bound keeps each stay below the
 * longest one that is allowed in M-mode.
 * Linked with --wrap: whatever goes through the caller is measured.
 */
#include <stdio.h>

#include "fixture.h"
#include "model.h"
#include "ring.h"

#define LONGEST_STAY	20000	/* instructions: "no stay in M-mode exceeds" */
#define INSTRUCTIONS	3	/* per basic block */
#define BOUND		(LONGEST_STAY / INSTRUCTIONS)

static struct model model;
static uint64_t blocks, worst_fault, worst_fence, worst_satp, worst_drain;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	blocks++;
}

static void finish(uint64_t *worst)
{
	if (blocks > *worst)
		*worst = blocks;
	assert_true(blocks > 0);
	if (blocks > BOUND)
		fail_msg("%lu basic blocks in one stay, at most %d are allowed", blocks, BOUND);
}

struct ssp_result __real_caller_fault(struct caller *, uint64_t, enum ssp_access, unsigned int);
void __real_caller_satp(struct caller *, uint64_t);
void __real_caller_fence(struct caller *, const uint64_t *, const uint64_t *);
struct ssp_result __wrap_caller_fault(struct caller *, uint64_t, enum ssp_access, unsigned int);
void __wrap_caller_satp(struct caller *, uint64_t);
void __wrap_caller_fence(struct caller *, const uint64_t *, const uint64_t *);

struct ssp_result __wrap_caller_fault(struct caller *caller, uint64_t va, enum ssp_access access,
				      unsigned int state)
{
	struct ssp_result result;

	blocks = 0;
	result = __real_caller_fault(caller, va, access, state);
	finish(&worst_fault);
	return result;
}

void __wrap_caller_satp(struct caller *caller, uint64_t satp)
{
	blocks = 0;
	__real_caller_satp(caller, satp);
	finish(&worst_satp);
}

void __wrap_caller_fence(struct caller *caller, const uint64_t *va, const uint64_t *asid)
{
	blocks = 0;
	__real_caller_fence(caller, va, asid);
	finish(&worst_fence);
}

void __real_caller_commit(struct caller *);
void __wrap_caller_commit(struct caller *);

void __wrap_caller_commit(struct caller *caller)
{
	blocks = 0;
	__real_caller_commit(caller);
	finish(&worst_drain);
}

/* `full` leaves in each of the first `count` leaf tables of the current root. */
static void fill_tables(unsigned int count, unsigned int full)
{
	for (unsigned int n = 0; n < count; n++)
		for (unsigned int page = 0; page < full; page++)
			caller_fault(&f.caller, ((uint64_t)n << 21) + page * PAGE_SIZE, SSP_LOAD, 0);
}

/* Tables 0 to 2: 512 by 512 pages, all of them mapped. */
static void big_guest(uint64_t bits)
{
	put(0, 0, guest_table(1), LINK);
	for (unsigned int n = 0; n < PTES_PER_TABLE; n++) {
		put(1, n, guest_table(2), LINK);
		put(2, n, PAGE(n), LEAF | bits);
	}
	satp(SATP_SV39, 1, 0);
}

static void fences_of_full_tables(uint64_t bits)
{
	/* Just few enough to be cleared at once, and too many. */
	for (unsigned int tables = SSP_EAGER_TABLES; tables < 3 * SSP_EAGER_TABLES; tables += SSP_EAGER_TABLES) {
		big_guest(bits);
		fill_tables(tables, PTES_PER_TABLE);
		fence_asid(1);
		fill_tables(tables, PTES_PER_TABLE);
		fence_all();
		fill_tables(tables, 1);
	}
}

static void a_fence_of_full_tables_is_bounded(void **state)
{
	(void)state;
	fences_of_full_tables(0);
	fences_of_full_tables(PTE_G);
}

/* Tables 1 to 24 hold 512 superpages each. */
static void a_fence_of_tables_full_of_superpages_is_bounded(void **state)
{
	(void)state;
	for (unsigned int tables = SSP_EAGER_TABLES; tables <= 2 * SSP_EAGER_TABLES;
	     tables += SSP_EAGER_TABLES) {
		for (unsigned int n = 0; n < tables; n++)
			put(0, n, guest_table(n + 1), LINK);
		for (unsigned int n = 0; n < PTES_PER_TABLE * tables; n++)
			put(1 + n / PTES_PER_TABLE, n % PTES_PER_TABLE, RAM_GPA, LEAF);
		satp(SATP_SV39, 1, 0);
		for (unsigned int round = 0; round < 3; round++) {
			for (uint64_t n = 0; n < PTES_PER_TABLE * tables; n++)
				caller_fault(&f.caller, n << 21, SSP_LOAD, 0);
			if (round == 0)
				fence_asid(1);
			else
				fence_all();
		}
	}
}

static void recycling_tables_full_of_superpages_is_bounded(void **state)
{
	(void)state;
	start_with(RAM_DELTA, SSP_MIN_TABLES + 24, false);
	for (unsigned int n = 0; n < PTES_PER_TABLE; n++) {
		put(0, n, guest_table(1), LINK);
		put(1, n, RAM_GPA, LEAF);
	}
	satp(SATP_SV39, 1, 0);
	for (uint64_t n = 0; n < PTES_PER_TABLE * 100; n++)
		caller_fault(&f.caller, n << 21, SSP_LOAD, 0);
	assert_true(f.space.tables_recycled > 40);
}

/* As many links at the top as the pool has tables for. */
static void a_fence_of_a_full_top_table_is_bounded(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < PTES_PER_TABLE; n++) {
		put(0, n, guest_table(1), LINK);
		put(1, n, RAM_GPA, LEAF | (n & 1 ? PTE_G : 0));
	}
	satp(SATP_SV39, 1, 0);
	for (uint64_t n = 0; n < POOL_TABLES - SSP_MIN_TABLES; n++)
		caller_fault(&f.caller, n << 30 | (n & 1) << 21, SSP_LOAD, 0);
	fence_asid(1);
	fence_all();
}

static void taking_over_a_full_root_is_bounded(void **state)
{
	(void)state;
	big_guest(0);
	for (unsigned int asid = 1; asid < 2 * SSP_ROOTS; asid++) {
		satp(SATP_SV39, asid, 0);
		fill_tables(4, PTES_PER_TABLE);
	}
}

static void replaying_the_log_is_bounded(void **state)
{
	(void)state;
	big_guest(0);
	fill_tables(4, PTES_PER_TABLE);
	satp(SATP_SV39, 2, 0);
	for (unsigned int n = 0; n < SSP_LOG_SIZE; n++)
		fence_va(n * PAGE_SIZE);
	satp(SATP_SV39, 1, 0);
}

static void recycling_full_tables_is_bounded(void **state)
{
	(void)state;
	for (uint64_t bits = 0; bits <= PTE_G; bits += PTE_G) {
		start_with(RAM_DELTA, SSP_MIN_TABLES + 24, false);
		big_guest(bits);
		for (unsigned int asid = 1; asid < SSP_ROOTS; asid++) {
			satp(SATP_SV39, asid, 0);
			fill_tables(48, PTES_PER_TABLE);
		}
	}
}

static void superpages_over_full_tables_are_bounded(void **state)
{
	(void)state;
	big_guest(0);
	fill_tables(64, PTES_PER_TABLE);
	put(0, 0, 0x80000000, LEAF);
	fence_va(0);
	fill_tables(1, 1);
	put(0, 0, guest_table(1), LINK);
	fill_tables(64, 1);
}

/* A full ring of the same entry, after two of another kind; all tables of the address space are full. */
static void drain_a_full_ring(uint64_t va_op, uint64_t asid_pages, uint64_t step)
{
	push(HM_RING_OP_FLUSH, 0, 0, 1);
	push(HM_RING_OP_FLUSH, 0, 8, 2);
	for (uint64_t va = va_op; !ring_is_full(); va += step)
		push_words(va, asid_pages);
	caller_commit(&f.caller);
	fill_tables(SSP_EAGER_TABLES, PTES_PER_TABLE);
}

static void draining_a_full_ring_is_bounded(void **state)
{
	static const uint64_t asids[] = { 1, 2, 77 };

	(void)state;
	start_with(RAM_DELTA, POOL_TABLES, true);
	put(3, 0, guest_table(1), LINK);
	put(4, 0, guest_table(1), LINK);
	big_guest(0);
	satp(SATP_SV39, 2, 3);
	fill_tables(SSP_EAGER_TABLES, PTES_PER_TABLE);
	satp(SATP_SV39, 1, 4);		/* beside table 0 */
	fill_tables(SSP_EAGER_TABLES, PTES_PER_TABLE);
	ssp_ring_attach(&f.space, RING_GPA + RAM_DELTA);
	for (uint64_t op = HM_RING_OP_MAP; op <= HM_RING_OP_FLUSH_GLOBAL; op++) {
		for (uint64_t step = PAGE_SIZE; step <= PAGE_SIZE << 18; step <<= 9) {
			for (unsigned int i = 0; i < 3; i++) {
				uint64_t asid = op == HM_RING_OP_FLUSH_GLOBAL ? 0 : asids[i];

				for (uint64_t pages = 0; pages <= 1 << 20; pages = pages * 4 + 1)
					drain_a_full_ring(op, asid << HM_RING_ASID_SHIFT | pages, step);
			}
		}
	}
}

static void draining_over_tables_full_of_superpages_is_bounded(void **state)
{
	(void)state;
	ssp_ring_attach(&f.space, RING_GPA + RAM_DELTA);
	for (unsigned int n = 0; n < SSP_EAGER_TABLES; n++)
		put(0, n, guest_table(n + 1), LINK);
	for (unsigned int n = 0; n < PTES_PER_TABLE * SSP_EAGER_TABLES; n++)
		put(1 + n / PTES_PER_TABLE, n % PTES_PER_TABLE, RAM_GPA, LEAF);
	satp(SATP_SV39, 1, 0);
	for (uint64_t n = 0; n < PTES_PER_TABLE * SSP_EAGER_TABLES; n++)
		caller_fault(&f.caller, n << 21, SSP_LOAD, 0);
	while (!ring_is_full())
		push(ring_page()->head % 2 ? HM_RING_OP_MAP : HM_RING_OP_FLUSH, 0,
		     ring_page()->head % 2, 1);
	caller_commit(&f.caller);
}

static void an_address_space_of_many_roots_is_flushed_within_the_bound(void **state)
{
	(void)state;
	big_guest(0);
	for (unsigned int table = 3; table < 3 + SSP_ROOTS - 2; table++) {
		put(table, 0, guest_table(1), LINK);
		satp(SATP_SV39, 1, table);
		fill_tables(4, PTES_PER_TABLE);
	}
	fence_asid(1);
}

static void random_guests_stay_within_the_bound(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		model.choices = (struct choices){ .state = seed };
		model_init(&model);
		for (unsigned int step = 0; step < 2000; step++)
			model_step(&model);
	}
}

static int report(void **state)
{
	(void)state;
	print_message("longest stays in basic blocks, of %d allowed: fault %lu, fence %lu, satp %lu, drain %lu\n",
		      BOUND, worst_fault, worst_fence, worst_satp, worst_drain);
	return 0;
}

#define BOUNDED(name)	cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOUNDED(a_fence_of_full_tables_is_bounded),
		BOUNDED(a_fence_of_tables_full_of_superpages_is_bounded),
		BOUNDED(recycling_tables_full_of_superpages_is_bounded),
		BOUNDED(a_fence_of_a_full_top_table_is_bounded),
		BOUNDED(taking_over_a_full_root_is_bounded),
		BOUNDED(replaying_the_log_is_bounded),
		BOUNDED(recycling_full_tables_is_bounded),
		BOUNDED(superpages_over_full_tables_are_bounded),
		BOUNDED(draining_a_full_ring_is_bounded),
		BOUNDED(draining_over_tables_full_of_superpages_is_bounded),
		BOUNDED(an_address_space_of_many_roots_is_flushed_within_the_bound),
		BOUNDED(random_guests_stay_within_the_bound),
	};

	return cmocka_run_group_tests_name("bounded stays", tests, NULL, report);
}
