/* SPDX-License-Identifier: BSD-2-Clause */
/* support.h - on which harts guests may run. */
#ifndef HM_SUPPORT_H
#define HM_SUPPORT_H

#include <sbi/sbi_scratch.h>

/* Says why where it is false; more: entries that are not in the hart's domain yet. */
bool hm_pmp_covers(struct sbi_scratch *scratch, u64 base, u64 size, u32 more);

/* What of this hart guests cannot run with, or NULL. */
const char *hm_hart_obstacle(struct sbi_scratch *scratch);

/* Bytes of a vector register. */
u32 hm_vlenb(void);

#endif
