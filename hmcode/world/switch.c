/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switch.c - entering and leaving the guest world.
 *
 *	hm_vcpu_run:  begin -> prepare -> enter -> hm_guest_run (world_switch.S) -> leave -> end
 *
 * General registers (world_switch.S, guest_vector.S), supervisor CSRs, and delegation with timer
 * and interrupts are separate steps.  What a guest does between enter and leave is handled in
 * trap/; it comes back here when trap/route.c decides to exit.
 */
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_timer.h>

#include "core/machine.h"
#include "core/timer.h"
#include "metal/hart.h"
#include "metal/metal.h"
#include "mmu/asid.h"
#include "mmu/fence.h"
#include "mmu/flush.h"
#include "mmu/ring.h"
#include "mmu/roots.h"
#include "mmu/satp.h"
#include "trap/trap.h"
#include "world/csrs.h"
#include "world/registers.h"
#include "world/switch.h"
#include "world/vcpus.h"

#define GUEST_MIDELEG (MIP_SSIP | MIP_STIP | MIP_SEIP)

/*
 * Only what the generated device tree offers: no cache-block management, no PBMT, no hardware A/D.
 */
#define GUEST_ENVCFG (ENVCFG_STCE | ENVCFG_CBZE)

/* cycle, time, instret; the programmable counters are the host's. */
#define GUEST_COUNTERS 7

/* ---- delegation, timer, interrupts ---- */

static void enter_interrupts(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	const struct hm_run *run = vcpu->run;

	hart->host_mie = hart_read(CSR_MIE);
	hart->host.sip = hart_read(CSR_MIP) & (MIP_SSIP | MIP_STIP | MIP_SEIP);
	hart->host_mideleg = hart_read(CSR_MIDELEG);
	hart->host_medeleg = hart_read(CSR_MEDELEG);
	if (hart->envcfg)
		hart->host_menvcfg = hart_read(CSR_MENVCFG);
	hart->host_mcounteren = hart_read(CSR_MCOUNTEREN);
	if (hart->sstc)
		hart->host_deadline =
			hart->host.sie & MIP_STIP ? hart->host.stimecmp : HM_NO_DEADLINE;
	else
		hart->host_deadline = hart->host_mie & MIP_MTIP ? hart->host_timer : HM_NO_DEADLINE;

	hart_write(CSR_MEDELEG, vcpu->medeleg);
	hart_write(CSR_MIDELEG, GUEST_MIDELEG);
	if (hart->envcfg)
		hart_write(CSR_MENVCFG, hart->host_menvcfg & GUEST_ENVCFG);
	hart_write(CSR_MCOUNTEREN, GUEST_COUNTERS);
	hart_write(CSR_MIE,
		   (hart->host_mie & (MIP_MSIP | MIP_MEIP)) | (hm_read(run->sie) & GUEST_MIDELEG));
	hart_clear(CSR_MIP, MIP_SSIP | MIP_STIP | MIP_SEIP);
	hart_set(CSR_MIP, (hm_read(run->sip) & (MIP_SSIP | (hart->sstc ? 0 : MIP_STIP))) |
				  (vcpu->seip ? MIP_SEIP : 0));
	hm_timer_program(hart, vcpu);
}

static void restore_interrupts(struct hm_hart *hart, struct hm_run *run)
{
	u64 mie = hart_read(CSR_MIE);

	run->sip = hart_read(CSR_MIP) & (MIP_SSIP | MIP_STIP);
	run->sie = mie & GUEST_MIDELEG;
	/*
	 * The host's mie, but an external interrupt that made us exit stays closed until it says
	 * done.
	 */
	hart_write(CSR_MIE, (hart->host_mie & ~(u64)MIP_MEIP) | (mie & hart->host_mie & MIP_MEIP));
	hart_write(CSR_MEDELEG, hart->host_medeleg);
	hart_write(CSR_MIDELEG, hart->host_mideleg);
	if (hart->envcfg)
		hart_write(CSR_MENVCFG, hart->host_menvcfg);
	hart_write(CSR_MCOUNTEREN, hart->host_mcounteren);
	hart_clear(CSR_MIP, MIP_SSIP | MIP_STIP | MIP_SEIP);
	hart_set(CSR_MIP, (hart->host.sip & (MIP_SSIP | (hart->sstc ? 0 : MIP_STIP))) |
				  (hart->seip ? MIP_SEIP : 0));
	if (!hart->sstc && (hart->host_mie & MIP_MTIP)) {
		/* The host's own event, at its own time again. */
		sbi_timer_get_device()->timer_event_start(hart->host_deadline);
	}
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

static bool is_policy(u64 policy)
{
	if (policy & HM_POLICY_LOG_FENCES &&
	    (policy & (HM_POLICY_HOST_TABLES | HM_POLICY_FLUSH)) != HM_POLICY_HOST_TABLES)
		return false;
	if (policy & HM_POLICY_HOST_TABLES && policy & HM_POLICY_FILL)
		return false;
	return !(policy & ~(u64)(HM_POLICY_ALL | HM_POLICY_HOST_TABLES | HM_POLICY_LOG_FENCES));
}

/* False: the host asks for what does not exist. */
static bool apply_policy(struct hm_hart *hart, struct hm_vcpu *vcpu, struct entry *entry)
{
	u64 policy = hm_read(vcpu->run->policy);

	if (policy != vcpu->policy) {
		if (!is_policy(policy))
			return false;
		if ((policy ^ vcpu->policy) & HM_POLICY_HOST_TABLES) {
			flush_for_new_owner(vcpu);
			entry->worked = true;
		}
		vcpu->policy = policy;
		hm_ring_attach(vcpu);
	}
	return !hm_host_tables(vcpu) || hm_roots_copy(hart, vcpu);
}

static void switch_satp(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 satp, struct entry *entry)
{
	hm_switch_satp(hart, vcpu, ssp_satp_legal(&vcpu->space, vcpu->space.current->gsatp, satp));
	entry->worked = true;
}

/*
 * The host may have changed satp; most often it is still the current root's.  With tables of its
 * own the root that it chose says it.
 */
static void enter_address_space(struct hm_hart *hart, struct hm_vcpu *vcpu, struct entry *entry)
{
	u64 satp = hm_host_tables(vcpu) ? vcpu->roots.next->gsatp : hm_read(vcpu->run->satp);

	if (satp_mode(satp) == SATP_BARE)
		hm_ring_end(vcpu);
	if (hm_host_tables(vcpu))
		hm_roots_enter(hart, vcpu);
	else if (satp != vcpu->space.current->gsatp)
		switch_satp(hart, vcpu, satp, entry);
	else
		hm_load_root(hart, vcpu);
	/* A paged host's global entries, and its ASIDs', would match the guest's addresses. */
	if (satp_mode(hart->host.satp) != SATP_BARE)
		hart_fence_all();
}

static void reset_stats(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	struct ssp_space *space = &vcpu->space;

	vcpu->stats = (struct hm_stats){ 0 };
	space->tables_allocated = space->tables_recycled = 0;
	space->root_hits = space->root_misses = 0;
	ssp_ring_reset_counts(&space->ring);
	vcpu->cycle_base = hart_count_all();
	hart->insn_mark = hart_count_below_m();
}

#define HM_RUN_RESETS (HM_RUN_RESET_STATS | HM_RUN_RESET)

/* Rare, so that other entries ask for both at once. */
static __attribute__((noinline)) void serve_resets(struct hm_hart *hart, struct hm_vcpu *vcpu,
						   u64 flags)
{
	if (flags & HM_RUN_RESET) {
		hm_reset_features(vcpu);
		hart_write(CSR_MEDELEG, vcpu->medeleg);
	}
	if (flags & HM_RUN_RESET_STATS)
		reset_stats(hart, vcpu);
}

/* Flags that ask for something once. */
#define HM_RUN_ONCE \
	(HM_RUN_ADVANCE | HM_RUN_RESETS | HM_RUN_FENCE_I | HM_RUN_FENCE_VMA | HM_RUN_FILL)

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
static bool serve_requests(struct hm_vcpu *vcpu, struct entry *entry, u64 mstatus)
{
	struct hm_run *run = vcpu->run;

	if (entry->flags & HM_RUN_FENCE_I)
		hart_fence_code();
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
		hm_fill(vcpu, hm_read(run->exit_cause), hm_read(run->exit_value), mstatus);
	}
	return true;
}

static u64 guest_mstatus(u64 sstatus, const struct entry *entry)
{
	u64 mstatus = hart_read(CSR_MSTATUS);

	if (!(sstatus & MSTATUS_UXL))
		sstatus |= mstatus & MSTATUS_UXL; /* no width: the host's, for a new guest */
	mstatus &= ~(SSTATUS_BITS | MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TW | MSTATUS_TSR);
	mstatus |= (sstatus & SSTATUS_BITS) | MSTATUS_TVM;
	if (entry->flags & HM_RUN_YIELD_WFI)
		mstatus |= MSTATUS_TW;
	return mstatus | entry->priv << MSTATUS_MPP_SHIFT;
}

/* False: more is to be done before the guest can run. */
static bool enter(struct hm_hart *hart, struct hm_vcpu *vcpu, struct entry *entry)
{
	struct hm_run *run = vcpu->run;
	u64 now = hart_count_below_m(), mstatus;

	vcpu->stats.insn_host += now - hart->insn_mark;
	hart->insn_mark = now;

	run->flags = entry->flags & ~(u64)HM_RUN_ONCE;
	vcpu->seip = entry->flags & HM_RUN_SEIP;
	vcpu->slice_end = hm_read(run->slice_end);
	vcpu->fence_count = 0;

	save_host_csrs(hart);
	load_guest_csrs(hart, vcpu);
	enter_interrupts(hart, vcpu);
	enter_address_space(hart, vcpu, entry);

	mstatus = guest_mstatus(hm_read(run->sstatus), entry);
	hart_write(CSR_MSTATUS, mstatus);
	hart_write(CSR_MEPC, entry->pc);
	hart_break_reservation();
	if (!serve_requests(vcpu, entry, mstatus)) {
		run->flags = entry->flags & ~(u64)(HM_RUN_ONCE & ~(HM_RUN_FILL | HM_RUN_RESETS));
		return false;
	}
	if (entry->flags & HM_RUN_RESETS)
		serve_resets(hart, vcpu, entry->flags);
	return true;
}

static void leave_guest(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	struct hm_run *run = vcpu->run;
	u64 mstatus = hart_read(CSR_MSTATUS), now = hart_count_below_m();

	vcpu->stats.insn_guest += now - hart->insn_mark;
	vcpu->stats.insn_total = vcpu->trap_cycle - vcpu->cycle_base;
	hart->insn_mark = now;

	run->pc = hart_read(CSR_MEPC);
	run->priv = (mstatus & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT == PRV_S;
	hm_ring_leave(vcpu);
	save_guest_csrs(hart, vcpu);
	run->satp = hm_guest_satp(vcpu);
	if (hm_host_tables(vcpu))
		hm_roots_leave(vcpu);
	restore_interrupts(hart, run);

	/* mstatus and mepc of the host are restored by whoever called hm_vcpu_run(). */
	load_host_csrs(hart);
	hart_write(CSR_SATP, hart->host.satp);
	/* A guest's global entry would match a paged host's addresses. */
	if (satp_mode(hart->host.satp) != SATP_BARE)
		hart_fence_all();
}

/*
 * An interrupt for the host that came before this call would be hidden from it
 * by the guest world, perhaps for long: then the host has its turn first.
 */
static bool host_is_interrupted(void)
{
	return hart_read(CSR_MIP) & hart_read(CSR_MIE) & (MIP_SSIP | MIP_STIP | MIP_SEIP);
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
	if (*error || host_is_interrupted())
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

static long run(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 begin)
{
	struct entry entry = { .begin = begin };
	long error;
	bool ran;

	if (!prepare(hart, vcpu, &entry, &error)) {
		if (!error)
			end_early(vcpu);
		return error;
	}
	if (hart->last_vcpu != vcpu)
		hm_registers_switch(hart, vcpu);
	ran = enter(hart, vcpu, &entry);
	hm_stay_ends(vcpu, begin);
	if (ran) {
		hm_trace_enter(hart, vcpu);
		hm_guest_run(&hart->frame,
			     vcpu->policy == HM_POLICY_ALL ? hm_guest_vector : hm_policy_vector,
			     vcpu->run);
		hm_trace_leave(hart, vcpu);
	} else {
		vcpu->trap_cycle = begin;
	}
	leave_guest(hart, vcpu);
	if (!ran) {
		end_early(vcpu);
		hm_stay_ends(vcpu, begin);
	}
	return SBI_SUCCESS;
}

long hm_vcpu_run(u64 number, unsigned long *exit_reason)
{
	u64 begin = hart_count_all();
	long error;
	struct hm_vcpu *vcpu = hm_vcpu_begin(number, &error);

	if (!vcpu)
		return error;
	error = run(hm_this_hart(), vcpu, begin);
	if (!error)
		*exit_reason = vcpu->exit_reason;
	hm_vcpu_end(number);
	return error;
}
