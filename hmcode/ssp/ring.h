/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - the consumer of a flush ring (docs/abi.md, "The flush ring").
 *
 *	guest:  PTE stored --> entry, head --> [hints end here] --> commit
 *	                                                              |
 *	engine: head, entries read once --> ssp_flush_*(), fills <----+
 *	                                       |
 *	                                    tail --> the fence that is owed
 *
 * Nothing in the page is believed but what the guest's own harm would be.
 */
#ifndef SSP_RING_H
#define SSP_RING_H

#include "hits.h"
#include "hm_abi.h"

/* The fence that is owed: SSP_FENCE_PAGE stands for each of `pages` pages from va. */
struct ssp_drained {
	enum ssp_fence fence;
	enum ssp_fence wider; /* what a second range makes of SSP_FENCE_PAGE */
	uint64_t va, pages;
};

/*
 * The ring is the page at hpa from now on, or none (0).  Entries that are in it
 * count as drained: if some may not have been, the caller flushes everything.
 */
void ssp_ring_attach(struct ssp_space *space, uint64_t hpa);

/* The same for one that was attached elsewhere: what was pushed since then is drained. */
void ssp_ring_attach_undrained(struct ssp_space *space, uint64_t hpa);

/* Carry out what was pushed. */
struct ssp_drained ssp_ring_drain(struct ssp_space *space);

/* Around the time in which the guest runs: enter, drain, run, leave. */
void ssp_ring_enter(struct ssp_space *space);
void ssp_ring_leave(struct ssp_space *space);

/* What follows is shared with those who drain the commonest entries by a shorter way. */

/* Where entry n lies in the page at hpa. */
static inline uint64_t ssp_ring_entry(uint64_t hpa, uint32_t n)
{
	/* The entries are the second half of the page: one bit of their number there. */
	return hpa + (n % HM_RING_ENTRIES | HM_RING_ENTRIES) * sizeof(struct hm_ring_entry);
}

/* What an entry says to those who drain only the plain ones, of the address space that runs. */
struct ssp_ring_words {
	uint64_t va, op;
	uint64_t pages; /* of that address space; any large number where it is another's */
};

/* asid: SSP_RING_PAGES_OF() of the address space that runs.  Both words are read once. */
static inline struct ssp_ring_words ssp_ring_read(uint64_t hpa, uint32_t n, uint64_t asid)
{
	uint64_t entry = ssp_ring_entry(hpa, n), va_op = ssp_port_load(entry);
	uint64_t va = va_op & -PAGE_SIZE;

	return (struct ssp_ring_words){ va, va_op - va, ssp_port_load(entry + 8) - asid };
}

/* What an entry says of no page of the address space of which ring_page says one. */
#define SSP_RING_PAGES_OF(ring_page) ((ring_page)-1)

static inline _Bool ssp_ring_hints_a_page(struct ssp_ring_words said)
{
	return said.op == HM_RING_OP_MAP && said.pages == 1;
}

/* ... so many pages; 0: all, and any number where they are another's. */
static inline _Bool ssp_ring_is_flush(struct ssp_ring_words said)
{
	return said.op == HM_RING_OP_FLUSH;
}

/* Does the entry before head flush one page, *va, of the address space of ring_page? */
static inline _Bool ssp_ring_flushes_a_page(uint64_t hpa, uint32_t head, uint64_t ring_page,
					    uint64_t *va)
{
	uint64_t entry = ssp_ring_entry(hpa, head - 1);

	*va = ssp_port_load(entry) - HM_RING_OP_FLUSH;
	return ring_page && ssp_port_load(entry + 8) == ring_page && !(*va % PAGE_SIZE);
}

/* Is it of a whole address space, of whichever? */
static inline _Bool ssp_ring_ends_with_all(uint64_t hpa, uint32_t head)
{
	return !(uint32_t)ssp_port_load(ssp_ring_entry(hpa, head - 1) + 8);
}

/* What the guest has pushed; what it says is read after it. */
static inline uint32_t ssp_ring_head(uint64_t hpa)
{
	uint32_t head = ssp_port_load(hpa);

	ssp_port_fence();
	return head;
}

/* Are those between more than a ring has? */
static inline _Bool ssp_ring_is_overrun(uint32_t tail, uint32_t head)
{
	return head - tail > HM_RING_ENTRIES;
}

/* The engine's own words of the page, at once. */
static inline void ssp_ring_publish(const struct ssp_ring *ring)
{
	ssp_port_store(ring->hpa + offsetof(struct hm_ring, tail),
		       ring->tail | (uint64_t)ring->flags << 32);
}

/* Before the next fill: is the guest still to be told that something is cached? */
static inline _Bool ssp_ring_is_untold(const struct ssp_ring *ring)
{
	return ring->hpa && !(ring->flags & HM_RING_CACHED);
}

/* Entries drained since counting began. */
static inline uint32_t ssp_ring_entries(const struct ssp_ring *ring)
{
	return ring->tail - ring->begin;
}

static inline void ssp_ring_reset_counts(struct ssp_ring *ring)
{
	ring->begin = ring->tail;
	ring->others = ring->hints_used = ring->hints_lost = 0;
}

/* The page at gpa if the guest may write it, which a ring has to be, or 0. */
static inline uint64_t ssp_ring_page(const struct ssp_space *space, uint64_t gpa)
{
	const struct ssp_slot *slot = ssp_slot_of(space, gpa);

	return slot && (slot->rights & PTE_W) ? gpa + slot->delta : 0;
}

/* Is there anything to drain? */
static inline _Bool ssp_ring_pending(const struct ssp_space *space)
{
	return space->ring.hpa && (uint32_t)ssp_port_load(space->ring.hpa) != space->ring.tail;
}

_Static_assert(sizeof(struct hm_ring) == PAGE_SIZE && HM_RING_ENTRIES == 128 &&
		       offsetof(struct hm_ring, head) == 0,
	       "layout of the ring's page");
_Static_assert(offsetof(struct hm_ring, entry) == HM_RING_ENTRIES * sizeof(struct hm_ring_entry),
	       "place of the entries");
_Static_assert(offsetof(struct hm_ring, tail) % 8 == 0 &&
		       offsetof(struct hm_ring, flags) == offsetof(struct hm_ring, tail) + 4,
	       "tail and flags are stored as one");

#endif
