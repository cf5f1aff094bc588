/* SPDX-License-Identifier: BSD-2-Clause */
/* switch.h - entering and leaving the guest world. */
#ifndef HM_SWITCH_H
#define HM_SWITCH_H

#include "core/vcpu.h"

/* As SBI answers a call: a0 and a1. */
struct hm_answer {
	long error;
	u64 value;
};

/*
 * HM_FID_VCPU_RUN for host_vector.S, which comes here with nothing but the registers saved: run a
 * vCPU until it exits, and end the host's call.  Only harts that are supported have that vector.
 */
struct hm_answer hm_vcpu_run(u64 number);

#endif
