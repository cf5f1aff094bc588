/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.c - SBI calls of guests.  What concerns this hart alone is finished
 * here; everything else goes to the host (SBI 2.0, chapters 4 to 12).  The
 * guest's flush ring is an extension of our own.
 */
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>

#include "trap/trap.h"

#define SPEC_VERSION		(2ul << 24 | 0)	/* 2.0 */
#define IMPLEMENTATION_ID	HM_EXT_ID	/* not registered; out of the way of those that are */

/* Longer remote fences become fences of an ASID or of everything: the time in M-mode is bounded. */
#define MAX_FENCE_PAGES		64

/* One extension: whether hmcode or the host serves it does not show. */
static bool is_offered(u64 extension)
{
	switch (extension) {
	case SBI_EXT_BASE:
	case SBI_EXT_TIME:
	case SBI_EXT_IPI:
	case SBI_EXT_RFENCE:
	case SBI_EXT_HSM:
	case SBI_EXT_SRST:
	case SBI_EXT_DBCN:
	case HM_GUEST_EXT_ID:
		return true;
	default:
		return false;
	}
}

static enum hm_next finish(struct hm_trap *trap, enum hm_trap_kind kind, long error, u64 value)
{
	trap->frame->x[10] = error;
	trap->frame->x[11] = value;
	trap->pc += 4;
	hm_count(trap->vcpu, kind);
	return HM_RESUME;
}

/* pc stays at the ecall: the host writes a0 and a1 and sets HM_RUN_ADVANCE. */
static enum hm_next to_host(struct hm_trap *trap)
{
	trap->vcpu->run->exit_insn_len = 4;
	return hm_exit(trap, HM_EXIT_SBI, 0);
}

/* Chapter 4, "Base Extension" */
static enum hm_next base(struct hm_trap *trap)
{
	u64 value = 0;

	switch (trap->frame->x[16]) {
	case SBI_EXT_BASE_GET_SPEC_VERSION:
		value = SPEC_VERSION;
		break;
	case SBI_EXT_BASE_GET_IMP_ID:
		value = IMPLEMENTATION_ID;
		break;
	case SBI_EXT_BASE_GET_IMP_VERSION:
		value = HM_ABI_VERSION;
		break;
	case SBI_EXT_BASE_PROBE_EXT:
		value = is_offered(trap->frame->x[10]);
		break;
	case SBI_EXT_BASE_GET_MVENDORID:
		value = csr_read(CSR_MVENDORID);
		break;
	case SBI_EXT_BASE_GET_MARCHID:
		value = csr_read(CSR_MARCHID);
		break;
	case SBI_EXT_BASE_GET_MIMPID:
		value = csr_read(CSR_MIMPID);
		break;
	default:
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	}
	return finish(trap, HM_TRAP_SBI_OTHER, SBI_SUCCESS, value);
}

/* Chapter 6, "Timer Extension": also clears the pending bit. */
static enum hm_next set_timer(struct hm_trap *trap)
{
	if (trap->frame->x[16] != SBI_EXT_TIME_SET_TIMER)
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	if (trap->hart->sstc) {
		csr_write(CSR_STIMECMP, trap->frame->x[10]);
	} else {
		csr_clear(CSR_MIP, MIP_STIP);
		trap->vcpu->timer = trap->frame->x[10];
		hm_timer_update(trap->hart, trap->vcpu);
	}
	return finish(trap, HM_TRAP_SBI_TIME, SBI_SUCCESS, 0);
}

/* "Hart list parameter": does (mask, base) name the only hart of a single-hart guest, or a wrong one? */
static long only_self(u64 mask, u64 base)
{
	if (base == -1UL || (base == 0 && mask == 1))
		return SBI_SUCCESS;
	return mask ? SBI_ERR_INVALID_PARAM : SBI_ERR_FAILED;
}

/* Chapter 7, "IPI Extension" */
static enum hm_next send_ipi(struct hm_trap *trap)
{
	u64 mask = trap->frame->x[10], base = trap->frame->x[11];
	long error;

	if (trap->frame->x[16] != SBI_EXT_IPI_SEND_IPI)
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	if (trap->vcpu->vm->vcpus > 1)
		return to_host(trap);
	error = only_self(mask, base);
	if (error == SBI_SUCCESS)
		csr_set(CSR_MIP, MIP_SSIP);
	else if (!mask)
		error = SBI_SUCCESS;	/* nobody to interrupt */
	return finish(trap, HM_TRAP_SBI_OTHER, error, 0);
}

/*
 * Each page is looked for in every root of the ASID.  A range takes one walk of each tree, so that
 * even 64 pages of all roots are some 6,000 instructions, of the 20,000 that an entry has for all it does.
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
	u64 va = start & -PAGE_SIZE, last = start + size - !!size;
	u64 most = max_fence_pages(vcpu, asid);
	enum ssp_fence fence;

	/* All of it, too many pages, or a range that wraps around. */
	if ((!start && !size) || size > most * PAGE_SIZE || last < start ||
	    (last - va) >> PAGE_SHIFT >= most) {
		hm_fence(hm_flush_all(vcpu, asid), start);
		return;
	}
	fence = hm_flush_pages(vcpu, va, last, asid);
	for (u64 pages = ((last - va) >> PAGE_SHIFT) + 1; pages; pages--, va += PAGE_SIZE)
		hm_sfence_va(va);
	hm_fence(fence, start);
}

/* Chapter 8, "RFENCE Extension" */
static enum hm_next remote_fence(struct hm_trap *trap)
{
	u64 *x = trap->frame->x;
	long error;

	if (x[16] > SBI_EXT_RFENCE_REMOTE_SFENCE_VMA_ASID)
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	if (trap->vcpu->vm->vcpus > 1 ||
	    (hm_host_tables(trap->vcpu) && !hm_finishes(trap->vcpu, HM_POLICY_FLUSH)))
		return to_host(trap);
	error = only_self(x[10], x[11]);
	if (error != SBI_SUCCESS)
		return finish(trap, HM_TRAP_SBI_OTHER, x[10] ? error : SBI_SUCCESS, 0);
	if (x[16] == SBI_EXT_RFENCE_REMOTE_FENCE_I) {
		hm_fence_i();
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_SUCCESS, 0);
	}
	hm_remote_fence_vma(trap->vcpu, x[12], x[13],
			    x[16] == SBI_EXT_RFENCE_REMOTE_SFENCE_VMA_ASID ? x[14] : HM_ALL_ASIDS);
	return finish(trap, HM_TRAP_SFENCE_ALL, SBI_SUCCESS, 0);
}

/* docs/abi.md, "The guest extension" */
static enum hm_next guest_extension(struct hm_trap *trap)
{
	const u64 *x = trap->frame->x;

	switch (x[16]) {
	case HM_GUEST_FID_FEATURES:
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_SUCCESS, HM_GUEST_FEATURE_RING);
	case HM_GUEST_FID_RING_SET:
		return finish(trap, HM_TRAP_SBI_OTHER,
			      hm_ring_set(trap->vcpu, x[10], x[11], x[12]), 0);
	default:
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	}
}

enum hm_next hm_route_sbi(struct hm_trap *trap)
{
	switch (trap->frame->x[17]) {
	case SBI_EXT_BASE:
		return base(trap);
	case SBI_EXT_TIME:
		return set_timer(trap);
	case SBI_EXT_IPI:
		return send_ipi(trap);
	case SBI_EXT_RFENCE:
		return remote_fence(trap);
	case HM_GUEST_EXT_ID:
		return guest_extension(trap);
	case SBI_EXT_HSM:
	case SBI_EXT_SRST:
	case SBI_EXT_DBCN:
		return to_host(trap);
	default:
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	}
}
