/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/fence.h"
#include "shadow/handler.h"

/* Two different fences become one of everything: they may concern different roots. */
void shadow_owe_more(struct vcpu *v, enum ssp_fence fence, uint64_t va)
{
	struct hm_run *run = v->run;

	if (run->hw_fence == HM_FENCE_NONE) {
		run->hw_fence = fence;
		run->hw_fence_va = va;
	} else if (run->hw_fence != fence || run->hw_fence_va != va) {
		run->hw_fence = HM_FENCE_ALL;
	}
}

void shadow_fence_others(const struct vcpu *v)
{
	static const struct fence everything = { HM_RUN_FENCE_VMA, 0, 0, FENCE_ALL };

	fence_vcpus(v->vm, ((1UL << v->vm->vcpu_count) - 1) & ~(1UL << v->id), &everything);
}

void shadow_root_set(struct vcpu *v, unsigned n, uint64_t gsatp, uint64_t root, bool retire)
{
	struct hm_root *entry = &v->run->roots[n];

	entry->gsatp = gsatp;
	entry->root = root;
	entry->generation += retire;
	v->run->roots_new |= 1UL << n;
}
