// SPDX-License-Identifier: BSD-2-Clause
/* ring.h - a producer for the flush ring, for payloads (docs/abi.md, "The flush ring"). */
#ifndef PAYLOAD_RING_H
#define PAYLOAD_RING_H

#include "hm_abi.h"
#include "payload.h"

#define SBI_DENIED (-4)

static inline bool ring_offered(void)
{
	return sbi_call(SBI_BASE, 3, HM_GUEST_EXT_ID, 0, 0, 0, 0).value &&
	       sbi_call(HM_GUEST_EXT_ID, HM_GUEST_FID_FEATURES, 0, 0, 0, 0, 0).value &
		       HM_GUEST_FEATURE_RING;
}

static inline int64_t ring_set(uint64_t gpa, uint64_t gva)
{
	return sbi_call(HM_GUEST_EXT_ID, HM_GUEST_FID_RING_SET, gpa, gva, HM_RING_VERSION, 0, 0)
		.error;
}

static inline void ring_push_words(volatile struct hm_ring *ring, uint64_t va_op,
				   uint64_t asid_pages)
{
	volatile struct hm_ring_entry *entry = &ring->entry[ring->head % HM_RING_ENTRIES];

	entry->va_op = va_op;
	entry->asid_pages = asid_pages;
	__asm__ volatile("fence w, w" ::: "memory");
	ring->head++;
}

static inline void ring_push(volatile struct hm_ring *ring, unsigned int op, uint64_t va,
			     uint64_t pages, uint64_t asid)
{
	ring_push_words(ring, va | op, asid << HM_RING_ASID_SHIFT | pages);
}

/* Suppressed where nothing is cached. */
static inline void ring_commit(volatile struct hm_ring *ring, uint64_t gva)
{
	__asm__ volatile("fence rw, rw" ::: "memory");
	if (ring->flags & HM_RING_CACHED)
		fence_page(gva);
}

#endif
