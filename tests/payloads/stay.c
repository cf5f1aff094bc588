// SPDX-License-Identifier: BSD-2-Clause
/*
 * Fences, switches and faults of a guest whose tables are as full as tables can be: 512
 * links at the top and below, private and global, in as many roots as a root buffer
 * has and more.  What the guest sees afterwards has to be right.  How long the
 * firmware stays for each step is printed, and asserted by who runs this.
 */
#include "ring.h"

#define ENTRIES        512
#define ROOTS          20 /* more than a root buffer has */
#define LOG            64 /* fences of pages that a root may lag behind */
#define FENCE_VMA      1  /* functions of SBI_RFENCE */
#define FENCE_VMA_ASID 2

enum { PRIVATE, GLOBAL, KINDS };

/*
 * lower[kind][n] maps all that a table of level n can by 2 MiB pages, which are all the same
 * one: of the first frame or the second, as flip() says.
 */
static uint64_t lower[KINDS][4], frame[2];
static unsigned int shown;

static inline uint64_t now(void)
{
	return csr_read(cycle);
}

static void stayed(const struct mode *mode, const char *what, uint64_t begin)
{
	uint64_t end = now();

	facts_about(mode->name);
	note_count(what, end - begin);
}

#define STAY(mode, what, step)              \
	do {                                \
		uint64_t begin_ = now();    \
		step;                       \
		stayed(mode, what, begin_); \
	} while (0)

/* The longest of several. */
#define LONGEST(worst, step)                           \
	do {                                           \
		uint64_t begin_ = now(), took_;        \
                                                       \
		step;                                  \
		took_ = now() - begin_;                \
		worst = took_ > worst ? took_ : worst; \
	} while (0)

static uint64_t flags_of(unsigned int kind)
{
	return kind == GLOBAL ? PTE_G : 0;
}

/* Every page shows the other frame; nothing is fenced. */
static void flip(void)
{
	shown ^= 1;
	for (unsigned int kind = 0; kind < KINDS; kind++)
		for (unsigned int i = 0; i < ENTRIES; i++)
			((uint64_t *)lower[kind][1])[i] =
				PTE(frame[shown], PTE_RW | flags_of(kind));
}

static void build(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		frame[i] = mega_alloc();
		write64(frame[i], frame[i]);
	}
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		for (unsigned int level = 1; level < 4; level++) {
			lower[kind][level] = page_alloc();
			for (unsigned int i = 0; level > 1 && i < ENTRIES; i++)
				((uint64_t *)lower[kind][level])[i] =
					PTE(lower[kind][level - 1], PTE_V | flags_of(kind));
		}
	}
	flip();
}

/* Entries [from, to) of a root, but for those that map the machine. */
static void fill_top(const struct mode *mode, uint64_t root, unsigned int from, unsigned int to,
		     unsigned int kind)
{
	uint64_t *top = (uint64_t *)root;

	for (unsigned int i = from; i < to; i++)
		if (!(top[i] & PTE_V) ||
		    top[i] == PTE(lower[!kind][mode->levels - 2], PTE_V | flags_of(!kind)))
			top[i] = PTE(lower[kind][mode->levels - 2], PTE_V | flags_of(kind));
}

static uint64_t full_root(const struct mode *mode, unsigned int kind)
{
	uint64_t root = root_new(mode);

	fill_top(mode, root, 0, ENTRIES, kind);
	return root;
}

/* Page n of what entry `index` at the top maps. */
static uint64_t va_of(const struct mode *mode, unsigned int index, uint64_t n)
{
	unsigned int shift = 3 + 9 * mode->levels, unused = 64 - shift - 9;
	uint64_t va = (uint64_t)index << shift | n * MEGA;

	return (uint64_t)((int64_t)(va << unused) >> unused);
}

/* In all modes the machine itself lies below the first four. */
#define FIRST 4

/* How many of the entries [from, to) show the frame that they have to. */
static unsigned int right(const struct mode *mode, unsigned int from, unsigned int to)
{
	unsigned int count = 0;

	for (unsigned int i = from < FIRST ? FIRST : from; i < to; i++)
		count += read64(va_of(mode, i, 0)) == frame[shown];
	return count;
}

static void all_right(const struct mode *mode, unsigned int to, const char *what)
{
	facts_about(mode->name);
	fact_equal(right(mode, 0, to), to - FIRST, what);
}

/* Outside of bare mode nothing of another mode is cached. */
static void leave(void)
{
	csr_write(satp, 0);
	fence_all();
}

static void fences(const struct mode *mode)
{
	uint64_t root = full_root(mode, PRIVATE);

	fill_top(mode, root, ENTRIES / 2, ENTRIES, GLOBAL);
	satp_load(mode, root, 1);
	fence_all();
	all_right(mode, ENTRIES, "a full root, half of it global");
	flip();
	STAY(mode, "fence of everything, half of the top global:", fence_all());
	all_right(mode, ENTRIES, "after a fence of everything");
	flip();
	STAY(mode, "fence of the ASID, half of the top global:", fence_asid(1));
	all_right(mode, ENTRIES / 2, "after a fence of the ASID");
	fence_all();
	fill_top(mode, root, 0, ENTRIES, GLOBAL);
	fence_all();
	all_right(mode, ENTRIES, "a global root");
	flip();
	STAY(mode, "fence of everything, the top global:", fence_all());
	all_right(mode, ENTRIES, "after a fence of everything, the top global");
	/* A dormant table of the global tree, of a private one and of the global one again. */
	fill_top(mode, root, 0, ENTRIES, PRIVATE);
	fence_all();
	all_right(mode, ENTRIES, "a global root becomes private");
	fence_all();
	fill_top(mode, root, 0, ENTRIES, GLOBAL);
	fence_all();
	all_right(mode, ENTRIES, "a private root becomes global");
	leave();
}

static void several_roots(const struct mode *mode)
{
	uint64_t a = full_root(mode, PRIVATE), b = full_root(mode, PRIVATE);

	satp_load(mode, a, 1);
	fence_all();
	all_right(mode, ENTRIES, "the first of two roots");
	satp_load(mode, b, 1);
	fence_asid(1);
	all_right(mode, ENTRIES, "the second of two roots");
	flip();
	STAY(mode, "fence of an ASID that two full roots have:", fence_asid(1));
	all_right(mode, ENTRIES, "after a fence of the ASID of two roots");
	STAY(mode, "switch to the other one:", satp_load(mode, a, 1));
	all_right(mode, ENTRIES, "the other root after the fence");
	satp_load(mode, b, 2);
	fence_all();
	flip();
	STAY(mode, "fence of everything, another root full:", fence_all());
	STAY(mode, "switch to a full root that lags behind it:", satp_load(mode, a, 1));
	all_right(mode, ENTRIES, "a root that lagged");
	leave();
}

/* Fences of pages are logged for other roots, which replay them. */
static void replay(const struct mode *mode)
{
	uint64_t a = full_root(mode, PRIVATE), b = full_root(mode, PRIVATE);

	satp_load(mode, a, 1);
	fence_all();
	all_right(mode, FIRST + LOG, "a root to be fenced page by page");
	satp_load(mode, b, 2);
	flip();
	for (unsigned int i = 0; i < LOG; i++)
		fence_page(va_of(mode, FIRST + i, 0));
	STAY(mode, "switch to a root that replays a full log:", satp_load(mode, a, 1));
	all_right(mode, FIRST + LOG, "a root that replayed the log");
	leave();
}

/* One path with full tables at each of its levels, asleep, is woken. */
static void deep_path(const struct mode *mode)
{
	uint64_t root = full_root(mode, PRIVATE), base = va_of(mode, FIRST, 0), longest = 0;

	satp_load(mode, root, 1);
	fence_all();
	for (unsigned int level = mode->levels - 2; level > 0; level--)
		for (uint64_t n = 0; n < (level == 3 ? ENTRIES / 2 : ENTRIES); n++)
			(void)read64(base + (n << (12 + 9 * level)));
	flip();
	fence_asid(1);
	STAY(mode, "a fault that wakes a full path:", (void)read64(base));
	facts_about(mode->name);
	fact_equal(read64(base), frame[shown], "a path that was woken");
	/* It loses its place, and its tables are used again. */
	fence_all();
	((uint64_t *)root)[FIRST] = PTE(lower[GLOBAL][mode->levels - 2], PTE_V | PTE_G);
	STAY(mode, "a fault for which a full path goes:", (void)read64(base));
	for (unsigned int i = 1; i < 4; i++)
		LONGEST(longest, (void)read64(va_of(mode, FIRST + i, 0)));
	facts_about(mode->name);
	note_count("a fault whose tables come from there:", longest);
	fact_equal(read64(base), frame[shown], "a path that was replaced");
	leave();
}

#define LARGE 128 /* large pages of a table that the firmware compares one by one */

/* The same path with as many large pages of everybody's, which are what they were before the fence. */
static void large_pages(const struct mode *mode)
{
	uint64_t root = full_root(mode, GLOBAL), base = va_of(mode, FIRST, 0);

	satp_load(mode, root, 1);
	fence_all();
	for (unsigned int level = mode->levels - 2; level > 0; level--)
		for (uint64_t n = 0; n < LARGE; n++)
			(void)read64(base + (n << (12 + 9 * level)));
	fence_all();
	STAY(mode, "a fault that keeps large pages:", (void)read64(base));
	flip();
	fence_all();
	facts_about(mode->name);
	fact_equal(read64(base), frame[shown], "a large page that changed");
	fact_equal(read64(base + MEGA), frame[shown], "a large page beside it");
	leave();
}

/* More full roots than there are tables and places for. */
static void many_roots(const struct mode *mode, unsigned int kind)
{
	uint64_t longest_switch = 0, longest_fault = 0;

	for (unsigned int i = 0; i < ROOTS; i++) {
		uint64_t root = full_root(mode, kind);

		LONGEST(longest_switch, satp_load(mode, root, 1 + i));
		for (unsigned int n = FIRST; n < ENTRIES; n++)
			LONGEST(longest_fault, (void)read64(va_of(mode, n, 0)));
	}
	facts_about(mode->name);
	note_count("a switch to one of many full roots:", longest_switch);
	note_count("a fault of one of many full roots:", longest_fault);
	all_right(mode, ENTRIES, "the last of many full roots");
}

/* Full roots go to another mode, and then their tables do. */
static void takeover(const struct mode *from, const struct mode *to)
{
	uint64_t longest_switch = 0, longest_fault = 0;

	many_roots(from, PRIVATE);
	for (unsigned int i = 0; i < ROOTS; i++) {
		uint64_t root = full_root(to, PRIVATE);

		LONGEST(longest_switch, satp_load(to, root, 100 + i));
		for (unsigned int n = FIRST; n < 2 * FIRST; n++)
			LONGEST(longest_fault, (void)read64(va_of(to, n, 0)));
	}
	facts_about(to->name);
	note_count("a switch that takes over a root of another mode:", longest_switch);
	note_count("a fault with the tables of another mode:", longest_fault);
	fact_equal(right(to, 0, 2 * FIRST), FIRST, "a root that was taken over");
	leave();
}

static void remote(const struct mode *mode)
{
	uint64_t root[ROOTS], va = va_of(mode, FIRST, 1) - 32 * PAGE;

	for (unsigned int i = 0; i < 15; i++) {
		root[i] = full_root(mode, i & 1 ? GLOBAL : PRIVATE);
		satp_load(mode, root[i], 1);
		fence_asid(1);
		(void)read64(va);
		(void)read64(va + 32 * PAGE);
	}
	flip();
	STAY(mode, "a remote fence of 64 pages:",
	     sbi_call(SBI_RFENCE, FENCE_VMA, 0, -1ul, va, 64 * PAGE, 0));
	facts_about(mode->name);
	fact_equal(read64(va_of(mode, FIRST, 1)), frame[shown], "a page of a remote fence");
	flip();
	STAY(mode, "a remote fence of an ASID with many roots:",
	     sbi_call(SBI_RFENCE, FENCE_VMA_ASID, 0, -1ul, va, 64 * PAGE, 1));
	STAY(mode,
	     "a remote fence of everything:", sbi_call(SBI_RFENCE, FENCE_VMA, 0, -1ul, 0, 0, 0));
	facts_about(mode->name);
	fact_equal(read64(va_of(mode, FIRST, 1)), frame[shown],
		   "a page after a remote fence of everything");
	leave();
}

/* A full ring of one entry, then one of another kind. */
static void drain(const struct mode *mode, volatile struct hm_ring *ring, const char *what,
		  unsigned int op, uint64_t step, uint64_t pages)
{
	uint64_t va = va_of(mode, FIRST, 0);

	(void)right(mode, 0, ENTRIES / 2);
	flip();
	while (ring->head - ring->tail < HM_RING_ENTRIES - 1) {
		ring_push(ring, op, va, pages, op == HM_RING_OP_FLUSH_GLOBAL ? 0 : 1);
		va = (uint64_t)((int64_t)((va + step) << 25) >> 25);
	}
	ring_push(ring, HM_RING_OP_FLUSH, 0, 0, 1);
	STAY(mode, what, ring_commit(ring, (uint64_t)ring));
	all_right(mode, ENTRIES / 2, "after a full ring");
}

static void rings(const struct mode *mode)
{
	static const uint64_t steps[] = { 0, PAGE, MEGA, GIGA };
	volatile struct hm_ring *ring = (struct hm_ring *)page_alloc();
	uint64_t root = full_root(mode, PRIVATE);

	if (!ring_offered())
		return;
	fill_top(mode, root, ENTRIES / 2, ENTRIES, GLOBAL);
	satp_load(mode, root, 1);
	fence_all();
	ring_set((uint64_t)ring, (uint64_t)ring);
	for (unsigned int i = 0; i < 4; i++) {
		drain(mode, ring, "a ring of pages:", HM_RING_OP_FLUSH, steps[i], 1);
		drain(mode, ring, "a ring of global pages:", HM_RING_OP_FLUSH_GLOBAL, steps[i], 1);
		drain(mode, ring, "a ring of hints:", HM_RING_OP_MAP, steps[i], 1);
		drain(mode, ring, "a ring of ranges:", HM_RING_OP_FLUSH, steps[i], 300);
	}
	leave();
}

void payload(uint64_t hart)
{
	const struct mode *mode, *first = first_mode();

	(void)hart;
	build();
	for_each_mode(mode)
	{
		fences(mode);
		several_roots(mode);
		replay(mode);
		deep_path(mode);
		large_pages(mode);
		remote(mode);
		rings(mode);
		many_roots(mode, GLOBAL);
		leave();
		takeover(mode, next_mode(mode) ? next_mode(mode) : first);
	}
}
