/* SPDX-License-Identifier: BSD-2-Clause */
/* satp.h - the guest's address space. */
#ifndef HM_SATP_H
#define HM_SATP_H

#include "core/vcpu.h"

/* value has passed ssp_satp_legal(); in a host's root buffer it is */
void hm_switch_satp(struct hm_hart *hart, struct hm_vcpu *vcpu, u64 value);

/* The same where the tables are the firmware's; true: the root was cached. */
bool hm_switch_own_root(struct hm_vcpu *vcpu, u64 value);

/* Is the root of this satp in the root buffer? */
bool hm_satp_is_cached(struct hm_vcpu *vcpu, u64 gsatp);

#endif
