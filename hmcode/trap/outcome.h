/* SPDX-License-Identifier: BSD-2-Clause */
/* outcome.h - how a general way has ended, for guest_ways.S; 0: the guest can resume. */
#ifndef HM_OUTCOME_H
#define HM_OUTCOME_H

/* Bytes of a piece of code at hm_read_rs1 or hm_read_rs2. */
#define HM_READ_SIZE 8

#define HM_TRAP_EXIT 2 /* an exit, and no register of the guest was written */

#endif
