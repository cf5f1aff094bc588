// SPDX-License-Identifier: BSD-2-Clause
/* A flush by ring of a whole address space whose ASID, 0, another root has as well. */
#include "ring.h"

#define PAGES 32

static const struct mode *mode;

/* Roots that share an ASID: what the ring says of it concerns both. */
static uint64_t share_asid(uint64_t page)
{
	uint64_t first = root_new(mode), second = root_new(mode);

	for (unsigned int i = 0; i < PAGES; i++)
		map_page(mode, first, TEST_VA + i * PAGE, page, PTE_RW);
	satp_load(mode, first, 0);
	fence_all();
	satp_load(mode, second, 0);
	fence_all();
	satp_load(mode, first, 0);
	fence_all();
	return first;
}

static unsigned int pages_that_read(uint64_t value)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < PAGES; i++)
		count += read64(TEST_VA + i * PAGE) == value;
	return count;
}

static void flush_asid(volatile struct hm_ring *ring)
{
	if (!ring_offered()) {
		fence_asid(0);
		return;
	}
	ring_push(ring, HM_RING_OP_FLUSH, TEST_VA, 0, 0);
	ring_commit(ring, (uint64_t)ring);
	fact_equal(ring->tail, ring->head, "the ring is drained");
}

void payload(uint64_t hart)
{
	uint64_t root, one = page_alloc(), two = page_alloc(), ring = page_alloc();

	(void)hart;
	mode = first_mode();
	write64(one, 1);
	write64(two, 2);
	root = share_asid(one);
	if (ring_offered())
		fact_equal(ring_set(ring, ring), SBI_OK, "a ring is registered");
	else
		note("no ring is offered: plain fences");
	fact_equal(pages_that_read(1), PAGES, "every page is read before");
	for (unsigned int i = 0; i < PAGES; i++)
		map_page(mode, root, TEST_VA + i * PAGE, two, PTE_RW);
	flush_asid((volatile struct hm_ring *)ring);
	fact_equal(pages_that_read(2), PAGES, "a flush of the whole ASID reaches every page");
	csr_write(satp, 0);
}
