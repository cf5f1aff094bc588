/* SPDX-License-Identifier: BSD-2-Clause */
/* satp.c - the guest goes to another address space. */
#include "mmu/asid.h"
#include "mmu/fence.h"
#include "mmu/ring.h"
#include "mmu/roots.h"
#include "mmu/satp.h"
#include "ssp/hits.h"

/*
 * A global entry of one mode matches addresses of the other; in bare mode those are
 * physical ones.
 */
bool hm_switch_own_root(struct hm_vcpu *vcpu, u64 value)
{
	struct ssp_space *space = &vcpu->space;
	struct ssp_root *root = ssp_root_find(space, value);
	bool hit = root;
	enum ssp_fence fence =
		satp_mode(space->current->gsatp ^ value) ? SSP_FENCE_ALL : SSP_FENCE_NONE;

	if (hit) {
		ssp_root_catch_up(space, root);
		space->root_hits++;
	} else {
		root = ssp_root_new(space, value, &fence);
		space->root_misses++;
	}
	ssp_root_use(space, root);
	hm_load_own_root(vcpu);
	if (fence == SSP_FENCE_ALL && !space->current->gsatp)
		hm_ring_end(vcpu);
	hm_fence(fence, 0);
	return hit;
}

void hm_switch_satp(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 value)
{
	if (!hm_host_tables(vcpu)) {
		hm_switch_own_root(vcpu, value);
		return;
	}
	if (satp_mode(value) == SATP_BARE)
		hm_ring_end(vcpu);
	vcpu->space.root_hits++;
	hm_root_switch(hart, vcpu, hm_root_find(vcpu, value));
}

bool hm_satp_is_cached(struct hm_vcpu *vcpu, u64 gsatp)
{
	return hm_host_tables(vcpu) ? hm_root_find(vcpu, gsatp) != NULL :
				      ssp_root_find(&vcpu->space, gsatp) != NULL;
}
