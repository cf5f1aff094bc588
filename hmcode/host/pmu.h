/* SPDX-License-Identifier: BSD-2-Clause */
/* pmu.h - what of the host's calls about counters OpenSBI may see. */
#ifndef HM_HOST_PMU_H
#define HM_HOST_PMU_H

#include <sbi/sbi_types.h>

/* A set as of SBI's chapter 11 is not empty, and all of it is there. */
bool hm_counters_exist(unsigned long base, unsigned long mask);

/* Of such a set, by number, what the event may be counted by. */
u64 hm_counters_for(unsigned long base, unsigned long mask, unsigned long flags,
		    unsigned long event);

#endif
