// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that fills its flush ring with nonsense, or with what is something else as well, harms
 * nobody, and its fences hold.
 */
#include "ring.h"

#define ROUNDS 400

static volatile struct hm_ring *ring;
static uint64_t root, gva, one, two;
static const struct mode *mode;

static uint64_t noise(void)
{
	static uint64_t x = 88172645463325252ul;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

/* After whatever it was, a page that is remapped and fenced shows what it should. */
static bool sane(void)
{
	uint64_t *pte = pte_of(mode, root, TEST_VA + 20 * PAGE, 0), va = TEST_VA + 20 * PAGE;
	bool good;

	*pte = PTE(one, PTE_RW);
	fence_page(va);
	good = read64(va) == 1;
	*pte = PTE(two, PTE_RW);
	fence_page(va);
	return good && read64(va) == 2;
}

/*
 * A commit of nonsense is a flush of everything: stale() leaves a page to be
 * flushed, whatever is pushed then, and flushed() commits.
 */
static void stale(void)
{
	uint64_t va = TEST_VA + 21 * PAGE, *pte = pte_of(mode, root, va, 0);

	*pte = PTE(one, PTE_RW);
	fence_page(va);
	(void)read64(va);
	*pte = PTE(two, PTE_RW);
}

static bool flushed(void)
{
	fence_page(gva);
	return read64(TEST_VA + 21 * PAGE) == 2;
}

static void expect(bool holds, const char *what)
{
	fact(holds && sane(), what);
}

static void nonsense(void)
{
	static const uint64_t bad[][2] = {
		{ 0, 0 },
		{ 15, 1 },
		{ ~0ul, ~0ul },
		{ HM_RING_OP_FLUSH | 0xff0, 1 },
		{ HM_RING_OP_MAP, 1ul << 63 },
		{ HM_RING_OP_FLUSH_GLOBAL, 5ul << 32 },
		{ -PAGE | HM_RING_OP_FLUSH, 0xffffffff },
	};
	unsigned int good = 0;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		stale();
		ring_push_words(ring, bad[i][0], bad[i][1]);
		good += flushed();
	}
	expect(good == sizeof(bad) / sizeof(bad[0]), "entries that make no sense flush everything");
	stale();
	ring->head += 129;
	expect(flushed(), "so does a wild head");
	stale();
	ring->head -= 1;
	expect(flushed(), "and one that goes back");
}

/* A ring full of one kind of entry, of any length: the longest stays there are. */
static void full_rings(void)
{
	unsigned int good = 0, rounds = 0;

	for (unsigned int op = HM_RING_OP_MAP; op <= HM_RING_OP_FLUSH_GLOBAL; op++) {
		for (uint64_t pages = 0; pages <= 1ul << 20; pages = pages * 16 + 1) {
			for (unsigned int n = 0; n < HM_RING_ENTRIES; n++)
				ring_push(ring, op, TEST_VA + n * MEGA, pages,
					  op == HM_RING_OP_FLUSH_GLOBAL ? 0 : n % 3);
			fence_page(gva);
			good += ring->tail == ring->head && sane();
			rounds++;
		}
	}
	fact_equal(good, rounds, "full rings of any kind are drained");
}

static void random_words(void)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		for (unsigned int n = noise() % 16; n; n--)
			ring_push_words(ring, noise() >> noise() % 64, noise() >> noise() % 64);
		if (i % 16 == 0)
			ring->head = noise();
		fence_page(gva);
		good += sane();
	}
	fact_equal(good, ROUNDS, "random words");
}

/* The commit's address is a number; it need not be mapped. */
static void unmapped(void)
{
	uint64_t va = TEST_VA + 9 * PAGE;

	map_page(mode, root, va, (uint64_t)ring, PTE_RW);
	fence_page(va);
	gva = va;
	fact_equal(ring_set((uint64_t)ring, gva), SBI_OK, "a ring that is mapped elsewhere");
	ring_push(ring, HM_RING_OP_FLUSH, 0, 0, 0);
	*pte_of(mode, root, va, 0) = 0;
	fence_all();
	stale();
	ring_push_words(ring, 0, 0);
	expect(flushed(), "a ring that is not mapped any more");
	gva = ~0ul << 63 | 1ul << 40;
	fact_equal(ring_set((uint64_t)ring, gva), SBI_OK,
		   "a commit's address that cannot be mapped");
	stale();
	ring_push_words(ring, 0, 0);
	expect(flushed(), "works all the same");
}

/* The engine's words come to lie on entries of the guest's own tables. */
static void tables(void)
{
	uint64_t table = (uint64_t)pte_of(mode, root, TEST_VA + 20 * PAGE, 0) & ~(PAGE - 1);

	gva = TEST_VA;
	fact_equal(ring_set(table, gva), SBI_OK, "a ring that is a page table");
	fence_page(gva);
	expect(true, "its fences hold");
	fact_equal(ring_set(root, gva), SBI_OK, "a ring that is the root");
	fence_page(gva);
	expect(true, "its fences hold as well");
	fact_equal(ring_set((uint64_t)ring, gva), SBI_OK, "a ring that is neither");
}

static void again_and_again(void)
{
	unsigned int good = 0;

	gva = (uint64_t)ring;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		ring_push(ring, HM_RING_OP_FLUSH, TEST_VA, noise() % 100, 0);
		good += ring_set(i % 3 ? (uint64_t)ring : HM_RING_NONE, gva) == SBI_OK;
		fence_page(gva);
	}
	expect(good == ROUNDS, "rings that come and go");
}

void payload(uint64_t hart)
{
	(void)hart;
	root = root_in_first_mode(&mode);
	write64(one = page_alloc(), 1);
	write64(two = page_alloc(), 2);
	ring = (volatile struct hm_ring *)page_alloc();
	gva = (uint64_t)ring;
	satp_load(mode, root, 0);
	fence_all();
	fact_equal(ring_set(gva, gva), SBI_OK, "a ring is registered");
	nonsense();
	full_rings();
	random_words();
	again_and_again();
	unmapped();
	tables();
}
