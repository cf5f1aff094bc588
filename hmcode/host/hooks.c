/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.c - what of the host world's own OpenSBI would do alone:
 *
 *	sbi_trap_handler  wrapped: traps of the host world that concern us
 *	sbi_timer_event_start  wrapped: the host's deadline is noted
 *	sbi_pmu_ctr_start, sbi_pmu_ctr_stop, sbi_pmu_ctr_cfg_match  wrapped: the
 *	                  counters stay as the measurement needs them
 *	sbi_dbtr_get_total_triggers  wrapped: there is no DBTR
 */
#include <sbi/sbi_error.h>
#include <sbi/sbi_trap.h>

#include "core/fatal.h"
#include "core/machine.h"
#include "host/hooks.h"
#include "host/mark.h"
#include "host/pmu.h"
#include "metal/hart.h"
#include "world/lending.h"

/* Smcntrpmf: bit 62 of minstretcfg inhibits counting in M-mode. */
#define CSR_MINSTRETCFG_MINH (1ull << 62)

/* Bits of mcountinhibit, and numbers of OpenSBI's counters: mcycle, minstret. */
#define MEASURES (1u << 0 | 1u << 2)

/*
 * Whoever stops the last counter that OpenSBI has of its own clears this one's event: by number
 * they are the same.  S-mode reads it on harts with H alone, whose host counts by it
 * (host-hv/hap/world.c); other kernels find what they find in a guest.
 */
static void run_retired(void)
{
	hart_write(CSR_MHPMEVENT18, HART_RETIRED_EVENT);
	if (!misa_extension('H'))
		hart_clear(CSR_MCOUNTEREN, 1u << HART_RETIRED);
}

/*
 * mcycle counts everything, minstret what runs below M-mode ("Smcntrpmf"), the one that is ours all
 * instructions.
 */
void hm_run_counters(const struct hm_hart *hart)
{
	u32 running = MEASURES;

	if (hart->split_counters) {
		hart_write(CSR_MCYCLECFG, 0);
		hart_write(CSR_MINSTRETCFG, CSR_MINSTRETCFG_MINH);
	}
	if (hart->retired) {
		run_retired();
		running |= 1u << HART_RETIRED;
	}
	/* Privileged 1.10 has no way to stop them. */
	if (hart->inhibit)
		hart_clear(CSR_MCOUNTINHIBIT, running);
}

/*
 * Traps of the host world.  A machine external interrupt becomes the software
 * SEIP and stays closed until the host says done (HM_FID_EXT_IRQ_DONE).
 */
static bool trap_is_ours(struct sbi_trap_context *context)
{
	if (context->trap.cause == (MCAUSE_IRQ_MASK | IRQ_M_EXT)) {
		hart_clear(CSR_MIE, MIP_MEIP);
		hart_set(CSR_MIP, MIP_SEIP);
		hm_this_hart()->seip = true;
		return true;
	}
	return hm_mark_native(context);
}

static inline void trace(const struct sbi_trap_context *context)
{
	if (context->trap.cause == CAUSE_SUPERVISOR_ECALL)
		hm_trace_detailed(&hm_this_hart()->trace, HM_TRACE_CALL, context->regs.a7,
				  context->regs.a6);
	else
		hm_trace(&hm_this_hart()->trace, HM_TRACE_TRAP, context->trap.cause);
}

struct sbi_trap_context *__real_sbi_trap_handler(struct sbi_trap_context *context);
struct sbi_trap_context *__wrap_sbi_trap_handler(struct sbi_trap_context *context);

/*
 * Where OpenSBI expects a trap of its own it has another vector meanwhile; all others are faults.
 * It hands a trap on to stvec or vstvec with the mode's bit, and QEMU keeps that in mepc, whose
 * bit 0 "is always zero" ("Machine Exception Program Counter").
 */
struct sbi_trap_context *__wrap_sbi_trap_handler(struct sbi_trap_context *context)
{
	unsigned long vector = hart_swap(CSR_MTVEC, (unsigned long)hm_fatal_vector);
	struct hm_hart *hart = hm_this_hart();

	trace(context);
	hm_lending_end(hart);
	hart->host_known = false; /* world/delegation.h */
	if (!trap_is_ours(context)) {
		context = __real_sbi_trap_handler(context);
		context->regs.mepc &= ~1ul;
	}
	hart_write(CSR_MTVEC, vector);
	return context;
}

void __real_sbi_timer_event_start(u64 due);
void __wrap_sbi_timer_event_start(u64 due);

void __wrap_sbi_timer_event_start(u64 due)
{
	hm_this_hart()->host_timer = due;
	__real_sbi_timer_event_start(due);
}

int __real_sbi_pmu_ctr_stop(unsigned long base, unsigned long mask, unsigned long flags);
int __wrap_sbi_pmu_ctr_stop(unsigned long base, unsigned long mask, unsigned long flags);

/* Kernels stop all counters as they find them; the measurement needs these two. */
int __wrap_sbi_pmu_ctr_stop(unsigned long base, unsigned long mask, unsigned long flags)
{
	int error;

	if (!hm_counters_exist(base, mask))
		return SBI_EINVAL;
	error = __real_sbi_pmu_ctr_stop(base, mask, flags);
	hm_run_counters(hm_this_hart());
	return error;
}

int __real_sbi_pmu_ctr_cfg_match(unsigned long base, unsigned long mask, unsigned long flags,
				 unsigned long event, u64 data);
int __wrap_sbi_pmu_ctr_cfg_match(unsigned long base, unsigned long mask, unsigned long flags,
				 unsigned long event, u64 data);

/* ... and configure them not to count M-mode. */
int __wrap_sbi_pmu_ctr_cfg_match(unsigned long base, unsigned long mask, unsigned long flags,
				 unsigned long event, u64 data)
{
	u64 counters;
	int counter;

	if (!hm_counters_exist(base, mask))
		return SBI_EINVAL;
	counters = hm_counters_for(base, mask, flags, event);
	if (!counters)
		return SBI_ENOTSUPP;
	counter = __real_sbi_pmu_ctr_cfg_match(0, counters, flags, event, data);
	hm_run_counters(hm_this_hart());
	return counter;
}

int __real_sbi_pmu_ctr_start(unsigned long base, unsigned long mask, unsigned long flags,
			     uint64_t value);
int __wrap_sbi_pmu_ctr_start(unsigned long base, unsigned long mask, unsigned long flags,
			     uint64_t value);

/*
 * ... and start them at values of their own.  OpenSBI does so with counters that are stopped, which
 * ours never are, and on harts that cannot stop theirs.  What the measurement reads goes on as if
 * nobody had (mark.c).  A hart that has run vCPUs measures them by these counters: there they stay
 * as they are.
 */
int __wrap_sbi_pmu_ctr_start(unsigned long base, unsigned long mask, unsigned long flags,
			     uint64_t value)
{
	struct hm_hart *hart = hm_this_hart();
	u64 wanted = base < 3 ? mask << base & MEASURES : 0, all, below;
	int error;

	if (!hm_counters_exist(base, mask))
		return SBI_EINVAL;
	if (wanted && hart->has_run && !hart->inhibit)
		flags &= ~(u64)SBI_PMU_START_FLAG_SET_INIT_VALUE;
	if (!wanted || hart->has_run)
		return __real_sbi_pmu_ctr_start(base, mask, flags, value);
	all = hart_count_all();
	below = hart_count_below_m();
	if (hart->inhibit)
		hart_set(CSR_MCOUNTINHIBIT, wanted);
	error = __real_sbi_pmu_ctr_start(base, mask, flags, value);
	hm_run_counters(hart);
	if (wanted & 1u << 0)
		hart->moved_all += hart_count_all() - all;
	if (wanted & 1u << 2)
		hart->moved_below += hart_count_below_m() - below;
	return error;
}

int __wrap_sbi_dbtr_get_total_triggers(void);

/*
 * Of DBTR's shared memory OpenSBI 1.6 checks where it begins, and stores behind its end: into the
 * firmware, or the pool.  What it installs there it reads once more than it checks.  Without
 * triggers the extension, an experimental one, is not registered.
 */
int __wrap_sbi_dbtr_get_total_triggers(void)
{
	return 0;
}
