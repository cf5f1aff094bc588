/* SPDX-License-Identifier: BSD-2-Clause */
/* switch.h - entering and leaving the guest world. */
#ifndef HM_SWITCH_H
#define HM_SWITCH_H

#include "core/vcpu.h"

/* Run a vCPU until it exits; an SBI error code. */
long hm_vcpu_run(u64 number, unsigned long *exit_reason);

#endif
