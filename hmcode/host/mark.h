/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef HM_MARK_H
#define HM_MARK_H

#include <sbi/sbi_trap.h>

/*
 * In the cold boot, as the hart leaves for the next stage: counting of the boot begins.  Only if
 * /chosen's bootargs have the word marks=1 is the marker one; else it stays an illegal instruction.
 */
void hm_mark_boot(const void *fdt);

/* A trap of the host world: was it the measurement marker?  If so it is done. */
bool hm_mark_native(struct sbi_trap_context *context);

#endif
