/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interrupts.h - delegation, timer and interrupts at a switch of worlds.  The host's own are kept
 * in its hart; host_mie and host.sip were read when it was looked whether one is pending.
 */
#ifndef HM_INTERRUPTS_H
#define HM_INTERRUPTS_H

#include <sbi/sbi_timer.h>

#include "core/timer.h"
#include "world/csrs.h"

#define GUEST_MIDELEG (MIP_SSIP | MIP_STIP | MIP_SEIP)

/*
 * Only what the generated device tree offers: no cache-block management, no PBMT, no hardware A/D.
 */
#define GUEST_ENVCFG (ENVCFG_STCE | ENVCFG_CBZE)

/*
 * Only OpenSBI changes them in the host world: by a call of FWFT, or as the hart starts.  So they
 * are read once after each of its traps (host/hooks.c).
 */
static __attribute__((noinline)) void learn_host(struct hm_hart *hart)
{
	hart->host_mideleg = hart_read(CSR_MIDELEG);
	hart->host_medeleg = hart_read(CSR_MEDELEG);
	if (hart->envcfg) {
		hart->host_menvcfg = hart_read(CSR_MENVCFG);
		hart->guest_menvcfg = hart->host_menvcfg & GUEST_ENVCFG;
	}
	hart->host_known = true;
}

/* flags: the entry's */
EXPANDED void enter_interrupts(struct hm_hart *hart, struct hm_vcpu *vcpu, struct hm_run *run,
			       u64 flags, bool sstc, bool envcfg)
{
	bool timer = hart->host_mie & (sstc ? MIP_STIP : MIP_MTIP);
	u64 due, mie = (hart->host_mie & (MIP_MSIP | MIP_MEIP)) |
		       (hm_read(run->sie) & GUEST_MIDELEG);

	if (unlikely(!hart->host_known))
		learn_host(hart);
	if (envcfg)
		hart_write(CSR_MENVCFG, hart->guest_menvcfg);
	hart->host_deadline = !timer ? HM_NO_DEADLINE :
			      sstc   ? hart->host.stimecmp :
				       hart->host_timer;

	hart_write(CSR_MEDELEG, vcpu->medeleg);
	hart_write(CSR_MIDELEG, GUEST_MIDELEG);
	hart_write(CSR_MCOUNTEREN, vcpu->mcounteren);
	hart_clear(CSR_MIP, MIP_SSIP | MIP_STIP | MIP_SEIP);
	hart_set(CSR_MIP, (hm_read(run->sip) & (MIP_SSIP | (sstc ? 0 : MIP_STIP))) |
				  (flags & HM_RUN_SEIP ? MIP_SEIP : 0));
	due = hm_timer_due(hart, vcpu, sstc);
	if (due != HM_NO_DEADLINE) {
		sbi_timer_get_device()->timer_event_start(due);
		mie |= MIP_MTIP;
	}
	hart_write(CSR_MIE, mie);
}

EXPANDED void restore_interrupts(const struct hm_hart *hart, struct hm_run *run, bool sstc,
				 bool envcfg)
{
	u64 mie = hart_read(CSR_MIE);

	run->sip = hart_read(CSR_MIP) & (MIP_SSIP | MIP_STIP);
	run->sie = mie & GUEST_MIDELEG;
	/*
	 * The host's mie, but an external interrupt that made us exit stays closed until it says
	 * done.
	 */
	hart_write(CSR_MIE, hart->host_mie & (mie | ~(u64)MIP_MEIP));
	hart_write(CSR_MEDELEG, hart->host_medeleg);
	hart_write(CSR_MIDELEG, hart->host_mideleg);
	if (envcfg)
		hart_write(CSR_MENVCFG, hart->host_menvcfg);
	hart_write(CSR_MCOUNTEREN, hart->host_mcounteren);
	hart_clear(CSR_MIP, MIP_SSIP | MIP_STIP | MIP_SEIP);
	hart_set(CSR_MIP, (hart->host.sip & (MIP_SSIP | (sstc ? 0 : MIP_STIP))) |
				  (hart->seip ? MIP_SEIP : 0));
	if (!sstc && (hart->host_mie & MIP_MTIP)) {
		/* The host's own event, at its own time again. */
		sbi_timer_get_device()->timer_event_start(hart->host_deadline);
	}
}

#endif
