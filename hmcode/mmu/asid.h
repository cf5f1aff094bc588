/* SPDX-License-Identifier: BSD-2-Clause */
/* asid.h - hardware ASIDs of shadow roots. */
#ifndef HM_ASID_H
#define HM_ASID_H

#include "core/vcpu.h"

void hm_asid_init(struct hm_hart *hart);

/* Make the vCPU's current root the one that the hart walks. */
void hm_load_root(struct hm_hart *hart, struct hm_vcpu *vcpu);

/* Give no root the ASID that it had. */
void hm_retire_roots(struct hm_vcpu *vcpu);

#endif
