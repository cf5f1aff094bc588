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

/* A page fault that hmcode's short way takes, and the leaf it is about, as trap/fault_short.c has them. */
struct short_fault {
	struct ssp_space *space;
	uint64_t va;
	enum ssp_access access;
	unsigned int state;
	struct ssp_walk *walk;
	uint64_t pte;
};

static struct ssp_result general(const struct short_fault *f)
{
	return ssp_fault(f->space, f->va, f->access, f->state);
}

static struct ssp_result ends(enum ssp_verdict verdict, enum ssp_fence fence)
{
	return (struct ssp_result){ .verdict = verdict, .fence = fence };
}

static struct ssp_result unfilled(const struct short_fault *f)
{
	uint64_t gpa;

	if (f->access == SSP_FETCH || !ssp_is_device(f->space, f->pte, f->va, &gpa))
		return general(f);
	return (struct ssp_result){ .verdict = SSP_OUTSIDE, .gpa = gpa };
}

/* first: the page is the first that a fence has taken, and comes with its group. */
static struct ssp_result fill(const struct short_fault *f, bool first)
{
	uint64_t offset = ssp_entry_offset(f->va);
	enum ssp_fence fence;

	if (ssp_fill_leaf(f->space, f->walk, offset, f->pte, &fence) != SSP_ALLOWED)
		return unfilled(f);
	if (f->access == SSP_STORE)
		return ends(SSP_ALLOWED, fence);
	if (first)
		ssp_reads_on(f->space, f->va);
	if (first || ssp_wants_group(f->space, f->walk, f->va, offset))
		ssp_fill_group(f->space, f->walk, offset);
	return ends(SSP_ALLOWED, fence);
}

static struct ssp_result mark(struct short_fault *f)
{
	uint64_t marked = f->pte | f->space->need[f->access];

	if (!ssp_may_plainly_mark(f->space, f->walk, f->pte))
		return general(f);
	if (!ssp_port_swap(f->walk->guest + ssp_entry_offset(f->va), f->pte, marked))
		return ends(SSP_ALLOWED, SSP_FENCE_NONE); /* the access is repeated */
	f->pte = marked;
	return fill(f, false);
}

static struct ssp_result exception(struct short_fault *f)
{
	enum ssp_verdict verdict = SSP_TRUE_FAULT;

	if (!ssp_leaf_has_rights(f->space, f->pte, f->access)) {
		if (f->access == SSP_LOAD)
			verdict = ssp_leaf_without_rights(f->pte, SSP_LOAD, f->state);
	} else if (ssp_leaf_lacks_marks(f->pte, ssp_not_user(f->state))) {
		return mark(f);
	} else {
		verdict = ssp_leaf_has_needs(f->space, f->pte, f->access) ?
				  ssp_leaf_of_other_mode(f->pte, f->access, f->state) :
				  SSP_SLOW;
	}
	switch (verdict) {
	case SSP_ALLOWED: return fill(f, false);
	case SSP_TRUE_FAULT: return ends(SSP_TRUE_FAULT, SSP_FENCE_NONE);
	default: return general(f);
	}
}

/* Of a page whose walk is known: trap/fault_short.c, by its decisions, in its order. */
static struct ssp_result short_way(struct short_fault *f, bool taken_up)
{
	f->pte = ssp_port_load(f->walk->guest + ssp_entry_offset(f->va));
	if (ssp_is_absent(f->pte)) {
		if (f->access != SSP_STORE)
			ssp_reads_on(f->space, f->va);
		return ends(SSP_TRUE_FAULT, SSP_FENCE_NONE);
	}
	if (!ssp_leaf_plainly_allows(f->space, f->pte, f->access, ssp_not_user(f->state)))
		return exception(f);
	return fill(f, taken_up);
}

/* Which logs. */
static struct ssp_result host_hvs(struct ssp_space *space, uint64_t va, enum ssp_access access,
				  unsigned int state)
{
	struct ssp_result result = { .verdict = SSP_SLOW, .fence = SSP_FENCE_NONE };

	if (access == SSP_STORE)
		result.verdict = ssp_fault_fast(space, va, access, state, &result.fence);
	return ssp_is_left(result.verdict) ? ssp_fault(space, va, access, state) : result;
}

static struct ssp_result fault(struct caller *caller, uint64_t va, enum ssp_access access,
			       unsigned int state)
{
	struct ssp_space *space = caller->space;
	struct short_fault f = { space, va, access, state, .walk = NULL };

	if (caller->logs)
		return host_hvs(space, va, access, state);
	f.walk = ssp_walk_hit(space->current, va);
	if (f.walk)
		return short_way(&f, false);
	if (ssp_ring_is_untold(&space->ring))
		return ssp_fault(space, va, access, state);
	f.walk = ssp_walk_take_up(space, va);
	if (f.walk)
		return short_way(&f, true);
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
