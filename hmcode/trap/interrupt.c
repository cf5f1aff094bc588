/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interrupt.c - machine interrupts in the guest world.  Each entry looks at
 * all three kinds, so that a storm of one starves none.
 */
#include <sbi/sbi_ipi.h>
#include <sbi/sbi_timer.h>

#include "core/timer.h"
#include "trap/trap.h"

/*
 * OpenSBI's IPIs.  One for the host's supervisor raises SSIP, which is the
 * guest's at the moment: it is kept for the host, and ends the run.
 */
static bool software(struct hm_trap *trap)
{
	u64 guest = hart_read_clear(CSR_MIP, MIP_SSIP) & MIP_SSIP;
	u64 host;

	sbi_ipi_process();
	host = hart_read_clear(CSR_MIP, MIP_SSIP) & MIP_SSIP;
	hart_set(CSR_MIP, guest);
	trap->hart->host.sip |= host;
	return host;
}

/* The guest's deadline without Sstc, the host's timer, or the end of the slice. */
static bool timer(struct hm_trap *trap)
{
	struct hm_vcpu *vcpu = trap->vcpu;
	u64 now = sbi_timer_value();

	if (!trap->hart->sstc && vcpu->timer <= now) {
		vcpu->timer = HM_NO_DEADLINE;
		hart_set(CSR_MIP, MIP_STIP);
	}
	if (trap->hart->host_deadline <= now || vcpu->slice_end <= now)
		return true;
	hm_timer_program(trap->hart, vcpu);
	return false;
}

/* The host programs the PLIC's M context of this hart; it stays closed until it says done. */
static bool external(struct hm_trap *trap)
{
	hart_clear(CSR_MIE, MIP_MEIP);
	trap->hart->seip = true;
	return true;
}

enum hm_next hm_route_interrupt(struct hm_trap *trap)
{
	u64 pending = hart_read(CSR_MIP) & hart_read(CSR_MIE);
	bool exit = false;

	if (pending & MIP_MSIP)
		exit |= software(trap);
	if (pending & MIP_MTIP)
		exit |= timer(trap);
	if (pending & MIP_MEIP)
		exit |= external(trap);
	if (exit)
		return hm_exit(trap, HM_EXIT_INTERRUPT, 0);
	hm_count(trap->vcpu, HM_TRAP_INTERRUPT, trap->cause);
	return HM_RESUME;
}
