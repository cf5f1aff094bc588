/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.c - the guest's flush ring: registered by an SBI call (trap/sbi.c),
 * committed by SFENCE.VMA of its address (tvm_short.c and tvm.c recognize it), and
 * drained at each entry as well.
 *
 * Whoever has the shadow tables drains: the engine here (../ssp/ring.c), or that
 * of the host, to which a commit is an exit.  Where the host's tables are always
 * in step there is nothing to drain, and a commit is a fence of the hart.
 */
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>

#include "metal/hart.h"
#include "mmu/fence.h"
#include "mmu/flush.h"
#include "mmu/ring.h"

void hm_ring_drain(struct hm_vcpu *vcpu)
{
	struct ssp_drained owed = ssp_ring_drain(&vcpu->space);

	if (owed.fence != SSP_FENCE_PAGE)
		hm_fence(owed.fence, 0);
	else
		for (u64 va = owed.va; owed.pages; owed.pages--, va += PAGE_SIZE)
			hart_fence_page(va);
}

void hm_ring_commit(struct hm_vcpu *vcpu)
{
	if (hm_host_tables(vcpu))
		ssp_ring_attach(&vcpu->space, vcpu->space.ring.hpa); /* all is drained */
	if (!hm_host_tables(vcpu) && vcpu->space.ring.hpa)
		hm_ring_drain(vcpu);
	else
		hm_fence(hm_flush_all(vcpu, HM_ALL_ASIDS), 0);
	hm_count(vcpu, HM_TRAP_RING, 0);
}

/* A host that drains the ring itself has it to itself from then on. */
static void leave_to_host(struct hm_vcpu *vcpu)
{
	if (hm_host_tables(vcpu) && !hm_finishes(vcpu, HM_POLICY_FLUSH))
		vcpu->space.ring.hpa = 0;
}

/*
 * Another policy, or all of the firmware's tables were dropped.  What was pushed is still to be
 * drained, unless the tables became the firmware's: everything was flushed for that.  Where they
 * are the host's, something may be cached that the engine here knows nothing of, and the flags
 * say so.
 */
void hm_ring_attach(struct hm_vcpu *vcpu)
{
	if (hm_host_tables(vcpu))
		ssp_ring_attach_undrained(&vcpu->space, vcpu->ring_page);
	else if (vcpu->space.ring.hpa != vcpu->ring_page)
		ssp_ring_attach(&vcpu->space, vcpu->ring_page);
	leave_to_host(vcpu);
}

/* All is flushed with it: what is in the ring counts as drained. */
static void replace_ring(struct hm_vcpu *vcpu, u64 gpa, u64 page)
{
	vcpu->ring_gpa = gpa;
	vcpu->ring_page = page;
	vcpu->ring_generation++;
	ssp_ring_attach(&vcpu->space, page);
	leave_to_host(vcpu);
}

void hm_ring_end(struct hm_vcpu *vcpu)
{
	if (vcpu->ring_gva == HM_RING_NONE)
		return;
	hm_fence(hm_flush_all(vcpu, HM_ALL_ASIDS), 0);
	vcpu->ring_gva = HM_RING_NONE;
	replace_ring(vcpu, HM_RING_NONE, 0);
}

long hm_ring_set(struct hm_vcpu *vcpu, u64 gpa, u64 gva, u64 version)
{
	u64 page = ssp_ring_page(&vcpu->space, gpa);

	if (gpa == HM_RING_NONE) {
		hm_ring_end(vcpu);
		return SBI_SUCCESS;
	}
	if (version != HM_RING_VERSION)
		return SBI_ERR_NOT_SUPPORTED;
	if ((gpa | gva) & (PAGE_SIZE - 1))
		return SBI_ERR_INVALID_PARAM;
	if (!page)
		return SBI_ERR_INVALID_ADDRESS;
	if (satp_mode(hm_guest_satp(vcpu)) == SATP_BARE)
		return SBI_ERR_DENIED;
	hm_ring_end(vcpu);
	vcpu->ring_gva = gva;
	replace_ring(vcpu, gpa, page);
	return SBI_SUCCESS;
}

/*
 * Memory has changed, and everything is flushed for it next: the ring's page is not written
 * to any more then.  A ring there is lost, but its guest goes on committing: ring_gva stays.
 */
void hm_ring_check(struct hm_vcpu *vcpu)
{
	if (vcpu->ring_page &&
	    (vcpu->ring_lost || ssp_ring_page(&vcpu->space, vcpu->ring_gpa) != vcpu->ring_page))
		replace_ring(vcpu, HM_RING_NONE, 0);
	vcpu->ring_lost = false;
}
