/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef HM_MARK_H
#define HM_MARK_H

#include <sbi/sbi_trap.h>

/* Counting of the boot begins: called as the hart leaves for the next stage. */
void hm_mark_boot(void);

/* A trap of the host world: was it the measurement marker?  If so it is done. */
bool hm_mark_native(struct sbi_trap_context *context);

#endif
