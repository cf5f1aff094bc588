/* SPDX-License-Identifier: BSD-2-Clause */
/* pmu.h - a vCPU's performance counters, as trap/pmu.c keeps them. */
#ifndef HM_CORE_PMU_H
#define HM_CORE_PMU_H

#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_types.h>

/*
 * Logical numbers: those of the hart have the bit of their CSR in mcounteren, where 1, time's, is
 * nobody's; behind them come the firmware's own.
 */
enum hm_counter_number {
	HM_COUNTER_CYCLE = 0,
	HM_COUNTER_TIME = 1,
	HM_COUNTER_INSTRET = 2,
	HM_COUNTER_FIRMWARE = 3,
	HM_COUNTERS = HM_COUNTER_FIRMWARE + 16,
};

/* SBI's firmware events that the firmware does not count for other reasons already. */
#define HM_PMU_COUNTED (SBI_PMU_FW_SFENCE_VMA_ASID_RCVD + 1)

/* Nothing counts in it: it is the difference of two readings of what its event has come to. */
struct hm_counter {
	u64 value; /* while it is started: at its start */
	u64 begin; /* what the event had come to then */
	u64 data;  /* the event's */
	u32 event; /* SBI's event_idx; 0: none */
	bool started;
};

struct hm_pmu {
	struct hm_counter counter[HM_COUNTERS];
	u64 counted[HM_PMU_COUNTED];
	u64 insn_before; /* retired in the guest world before the last reset of the statistics */
};

#endif
