/* SPDX-License-Identifier: BSD-2-Clause */
/* fence.h - the fence of the hart that the engine asks for. */
#ifndef HM_FENCE_H
#define HM_FENCE_H

#include "metal/metal.h"
#include "ssp/ssp.h"

/* In the guest world: satp is the current root's. */
static inline void hm_fence(enum ssp_fence fence, u64 va)
{
	switch (fence) {
	case SSP_FENCE_NONE:
		break;
	case SSP_FENCE_PAGE:
		hm_sfence_va(va);
		break;
	case SSP_FENCE_ASID:
		hm_sfence_asid(satp_asid(csr_read(CSR_SATP)));
		break;
	case SSP_FENCE_ALL:
		hm_sfence_all();
		break;
	}
}

#endif
