/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flush.c - fences that the guest asked for: its tables' shadow is the engine's, or the host's,
 * which keeps it in step by itself.
 */
#include "metal/hart.h"
#include "mmu/fence.h"
#include "mmu/flush.h"
#include "mmu/roots.h"

/* The host keeps its own tables in step by itself: then the hart's entries are all there is. */
enum ssp_fence hm_flush_va(struct hm_vcpu *vcpu, u64 va, u64 asid)
{
	if (hm_host_tables(vcpu))
		return SSP_FENCE_PAGE;
	return asid == HM_ALL_ASIDS ? ssp_flush_va(&vcpu->space, va) :
				      ssp_flush_va_asid(&vcpu->space, va, asid);
}

/* [va, last], at most SSP_LOG_SIZE pages */
enum ssp_fence hm_flush_pages(struct hm_vcpu *vcpu, u64 va, u64 last, u64 asid)
{
	if (hm_host_tables(vcpu))
		return SSP_FENCE_PAGE;
	return asid == HM_ALL_ASIDS ? ssp_flush_pages(&vcpu->space, va, last) :
				      ssp_flush_pages_asid(&vcpu->space, va, last, asid);
}

enum ssp_fence hm_flush_all(struct hm_vcpu *vcpu, u64 asid)
{
	if (asid == HM_ALL_ASIDS)
		return hm_host_tables(vcpu) ? SSP_FENCE_ALL : ssp_flush_all(&vcpu->space);
	return hm_host_tables(vcpu) ? hm_roots_flush_asid(vcpu, asid) :
				      ssp_flush_asid(&vcpu->space, asid);
}

/*
 * Each page is looked for in every root of the ASID.  A range takes one walk of each tree, so that
 * even 64 pages of all roots are some 6,000 instructions, of the 20,000 that an entry has for all
 * it does.
 */
static u64 max_fence_pages(const struct hm_vcpu *vcpu, u64 asid)
{
	unsigned int roots = 1;

	if (asid != HM_ALL_ASIDS && !hm_host_tables(vcpu))
		roots = ssp_roots_of_asid(&vcpu->space, asid);
	return roots > 1 ? MAX_FENCE_PAGES / roots : MAX_FENCE_PAGES;
}

/* A remote SFENCE.VMA has come to its hart; asid ~0 means all address spaces. */
void hm_remote_fence_vma(struct hm_vcpu *vcpu, u64 start, u64 size, u64 asid)
{
	u64 va = start & -PAGE_SIZE;
	u64 pages = ssp_fence_pages(start, size, max_fence_pages(vcpu, asid));
	enum ssp_fence fence;

	if (!pages) {
		hm_fence(hm_flush_all(vcpu, asid), start);
		return;
	}
	fence = hm_flush_pages(vcpu, va, va + pages * PAGE_SIZE - 1, asid);
	for (; pages; pages--, va += PAGE_SIZE)
		hart_fence_page(va);
	hm_fence(fence, start);
}
