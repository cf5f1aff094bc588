/* SPDX-License-Identifier: BSD-2-Clause */
/* pmu.h - performance counters of a vCPU. */
#ifndef HM_PMU_H
#define HM_PMU_H

#include "trap/trap.h"

/* One more of an SBI firmware event that nothing else counts. */
static inline void hm_pmu_count(struct hm_vcpu *vcpu, enum sbi_pmu_fw_event_code_id event)
{
	vcpu->pmu.counted[event]++;
}

/* An SBI call of the extension, whose arguments are in x; its error, and a1 in *value. */
long hm_pmu_call(struct hm_vcpu *vcpu, const u64 *x, u64 *value);

/* What the guest reads of cycle or instret, where that traps. */
u64 hm_pmu_read(const struct hm_vcpu *vcpu, enum hm_counter_number number);

/* Around a reset of the statistics: counters go on as if there were none. */
void hm_pmu_hold(struct hm_vcpu *vcpu);
void hm_pmu_go_on(struct hm_vcpu *vcpu);

#endif
