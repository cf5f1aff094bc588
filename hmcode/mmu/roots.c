/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * roots.c - the root buffer of a host that owns the shadow tables.
 *
 * The host fills hm_run.roots and says which entries are new; a copy is kept
 * here, since each root also has a hardware ASID of ours, and since what the
 * guest switches to must have been checked.  Checked are both modes: the tables are
 * read with S-mode's rights, wherever they lie.
 */
#include "mmu/asid.h"
#include "mmu/fence.h"
#include "mmu/roots.h"

_Static_assert(HM_FENCE_PAGE == SSP_FENCE_PAGE && HM_FENCE_ASID == SSP_FENCE_ASID &&
		       HM_FENCE_ALL == SSP_FENCE_ALL,
	       "one meaning on both sides");
_Static_assert(sizeof(struct hm_run) <= PAGE_SIZE, "it is a page");

/* MODE and PPN */
#define ROOT_BITS (~satp_make(0, SATP_ASID_MASK, 0))

/* A global entry of one mode matches addresses of the other. */
static bool same_mode(const struct hm_host_root *a, const struct hm_host_root *b)
{
	return satp_mode(a->gsatp) == satp_mode(b->gsatp) &&
	       satp_mode(a->root) == satp_mode(b->root);
}

/*
 * The hart has the shadow's mode, and gsatp is what a guest could have in its own: the
 * guest's tables are walked from its MODE's level on.
 */
static bool is_sound(const struct hm_hart *hart, const struct hm_vcpu *vcpu,
		     const struct hm_host_root *root)
{
	return hart->satp_modes >> satp_mode(root->root) & 1 &&
	       ssp_satp_legal(&vcpu->space, ~root->gsatp, root->gsatp) == root->gsatp;
}

/* Each field is read once: another hart of the host may write them meanwhile. */
static void copy_root(struct hm_hart *hart, struct hm_vcpu *vcpu, unsigned int n)
{
	const struct hm_root *from = &vcpu->run->roots[n];
	struct hm_host_root *to = &vcpu->roots.root[n];
	struct hm_host_root new = {
		.gsatp = hm_read(from->gsatp),
		.root = hm_read(from->root) & ROOT_BITS,
		.generation = hm_read(from->generation),
		.hsatp = to->hsatp,
		.asid_generation = to->asid_generation,
	};

	if (!is_sound(hart, vcpu, &new))
		new.gsatp = new.root = 0;
	if (new.gsatp != to->gsatp || new.root != to->root || new.generation != to->generation)
		new.asid_generation = 0;
	if (to == vcpu->roots.current && !same_mode(to, &new))
		hart_fence_all();
	*to = new;
	*hm_root_hint(vcpu, new.gsatp) = n;
}

static void copy_new_roots(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 new)
{
	for (unsigned int n = 0; n < HM_ROOTS; n++)
		if (new >> n & 1)
			copy_root(hart, vcpu, n);
	vcpu->run->roots_new = 0;
}

bool hm_roots_choose(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 new, u64 number)
{
	if (new)
		copy_new_roots(hart, vcpu, new);
	if (number >= HM_ROOTS || !vcpu->roots.root[number].root)
		return false;
	vcpu->roots.next = &vcpu->roots.root[number];
	return true;
}

void hm_root_switch(struct hm_hart *hart, struct hm_vcpu *vcpu, struct hm_host_root *root)
{
	const struct hm_host_root *old = vcpu->roots.current;
	bool fence = !old || !same_mode(old, root);

	hm_root_use(vcpu, root);
	hm_load_root(hart, vcpu);
	if (fence)
		hart_fence_all();
}

/* The root that the host chose where it is another one, or has no ASID of this generation. */
void hm_roots_load(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	struct hm_host_root *next = vcpu->roots.next;

	if (next != vcpu->roots.current)
		hm_root_switch(hart, vcpu, next);
	else
		hm_load_root(hart, vcpu);
}

/* The fence that the host asks for, whatever its number. */
void hm_roots_fence(struct hm_vcpu *vcpu, u64 fence)
{
	hm_fence(fence < HM_FENCE_ALL ? fence : HM_FENCE_ALL, hm_read(vcpu->run->hw_fence_va));
	vcpu->run->hw_fence = HM_FENCE_NONE;
}

struct hm_host_root *hm_root_find(struct hm_vcpu *vcpu, u64 gsatp)
{
	for (unsigned int n = 0; n < HM_ROOTS; n++) {
		if (vcpu->roots.root[n].root && vcpu->roots.root[n].gsatp == gsatp) {
			*hm_root_hint(vcpu, gsatp) = n;
			return &vcpu->roots.root[n];
		}
	}
	return NULL;
}

/* All of one guest ASID: roots that do not run get another hardware ASID before they do. */
enum ssp_fence hm_roots_flush_asid(struct hm_vcpu *vcpu, u64 asid)
{
	enum ssp_fence fence = SSP_FENCE_NONE;

	for (unsigned int n = 0; n < HM_ROOTS; n++) {
		struct hm_host_root *root = &vcpu->roots.root[n];

		if (satp_asid(root->gsatp) != (asid & SATP_ASID_MASK))
			continue;
		if (root == vcpu->roots.current)
			fence = SSP_FENCE_ASID;
		else
			root->asid_generation = 0;
	}
	return fence;
}
