/* SPDX-License-Identifier: BSD-2-Clause */
/* producer.h - the guest's end of the flush ring, by the ABI's chapter alone (docs/abi.md). */
#ifndef TEST_PRODUCER_H
#define TEST_PRODUCER_H

#include "hm_abi.h"
#include "memory.h"

static inline struct hm_ring *ring_page(void)
{
	return (struct hm_ring *)memory.ring;
}

static inline bool ring_is_full(void)
{
	return ring_page()->head - ring_page()->tail == HM_RING_ENTRIES;
}

static inline void push_words(uint64_t va_op, uint64_t asid_pages)
{
	struct hm_ring *ring = ring_page();

	ring->entry[ring->head % HM_RING_ENTRIES] = (struct hm_ring_entry){ va_op, asid_pages };
	ring->head++;
}

static inline void push(unsigned int op, uint64_t va, uint64_t pages, uint64_t asid)
{
	push_words((va & ~(PAGE_SIZE - 1)) | op, asid << HM_RING_ASID_SHIFT | pages);
}

#endif
