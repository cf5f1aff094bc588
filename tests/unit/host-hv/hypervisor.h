/* SPDX-License-Identifier: BSD-2-Clause */
/* hypervisor.h - the guest of a hart with H, played by a test. */
#ifndef TEST_HYPERVISOR_H
#define TEST_HYPERVISOR_H

#include "test.h"

#include "arch/hfence.h"
#include "arch/hypervisor.h"

/* What the guest does until its trap. */
extern void (*on_guest)(uint64_t *x);

/* Halfwords of its code at code_at and behind; negative: less the cause by which the fetch traps. */
extern long code[2];
extern uint64_t code_at;

#endif
