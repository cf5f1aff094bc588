/* SPDX-License-Identifier: BSD-2-Clause */
/* timer.h - when the machine timer is due in the guest world. */
#ifndef HM_TIMER_H
#define HM_TIMER_H

#include <sbi/sbi_timer.h>

#include "core/vcpu.h"
#include "metal/hart.h"

/*
 * The machine timer is ours in the guest world: it is due at the earliest of
 * the host's own timer, the slice, and the guest's timer if the hart has none.
 */
static inline u64 hm_timer_due(const struct hm_hart *hart, const struct hm_vcpu *vcpu, bool sstc)
{
	u64 due = hart->host_deadline < vcpu->slice_end ? hart->host_deadline : vcpu->slice_end;

	return !sstc && vcpu->timer < due ? vcpu->timer : due;
}

static inline void hm_timer_program(const struct hm_hart *hart, const struct hm_vcpu *vcpu)
{
	u64 due = hm_timer_due(hart, vcpu, hart->sstc);

	if (due == HM_NO_DEADLINE) {
		hart_clear(CSR_MIE, MIP_MTIP);
		return;
	}
	sbi_timer_get_device()->timer_event_start(due);
	hart_set(CSR_MIE, MIP_MTIP);
}

#endif
