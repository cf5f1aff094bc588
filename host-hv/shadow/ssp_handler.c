/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssp_handler.c - the shadow engine in host-hv's own memory: root n of its space is entry
 * n - 1 of the root buffer.
 *
 * The engine expresses by asid_generation = 0 that a root's hardware ASID is retired;
 * here it becomes a new generation of the entry.  A switch in the firmware asks
 * nobody, so a root in the buffer is behind in no fence of the guest's.
 */
#include "core/fence.h"
#include "shadow/handler.h"
#include "shadow/tsp_handler.h"
#include "ssp/hits.h"
#include "ssp/ring.h"

_Static_assert(HM_ROOTS == SSP_ROOTS - 1, "an entry for each root");

static uint64_t shadow_satp_of(const struct ssp_space *space, const struct ssp_root *root)
{
	return satp_make(root->mode, 0, ssp_root_hpa(space, root));
}

/*
 * Roots that lag catch up, so that a switch to them needs no exit; except where
 * the log is too short: those are flushed when they are used again, or never.
 */
static void publish_roots(struct vcpu *v)
{
	struct ssp_space *space = &v->shadow->space;

	for (unsigned n = 0; n < HM_ROOTS; n++) {
		struct ssp_root *root = &space->roots[n + 1];
		const struct hm_root *entry = &v->run->roots[n];

		if (root->top == SSP_NONE)
			return; /* they are given out in turn */
		if (space->log_head - root->log_position > SSP_LOG_SIZE) {
			if (entry->root)
				shadow_root_set(v, n, root->gsatp, 0, true);
			continue;
		}
		if (root->log_position != space->log_head)
			ssp_root_catch_up(space, root);
		if (entry->root && root->asid_generation && entry->gsatp == root->gsatp)
			continue;
		shadow_root_set(v, n, root->gsatp, shadow_satp_of(space, root), true);
		root->asid_generation = 1;
	}
}

/* The firmware counts the switches, also those that it makes alone. */
static void copy_use(struct vcpu *v)
{
	for (unsigned n = 0; n < HM_ROOTS; n++)
		v->shadow->space.roots[n + 1].last_use = v->run->roots[n].used;
}

static void switch_to(struct vcpu *v, uint64_t gsatp)
{
	struct ssp_space *space = &v->shadow->space;
	struct ssp_root *root = ssp_root_find(space, gsatp);
	enum ssp_fence fence = SSP_FENCE_NONE;

	/* it meant the root before; each exit pays its own by itself */
	if (v->run->hw_fence == HM_FENCE_ASID)
		shadow_owe(v, SSP_FENCE_ALL, 0);
	copy_use(v);
	if (!root)
		root = ssp_root_new(space, gsatp, &fence);
	ssp_root_enter(space, root);
	v->run->root = v->shadow->root = root - space->roots - 1;
	shadow_owe(v, fence, 0);
	publish_roots(v);
}

static void attach_ring(struct vcpu *v)
{
	struct ssp_space *space = &v->shadow->space;

	v->shadow->ring_generation = v->run->ring_generation;
	ssp_ring_attach_undrained(space, ssp_ring_page(space, v->run->ring_gpa));
}

static void flush_all(struct vcpu *v)
{
	shadow_owe(v, ssp_flush_all(&v->shadow->space), 0);
}

static void drop(struct vcpu *v)
{
	attach_ring(v);
	flush_all(v);
	switch_to(v, v->run->satp);
}

/*
 * The guest's ring is another one: what it had pushed into an older one stands for a fence of
 * everything.
 */
static __attribute__((noinline)) void replace_ring(struct vcpu *v)
{
	bool first = !v->shadow->space.ring.hpa &&
		     v->run->ring_generation == v->shadow->ring_generation + 1;

	attach_ring(v);
	if (!first)
		flush_all(v);
	publish_roots(v);
}

/* The hart is asked for a fence of one page, or of more than was drained. */
static __attribute__((noinline)) void drain_ring(struct vcpu *v)
{
	struct ssp_drained owed = ssp_ring_drain(&v->shadow->space);

	if (owed.fence == SSP_FENCE_PAGE && owed.pages > 1)
		owed.fence = owed.wider;
	shadow_owe(v, owed.fence, owed.va);
	publish_roots(v);
}

/* The fence that the hart owes then; others: whether roots are concerned that do not run. */
static enum ssp_fence flush_page(struct ssp_space *space, uint64_t va, uint64_t asid, bool *others)
{
	bool by_asid = asid != FENCE_ALL;

	if (by_asid ? ssp_flush_va_asid_fast(space, va, asid) : ssp_flush_va_fast(space, va)) {
		*others |= !by_asid;
		return SSP_FENCE_PAGE;
	}
	*others = true;
	return by_asid ? ssp_flush_va_asid(space, va, asid) : ssp_flush_va(space, va);
}

/*
 * HM_POLICY_LOG_FENCES: the firmware has fenced the hart for these pages, and the
 * root that runs maps none of them.  Others may, and what the guest has mapped there
 * by now is read; but for the page of a fault, which is filled with what it needs.
 */
static __attribute__((noinline)) void replay_logged_fences(struct vcpu *v)
{
	struct ssp_space *space = &v->shadow->space;
	struct hm_run *run = v->run;
	bool others = false;

	for (uint64_t n = 0; n < run->fence_count; n++) {
		enum ssp_fence fence =
			flush_page(space, run->fences[n].va, run->fences[n].asid, &others);

		/*
		 * Never so far: what is mapped in pieces is in fence_exits, and nothing else has
		 * links that go.
		 */
		if (fence > SSP_FENCE_PAGE)
			shadow_owe(v, fence, 0);
	}
	run->fence_count = 0;
	if (run->exit_reason == HM_EXIT_PAGE_FAULT)
		ssp_forget_fast(space, run->exit_value);
	if (others)
		publish_roots(v);
}

static inline void tell_split(struct vcpu *v)
{
	v->run->fence_exits = v->shadow->space.split;
}

static __attribute__((noinline)) void enter_with_ring(struct vcpu *v)
{
	struct ssp_space *space = &v->shadow->space;

	ssp_ring_enter(space);
	if (ssp_ring_pending(space))
		drain_ring(v);
	tell_split(v);
}

/* A commit of the ring needs no more than this. */
static void enter(struct vcpu *v)
{
	if (v->shadow->space.ring.hpa)
		enter_with_ring(v);
	else
		tell_split(v);
}

/*
 * Most often the guest has fenced one page, of its own address space, and faults there now.  Then
 * replaying comes to nothing: the leaf would be read anew and forgotten.
 */
static bool faults_where_it_fenced(struct vcpu *v)
{
	struct hm_run *run = v->run;
	const struct hm_fence *fence = run->fences;
	struct ssp_walk *walk;

	if (run->fence_count != 1 || run->exit_reason != HM_EXIT_PAGE_FAULT ||
	    (fence->va ^ run->exit_value) >= PAGE || fence->asid == FENCE_ALL)
		return false;
	walk = ssp_fence_asid_hit(&v->shadow->space, fence->va, fence->asid);
	if (!walk)
		return false;
	*ssp_entry_at(walk, ssp_entry_offset(fence->va)) = 0;
	run->fence_count = 0;
	return true;
}

/* The firmware has switched among the roots of the buffer. */
static void follow_switch(struct vcpu *v)
{
	struct ssp_space *space = &v->shadow->space;

	copy_use(v);
	v->shadow->root = v->run->root;
	space->current = &space->roots[v->shadow->root + 1];
}

/* The page of a ring that the guest has ended is memory like any other. */
static __attribute__((noinline)) void follow_exit(struct vcpu *v)
{
	if (v->shadow->root != v->run->root)
		follow_switch(v);
	if (v->shadow->ring_generation != v->run->ring_generation)
		replace_ring(v);
	else if (v->shadow->space.ring.hpa)
		ssp_ring_leave(&v->shadow->space);
	if (v->run->fence_count && !faults_where_it_fenced(v))
		replay_logged_fences(v);
}

/* Most exits leave nothing to follow: the same root, no fence, and no ring, or none that is new. */
static void after_exit(struct vcpu *v)
{
	const struct shadow *shadow = v->shadow;
	const struct hm_run *run = v->run;

	if (shadow->root != run->root || shadow->space.ring.hpa || run->fence_count ||
	    shadow->ring_generation != run->ring_generation)
		follow_exit(v);
}

static enum next end_hidden_fault(struct vcpu *v, enum ssp_fence fence)
{
	shadow_owe(v, fence, v->run->exit_value);
	v->shadow->count[SHADOW_HIDDEN_FAULT]++;
	return RESUME;
}

static __attribute__((noinline)) enum next inject_and_owe(struct vcpu *v, enum ssp_fence fence)
{
	shadow_owe(v, fence, v->run->exit_value);
	return shadow_inject(v, v->run->exit_cause);
}

/* The guest will change the entry and fence it, which is no exit where nothing is mapped. */
static enum next end_true_fault(struct vcpu *v)
{
	const struct hm_run *run = v->run;
	enum ssp_fence fence = ssp_forget_fast(&v->shadow->space, run->exit_value);

	if (fence != SSP_FENCE_NONE)
		return inject_and_owe(v, fence);
	return shadow_inject(v, run->exit_cause);
}

static __attribute__((noinline)) enum next serve_fault(struct vcpu *v, enum ssp_access access)
{
	struct ssp_space *space = &v->shadow->space;
	uint64_t log_head = space->log_head;
	struct ssp_result result =
		ssp_fault(space, v->run->exit_value, access, access_state(v->run));

	if (space->log_head != log_head)
		publish_roots(v); /* tables ran out, and with them went the global tree's */
	if (result.verdict == SSP_ALLOWED)
		return end_hidden_fault(v, result.fence);
	if (result.verdict == SSP_TRUE_FAULT)
		return end_true_fault(v);
	return shadow_end_fault(v, (struct shadow_result){ result.verdict, result.fence, result.gpa,
							   SHADOW_HIDDEN_FAULT });
}

/* A load or fetch takes its neighbours along, which saves exits: that is the general way. */
static enum next fault(struct vcpu *v)
{
	struct ssp_space *space = &v->shadow->space;
	const struct hm_run *run = v->run;
	enum ssp_access access = run->exit_cause & 3;
	enum ssp_fence fence = SSP_FENCE_NONE;
	enum ssp_verdict verdict = SSP_SLOW;

	if (access == SSP_STORE)
		verdict = ssp_fault_fast(space, run->exit_value, SSP_STORE, access_state(run),
					 &fence);
	if (ssp_is_left(verdict))
		return serve_fault(v, access);
	return verdict == SSP_ALLOWED ? end_hidden_fault(v, fence) : end_true_fault(v);
}

/* As nearly all fences are.  A kernel fences a range page by page: the next ones are no exits. */
static void fence_page(struct vcpu *v, uint64_t va, uint64_t asid)
{
	struct ssp_space *space = &v->shadow->space;
	bool others = false;

	shadow_owe(v, flush_page(space, va, asid, &others), va);
	ssp_forget_stale(space, va);
	if (others)
		publish_roots(v);
}

static __attribute__((noinline)) void fence_pages(struct vcpu *v, uint64_t va, uint64_t pages,
						  uint64_t asid)
{
	struct ssp_space *space = &v->shadow->space;
	bool others = false;

	for (uint64_t left = pages; left; left--, va += PAGE)
		shadow_owe(v, flush_page(space, va, asid, &others), va);
	ssp_forget_stale(space, va - PAGE);
	if (others)
		publish_roots(v);
}

static __attribute__((noinline)) void fence_all(struct vcpu *v, uint64_t asid)
{
	struct ssp_space *space = &v->shadow->space;

	shadow_owe(v, asid != FENCE_ALL ? ssp_flush_asid(space, asid) : ssp_flush_all(space), 0);
	publish_roots(v);
}

/* start and size both 0: all addresses */
static void fence(struct vcpu *v, uint64_t start, uint64_t size, uint64_t asid)
{
	uint64_t pages = ssp_fence_pages(start, size, MAX_FENCE_PAGES);

	if (pages == 1)
		fence_page(v, ALIGN_DOWN(start, PAGE), asid);
	else if (pages)
		fence_pages(v, ALIGN_DOWN(start, PAGE), pages, asid);
	else
		fence_all(v, asid);
}

static void count_tables(struct vcpu *v, struct shadow_tables *sum)
{
	const struct ssp_space *space = &v->shadow->space;

	sum->peak += ssp_tables_peak(space);
	sum->allocated += space->tables_allocated;
	sum->recycled += space->tables_recycled;
	sum->pool += space->table_count;
}

static void after_exit_aside(struct vcpu *v)
{
	after_exit(v);
	tsp_end_aside(v);
}

const struct shadow_ops aside_handler = {
	.fault = fault,
	.satp = switch_to,
	.fence = fence,
	.drop = drop,
	.enter = enter,
	.leave = after_exit_aside,
	.count = count_tables,
};

const struct shadow_ops ssp_handler = {
	.fault = fault,
	.satp = switch_to,
	.fence = fence,
	.drop = drop,
	.enter = enter,
	.leave = after_exit,
	.count = count_tables,
};
