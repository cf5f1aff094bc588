/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delegation.h - what M-mode leaves to S-mode, at a switch of worlds: exceptions, interrupts,
 * counters, and what menvcfg enables.
 */
#ifndef HM_DELEGATION_H
#define HM_DELEGATION_H

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

EXPANDED void load_guest_delegation(struct hm_hart *hart, const struct hm_vcpu *vcpu, bool envcfg)
{
	if (unlikely(!hart->host_known))
		learn_host(hart);
	if (envcfg)
		hart_write(CSR_MENVCFG, hart->guest_menvcfg);
	hart_write(CSR_MEDELEG, vcpu->medeleg);
	hart_write(CSR_MIDELEG, GUEST_MIDELEG);
	hart_write(CSR_MCOUNTEREN, vcpu->mcounteren);
}

EXPANDED void load_host_delegation(const struct hm_hart *hart, bool envcfg)
{
	hart_write(CSR_MEDELEG, hart->host_medeleg);
	hart_write(CSR_MIDELEG, hart->host_mideleg);
	if (envcfg)
		hart_write(CSR_MENVCFG, hart->host_menvcfg);
	hart_write(CSR_MCOUNTEREN, hart->host_mcounteren);
}

#endif
