/* SPDX-License-Identifier: BSD-2-Clause */
/* outcome.h - what C says to guest_ways.S of hm_trap_mmu() and hm_trap_unknown(); 0: the guest can resume. */
#ifndef HM_OUTCOME_H
#define HM_OUTCOME_H

/* Bytes of a piece of code at hm_read_rs1 or hm_read_rs2. */
#define HM_READ_SIZE 8

#define HM_TRAP_EXIT 2 /* an exit, and no register of the guest was written */

#endif
