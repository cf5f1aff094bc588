/* SPDX-License-Identifier: BSD-2-Clause */
/* sbi.h - the SBI calls of guests that the firmware leaves to host-hv. */
#ifndef SBI_H
#define SBI_H

#include "core/vcpu.h"

/* Serves the SBI call in the guest's registers. */
enum next exit_sbi(struct vcpu *v);

#endif
