/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interrupts.h - timer and interrupts at a switch of worlds.  The host's own are kept
 * in its hart; host_mie and host.sip were read when it was looked whether one is pending.
 */
#ifndef HM_INTERRUPTS_H
#define HM_INTERRUPTS_H

#include <sbi/sbi_timer.h>

#include "core/timer.h"
#include "world/delegation.h"

/* flags: the entry's */
EXPANDED void enter_interrupts(struct hm_hart *hart, struct hm_vcpu *vcpu, struct hm_run *run,
			       u64 flags, bool sstc)
{
	bool timer = hart->host_mie & (sstc ? MIP_STIP : MIP_MTIP);
	u64 due, mie = (hart->host_mie & (MIP_MSIP | MIP_MEIP)) |
		       (hm_read(run->sie) & GUEST_MIDELEG);

	hart->host_deadline = !timer ? HM_NO_DEADLINE :
			      sstc   ? hart->host.stimecmp :
				       hart->host_timer;

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

EXPANDED void restore_interrupts(const struct hm_hart *hart, struct hm_run *run, bool sstc)
{
	u64 mie = hart_read(CSR_MIE);

	run->sip = hart_read(CSR_MIP) & (MIP_SSIP | MIP_STIP);
	run->sie = mie & GUEST_MIDELEG;
	/*
	 * The host's mie, but an external interrupt that made us exit stays closed until it says
	 * done.
	 */
	hart_write(CSR_MIE, hart->host_mie & (mie | ~(u64)MIP_MEIP));
	hart_clear(CSR_MIP, MIP_SSIP | MIP_STIP | MIP_SEIP);
	hart_set(CSR_MIP, (hart->host.sip & (MIP_SSIP | (sstc ? 0 : MIP_STIP))) |
				  (hart->seip ? MIP_SEIP : 0));
	if (!sstc && (hart->host_mie & MIP_MTIP)) {
		/* The host's own event, at its own time again. */
		sbi_timer_get_device()->timer_event_start(hart->host_deadline);
	}
}

#endif
