/* SPDX-License-Identifier: BSD-2-Clause */
/* satp.h - the guest's address space. */
#ifndef HM_SATP_H
#define HM_SATP_H

#include "core/vcpu.h"

void hm_switch_satp(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 value);

/* Is the root of this satp in the root buffer? */
bool hm_satp_is_cached(struct hm_vcpu *vcpu, u64 gsatp);

#endif
