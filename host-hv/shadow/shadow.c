/* SPDX-License-Identifier: BSD-2-Clause */
#include "shadow/shadow.h"

#include "core/console.h"
#include "core/fence.h"
#include "core/memory.h"
#include "core/policy.h"
#include "device/mmio.h"
#include "ssp/ring.h"

#define CAUSE_FETCH_ACCESS	1
#define CAUSE_FETCH_PAGE_FAULT	12

#define SSTATUS_SUM		(1UL << 18)
#define SSTATUS_MXR		(1UL << 19)

/* -- whose the tables are -- */

static const struct shadow_handler *handler_of(uint64_t policy)
{
	if (policy == POLICY_TSP)
		return &tsp_handler;
	if (policy == POLICY_ASIDE)
		return &aside_handler;
	return policy & HM_POLICY_HOST_TABLES ? &ssp_handler : NULL;
}

/* Of the tables' descriptions; the tables follow. */
static uint64_t describe_size(unsigned long pages)
{
	return ALIGN_UP(sizeof(struct shadow) + pages * sizeof(struct ssp_table), PAGE);
}

void shadow_init(struct shadow *shadow, const struct vm *vm, unsigned long pages, const struct hm_info *hm)
{
	memset(shadow, 0, sizeof(*shadow));
	ssp_init(&shadow->space, (uint64_t)shadow + describe_size(pages), (struct ssp_table *)(shadow + 1),
		 pages, hm->satp_modes, !(hm->features & HM_INFO_SVVPTC));
	ssp_slot_set(&shadow->space, 0, (struct ssp_slot){ vm->ram.base, vm->ram.size,
							   vm->hpa - vm->ram.base, PTE_RWX });
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
}

/*
 * Returns when no other vCPU runs under the policy before: it would store to
 * tables that are write-protected by now, and none would see it.
 */
static void wait_for_others(struct vcpu *v)
{
	static const struct fence everything = { HM_RUN_FENCE_VMA, 0, 0, FENCE_ALL };

	fence_vcpus(v->vm, ((1UL << v->vm->vcpu_count) - 1) & ~(1UL << v->id), &everything);
}

/* The page is new, was reset, or its policy has changed: nothing that either side cached stays. */
void shadow_change(struct vcpu *v)
{
	uint64_t policy = shadow_wanted_policy(v);
	struct hm_run *run = v->run;
	struct shadow *shadow = v->shadow;

	if (run->policy != policy)
		wait_for_others(v);
	run->policy = policy;
	if (shadow->handler && shadow->handler != handler_of(policy) && shadow->handler->quit)
		shadow->handler->quit(v);
	shadow->handler = handler_of(policy);
	if (!shadow->handler)
		return;
	for (unsigned n = 0; n < HM_ROOTS; n++)
		shadow_root_set(v, n, 0, 0, true);
	shadow->handler->drop(v);	/* which owes it as well */
	shadow_owe(v, SSP_FENCE_ALL, 0);
}

void shadow_pay_fence(struct vcpu *v)
{
	struct hm_run *run = v->run;

	if (!v->shadow->handler || !v->shadow->handler->fence)
		return;
	v->shadow->handler->fence(v, run->fence_start, run->fence_size, run->fence_asid);
	run->flags &= ~(uint64_t)HM_RUN_FENCE_VMA;
}

/* -- for handlers -- */

/* Two different fences become one of everything: they may concern different roots. */
void shadow_owe(struct vcpu *v, enum ssp_fence fence, uint64_t va)
{
	struct hm_run *run = v->run;

	if (fence == SSP_FENCE_NONE)
		return;
	if (run->hw_fence == HM_FENCE_NONE) {
		run->hw_fence = fence;
		run->hw_fence_va = va;
	} else if (run->hw_fence != fence || run->hw_fence_va != va) {
		run->hw_fence = HM_FENCE_ALL;
	}
}

void shadow_root_set(struct vcpu *v, unsigned n, uint64_t gsatp, uint64_t root, bool retire)
{
	struct hm_root *entry = &v->run->roots[n];

	entry->gsatp = gsatp;
	entry->root = root;
	entry->stamp += retire;
	v->run->roots_new |= 1UL << n;
}

static unsigned access_state(const struct hm_run *run)
{
	return (run->priv ? 0 : SSP_USER) | (run->sstatus & SSTATUS_SUM ? SSP_SUM : 0) |
	       (run->sstatus & SSTATUS_MXR ? SSP_MXR : 0);
}

/*
 * The guest's tables forbid to fetch what its hart has just fetched by an older
 * translation: the guest takes the fault, as on a hart whose TLB had lost it, or it
 * would execute the same again for ever.  What is still cached of the page goes; a guest that
 * has not fenced could not complain if it stayed.
 */
static void fetch_fault(struct vcpu *v, uint64_t va, enum ssp_verdict verdict)
{
	if (v->shadow->handler->fence)
		v->shadow->handler->fence(v, va, PAGE, FENCE_ALL);
	shadow_owe(v, SSP_FENCE_PAGE, va);
	v->shadow->count[SHADOW_TRUE_FAULT]++;
	vcpu_inject(v, verdict == SSP_TRUE_FAULT ? CAUSE_FETCH_PAGE_FAULT : CAUSE_FETCH_ACCESS, va);
}

/* Guest code, through the guest's own tables and only from RAM; NULL: the guest was given a fault. */
static const volatile uint16_t *code_at(struct vcpu *v, uint64_t va)
{
	const struct hm_run *run = v->run;
	uint64_t hpa;
	enum ssp_verdict verdict = ssp_translate(&v->shadow->space, run->satp, va, SSP_FETCH,
						 access_state(run), &hpa);

	if (verdict != SSP_FILLED) {
		fetch_fault(v, va, verdict);
		return NULL;
	}
	return (const volatile uint16_t *)hpa;
}

bool shadow_fetch(struct vcpu *v)
{
	struct hm_run *run = v->run;
	uint64_t end = run->pc + 2;
	const volatile uint16_t *code = code_at(v, run->pc);
	uint16_t low;

	if (!code)
		return false;
	low = *code++;
	run->exit_insn = low;
	run->exit_insn_len = (low & 3) == 3 ? 4 : 2;
	if (run->exit_insn_len == 2)
		return true;
	if (!(end & (PAGE - 1)))
		code = code_at(v, end);
	if (!code)
		return false;
	run->exit_insn |= (uint32_t)*code << 16;
	return true;
}

/* -- the exits -- */

static void inject(struct vcpu *v, uint64_t cause)
{
	v->shadow->count[SHADOW_TRUE_FAULT]++;
	vcpu_inject(v, cause, v->run->exit_value);
}

static enum next outside(struct vcpu *v, uint64_t gpa)
{
	struct hm_run *run = v->run;

	if (run->exit_cause == CAUSE_FETCH_PAGE_FAULT) {
		inject(v, CAUSE_FETCH_ACCESS);
		return RESUME;
	}
	v->shadow->count[SHADOW_MMIO]++;
	if (!shadow_fetch(v))
		return RESUME;
	run->exit_gpa = gpa;
	return exit_mmio(v);
}

enum next exit_page_fault(struct vcpu *v)
{
	const struct hm_run *run = v->run;
	struct shadow_result result;

	result = v->shadow->handler->fault(v, run->exit_value, run->exit_cause & 3,
					   access_state(run));
	shadow_owe(v, result.fence, run->exit_value);
	switch (result.verdict) {
	case SSP_FILLED:
		v->shadow->count[result.class]++;
		break;
	case SSP_ACCESS_FAULT:
		inject(v, ssp_access_fault(run->exit_cause & 3));
		break;
	case SSP_OUTSIDE:
		return outside(v, result.gpa);
	default:
		inject(v, run->exit_cause);
	}
	return RESUME;
}

/* The page holds it in any case, for whoever has the tables at the next entry. */
void shadow_satp(struct vcpu *v, uint64_t gsatp)
{
	v->run->satp = gsatp;
	if (v->shadow->handler)
		v->shadow->handler->satp(v, gsatp);
}
