/* SPDX-License-Identifier: BSD-2-Clause */
/* hooks.h - OpenSBI's functions that hmcode has a share in while the host world runs. */
#ifndef HM_HOOKS_H
#define HM_HOOKS_H

#include "core/vcpu.h"

/* The counters that the measurement needs run, and count what it counts. */
void hm_run_counters(const struct hm_hart *hart);

#endif
