/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbi.c - SBI calls of guests.  What concerns this hart alone is finished
 * here; everything else goes to the host (SBI 3.0, chapters 4 to 13 and 18).  The
 * guest's flush ring is an extension of our own.
 */
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>

#include "core/timer.h"
#include "mmu/fence.h"
#include "mmu/flush.h"
#include "mmu/ring.h"
#include "trap/pmu.h"
#include "trap/trap.h"

#define SPEC_VERSION          (3ul << 24 | 0) /* 3.0 */
#define SBI_ERR_DENIED_LOCKED (-14)           /* not in OpenSBI 1.6 */
#define IMPLEMENTATION_ID     HM_EXT_ID       /* not registered; out of the way of those that are */

static enum hm_next finish(struct hm_trap *trap, enum hm_trap_kind kind, long error, u64 value)
{
	trap->frame->x[10] = error;
	trap->frame->x[11] = value;
	trap->pc += 4;
	hm_count(trap->vcpu, kind, trap->frame->x[17]);
	return HM_RESUME;
}

/* Chapter 5, "Legacy Extensions": the result is in a0 alone. */
static enum hm_next finish_legacy(struct hm_trap *trap, enum hm_trap_kind kind)
{
	return finish(trap, kind, SBI_SUCCESS, trap->frame->x[11]);
}

/*
 * pc stays at the ecall: the host writes a0, and a1 but for a legacy call, and sets HM_RUN_ADVANCE.
 */
static enum hm_next to_host_as(struct hm_trap *trap, u64 reason, u64 value)
{
	trap->vcpu->run->exit_insn_len = 4;
	return hm_exit(trap, reason, value);
}

static enum hm_next to_host(struct hm_trap *trap)
{
	return to_host_as(trap, HM_EXIT_SBI, 0);
}

/* Is there such an extension?  Whether hmcode or the host serves it does not show. */
static bool is_offered(u64 id);

/* Chapter 4, "Base Extension" */
static enum hm_next base(struct hm_trap *trap)
{
	u64 value = 0;

	switch (trap->frame->x[16]) {
	case SBI_EXT_BASE_GET_SPEC_VERSION: value = SPEC_VERSION; break;
	case SBI_EXT_BASE_GET_IMP_ID: value = IMPLEMENTATION_ID; break;
	case SBI_EXT_BASE_GET_IMP_VERSION: value = HM_ABI_VERSION; break;
	case SBI_EXT_BASE_PROBE_EXT: value = is_offered(trap->frame->x[10]); break;
	case SBI_EXT_BASE_GET_MVENDORID: value = hart_read(CSR_MVENDORID); break;
	case SBI_EXT_BASE_GET_MARCHID: value = hart_read(CSR_MARCHID); break;
	case SBI_EXT_BASE_GET_MIMPID: value = hart_read(CSR_MIMPID); break;
	default: return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	}
	return finish(trap, HM_TRAP_SBI_OTHER, SBI_SUCCESS, value);
}

/* Also clears the pending bit. */
static void start_timer(struct hm_trap *trap)
{
	if (trap->hart->sstc) {
		hart_write(CSR_STIMECMP, trap->frame->x[10]);
	} else {
		hart_clear(CSR_MIP, MIP_STIP);
		trap->vcpu->timer = trap->frame->x[10];
		hm_timer_program(trap->hart, trap->vcpu);
	}
}

/* Chapter 6, "Timer Extension" */
static enum hm_next set_timer(struct hm_trap *trap)
{
	if (trap->frame->x[16] != SBI_EXT_TIME_SET_TIMER)
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	start_timer(trap);
	return finish(trap, HM_TRAP_SBI_TIME, SBI_SUCCESS, 0);
}

/*
 * "Hart list parameter": does (mask, base) name the only hart of a single-hart guest, or a wrong
 * one?  Where it names none, which is no error whatever the base, SBI_ERR_FAILED.
 */
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
	hm_pmu_count(trap->vcpu, SBI_PMU_FW_IPI_SENT);
	if (trap->vcpu->vm->vcpus > 1)
		return to_host(trap);
	error = only_self(mask, base);
	if (error == SBI_SUCCESS)
		hart_set(CSR_MIP, MIP_SSIP);
	else if (!mask)
		error = SBI_SUCCESS; /* nobody to interrupt */
	return finish(trap, HM_TRAP_SBI_OTHER, error, 0);
}

/* Fences that other harts or the host's tables have a part in. */
static bool host_fences(const struct hm_vcpu *vcpu)
{
	return vcpu->vm->vcpus > 1 || (hm_host_tables(vcpu) && !hm_finishes(vcpu, HM_POLICY_FLUSH));
}

/* By function: the firmware event of sending one, behind which that of receiving it comes. */
static const enum sbi_pmu_fw_event_code_id fence_sent[] = {
	[SBI_EXT_RFENCE_REMOTE_FENCE_I] = SBI_PMU_FW_FENCE_I_SENT,
	[SBI_EXT_RFENCE_REMOTE_SFENCE_VMA] = SBI_PMU_FW_SFENCE_VMA_SENT,
	[SBI_EXT_RFENCE_REMOTE_SFENCE_VMA_ASID] = SBI_PMU_FW_SFENCE_VMA_ASID_SENT,
};

/*
 * Chapter 8, "RFENCE Extension".  REMOTE_SFENCE_VMA counts as memory's, whoever serves it and
 * whatever it names; REMOTE_FENCE_I is about instructions, not about translation.
 */
static enum hm_next remote_fence(struct hm_trap *trap)
{
	u64 *x = trap->frame->x;
	bool memory = x[16] != SBI_EXT_RFENCE_REMOTE_FENCE_I;
	enum hm_trap_kind kind = memory ? HM_TRAP_REMOTE_FENCE : HM_TRAP_SBI_OTHER;
	long error;

	if (x[16] > SBI_EXT_RFENCE_REMOTE_SFENCE_VMA_ASID)
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	hm_pmu_count(trap->vcpu, fence_sent[x[16]]);
	if (host_fences(trap->vcpu))
		return to_host_as(trap, memory ? HM_EXIT_REMOTE_FENCE : HM_EXIT_SBI, 0);
	error = only_self(x[10], x[11]);
	if (error != SBI_SUCCESS)
		return finish(trap, kind, x[10] ? error : SBI_SUCCESS, 0);
	hm_pmu_count(trap->vcpu, fence_sent[x[16]] + 1);
	if (!memory) {
		hart_fence_code();
		return finish(trap, kind, SBI_SUCCESS, 0);
	}
	hm_remote_fence_vma(trap->vcpu, x[12], x[13],
			    x[16] == SBI_EXT_RFENCE_REMOTE_SFENCE_VMA_ASID ? x[14] : HM_ALL_ASIDS);
	return finish(trap, kind, SBI_SUCCESS, 0);
}

/*
 * Chapter 18, "SBI Firmware Features Extension": which there is, of those that have a name.  Who
 * sets A and D, and whether the guest may choose, is the host's to say.
 */
static long find_feature(u32 feature)
{
	if (feature == SBI_FWFT_MISALIGNED_EXC_DELEG)
		return SBI_SUCCESS;
	return feature < SBI_FWFT_LOCAL_RESERVED_START ? SBI_ERR_NOT_SUPPORTED : SBI_ERR_DENIED;
}

static long set_feature(struct hm_vcpu *vcpu, u32 feature, u64 value, u64 flags)
{
	long error = find_feature(feature);

	if (error)
		return error;
	if (value > 1 || flags & ~(u64)SBI_FWFT_SET_FLAG_LOCK)
		return SBI_ERR_INVALID_PARAM;
	if (vcpu->delegation_locked)
		return SBI_ERR_DENIED_LOCKED;
	vcpu->medeleg = HM_GUEST_MEDELEG | (value ? HM_MISALIGNED : 0);
	vcpu->delegation_locked = flags & SBI_FWFT_SET_FLAG_LOCK;
	hart_write(CSR_MEDELEG, vcpu->medeleg);
	return SBI_SUCCESS;
}

static enum hm_next firmware_features(struct hm_trap *trap)
{
	const u64 *x = trap->frame->x;
	u64 value = 0;
	long error;

	if (x[16] <= SBI_EXT_FWFT_GET && (u32)x[10] == SBI_FWFT_PTE_AD_HW_UPDATING)
		return to_host(trap);
	switch (x[16]) {
	case SBI_EXT_FWFT_SET: error = set_feature(trap->vcpu, x[10], x[11], x[12]); break;
	case SBI_EXT_FWFT_GET:
		error = find_feature(x[10]);
		if (!error)
			value = !!(trap->vcpu->medeleg & HM_MISALIGNED);
		break;
	default: error = SBI_ERR_NOT_SUPPORTED;
	}
	return finish(trap, HM_TRAP_SBI_OTHER, error, value);
}

/* Chapter 11, "Performance Monitoring Unit Extension": pmu.c */
static enum hm_next pmu(struct hm_trap *trap)
{
	u64 value = 0;
	long error = hm_pmu_call(trap->vcpu, trap->frame->x, &value);

	return finish(trap, HM_TRAP_SBI_OTHER, error, value);
}

/*
 * What ends a ring is a fence of everything, and tables of the host's are made current by the host.
 */
static enum hm_next ring_set(struct hm_trap *trap)
{
	struct hm_vcpu *vcpu = trap->vcpu;
	u64 *x = trap->frame->x, generation = vcpu->ring_generation;
	bool had_one = vcpu->ring_gva != HM_RING_NONE;
	long error = hm_ring_set(vcpu, x[10], x[11], x[12]);

	if (!had_one || vcpu->ring_generation == generation || !hm_host_tables(vcpu) ||
	    hm_finishes(vcpu, HM_POLICY_FLUSH))
		return finish(trap, HM_TRAP_SBI_OTHER, error, 0);
	x[10] = error;
	x[11] = 0;
	trap->pc += 4;
	return hm_exit(trap, HM_EXIT_RING, 0);
}

/* docs/abi.md, "The guest extension" */
static enum hm_next guest_extension(struct hm_trap *trap)
{
	const u64 *x = trap->frame->x;

	switch (x[16]) {
	case HM_GUEST_FID_FEATURES:
		return finish(trap, HM_TRAP_SBI_OTHER, SBI_SUCCESS, HM_GUEST_FEATURE_RING);
	case HM_GUEST_FID_RING_SET: return ring_set(trap);
	default: return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
	}
}

/* ---- the legacy extensions, as OpenSBI has them ---- */

static enum hm_next legacy_set_timer(struct hm_trap *trap)
{
	start_timer(trap);
	return finish_legacy(trap, HM_TRAP_SBI_TIME);
}

static enum hm_next legacy_clear_ipi(struct hm_trap *trap)
{
	hart_clear(CSR_MIP, MIP_SSIP);
	return finish_legacy(trap, HM_TRAP_SBI_OTHER);
}

/*
 * Where the guest may load from, by its own tables and rights and only from RAM; false: *next is
 * what comes of it, its fault most often.  One that has A to be set is a load of the guest's: it
 * makes its call again after that.
 */
static bool may_load(struct hm_trap *trap, u64 va, u64 *hpa, enum hm_next *next)
{
	enum ssp_verdict verdict =
		ssp_translate(&trap->vcpu->space, hm_guest_satp(trap->vcpu), va, SSP_LOAD,
			      hm_access_state(hart_read(CSR_MSTATUS)), hpa);

	if (verdict == SSP_ALLOWED)
		return true;
	if (verdict == SSP_UNMARKED && *hpa) {
		*next = hm_page_fault(trap, ssp_page_fault(SSP_LOAD), va);
		return false;
	}
	hm_count(trap->vcpu, HM_TRAP_TRUE_FAULT, va);
	hm_inject(trap, ssp_fault_cause(verdict, SSP_LOAD), va);
	*next = HM_RESUME;
	return false;
}

/*
 * The hart mask at a virtual address, read once; where it is misaligned, byte by byte, since it may
 * lie on two pages.  No address: all harts.
 */
static bool load_mask(struct hm_trap *trap, u64 va, u64 *mask, enum hm_next *next)
{
	u64 hpa;

	*mask = va ? 0 : ~0ull;
	if (!va)
		return true;
	if (!(va & 7)) {
		if (!may_load(trap, va, &hpa, next))
			return false;
		*mask = hm_load_u64(hpa);
		return true;
	}
	for (unsigned int i = 0; i < 8; i++) {
		if (!may_load(trap, va + i, &hpa, next))
			return false;
		*mask |= (u64)hm_load_u8(hpa) << 8 * i;
	}
	return true;
}

/* Bits of harts that are not there mean nothing. */
static enum hm_next legacy_send_ipi(struct hm_trap *trap)
{
	enum hm_next next;
	u64 mask;

	if (!load_mask(trap, trap->frame->x[10], &mask, &next))
		return next;
	hm_pmu_count(trap->vcpu, SBI_PMU_FW_IPI_SENT);
	if (trap->vcpu->vm->vcpus > 1)
		return to_host_as(trap, HM_EXIT_SBI, mask);
	if (mask & 1)
		hart_set(CSR_MIP, MIP_SSIP);
	return finish_legacy(trap, HM_TRAP_SBI_OTHER);
}

static enum hm_next legacy_fence_i(struct hm_trap *trap)
{
	enum hm_next next;
	u64 mask;

	if (!load_mask(trap, trap->frame->x[10], &mask, &next))
		return next;
	hm_pmu_count(trap->vcpu, SBI_PMU_FW_FENCE_I_SENT);
	if (host_fences(trap->vcpu))
		return to_host_as(trap, HM_EXIT_SBI, mask);
	hm_pmu_count(trap->vcpu, SBI_PMU_FW_FENCE_I_RECVD);
	hart_fence_code();
	return finish_legacy(trap, HM_TRAP_SBI_OTHER);
}

static enum hm_next legacy_fence_vma(struct hm_trap *trap)
{
	const u64 *x = trap->frame->x;
	bool by_asid = x[17] == SBI_EXT_0_1_REMOTE_SFENCE_VMA_ASID;
	enum sbi_pmu_fw_event_code_id sent =
		by_asid ? SBI_PMU_FW_SFENCE_VMA_ASID_SENT : SBI_PMU_FW_SFENCE_VMA_SENT;
	enum hm_next next;
	u64 mask;

	if (!load_mask(trap, x[10], &mask, &next))
		return next;
	hm_pmu_count(trap->vcpu, sent);
	if (host_fences(trap->vcpu))
		return to_host_as(trap, HM_EXIT_REMOTE_FENCE, mask);
	if (!(mask & 1))
		return finish_legacy(trap, HM_TRAP_REMOTE_FENCE);
	hm_pmu_count(trap->vcpu, sent + 1);
	hm_remote_fence_vma(trap->vcpu, x[11], x[12], by_asid ? x[13] : HM_ALL_ASIDS);
	return finish_legacy(trap, HM_TRAP_REMOTE_FENCE);
}

/* ---- which there are ---- */

/*
 * All that there are, and who serves each: one list for probing and for calls, which a search would
 * cost more.
 */
#define EXTENSIONS(X)                                           \
	X(SBI_EXT_BASE, base)                                   \
	X(SBI_EXT_TIME, set_timer)                              \
	X(SBI_EXT_IPI, send_ipi)                                \
	X(SBI_EXT_RFENCE, remote_fence)                         \
	X(SBI_EXT_HSM, to_host)                                 \
	X(SBI_EXT_SRST, to_host)                                \
	X(SBI_EXT_SUSP, to_host)                                \
	X(SBI_EXT_DBCN, to_host)                                \
	X(SBI_EXT_FWFT, firmware_features)                      \
	X(SBI_EXT_PMU, pmu)                                     \
	X(HM_GUEST_EXT_ID, guest_extension)                     \
	X(SBI_EXT_0_1_SET_TIMER, legacy_set_timer)              \
	X(SBI_EXT_0_1_CONSOLE_PUTCHAR, to_host)                 \
	X(SBI_EXT_0_1_CONSOLE_GETCHAR, to_host)                 \
	X(SBI_EXT_0_1_CLEAR_IPI, legacy_clear_ipi)              \
	X(SBI_EXT_0_1_SEND_IPI, legacy_send_ipi)                \
	X(SBI_EXT_0_1_REMOTE_FENCE_I, legacy_fence_i)           \
	X(SBI_EXT_0_1_REMOTE_SFENCE_VMA, legacy_fence_vma)      \
	X(SBI_EXT_0_1_REMOTE_SFENCE_VMA_ASID, legacy_fence_vma) \
	X(SBI_EXT_0_1_SHUTDOWN, to_host)

static bool is_offered(u64 id)
{
#define OFFERED(eid, serve) \
	case eid: return true;
	switch (id) {
		EXTENSIONS(OFFERED)
	default: return false;
	}
}

/* The host is told of the first that a guest calls, so that it can name it. */
static enum hm_next unknown(struct hm_trap *trap)
{
	struct hm_vm *vm = trap->vcpu->vm;

	if (!__atomic_load_n(&vm->unknown_told, __ATOMIC_RELAXED) &&
	    !__atomic_exchange_n(&vm->unknown_told, true, __ATOMIC_RELAXED))
		return to_host(trap);
	return finish(trap, HM_TRAP_SBI_OTHER, SBI_ERR_NOT_SUPPORTED, 0);
}

enum hm_next hm_route_sbi(struct hm_trap *trap)
{
#define SERVED(eid, serve) \
	case eid: return serve(trap);
	switch (trap->frame->x[17]) {
		EXTENSIONS(SERVED)
	default: return unknown(trap);
	}
}
