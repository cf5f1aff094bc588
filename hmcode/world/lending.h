/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lending.h - CSRs that a host lends its guests (HM_RUN_LENDS_CSRS, docs/abi.md).
 *
 * Such a host uses none of them while it serves an exit, so they stay the guest's: the exit and the
 * next entry of the same vCPU move none.  The lending ends where somebody else needs them: another
 * vCPU, a host that lends no more, and OpenSBI, to which every other trap of the host world goes.
 * Then the page has what was the guest's, and the hart what is the host's in M-mode; of the
 * supervisor CSRs the host has asked for none back.
 */
#ifndef HM_LENDING_H
#define HM_LENDING_H

#include "core/vcpu.h"

/* flags: hm_run.flags of the vCPU that has them, as its host wrote them. */
void hm_lending_take_back(struct hm_hart *hart, u64 flags);

static inline void hm_lending_end(struct hm_hart *hart)
{
	if (hart->lent_to)
		hm_lending_take_back(hart, hm_read(hart->lent_to->run->flags));
}

#endif
