/* SPDX-License-Identifier: BSD-2-Clause */
#include "shadow/shadow.h"

#include "core/console.h"
#include "core/fence.h"
#include "core/memory.h"
#include "core/policy.h"
#include "shadow/handler.h"
#include "shadow/tsp_handler.h"
#include "ssp/ring.h"

/* -- whose the tables are -- */

static const struct shadow_ops firmware_handler = { 0 };

static const struct shadow_ops *handler_of(uint64_t policy)
{
	if (policy_is(policy, POLICY_TSP))
		return policy & POLICY_IN_STEP ? &tsp_in_step_handler : &tsp_handler;
	if (policy_is(policy, POLICY_ASIDE))
		return &aside_handler;
	return policy & HM_POLICY_HOST_TABLES ? &ssp_handler : &firmware_handler;
}

/* Of the tables' descriptions; the tables follow. */
static uint64_t describe_size(unsigned long pages)
{
	return ALIGN_UP(sizeof(struct shadow) + pages * sizeof(struct ssp_table), PAGE);
}

void shadow_init(struct shadow *shadow, const struct vm *vm, unsigned long pages,
		 const struct hm_info *hm)
{
	memset(shadow, 0, sizeof(*shadow));
	shadow->handler = &firmware_handler;
	ssp_init(&shadow->space, (uint64_t)shadow + describe_size(pages),
		 (struct ssp_table *)(shadow + 1), pages, hm->satp_modes,
		 !(hm->features & HM_INFO_SVVPTC));
	ssp_limit_roots(&shadow->space, vm->roots);
	ssp_slot_set(&shadow->space, 0,
		     (struct ssp_slot){ vm->ram.base, vm->ram.size, vm->hpa - vm->ram.base,
					PTE_RWX });
}

struct shadow *shadow_create(const struct vm *vm, unsigned long pages, const struct hm_info *hm)
{
	uint64_t size = describe_size(pages) + pages * PAGE;
	struct shadow *shadow = (struct shadow *)memory_alloc(size, PAGE);

	if (!shadow)
		fail("vm%d: %lu KB for its shadow tables are not there: give the machine more memory",
		     vm->id, size / KIB);
	shadow_init(shadow, vm, pages, hm);
	return shadow;
}

void shadow_reset_counts(struct vcpu *v)
{
	memset(v->shadow->count, 0, sizeof(v->shadow->count));
	ssp_ring_reset_counts(&v->shadow->space.ring);
	ssp_tables_reset_counts(&v->shadow->space);
}

void shadow_reset_shared_counts(struct vm *vm)
{
	if (vm->tsp)
		tsp_handler_reset_counts(vm->tsp);
}

/* By the guest's policy: a vCPU may not have run yet, or may be aside. */
void shadow_count_tables(struct vcpu *v, const struct hm_stats *stats, struct shadow_tables *sum)
{
	const struct shadow_ops *handler =
		handler_of(__atomic_load_n(&v->vm->policy, __ATOMIC_RELAXED));

	if (handler->count) {
		handler->count(v, sum);
		return;
	}
	sum->peak += stats->tables_peak;
	sum->allocated += stats->tables_allocated;
	sum->recycled += stats->tables_recycled;
	sum->pool += stats->tables_pool;
}

/* The page is new, was reset, or its policy has changed: nothing that either side cached stays. */
void shadow_apply_policy(struct vcpu *v)
{
	uint64_t policy = shadow_wanted_policy(v);
	struct hm_run *run = v->run;
	struct shadow *shadow = v->shadow;

	/*
	 * Another vCPU under the policy before would store, unseen, to tables that are
	 * write-protected by now.
	 */
	if (v->policy != policy)
		shadow_fence_others(v);
	if (run->flags & HM_RUN_RESET) {
		shadow->sets_ad = v->vm->svadu == SVADU_ALWAYS;
		shadow->ad_locked = false;
	}
	ssp_set_ad(&shadow->space, shadow->sets_ad);
	run->policy = (policy & ~POLICY_IN_STEP) | (shadow->sets_ad ? HM_POLICY_SET_AD : 0);
	v->policy = policy;
	shadow->withheld = 0;
	if (shadow->handler != handler_of(policy) && shadow->handler->quit)
		shadow->handler->quit(v);
	shadow->handler = handler_of(policy);
	if (shadow->handler == &firmware_handler)
		return;
	for (unsigned n = 0; n < HM_ROOTS; n++)
		shadow_root_set(v, n, 0, 0, true);
	shadow->handler->drop(v); /* which owes it as well */
	shadow_owe(v, SSP_FENCE_ALL, 0);
}

void shadow_set_ad(struct vcpu *v, bool on)
{
	v->shadow->sets_ad = on;
	v->policy = 0;
}

/* -- the exits -- */

/* The page holds it in any case, for whoever has the tables at the next entry. */
void shadow_satp(struct vcpu *v, uint64_t gsatp)
{
	v->run->satp = gsatp;
	if (v->shadow->handler->satp)
		v->shadow->handler->satp(v, gsatp);
}
