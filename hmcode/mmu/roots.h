/* SPDX-License-Identifier: BSD-2-Clause */
/* roots.h - the root buffer of a host that owns the tables. */
#ifndef HM_ROOTS_H
#define HM_ROOTS_H

#include "core/vcpu.h"
#include "metal/hart.h"
#include "mmu/asid.h"

/* new: which entries of hm_run.roots are to be taken over; number: of the root to run on. */
bool hm_roots_choose(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 new, u64 number);
void hm_roots_load(struct hm_hart *hart, struct hm_vcpu *vcpu);
void hm_roots_fence(struct hm_vcpu *vcpu, u64 fence);
struct hm_host_root *hm_root_find(struct hm_vcpu *vcpu, u64 gsatp);
void hm_root_switch(struct hm_hart *hart, struct hm_vcpu *vcpu, struct hm_host_root *root);
enum ssp_fence hm_roots_flush_asid(struct hm_vcpu *vcpu, u64 asid);

static inline u8 *hm_root_hint(struct hm_vcpu *vcpu, u64 gsatp)
{
	return &vcpu->roots.hint[satp_asid(gsatp) % HM_ROOT_HINTS];
}

/* The root where it was last, or NULL: look further. */
static inline struct hm_host_root *hm_root_hinted(struct hm_vcpu *vcpu, u64 gsatp)
{
	struct hm_host_root *root = &vcpu->roots.root[*hm_root_hint(vcpu, gsatp)];

	return root->root && root->gsatp == gsatp ? root : NULL;
}

/* Take over what is new.  False: the root to run on is none.  Most often nothing has changed. */
static inline bool hm_roots_copy(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	u64 new = hm_read(vcpu->run->roots_new), number = hm_read(vcpu->run->root);
	struct hm_host_root *current = vcpu->roots.current;

	if (unlikely(new || number != vcpu->root || !current || !current->root))
		return hm_roots_choose(hart, vcpu, new, number);
	vcpu->roots.next = current;
	return true;
}

/* The first part of an entry: the root that the host chose, then the fence that it asks for. */
static inline void hm_roots_enter(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	const struct hm_host_root *next = vcpu->roots.next;
	u64 fence = hm_read(vcpu->run->hw_fence);

	/* Most often nothing is new. */
	if (next != vcpu->roots.current || !hm_load_ready(hart, next->hsatp, next->asid_generation))
		hm_roots_load(hart, vcpu);
	if (fence)
		hm_roots_fence(vcpu, fence);
}

static inline void hm_roots_leave(const struct hm_vcpu *vcpu, struct hm_run *run)
{
	const struct hm_host_root *current = vcpu->roots.current;

	run->satp = current->gsatp;
	run->root = vcpu->root;
}

static inline void hm_root_use(struct hm_vcpu *vcpu, struct hm_host_root *root)
{
	vcpu->roots.current = root;
	vcpu->root = root - vcpu->roots.root;
	vcpu->run->roots[vcpu->root].used = ++vcpu->roots.uses;
}

#endif
