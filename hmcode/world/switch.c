/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switch.c - entering and leaving the guest world.
 *
 *	hm_vcpu_run:  begin -> prepare -> enter -> hm_guest_run (world_switch.S) -> leave -> end
 *
 * General registers (world_switch.S, guest_ways.S), supervisor CSRs, and delegation with timer
 * and interrupts are separate steps.  What a guest does between enter and leave is handled in
 * trap/; it comes back here when trap/route.c decides to exit.
 */
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>

#include "core/machine.h"
#include "metal/hart.h"
#include "metal/metal.h"
#include "mmu/asid.h"
#include "mmu/fence.h"
#include "mmu/flush.h"
#include "mmu/ring.h"
#include "mmu/roots.h"
#include "mmu/satp.h"
#include "trap/pmu.h"
#include "trap/trap.h"
#include "world/csrs.h"
#include "world/interrupts.h"
#include "world/lending.h"
#include "world/registers.h"
#include "world/switch.h"
#include "world/vcpus.h"

/* ---- CSRs, by what the hart has ---- */

/* Those that a host may lend: the vCPU's are in the hart, but for what the host has changed. */
EXPANDED void load_news(const struct hm_run *run, u64 flags, bool envcfg)
{
	load_trap_csrs(run);
	if (flags & HM_RUN_NEW_CSRS)
		load_other_csrs(run, envcfg);
}

/* ... they are nobody's, or another vCPU's. */
EXPANDED void load_all(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 flags, bool envcfg)
{
	/* Its own page's flags have been cleared by now: this entry has read them. */
	if (hart->lent_to == vcpu)
		hm_lending_take_back(hart, flags);
	hm_lending_end(hart);
	if (flags & HM_RUN_LENDS_CSRS)
		hart->lent_to = vcpu;
	else
		save_host_own(&hart->host, envcfg);
	load_trap_csrs(vcpu->run);
	load_other_csrs(vcpu->run, envcfg);
	load_guest_delegation(hart, vcpu, envcfg);
}

EXPANDED void enter_csrs_of(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 flags, bool sstc,
			    bool envcfg)
{
	struct hm_run *run = vcpu->run;
	bool lends = flags & HM_RUN_LENDS_CSRS;

	if (!lends || hart->lent_to != vcpu)
		load_all(hart, vcpu, flags, envcfg);
	else if (flags & (HM_RUN_NEW_CSRS | HM_RUN_NEW_TRAP))
		load_news(run, flags, envcfg);
	save_host_csrs(&hart->host, sstc);
	load_guest_csrs(vcpu, run, sstc);
	enter_interrupts(hart, vcpu, run, flags, sstc);
}

/* Of a host that lends nothing: the guest's go to the page, and the host has its own. */
EXPANDED void unload_all(const struct hm_hart *hart, struct hm_run *run, bool envcfg)
{
	save_trap_csrs(run);
	save_other_csrs(run, envcfg);
	load_host_own(&hart->host, envcfg);
	load_host_delegation(hart, envcfg);
}

EXPANDED void leave_csrs_of(struct hm_hart *hart, struct hm_vcpu *vcpu, struct hm_run *run,
			    bool sstc, bool envcfg)
{
	if (!hart->lent_to)
		unload_all(hart, run, envcfg);
	save_guest_csrs(vcpu, run, sstc);
	restore_interrupts(hart, run, sstc);
	load_host_csrs(&hart->host, sstc);
}

static __attribute__((noinline)) void enter_older_hart(struct hm_hart *hart, struct hm_vcpu *vcpu,
						       u64 flags)
{
	enter_csrs_of(hart, vcpu, flags, hart->sstc, hart->envcfg);
}

static __attribute__((noinline)) void leave_older_hart(struct hm_hart *hart, struct hm_vcpu *vcpu,
						       struct hm_run *run)
{
	leave_csrs_of(hart, vcpu, run, hart->sstc, hart->envcfg);
}

static inline void enter_csrs(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 flags)
{
	if (likely(!hart->older))
		enter_csrs_of(hart, vcpu, flags, true, true);
	else
		enter_older_hart(hart, vcpu, flags);
}

static inline void leave_csrs(struct hm_hart *hart, struct hm_vcpu *vcpu, struct hm_run *run)
{
	if (likely(!hart->older))
		leave_csrs_of(hart, vcpu, run, true, true);
	else
		leave_older_hart(hart, vcpu, run);
}

/* ---- the two ways ---- */

/*
 * Each thing that an entry may have to do beforehand is bounded, but all together
 * may exceed a stay: once so many instructions are spent, what is left is for another entry.
 */
#define ENTRY_PART 5000

/* What an entry asks for, read once from the page and checked. */
struct entry {
	u64 flags, pc, priv;
	u64 begin;   /* hart_count_all() at the call */
	bool worked; /* something was done that may take long */
};

static bool is_long(u64 begin)
{
	return hart_count_all() - begin > ENTRY_PART;
}

/*
 * Another owner of the tables: what either side has cached, in tables and in the
 * hart, is older than what the other one did since.
 */
static void flush_for_new_owner(struct hm_vcpu *vcpu)
{
	ssp_flush_all(&vcpu->space);
	hm_retire_roots(vcpu);
	hart_fence_all();
}

#define POLICY_BITS \
	(HM_POLICY_ALL | HM_POLICY_HOST_TABLES | HM_POLICY_LOG_FENCES | HM_POLICY_SET_AD)

static bool is_policy(u64 policy)
{
	if (policy & HM_POLICY_LOG_FENCES &&
	    (policy & (HM_POLICY_HOST_TABLES | HM_POLICY_FLUSH)) != HM_POLICY_HOST_TABLES)
		return false;
	if (policy & HM_POLICY_HOST_TABLES && policy & HM_POLICY_FILL)
		return false;
	return !(policy & ~(u64)POLICY_BITS);
}

/* False: the host asks for what does not exist. */
static bool apply_policy(struct hm_hart *hart, struct hm_vcpu *vcpu, struct entry *entry)
{
	u64 policy = hm_read(vcpu->run->policy);

	if (policy != vcpu->asked_policy) {
		if (!is_policy(policy))
			return false;
		if ((policy ^ vcpu->policy) & HM_POLICY_HOST_TABLES) {
			flush_for_new_owner(vcpu);
			entry->worked = true;
		}
		vcpu->asked_policy = policy;
		vcpu->policy = policy & ~(u64)HM_POLICY_SET_AD;
		vcpu->vector = hm_vector_of(vcpu->policy);
		ssp_set_ad(&vcpu->space, policy & HM_POLICY_SET_AD);
		hm_ring_attach(vcpu);
	}
	return !(policy & HM_POLICY_HOST_TABLES) || hm_roots_copy(hart, vcpu);
}

static void switch_satp(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 satp, struct entry *entry)
{
	hm_switch_satp(hart, vcpu, ssp_satp_legal(&vcpu->space, vcpu->space.current->gsatp, satp));
	entry->worked = true;
}

/* Most often satp is still the current root's, and that has its ASID. */
static inline void enter_satp(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 satp,
			      struct entry *entry)
{
	const struct ssp_root *root = vcpu->space.current;

	if (satp != root->gsatp)
		switch_satp(hart, vcpu, satp, entry);
	else if (!hm_load_ready(hart, root->hsatp, root->asid_generation))
		hm_load_root(hart, vcpu);
}

/* The host may have changed satp.  With tables of its own the root that it chose says it. */
static void enter_address_space(struct hm_hart *hart, struct hm_vcpu *vcpu, struct entry *entry)
{
	bool host_tables = hm_host_tables(vcpu);
	u64 satp = host_tables ? vcpu->roots.next->gsatp : hm_read(vcpu->run->satp);

	if (satp_mode(satp) == SATP_BARE)
		hm_ring_end(vcpu);
	if (host_tables)
		hm_roots_enter(hart, vcpu);
	else
		enter_satp(hart, vcpu, satp, entry);
	/* A paged host's global entries, and its ASIDs', would match the guest's addresses. */
	if (satp_mode(hart->host.satp) != SATP_BARE)
		hart_fence_all();
}

static void reset_stats(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	struct ssp_space *space = &vcpu->space;

	hm_pmu_hold(vcpu);
	vcpu->stats = (struct hm_stats){ 0 };
	ssp_tables_reset_counts(space);
	space->root_hits = space->root_misses = 0;
	ssp_ring_reset_counts(&space->ring);
	hart->insn_mark = hart_count_below_m();
	hm_pmu_go_on(vcpu);
	vcpu->total = vcpu->total_base = hm_count_total(hart, hart_count_all());
}

#define HM_RUN_RESETS (HM_RUN_RESET_STATS | HM_RUN_RESET)

/* Rare, so that other entries ask for both at once. */
static __attribute__((noinline)) void serve_resets(struct hm_hart *hart, struct hm_vcpu *vcpu,
						   u64 flags)
{
	if (flags & HM_RUN_RESET) {
		hm_reset_features(vcpu, true);
		hart_write(CSR_MEDELEG, vcpu->medeleg);
		hart_write(CSR_MCOUNTEREN, vcpu->mcounteren);
	}
	if (flags & HM_RUN_RESET_STATS)
		reset_stats(hart, vcpu);
}

/* Flags that ask for something once. */
#define HM_RUN_ONCE                                                                         \
	(HM_RUN_ADVANCE | HM_RUN_RESETS | HM_RUN_FENCE_I | HM_RUN_FENCE_VMA | HM_RUN_FILL | \
	 HM_RUN_NEW_CSRS | HM_RUN_NEW_TRAP)

static bool read_entry(const struct hm_run *run, struct entry *entry)
{
	u64 length;

	entry->flags = hm_read(run->flags);
	entry->pc = hm_read(run->pc);
	entry->priv = hm_read(run->priv);
	if (entry->priv > PRV_S)
		return false;
	if (entry->flags & HM_RUN_ADVANCE) {
		length = hm_read(run->exit_insn_len);
		if (length != 2 && length != 4)
			return false;
		entry->pc += length;
	}
	return true;
}

static void serve_fence_request(struct hm_vcpu *vcpu, const struct entry *entry)
{
	const struct hm_run *run = vcpu->run;

	hm_pmu_count(vcpu, hm_read(run->fence_asid) == HM_ALL_ASIDS ?
				   SBI_PMU_FW_SFENCE_VMA_RCVD :
				   SBI_PMU_FW_SFENCE_VMA_ASID_RCVD);
	if (is_long(entry->begin)) /* page by page might be too long as well */
		hm_fence(hm_flush_all(vcpu, HM_ALL_ASIDS), 0);
	else
		hm_remote_fence_vma(vcpu, hm_read(run->fence_start), hm_read(run->fence_size),
				    hm_read(run->fence_asid));
}

/* Is there time left?  There always is for the first thing, so that each entry gets further. */
static bool may_work(struct entry *entry)
{
	if (entry->worked && is_long(entry->begin))
		return false;
	entry->worked = true;
	return true;
}

/*
 * In the guest's address space: what host and ring want done before the guest runs.
 * False: the time is up, and some of it is still to be done.
 */
static bool serve_requests(struct hm_vcpu *vcpu, struct entry *entry)
{
	struct hm_run *run = vcpu->run;

	if (entry->flags & HM_RUN_FENCE_I) {
		hm_pmu_count(vcpu, SBI_PMU_FW_FENCE_I_RECVD);
		hart_fence_code();
	}
	if (entry->flags & HM_RUN_FENCE_VMA) {
		serve_fence_request(vcpu, entry);
		entry->worked = true;
	}
	if (hm_ring_enter(vcpu)) {
		if (!may_work(entry))
			return false;
		hm_ring_drain(vcpu);
	}
	if (entry->flags & HM_RUN_FILL && !hm_host_tables(vcpu)) {
		if (!may_work(entry))
			return false;
		hm_fill(vcpu, hm_read(run->exit_cause), hm_read(run->exit_value),
			hart_read(CSR_MSTATUS));
	}
	return true;
}

/*
 * mstatus: the host's.  What sstatus shows of it is the guest's own, and the hart knows which bits
 * that are.
 */
static inline void enter_status(u64 mstatus, u64 sstatus, const struct entry *entry)
{
	if (!(sstatus & MSTATUS_UXL))
		sstatus |= mstatus & MSTATUS_UXL; /* no width: the host's, for a new guest */
	mstatus &= ~(MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TW | MSTATUS_TSR);
	mstatus |= MSTATUS_TVM | entry->priv << MSTATUS_MPP_SHIFT;
	if (entry->flags & HM_RUN_YIELD_WFI)
		mstatus |= MSTATUS_TW;
	hart_write(CSR_MSTATUS, mstatus);
	hart_write(CSR_SSTATUS, sstatus);
}

/* False: more is to be done before the guest can run. */
static bool enter(struct hm_hart *hart, struct hm_vcpu *vcpu, struct entry *entry)
{
	struct hm_run *run = vcpu->run;
	u64 now = hart_count_below_m(), mstatus = hart_read(CSR_MSTATUS);

	vcpu->stats.insn_host += now - hart->insn_mark;
	hart->insn_mark = now;

	run->flags = entry->flags & ~(u64)HM_RUN_ONCE;
	vcpu->slice_end = hm_read(run->slice_end);
	vcpu->fence_count = 0;

	enter_csrs(hart, vcpu, entry->flags);
	enter_address_space(hart, vcpu, entry);

	enter_status(mstatus, hm_read(run->sstatus), entry);
	hart_write(CSR_MEPC, entry->pc);
	hart_break_reservation();
	if (!serve_requests(vcpu, entry)) {
		run->flags = entry->flags & ~(u64)(HM_RUN_ONCE & ~(HM_RUN_FILL | HM_RUN_RESETS));
		return false;
	}
	if (entry->flags & HM_RUN_RESETS)
		serve_resets(hart, vcpu, entry->flags);
	return true;
}

EXPANDED void leave_guest(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	struct hm_run *run = vcpu->run;
	u64 now = hart_count_below_m(), satp = hart->host.satp;

	vcpu->stats.insn_guest += now - hart->insn_mark;
	vcpu->total = hm_count_total(hart, vcpu->trap_cycle);
	hart->insn_mark = now;

	run->pc = hart_read(CSR_MEPC);
	run->priv = hart_read(CSR_MSTATUS) >> MSTATUS_MPP_SHIFT & 1; /* U or S */
	run->sstatus = hart_read(CSR_SSTATUS);
	hm_ring_leave(vcpu, run);
	if (hm_host_tables(vcpu))
		hm_roots_leave(vcpu, run);
	else
		run->satp = vcpu->space.current->gsatp;
	/* mstatus and mepc of the host are restored by hm_vcpu_run(). */
	leave_csrs(hart, vcpu, run);
	hart_write(CSR_SATP, satp);
	/* A guest's global entry would match a paged host's addresses. */
	if (satp_mode(satp) != SATP_BARE)
		hart_fence_all();
}

/*
 * An interrupt for the host that came before this call would be hidden from it
 * by the guest world, perhaps for long: then the host has its turn first.
 */
static bool host_is_interrupted(struct hm_hart *hart)
{
	u64 pending = hart_read(CSR_MIP), enabled = hart_read(CSR_MIE);

	hart->host.sip = pending;
	hart->host_mie = enabled;
	return pending & enabled & (MIP_SSIP | MIP_STIP | MIP_SEIP);
}

/* Back to the host without the guest having run: it asks again. */
static void end_early(struct hm_vcpu *vcpu)
{
	vcpu->stats.exits[HM_EXIT_INTERRUPT]++;
	vcpu->exit_reason = vcpu->run->exit_reason = HM_EXIT_INTERRUPT;
	hm_trace_detailed(&hm_this_hart()->trace, HM_TRACE_EXIT, 0, HM_EXIT_INTERRUPT);
}

/* Before anything of the guest's is loaded.  *error is SBI_SUCCESS and the result false: later. */
static bool prepare(struct hm_hart *hart, struct hm_vcpu *vcpu, struct entry *entry, long *error)
{
	*error = vcpu->hart == hart ? SBI_SUCCESS : hm_vcpu_claim(hart, vcpu);
	if (*error || host_is_interrupted(hart))
		return false;
	if (hm_vcpu_lags(vcpu)) {
		hm_vcpu_catch_up(vcpu);
		entry->worked = true;
		if (is_long(entry->begin))
			return false;
	}
	if (!read_entry(vcpu->run, entry) || !apply_policy(hart, vcpu, entry)) {
		*error = SBI_ERR_INVALID_PARAM;
		return false;
	}
	return true;
}

static inline struct hm_answer told(const struct hm_vcpu *vcpu)
{
	return (struct hm_answer){ SBI_SUCCESS, vcpu->exit_reason };
}

/* The guest did not run: there was more to do than one stay may last. */
static __attribute__((noinline, cold)) void leave_early(struct hm_hart *hart, struct hm_vcpu *vcpu,
							u64 begin)
{
	hm_stay_ends(vcpu, begin);
	vcpu->trap_cycle = begin;
	leave_guest(hart, vcpu);
	end_early(vcpu);
	hm_stay_ends(vcpu, begin);
}

static inline struct hm_answer run(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 begin)
{
	struct entry entry = { .begin = begin };
	const struct hm_frame *frame;
	long error;

	if (!prepare(hart, vcpu, &entry, &error)) {
		if (error)
			return (struct hm_answer){ error, 0 };
		end_early(vcpu);
		return told(vcpu);
	}
	if (hart->last_vcpu != vcpu)
		hm_registers_switch(hart, vcpu);
	if (unlikely(!enter(hart, vcpu, &entry))) {
		leave_early(hart, vcpu, begin);
		return told(vcpu);
	}
	hm_stay_ends(vcpu, begin);
	hm_trace_enter(hart, vcpu);
	frame = hm_guest_run(&hart->frame, vcpu->vector, vcpu->run);
	hart = frame->hart;
	vcpu = frame->vcpu;
	hm_trace_leave(hart, vcpu);
	leave_guest(hart, vcpu);
	return told(vcpu);
}

/* The call ends as any of SBI's: behind the ecall, in the mode that made it. */
struct hm_answer hm_vcpu_run(u64 number)
{
	u64 begin = hart_count_all(), behind = hart_read(CSR_MEPC) + 4;
	u64 mstatus = hart_read(CSR_MSTATUS);
	struct hm_vcpu *vcpu = hm_vcpu_begin(number);
	struct hm_answer answer;

	if (likely(vcpu != NULL)) {
		answer = run(hm_this_hart(), vcpu, begin);
		hm_vcpu_end(number);
	} else {
		answer = (struct hm_answer){ hm_vcpu_refusal(number), 0 };
	}
	hart_write(CSR_MSTATUS, mstatus);
	hart_write(CSR_MEPC, behind);
	return answer;
}
