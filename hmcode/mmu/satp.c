/* SPDX-License-Identifier: BSD-2-Clause */
/* satp.c - the guest goes to another address space. */
#include "mmu/asid.h"
#include "mmu/fence.h"
#include "mmu/ring.h"
#include "mmu/roots.h"
#include "mmu/satp.h"

/* value has passed ssp_satp_legal(); in a host's root buffer it is */
void hm_switch_satp(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 value)
{
	struct ssp_space *space = &vcpu->space;
	struct ssp_root *root;
	enum ssp_fence fence = SSP_FENCE_NONE;
	unsigned int old_mode;

	if (satp_mode(value) == SATP_BARE)
		hm_ring_end(vcpu);
	if (hm_host_tables(vcpu)) {
		space->root_hits++;
		hm_root_switch(hart, vcpu, hm_root_find(vcpu, value));
		return;
	}
	old_mode = satp_mode(space->current->gsatp);
	root = ssp_root_find(space, value);
	if (root) {
		space->root_hits++;
	} else {
		root = ssp_root_new(space, value, &fence);
		space->root_misses++;
	}
	ssp_root_enter(space, root);
	/*
	 * A global entry of one mode matches addresses of the other; in bare mode those are
	 * physical ones.
	 */
	if (satp_mode(value) != old_mode)
		fence = SSP_FENCE_ALL;
	hm_load_root(hart, vcpu);
	hm_fence(fence, 0);
}

bool hm_satp_is_cached(struct hm_vcpu *vcpu, u64 gsatp)
{
	return hm_host_tables(vcpu) ? hm_root_find(vcpu, gsatp) != NULL :
				      ssp_root_find(&vcpu->space, gsatp) != NULL;
}
