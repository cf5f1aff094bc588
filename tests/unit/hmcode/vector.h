/* SPDX-License-Identifier: BSD-2-Clause */
/* vector.h - a trap of the guest, by the way of guest_vector.S. */
#ifndef MODEL_VECTOR_H
#define MODEL_VECTOR_H

#include "trap/trap.h"

/* Its pc is in mepc. */
enum hm_next guest_trap(u64 cause, u64 tval);

#endif
