/* SPDX-License-Identifier: BSD-2-Clause */
/* asid.h - hardware ASIDs of shadow roots. */
#ifndef HM_ASID_H
#define HM_ASID_H

#include "core/vcpu.h"
#include "metal/hart.h"

void hm_asid_init(struct hm_hart *hart);

/* Make the vCPU's current root the one that the hart walks. */
void hm_load_root(struct hm_hart *hart, struct hm_vcpu *vcpu);

/* The same where the tables are the firmware's. */
void hm_load_own_root(struct hm_vcpu *vcpu);

/* Its commonest case, where the root has an ASID already; false: nothing was done. */
static inline bool hm_load_ready(const struct hm_hart *hart, u64 hsatp, u64 asid_generation)
{
	if (asid_generation != hart->asid_generation)
		return false;
	hart_write(CSR_SATP, hsatp);
	return true;
}

/* Give no root the ASID that it had. */
void hm_retire_roots(struct hm_vcpu *vcpu);

#endif
