/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outcome.h - what the short way of a TVM trap says to guest_vector.S, for C and the assembler; 0:
 * the guest can resume.
 */
#ifndef HM_OUTCOME_H
#define HM_OUTCOME_H

#define HM_SHORT_RING    2 /* it commits its ring */
#define HM_SHORT_TO_HOST 3 /* of hm_tvm_short_policy(): a fence for hm_to_host() */

#endif
