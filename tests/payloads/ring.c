// SPDX-License-Identifier: BSD-2-Clause
/*
 * The flush ring: what is pushed and committed is flushed, what is hinted at is
 * mapped.  Without the extension plain fences have to give the same answers.
 */
#include "ring.h"

#define PAGES 16
#define MANY  500
#define LONG  200 /* more pages than are flushed one by one */

static volatile struct hm_ring *ring; /* NULL: the machine offers none */
static uint64_t ring_page, root, own_asid, old_frame[PAGES], new_frame[PAGES];
static const struct mode *mode;

static uint64_t page(unsigned int n)
{
	return TEST_VA + n * PAGE;
}

static void map_all(const uint64_t *frame)
{
	for (unsigned int n = 0; n < PAGES; n++)
		map_page(mode, root, page(n), frame[n], PTE_RW);
}

/* How many pages of [first, end) show the contents of these frames. */
static unsigned int shown(const uint64_t *frame, unsigned int first, unsigned int end)
{
	unsigned int count = 0;

	for (unsigned int n = first; n < end; n++)
		count += read64(page(n)) == frame[n];
	return count;
}

/* Everything is mapped and cached, then mapped anew. */
static void remap(void)
{
	map_all(old_frame);
	fence_all();
	(void)shown(old_frame, 0, PAGES);
	map_all(new_frame);
}

static void flush_asid(uint64_t va, uint64_t pages)
{
	if (ring)
		ring_push(ring, HM_RING_OP_FLUSH, va, pages, own_asid);
	else if (!pages)
		fence_asid(own_asid);
	else
		for (; pages; pages--, va += PAGE)
			fence_page_asid(va, own_asid);
}

static void flush_global(uint64_t va, uint64_t pages)
{
	if (ring)
		ring_push(ring, HM_RING_OP_FLUSH_GLOBAL, va, pages, 0);
	else if (!pages)
		fence_all();
	else
		for (; pages; pages--, va += PAGE)
			fence_page(va);
}

static void commit(void)
{
	if (ring)
		ring_commit(ring, ring_page);
}

static void ranges(void)
{
	remap();
	flush_asid(page(0), PAGES);
	commit();
	fact_equal(shown(new_frame, 0, PAGES), PAGES, "a range of an address space");
	remap();
	flush_global(page(0), PAGES);
	commit();
	fact_equal(shown(new_frame, 0, PAGES), PAGES, "a range of all address spaces");
	remap();
	flush_asid(page(0), LONG);
	commit();
	fact_equal(shown(new_frame, 0, PAGES), PAGES, "a long range");
	remap();
	flush_asid(page(0), 0);
	commit();
	fact_equal(shown(new_frame, 0, PAGES), PAGES, "an address space");
	remap();
	flush_global(page(0), 0);
	commit();
	fact_equal(shown(new_frame, 0, PAGES), PAGES, "everything");
	remap();
	flush_asid(page(0), 4);
	flush_global(page(4), 4);
	flush_asid(page(12), 4);
	flush_asid(page(8), 4);
	commit();
	fact_equal(shown(new_frame, 0, PAGES), PAGES, "several ranges in one commit");
	if (ring)
		fact_equal(ring->tail, ring->head, "a commit drains all entries");
}

static void rights(void)
{
	remap();
	flush_asid(page(0), PAGES);
	commit();
	*pte_of(mode, root, page(1), 0) = PTE(new_frame[1], PTE_V | PTE_R | PTE_AD);
	*pte_of(mode, root, page(2), 0) = 0;
	flush_asid(page(1), 2);
	commit();
	fact_equal(store_cause(page(1)), CAUSE_STORE_PAGE, "a page that was write-protected");
	fact_equal(load_cause(page(2)), CAUSE_LOAD_PAGE, "a page that was unmapped");
	fact_equal(store_cause(page(3)), CAUSE_NONE, "a page beside them");
	write64(page(3), new_frame[3]);
	*pte_of(mode, root, page(4), 0) = PTE(new_frame[4], PTE_RW & ~(uint64_t)PTE_D);
	flush_asid(page(4), 1);
	commit();
	fact_equal(store_cause(page(4)), CAUSE_STORE_PAGE, "a page that counts as clean again");
}

/* New mappings need no fence if they are hinted at; natively they are fenced. */
static void hints(void)
{
	for (unsigned int n = 0; n < PAGES; n++)
		*pte_of(mode, root, page(n), 0) = 0;
	fence_all();
	(void)load_cause(page(0));
	map_all(new_frame);
	if (ring)
		ring_push(ring, HM_RING_OP_MAP, page(0), PAGES, own_asid);
	else
		fence_all();
	fact_equal(shown(new_frame, 0, PAGES), PAGES, "pages that were mapped");
	for (unsigned int n = 0; n < PAGES; n++)
		*pte_of(mode, root, page(n), 0) = 0;
	fence_all();
	map_all(old_frame);
	if (ring)
		ring_push(ring, HM_RING_OP_MAP, page(0), PAGES, own_asid);
	fence_all();
	fact_equal(shown(old_frame, 0, PAGES), PAGES, "pages that were mapped and fenced");
}

/* As often as it takes for the ring to come round several times. */
static void many(void)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < MANY; i++) {
		const uint64_t *frame = i % 2 ? old_frame : new_frame;
		unsigned int n = i * 7 % PAGES;

		map_page(mode, root, page(n), frame[n], PTE_RW);
		flush_asid(page(n), 1);
		commit();
		good += read64(page(n)) == frame[n];
	}
	fact_equal(good, MANY, "one page, many times");
}

static void full(void)
{
	remap();
	for (unsigned int i = 0; i < HM_RING_ENTRIES; i++)
		flush_asid(page(i % PAGES), 1);
	commit();
	fact_equal(shown(new_frame, 0, PAGES), PAGES, "a full ring");
}

/* Each answer of the SBI call; where there is no ring, that there is none. */
static void registration(void)
{
	uint64_t here = page_alloc();
	int64_t none = SBI_NOT_SUPPORTED;
	bool offered = ring_offered();

	fact_equal(ring_set(here + 8, here), offered ? SBI_INVALID_PARAM : none,
		   "a misaligned page is refused");
	fact_equal(ring_set(here, here + 8), offered ? SBI_INVALID_PARAM : none,
		   "a misaligned address is refused");
	fact_equal(ring_set(0x10000000, here), offered ? SBI_INVALID_ADDRESS : none,
		   "a device is refused");
	fact_equal(ring_set(1ul << 55, here), offered ? SBI_INVALID_ADDRESS : none,
		   "what is no RAM is refused");
	fact_equal(sbi_call(HM_GUEST_EXT_ID, HM_GUEST_FID_RING_SET, here, here, 2, 0, 0).error,
		   none, "another version is refused");
	fact_equal(sbi_call(HM_GUEST_EXT_ID, 2, here, here, 1, 0, 0).error, none,
		   "another function is refused");
	fact_equal(ring_set(HM_RING_NONE, 0), offered ? SBI_OK : none,
		   "a ring that there is not is given back");
	if (!offered)
		return;
	fact_equal(ring_set(here, here), SBI_OK, "a ring is registered");
	ring = (volatile struct hm_ring *)ring_page;
	fact_equal(ring_set(ring_page, ring_page), SBI_OK, "another takes its place");
	fact(ring->flags & HM_RING_CACHED && ring->flags & HM_RING_RUNNING &&
		     ring->tail == ring->head,
	     "it says that the guest runs and that translations are cached");
}

/* A ring that is none any more: its tail stays where it is. */
static void expect_no_ring(const char *what)
{
	if (!ring)
		return;
	ring->tail = 12345;
	ring_push(ring, HM_RING_OP_FLUSH, page(0), 1, own_asid);
	fence_page(ring_page);
	fact_equal(ring->tail, 12345, what);
}

static void leave_and_return(void)
{
	csr_write(satp, 0);
	csr_write(satp, satp_value(mode, root, own_asid));
}

/*
 * Bare mode ends a ring and fences nothing.  What was committed before is done; of what was not,
 * nothing may be relied on, until it is fenced otherwise or pushed into the next ring.  Nothing is
 * printed on the way.
 */
static void bare_between(void)
{
	unsigned int committed, fenced, anew;

	remap();
	flush_asid(page(0), PAGES);
	commit();
	leave_and_return();
	committed = shown(new_frame, 0, PAGES);
	if (ring)
		ring_set(ring_page, ring_page);
	remap();
	flush_asid(page(0), PAGES);
	leave_and_return();
	for (unsigned int n = 0; n < PAGES; n++)
		fence_page_asid(page(n), own_asid);
	fenced = shown(new_frame, 0, PAGES);
	if (ring)
		ring_set(ring_page, ring_page);
	remap();
	flush_asid(page(0), PAGES);
	leave_and_return();
	if (ring)
		ring_set(ring_page, ring_page);
	flush_asid(page(0), PAGES);
	commit();
	anew = shown(new_frame, 0, PAGES);
	fact_equal(committed, PAGES, "what was committed before bare mode");
	fact_equal(fenced, PAGES, "what was not, fenced afterwards");
	fact_equal(anew, PAGES, "or pushed into another ring");
}

void payload(uint64_t hart)
{
	const struct mode *first = first_mode();

	(void)hart;
	own_asid = asid_bits() > 0;
	ring_page = page_alloc();
	if (ring_offered())
		fact_equal(ring_set(ring_page, ring_page), SBI_DENIED, "no ring in bare mode");
	for (unsigned int n = 0; n < PAGES; n++) {
		old_frame[n] = page_alloc();
		new_frame[n] = page_alloc();
		write64(old_frame[n], old_frame[n]);
		write64(new_frame[n], new_frame[n]);
	}
	for_each_mode(mode)
	{
		root = root_new(mode);
		satp_load(mode, root, own_asid);
		fence_all();
		registration();
		ranges();
		rights();
		hints();
		many();
		full();
		bare_between();
		if (mode == first && ring) {
			int64_t error;
			uint64_t right;

			/*
			 * Nothing is printed between the two: each exit to a host could make up for
			 * the fence.
			 */
			remap();
			error = ring_set(HM_RING_NONE, 0);
			right = shown(new_frame, 0, PAGES);
			fact_equal(error, SBI_OK, "the ring is given back");
			fact_equal(right, PAGES, "which is a fence of everything");
			expect_no_ring("then it is left alone");
		}
		csr_write(satp, 0);
		fence_all();
		expect_no_ring("bare mode ends a ring");
	}
}
