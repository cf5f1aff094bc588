/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.c - draining a guest's flush ring.
 *
 * The guest writes whatever it likes, at any moment: whatever is read is checked,
 * and not read again for what it was checked for.  What makes no sense costs a
 * flush of everything, and so does what would take too long.  Hints are followed
 * where that is no more than reading one gPTE; otherwise they are lost, and a
 * hidden fault makes up for it.
 */
#include "internal.h"
#include "ring.h"

struct drain {
	struct ssp_space *space;
	struct ssp_drained owed;
	unsigned int flush_budget, hint_budget;
	unsigned int flushes;
	bool all; /* everything was flushed: nothing is left to do */

	/* fill_hints() */
	uint64_t hinted; /* pages */
	uint64_t asid, region;
	struct ssp_walk *walk; /* of the region's leaf tables */
};

static void attach(struct ssp_space *space, uint64_t hpa, unsigned int drained)
{
	struct ssp_ring *ring = &space->ring;

	ring->hpa = hpa;
	if (!hpa)
		return;
	ring->begin -= ring->tail;
	ring->tail = ssp_port_load(hpa + drained);
	ring->begin += ring->tail;
	ring->flags = HM_RING_CACHED | HM_RING_RUNNING;
	ssp_ring_publish(ring);
}

void ssp_ring_attach(struct ssp_space *space, uint64_t hpa)
{
	attach(space, hpa, offsetof(struct hm_ring, head));
}

void ssp_ring_attach_undrained(struct ssp_space *space, uint64_t hpa)
{
	attach(space, hpa, offsetof(struct hm_ring, tail));
}

/* ---- what an entry asks for ---- */

/* A fence that is not of pages stands for those of pages too. */
static void owe(struct drain *drain, enum ssp_fence fence)
{
	if (fence > SSP_FENCE_PAGE)
		fence = fence_max(fence, drain->owed.wider);
	drain->owed.fence = fence_max(drain->owed.fence, fence);
}

/* The fence of some pages; a second range makes a fence of more of it. */
static void owe_pages(struct drain *drain, uint64_t va, uint64_t pages, enum ssp_fence wider)
{
	struct ssp_drained *owed = &drain->owed;

	owed->wider = fence_max(owed->wider, wider);
	if (owed->fence == SSP_FENCE_NONE) {
		owed->fence = SSP_FENCE_PAGE;
		owed->va = va;
		owed->pages = pages;
	} else if (owed->fence == SSP_FENCE_PAGE && va == owed->va + owed->pages * PAGE_SIZE) {
		owed->pages += pages;
	} else {
		owe(drain, owed->wider);
	}
}

static void flush_all(struct drain *drain)
{
	owe(drain, ssp_flush_all(drain->space));
	drain->all = true;
}

static bool afford(unsigned int *budget, uint64_t cost)
{
	if (*budget < cost)
		return false;
	*budget -= cost;
	return true;
}

static void flush_space(struct drain *drain, uint64_t asid)
{
	if (afford(&drain->flush_budget, COST_OF_SPACE))
		owe(drain, ssp_flush_asid(drain->space, asid));
	else
		flush_all(drain);
}

/*
 * Many pages of the root that runs, in up to two leaf tables: to clear these is no more
 * than flush_space(), and spares what else the address space has.
 */
static bool flush_range(struct drain *drain, uint64_t va, uint64_t pages)
{
	uint64_t last = va + pages * PAGE_SIZE - 1;

	if ((last >> SSP_WALK_SHIFT) - (va >> SSP_WALK_SHIFT) > 1 ||
	    !afford(&drain->flush_budget, COST_OF_SPACE))
		return false;
	owe(drain, ssp_flush_range(drain->space, va, last));
	return true;
}

/* Down each root of an ASID, and to look for them. */
static unsigned int cost_of_roots(const struct ssp_space *space, uint64_t asid)
{
	return COST_OF_WALK * (1 + ssp_roots_of_asid(space, asid));
}

static void flush_pages_asid(struct drain *drain, uint64_t va, uint64_t pages, uint64_t asid)
{
	struct ssp_space *space = drain->space;
	struct ssp_root *root = space->current;
	bool alone = root->ring_page == ssp_ring_page_of(asid);

	if (!pages || !afford(&drain->flush_budget, pages)) {
		if (!pages || !alone || !flush_range(drain, va, pages))
			flush_space(drain, asid);
		return;
	}
	owe_pages(drain, va, pages, SSP_FENCE_ASID);
	for (; pages; pages--, va += PAGE_SIZE) {
		if (ssp_flush_va_asid_fast(space, va, asid))
			continue;
		if (!afford(&drain->flush_budget,
			    alone ? COST_OF_WALK : cost_of_roots(space, asid))) {
			flush_all(drain);
			return;
		}
		owe(drain, ssp_flush_va_asid(space, va, asid));
	}
}

/* One page of all address spaces by the long way. */
static void flush_page(struct drain *drain, uint64_t va)
{
	enum ssp_fence fence;

	if (!afford(&drain->flush_budget, COST_OF_WALK)) {
		flush_all(drain);
		return;
	}
	fence = ssp_flush_va(drain->space, va);
	owe(drain, fence);
	if (fence == SSP_FENCE_ALL && !afford(&drain->flush_budget, COST_OF_UNLINK))
		flush_all(drain);
}

static void flush_pages(struct drain *drain, uint64_t va, uint64_t pages)
{
	struct ssp_space *space = drain->space;

	if (!pages || !afford(&drain->flush_budget, pages)) {
		flush_all(drain);
		return;
	}
	owe_pages(drain, va, pages, SSP_FENCE_ALL);
	for (; pages && !drain->all; pages--, va += PAGE_SIZE)
		if (!ssp_flush_va_fast(space, va))
			flush_page(drain, va);
}

/*
 * Write the leaf that the guest's tables now have for va.  What was absent owes
 * no fence, as in ssp_fill_around().  What was there has more rights now, or a hint is the guest's
 * mistake: the fence saves a fault of a hart that has the old leaf.
 */
static bool fill_page(struct drain *drain, struct ssp_walk *walk, uint64_t va)
{
	uint64_t index = pte_index(va, 0), old = walk->shadow[index];

	ssp_leaf_anew(drain->space, walk, index);
	if (walk->shadow[index] == old)
		return false;
	if (old)
		owe_pages(drain, va, 1,
			  walk->table->owner == SSP_GLOBAL ? SSP_FENCE_ALL : SSP_FENCE_ASID);
	return true;
}

/* The walk for va, looked for once in each region of a leaf table. */
static struct ssp_walk *walk_of(struct drain *drain, uint64_t va)
{
	if (va >> SSP_WALK_SHIFT != drain->region) {
		drain->region = va >> SSP_WALK_SHIFT;
		drain->walk = ssp_walk_known(drain->space, va);
	}
	return drain->walk;
}

/* Only into the tables of the address space that runs; returns how many pages were filled. */
static uint64_t fill_hint(struct drain *drain, uint64_t va, uint64_t pages, uint64_t asid)
{
	struct ssp_walk *walk;
	uint64_t used = 0;

	if (asid != drain->asid)
		return 0;
	for (; pages && afford(&drain->hint_budget, 1); pages--, va += PAGE_SIZE) {
		walk = walk_of(drain, va);
		used += walk && fill_page(drain, walk, va);
	}
	return used;
}

/*
 * Hints come after all flushes, which would drop again what they fill; the
 * newest first, since faults have met the older ones by now.  Entries are read a
 * second time, so what counts is what they say now.
 */
static void fill_hints(struct drain *drain, uint32_t head)
{
	struct ssp_space *space = drain->space;
	uint64_t used = 0;

	if (!(space->ring.flags & HM_RING_CACHED))
		ssp_ring_caches(space);
	drain->asid = satp_asid(space->current->gsatp);
	drain->region = ~0ull;
	for (uint32_t n = head; n != space->ring.tail && afford(&drain->hint_budget, 1); n--) {
		uint64_t entry = ssp_ring_entry(space->ring.hpa, n - 1);
		uint64_t va = ssp_port_load(entry) - HM_RING_OP_MAP, asid_pages;

		if (va & (PAGE_SIZE - 1))
			continue;
		asid_pages = ssp_port_load(entry + 8);
		used += fill_hint(drain, va, (uint32_t)asid_pages,
				  asid_pages >> HM_RING_ASID_SHIFT);
	}
	space->ring.hints_used += used;
	if (drain->hinted > used)
		space->ring.hints_lost += drain->hinted - used;
}

/* The commonest hint needs no look at its range. */
static inline bool is_one_page(uint64_t asid_pages)
{
	return (uint32_t)asid_pages == 1 && asid_pages >> HM_RING_ASID_SHIFT <= HM_RING_ASID_MASK;
}

static void apply_entry(struct drain *drain, uint64_t va_op, uint64_t asid_pages)
{
	uint64_t va = va_op & ~(PAGE_SIZE - 1), pages = (uint32_t)asid_pages;
	uint64_t asid = asid_pages >> HM_RING_ASID_SHIFT;

	if (asid > HM_RING_ASID_MASK || (pages && va + pages * PAGE_SIZE - 1 < va)) {
		flush_all(drain);
		return;
	}
	switch (va_op & (PAGE_SIZE - 1)) {
	case HM_RING_OP_MAP: drain->hinted += pages; return;
	case HM_RING_OP_FLUSH:
		drain->flushes++;
		flush_pages_asid(drain, va, pages, asid);
		return;
	case HM_RING_OP_FLUSH_GLOBAL:
		drain->flushes++;
		if (asid)
			break;
		flush_pages(drain, va, pages);
		return;
	}
	flush_all(drain);
}

struct ssp_drained ssp_ring_drain(struct ssp_space *space)
{
	struct ssp_ring *ring = &space->ring;
	struct drain drain = {
		.space = space,
		.flush_budget = FLUSH_BUDGET,
		.hint_budget = HINT_BUDGET,
	};
	uint32_t head = ssp_ring_head(ring->hpa);

	if (ssp_ring_is_overrun(ring->tail, head)) {
		flush_all(&drain);
		ring->begin += head - ring->tail;
	} else {
		ring->others += head - ring->tail;
	}
	for (uint32_t n = ring->tail; n != head && !drain.all; n++) {
		uint64_t entry = ssp_ring_entry(ring->hpa, n);
		uint64_t va_op = ssp_port_load(entry), asid_pages = ssp_port_load(entry + 8);

		if ((va_op & (PAGE_SIZE - 1)) == HM_RING_OP_MAP && is_one_page(asid_pages))
			drain.hinted++;
		else
			apply_entry(&drain, va_op, asid_pages);
	}
	if (drain.hinted && !drain.all)
		fill_hints(&drain, head);
	ring->others -= drain.flushes;
	ring->tail = head;
	ssp_port_fence();
	ssp_ring_publish(ring);
	return drain.owed;
}
