/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_bound.c - no stay in the engine does unbounded work.
 *
 * The engine is compiled with a call at every basic block, which counts.  The
 * loops that long stays consist of have at most INSTRUCTIONS instructions a block on
 * riscv64: a group is cleared by one block of 13, a step down a tree takes two of 19.  So the
 * bound keeps each call well below the longest stay that is allowed in M-mode, which
 * may have a trap, an entry and a second call in it.  A switch of address spaces clears few
 * groups: it replays a log, step by step down a tree, or compares the entries of a top table.
 * Linked with --wrap: whatever goes through the caller is measured.
 */
#include <stdio.h>

#include "fixture.h"
#include "internal.h"
#include "model.h"
#include "ring.h"
#include "ssp_port.h"

#define LONGEST_CALL 12000 /* instructions; of a stay 20000 */
#define INSTRUCTIONS 13    /* per basic block */
#define OF_A_SWITCH  10    /* likewise, without groups that are cleared */
#define BOUND        (LONGEST_CALL / INSTRUCTIONS)

static struct model model;
static uint64_t blocks, worst_fault, worst_fence, worst_satp, worst_drain, worst_host;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	blocks++;
}

static void finish(uint64_t *worst)
{
	uint64_t bound = LONGEST_CALL / (worst == &worst_satp ? OF_A_SWITCH : INSTRUCTIONS);

	if (blocks > *worst)
		*worst = blocks;
	assert_true(blocks > 0);
	if (blocks > bound)
		fail_msg("%lu basic blocks in one stay, at most %lu are allowed", blocks, bound);
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

/* What has no caller: host calls and remote fences. */
#define MEASURED(call)               \
	do {                         \
		blocks = 0;          \
		call;                \
		finish(&worst_host); \
	} while (0)

/* `full` leaves in each of the first `count` leaf tables of the current root. */
static void fill_tables(unsigned int count, unsigned int full)
{
	for (unsigned int n = 0; n < count; n++)
		for (unsigned int page = 0; page < full; page++)
			caller_fault(&f.caller, ((uint64_t)n << 21) + page * PAGE_SIZE, SSP_LOAD,
				     0);
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
	for (unsigned int tables = SSP_EAGER_TABLES; tables < 3 * SSP_EAGER_TABLES;
	     tables += SSP_EAGER_TABLES) {
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

/* ---- 512 links at the top and below ---- */

/* Table LOWER(global, n) maps all that one of level n can by superpages of level 1. */
#define LOWER(global, n) ((global)*4 + (n))
#define TOP              10 /* the first free one */

static const unsigned int modes[] = { SATP_SV39, SATP_SV48, SATP_SV57 };

/* Entry `index` at the top, and what is at `offset` below. */
static uint64_t va_of(unsigned int mode, unsigned int index, uint64_t offset)
{
	unsigned int bits = satp_modes[mode].va_bits;
	uint64_t va = (uint64_t)index << (bits - 9) | offset;

	return (uint64_t)((int64_t)(va << (64 - bits)) >> (64 - bits));
}

/* Entries [from, to) of a top table are links, all global or none. */
static void fill_top(unsigned int mode, unsigned int table, unsigned int from, unsigned int to,
		     bool global)
{
	for (; from < to; from++)
		put(table, from, guest_table(LOWER(global, satp_modes[mode].levels - 2)),
		    LINK | (global ? PTE_G : 0));
}

static void start_full(void)
{
	start_with(RAM_DELTA, POOL_MAX, true);
	for (unsigned int n = 0; n < PTES_PER_TABLE; n++) {
		put(LOWER(0, 1), n, RAM_GPA, LEAF);
		put(LOWER(1, 1), n, RAM_GPA, LEAF | PTE_G);
		for (unsigned int level = 2; level < 4; level++) {
			put(LOWER(0, level), n, guest_table(LOWER(0, level - 1)), LINK);
			put(LOWER(1, level), n, guest_table(LOWER(1, level - 1)), LINK);
		}
	}
}

static void fault_top(unsigned int mode, unsigned int from, unsigned int to)
{
	for (; from < to; from++)
		caller_fault(&f.caller, va_of(mode, from, 0), SSP_LOAD, 0);
}

/* That the top table is as full as it is said to be. */
static void assert_links(unsigned int count)
{
	const uint64_t *top = ssp_port_table(ssp_root_hpa(&f.space, f.space.current));

	for (unsigned int n = 0; n < PTES_PER_TABLE; n++)
		count -= (top[n] & (PTE_V | PTE_RWX)) == PTE_V;
	assert_int_equal(count, 0);
}

/* A root whose top is full of links; those from `global` on into the global tree. */
static void full_root(unsigned int mode, uint64_t asid, unsigned int table, unsigned int global)
{
	fill_top(mode, table, 0, global, false);
	fill_top(mode, table, global, PTES_PER_TABLE, true);
	satp(mode, asid, table);
	fault_top(mode, 0, PTES_PER_TABLE);
	assert_links(PTES_PER_TABLE);
}

static void fences_of_a_full_top_table_are_bounded(void **state)
{
	(void)state;
	for (unsigned int mode = SATP_SV39; mode <= SATP_SV57; mode++) {
		/* From where on nothing is looked at one by one any more, too. */
		for (unsigned int links = 128; links <= PTES_PER_TABLE; links += 8) {
			if (links > 144 && links < PTES_PER_TABLE)
				continue;
			for (unsigned int global = 0; global <= links; global += links / 2) {
				start_full();
				fill_top(mode, TOP, 0, global, false);
				fill_top(mode, TOP, global, links, true);
				satp(mode, 1, TOP);
				fault_top(mode, 0, links);
				assert_links(links);
				fence_asid(1);
				fault_top(mode, 0, links);
				fence_all();
				fault_top(mode, 0, links);
			}
		}
	}
}

static void several_full_roots_are_bounded(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		start_full();
		full_root(modes[i], 1, TOP, PTES_PER_TABLE);
		full_root(modes[i], 1, TOP + 1, PTES_PER_TABLE / 2);
		fence_asid(1);
		fault_top(modes[i], 0, PTES_PER_TABLE);
		satp(modes[i], 1, TOP);
		fault_top(modes[i], 0, PTES_PER_TABLE);
		fence_all();
		satp(modes[i], 1, TOP + 1);
		fault_top(modes[i], 0, PTES_PER_TABLE);
		satp(modes[i], 1, TOP);
	}
}

/* Whatever the host calls, with as many roots as there are. */
static void host_calls_are_bounded(void **state)
{
	struct ssp_slot slot = { RAM_GPA + RAM_SIZE, PAGE_SIZE, RAM_DELTA, PTE_R };

	(void)state;
	start_full();
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int asid = 1; asid < SSP_ROOTS; asid++) {
			fill_top(SATP_SV39, TOP + asid, 0, PTES_PER_TABLE, true);
			fill_top(SATP_SV39, TOP + asid, 0, 40, false);
			satp(SATP_SV39, asid, TOP + asid);
			fault_top(SATP_SV39, 0, PTES_PER_TABLE);
			assert_links(PTES_PER_TABLE);
		}
		if (round)
			MEASURED(ssp_slot_set(&f.space, 3, slot));
		else
			MEASURED(ssp_invalidate_gpa(&f.space, RAM_GPA, PAGE_SIZE));
	}
}

static void a_space_is_made_within_the_bound(void **state)
{
	(void)state;
	memory_reset(RAM_DELTA, POOL_MAX);
	MEASURED(ssp_init(&f.space, POOL_HPA, memory.tables, POOL_MAX, 1u << SATP_SV39, false));
}

/* Every table on one path is full; all of it falls asleep, is woken, or loses its place. */
static void a_full_path_is_bounded(void **state)
{
	(void)state;
	start_full();
	fill_top(SATP_SV57, TOP, 0, PTES_PER_TABLE, false);
	satp(SATP_SV57, 1, TOP);
	for (int level = 3; level > 0; level--)
		for (uint64_t n = 0; n < (level == 3 ? 400 : PTES_PER_TABLE); n++)
			caller_fault(&f.caller, n * level_size(level), SSP_LOAD, 0);
	fence_asid(1);
	caller_fault(&f.caller, 0, SSP_LOAD, 0);
	fence_all();
	fill_top(SATP_SV57, TOP, 0, 1, true);
	caller_fault(&f.caller, 0, SSP_LOAD, 0);
	for (unsigned int n = 1; n < 8; n++)
		caller_fault(&f.caller, va_of(SATP_SV57, n, 0), SSP_LOAD, 0);
}

static void another_mode_takes_full_roots_over_within_the_bound(void **state)
{
	(void)state;
	start_full();
	for (unsigned int n = 0; n < 4 * SSP_ROOTS; n++) {
		unsigned int mode = modes[n / SSP_ROOTS % 3];

		fill_top(mode, TOP + n % 8, 0, PTES_PER_TABLE, n & 8);
		satp(mode, n, TOP + n % 8);
		fault_top(mode, 0, PTES_PER_TABLE);
	}
	assert_true(f.space.tables_recycled > POOL_MAX);
}

/* As many links to the global tree as are compared when a root changes hands, and then more: all stay, or none. */
static void handing_over_global_links_is_bounded(void **state)
{
	(void)state;
	for (unsigned int links = 64; links <= 128; links += 64) {
		start_full();
		f.caller.logs = false;
		for (unsigned int asid = 1; asid < 3 * SSP_ROOTS; asid++) {
			fill_top(SATP_SV39, TOP + asid % 32, 0, links, true);
			satp(SATP_SV39, asid, TOP + asid % 32);
			assert_links(asid >= SSP_ROOTS && links == 64 ? links : 0);
			fault_top(SATP_SV39, 0, links);
			assert_links(links);
		}
	}
}

/* Nearly each table is of another root, so that four of these have to give theirs for one walk. */
static void recycling_many_small_roots_is_bounded(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		start_full();
		full_root(SATP_SV39, 1, TOP, 0); /* the global tree's */
		for (unsigned int asid = 2; asid < SSP_ROOTS; asid++) {
			fill_top(SATP_SV39, TOP + asid, 0, PTES_PER_TABLE, true);
			fill_top(SATP_SV39, TOP + asid, 4, 5, false);
			satp(SATP_SV39, asid, TOP + asid);
			fault_top(SATP_SV39, 0, PTES_PER_TABLE);
		}
		fill_top(SATP_SV57, TOP, 0, PTES_PER_TABLE, false);
		satp(SATP_SV57, 1, TOP);
		for (uint64_t n = 0; f.space.tables_recycled == 0; n++)
			caller_fault(&f.caller, va_of(SATP_SV57, 0, n * level_size(1 + i)),
				     SSP_LOAD, 0);
		for (uint64_t n = 0; n < POOL_MAX; n++)
			caller_fault(&f.caller, va_of(SATP_SV57, 1, n * level_size(1 + i)),
				     SSP_LOAD, 0);
	}
}

static void fences_of_ranges_are_bounded(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t va = va_of(modes[i], 8, level_size(1) - 32 * PAGE_SIZE),
			 last = va + 64 * PAGE_SIZE - 1;

		start_full();
		for (unsigned int n = 1; n < SSP_ROOTS; n++) {
			fill_top(modes[i], TOP + n, 0, 16, n & 1);
			satp(modes[i], 1, TOP + n);
			fault_top(modes[i], 0, 16);
			caller_fault(&f.caller, va, SSP_LOAD, 0);
		}
		MEASURED(ssp_flush_pages(&f.space, va, last));
		MEASURED(
			ssp_flush_pages_asid(&f.space, va, va + 64 / SSP_ROOTS * PAGE_SIZE - 1, 1));
	}
}

static void replaying_a_log_of_far_pages_is_bounded(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		start_full();
		full_root(modes[i], 1, TOP, PTES_PER_TABLE);
		satp(modes[i], 2, TOP);
		for (unsigned int n = 0; n < SSP_LOG_SIZE; n++)
			fence_va(va_of(modes[i], n, 0));
		satp(modes[i], 1, TOP);
	}
}

/* Pieces of a superpage that hang at the top of the global tree: each fence looks at all roots. */
static void draining_fences_of_global_pieces_is_bounded(void **state)
{
	(void)state;
	start_with(RAM_DELTA + PAGE_SIZE, POOL_MAX, true);
	ssp_ring_attach(&f.space, RING_GPA + f.space.slots[0].delta);
	for (unsigned int n = 0; n < PTES_PER_TABLE; n++)
		put(TOP, n, RAM_GPA & -level_size(2), LEAF | PTE_G);
	for (unsigned int asid = 1; asid < SSP_ROOTS; asid++) {
		satp(SATP_SV39, asid, TOP);
		fault_top(SATP_SV39, 0, 64);
	}
	for (unsigned int n = 0; !ring_is_full(); n++)
		push(HM_RING_OP_FLUSH_GLOBAL, va_of(SATP_SV39, n, 0), 1, 0);
	caller_commit(&f.caller);
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

/*
 * A full ring of the same entry, after two of another kind; all tables of the address space are
 * full.
 */
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
	satp(SATP_SV39, 1, 4); /* beside table 0 */
	fill_tables(SSP_EAGER_TABLES, PTES_PER_TABLE);
	ssp_ring_attach(&f.space, RING_GPA + RAM_DELTA);
	for (uint64_t op = HM_RING_OP_MAP; op <= HM_RING_OP_FLUSH_GLOBAL; op++) {
		for (uint64_t step = PAGE_SIZE; step <= PAGE_SIZE << 18; step <<= 9) {
			for (unsigned int i = 0; i < 3; i++) {
				uint64_t asid = op == HM_RING_OP_FLUSH_GLOBAL ? 0 : asids[i];

				for (uint64_t pages = 0; pages <= 1 << 20; pages = pages * 4 + 1)
					drain_a_full_ring(op, asid << HM_RING_ASID_SHIFT | pages,
							  step);
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

/* As many as are looked at: in the groups of a table that is not crowded, less the link. */
#define LARGE_PAGES (CROWDED * GROUP_SIZE - 1)

/* All tables on the way are full of large pages, as far as they may be, and the last one of pages. */
static void large_pages_on_the_way(unsigned int mode)
{
	unsigned int levels = satp_modes[mode].levels, last = levels - 1;

	start(NULL);
	for (unsigned int n = 0; n < last; n++) {
		put(n, 0, guest_table(n + 1), LINK | PTE_G);
		for (unsigned int i = 1; n && last - n <= 2 && i <= LARGE_PAGES; i++)
			put(n, i, RAM_GPA, LEAF | PTE_G);
	}
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
		put(last, i, PAGE(0), LEAF | PTE_G);
	satp(mode, 1, 0);
	for (uint64_t i = 0; i < PTES_PER_TABLE; i++)
		caller_fault(&f.caller, i << 12, SSP_LOAD, 0);
	for (uint64_t i = 1; i <= LARGE_PAGES; i++) {
		caller_fault(&f.caller, i << 21, SSP_LOAD, 0);
		if (levels > 3)
			caller_fault(&f.caller, i << 30, SSP_LOAD, 0);
	}
}

/*
 * A large page that is compared with the guest's takes at most 12 blocks and 45 instructions, one
 * that is dropped 4 and 11.  What else there is are the groups of the last table, and a walk.
 */
static uint64_t instructions_of_reading(uint64_t dropped)
{
	uint64_t groups = PTES_PER_TABLE / GROUP_SIZE;

	return (blocks - groups - 12 * READ_ANEW - 4 * dropped) * OF_A_SWITCH +
	       groups * INSTRUCTIONS + 45 * READ_ANEW + 11 * dropped;
}

static void reading_large_pages_anew_is_bounded(void **state)
{
	(void)state;
	for (unsigned int m = 0; m < 3; m++) {
		large_pages_on_the_way(modes[m]);
		fence_all();
		blocks = 0;
		__real_caller_fault(&f.caller, 0, SSP_LOAD, 0);
		assert_true(instructions_of_reading(LARGE_PAGES - READ_ANEW) <= LONGEST_CALL);
		assert_int_equal(shadow_level((uint64_t)READ_ANEW << 21), 1);
		assert_int_equal(shadow_level((uint64_t)(READ_ANEW + 1) << 21), -1);
	}
}

static int report(void **state)
{
	(void)state;
	print_message("longest stays in basic blocks, of %d allowed, satp %d: "
		      "fault %lu, fence %lu, satp %lu, drain %lu, host %lu\n",
		      BOUND, LONGEST_CALL / OF_A_SWITCH, worst_fault, worst_fence, worst_satp,
		      worst_drain, worst_host);
	return 0;
}

#define BOUNDED(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOUNDED(a_fence_of_full_tables_is_bounded),
		BOUNDED(a_fence_of_tables_full_of_superpages_is_bounded),
		BOUNDED(recycling_tables_full_of_superpages_is_bounded),
		BOUNDED(fences_of_a_full_top_table_are_bounded),
		BOUNDED(several_full_roots_are_bounded),
		BOUNDED(host_calls_are_bounded),
		BOUNDED(a_space_is_made_within_the_bound),
		BOUNDED(a_full_path_is_bounded),
		BOUNDED(reading_large_pages_anew_is_bounded),
		BOUNDED(another_mode_takes_full_roots_over_within_the_bound),
		BOUNDED(handing_over_global_links_is_bounded),
		BOUNDED(recycling_many_small_roots_is_bounded),
		BOUNDED(fences_of_ranges_are_bounded),
		BOUNDED(replaying_a_log_of_far_pages_is_bounded),
		BOUNDED(draining_fences_of_global_pieces_is_bounded),
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
