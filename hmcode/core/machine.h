/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.h - what of the machine is the same for all vCPUs: each hart, and how fast time runs. */
#ifndef HM_MACHINE_H
#define HM_MACHINE_H

#include "core/vcpu.h"

/* In scratch space: struct hm_hart *.  Hidden, as hm_entries. */
extern unsigned long hm_hart_offset __attribute__((visibility("hidden")));

static inline struct hm_hart *hm_this_hart(void)
{
	return *(struct hm_hart **)sbi_scratch_thishart_offset_ptr(hm_hart_offset);
}

extern unsigned long hm_timebase; /* ticks of mtime in a second; written in the cold boot */

#endif
