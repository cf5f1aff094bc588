/* SPDX-License-Identifier: BSD-2-Clause */
/* caller.c - the engine's contract with whoever calls it, carried out. */
#include "caller.h"
#include "device.h"
#include "ring.h"

void caller_owes(struct caller *caller, enum ssp_fence fence, uint64_t va)
{
	switch (fence) {
	case SSP_FENCE_NONE: break;
	case SSP_FENCE_PAGE: hart_fence_page(caller->hart, va); break;
	case SSP_FENCE_ASID: hart_fence_asid(caller->hart, satp_asid(caller->hart->satp)); break;
	case SSP_FENCE_ALL: hart_fence_all(caller->hart); break;
	}
}

/*
 * A root without an ASID of this generation gets the next one; a new generation fences everything.
 */
static void load_root(struct caller *caller)
{
	struct ssp_root *root = caller->space->current;

	if (root->asid_generation != caller->generation) {
		if (caller->next_asid >= caller->asid_limit) {
			caller->generation++;
			caller->next_asid = 1;
			hart_fence_all(caller->hart);
		}
		root->asid_generation = caller->generation;
		root->hsatp = (uint64_t)root->mode << SATP_MODE_SHIFT |
			      (uint64_t)caller->next_asid++ << SATP_ASID_SHIFT |
			      ssp_root_hpa(caller->space, root) >> PAGE_SHIFT;
	}
	caller->hart->satp = root->hsatp;
}

void caller_init(struct caller *caller, struct ssp_space *space, struct hart *hart,
		 uint16_t asid_limit)
{
	*caller = (struct caller){
		.space = space,
		.hart = hart,
		.asid_limit = asid_limit,
		.next_asid = 1,
		.generation = 1,
	};
	load_root(caller);
}

static enum ssp_fence fence_page(struct ssp_space *space, uint64_t va, const uint64_t *asid)
{
	if (asid ? ssp_flush_va_asid_fast(space, va, *asid) : ssp_flush_va_fast(space, va))
		return SSP_FENCE_PAGE;
	return asid ? ssp_flush_va_asid(space, va, *asid) : ssp_flush_va(space, va);
}

/* The hart was fenced for the pages when they were logged, not for links. */
static void take_log(struct caller *caller)
{
	for (unsigned int n = 0; n < caller->logged; n++) {
		enum ssp_fence fence =
			fence_page(caller->space, caller->log[n].va,
				   caller->log[n].by_asid ? &caller->log[n].asid : NULL);

		if (fence > SSP_FENCE_PAGE)
			caller_owes(caller, fence, 0);
	}
	caller->logged = 0;
}

/* False: it is mapped, or there is no room. */
static bool log_fence(struct caller *caller, uint64_t va, const uint64_t *asid)
{
	uint64_t hpa;

	if (!caller->logs || caller->logged == CALLER_LOG ||
	    caller->space->split >> (va >> 30 & 63) & 1)
		return false;
	hart_fence_page(caller->hart, va);
	if (hart_access(caller->hart, va, SSP_LOAD, SSP_SUM | SSP_MXR, &hpa))
		return false;
	caller->log[caller->logged].va = va;
	caller->log[caller->logged].by_asid = asid;
	caller->log[caller->logged++].asid = asid ? *asid : 0;
	return true;
}

/* What hmcode's short way does where A or D is all that is missing; SSP_UNMARKED: nothing. */
static enum ssp_verdict mark(struct ssp_space *space, uint64_t va, enum ssp_access access,
			     unsigned int state, enum ssp_fence *fence)
{
	struct ssp_walk *walk = ssp_walk_hit(space->current, va);
	uint64_t offset = ssp_entry_offset(va), pte = ssp_port_load(walk->guest + offset), marked;

	if (!ssp_leaf_lacks_marks(pte, ssp_not_user(state)) ||
	    !ssp_may_plainly_mark(space, walk, pte))
		return SSP_UNMARKED;
	marked = pte | space->need[access];
	if (!ssp_port_swap(walk->guest + offset, pte, marked))
		return SSP_ALLOWED; /* the access is repeated */
	return ssp_fill_leaf(space, walk, offset, marked, fence);
}

/* The first page that a fence has taken comes with its group. */
static void fill_taken_up(struct ssp_space *space, uint64_t va)
{
	ssp_reads_on(space, va);
	ssp_fill_group(space, ssp_walk_hit(space->current, va), ssp_entry_offset(va));
}

/* What trap/fault_short.c does of a page whose walk is known: by its decisions, in its order. */
static struct ssp_result short_way(struct ssp_space *space, uint64_t va, enum ssp_access access,
				   unsigned int state, bool taken_up)
{
	struct ssp_result result = { .fence = SSP_FENCE_NONE };

	result.verdict = ssp_fault_fast(space, va, access, state, &result.fence);
	if (result.verdict == SSP_ALLOWED && taken_up && access != SSP_STORE)
		fill_taken_up(space, va);
	if (result.verdict == SSP_UNMARKED)
		result.verdict = mark(space, va, access, state, &result.fence);
	if (!ssp_is_left(result.verdict))
		return result;
	if (access != SSP_FETCH &&
	    ssp_device_hit(space, va, access, ssp_not_user(state), &result.gpa))
		return (struct ssp_result){ .verdict = SSP_OUTSIDE, .gpa = result.gpa };
	return ssp_fault(space, va, access, state);
}

/* Which logs. */
static struct ssp_result host_hvs(struct ssp_space *space, uint64_t va, enum ssp_access access,
				  unsigned int state)
{
	struct ssp_result result = { .fence = SSP_FENCE_NONE };

	result.verdict = ssp_fault_fast(space, va, access, state, &result.fence);
	return ssp_is_left(result.verdict) ? ssp_fault(space, va, access, state) : result;
}

static struct ssp_result fault(struct caller *caller, uint64_t va, enum ssp_access access,
			       unsigned int state)
{
	struct ssp_space *space = caller->space;

	if (caller->logs)
		return host_hvs(space, va, access, state);
	if (ssp_walk_hit(space->current, va))
		return short_way(space, va, access, state, false);
	if (ssp_ring_is_untold(&space->ring))
		return ssp_fault(space, va, access, state);
	if (ssp_walk_take_up(space, va))
		return short_way(space, va, access, state, true);
	if (access != SSP_FETCH && ssp_is_bare_device(space, va))
		return (struct ssp_result){ .verdict = SSP_OUTSIDE, .gpa = va };
	return ssp_fault_unknown(space, va, access, state);
}

struct ssp_result caller_fault(struct caller *caller, uint64_t va, enum ssp_access access,
			       unsigned int state)
{
	struct ssp_result result;

	if (caller->logged) {
		take_log(caller);
		ssp_forget_fast(caller->space, va);
	}
	result = fault(caller, va, access, state);
	if (caller->logs && result.verdict == SSP_TRUE_FAULT)
		result.fence = ssp_forget_fast(caller->space, va);
	caller_owes(caller, result.fence, va);
	return result;
}

/* A known root that is behind in nothing, of the same mode, not bare. */
static bool switch_root(struct caller *caller, uint64_t satp)
{
	struct ssp_space *space = caller->space;
	struct ssp_root *root = ssp_root_ready(space, satp);

	if (!root || root->asid_generation != caller->generation ||
	    root->mode != space->current->mode || !space->current->gsatp || !satp)
		return false;
	root->last_use = ++space->uses;
	space->current = root;
	caller->satp = satp;
	caller->hart->satp = root->hsatp;
	return true;
}

void caller_satp(struct caller *caller, uint64_t satp)
{
	uint64_t old = caller->satp;
	struct ssp_root *root;
	enum ssp_fence fence = SSP_FENCE_NONE;

	take_log(caller);
	if (switch_root(caller, satp))
		return;
	caller->satp = ssp_satp_legal(caller->space, old, satp);
	if (caller->satp == old)
		return;
	root = ssp_root_find(caller->space, caller->satp);
	if (!root)
		root = ssp_root_new(caller->space, caller->satp, &fence);
	ssp_root_enter(caller->space, root);
	load_root(caller);
	/* Global entries match every ASID: they must not meet another mode. */
	if (satp_mode(caller->satp) != satp_mode(old))
		fence = SSP_FENCE_ALL;
	caller_owes(caller, fence, 0);
}

void caller_fence(struct caller *caller, const uint64_t *va, const uint64_t *asid)
{
	enum ssp_fence fence;

	if (va && log_fence(caller, *va, asid))
		return;
	take_log(caller);
	if (va)
		fence = fence_page(caller->space, *va, asid);
	else
		fence = asid ? ssp_flush_asid(caller->space, *asid) : ssp_flush_all(caller->space);
	caller_owes(caller, fence, va ? *va : 0);
	if (caller->logs && va)
		ssp_forget_stale(caller->space, *va);
}

void caller_fence_pages(struct caller *caller, uint64_t va, uint64_t pages, const uint64_t *asid)
{
	uint64_t last = va + pages * PAGE_SIZE - 1;
	enum ssp_fence fence;

	take_log(caller);
	fence = asid ? ssp_flush_pages_asid(caller->space, va, last, *asid) :
		       ssp_flush_pages(caller->space, va, last);
	for (; pages; pages--, va += PAGE_SIZE)
		hart_fence_page(caller->hart, va);
	if (fence > SSP_FENCE_PAGE)
		caller_owes(caller, fence, 0);
}

void caller_commit(struct caller *caller)
{
	struct ssp_drained drained;

	take_log(caller);
	drained = ssp_ring_drain(caller->space);

	if (drained.fence != SSP_FENCE_PAGE)
		caller_owes(caller, drained.fence, 0);
	else
		for (uint64_t n = 0; n < drained.pages; n++)
			hart_fence_page(caller->hart, drained.va + n * PAGE_SIZE);
}

void caller_reenter(struct caller *caller)
{
	ssp_ring_leave(caller->space);
	take_log(caller);
	ssp_ring_enter(caller->space);
	if (ssp_ring_pending(caller->space))
		caller_commit(caller);
}
