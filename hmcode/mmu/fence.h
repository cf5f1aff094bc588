/* SPDX-License-Identifier: BSD-2-Clause */
/* fence.h - the fence of the hart that the engine asks for. */
#ifndef HM_FENCE_H
#define HM_FENCE_H

#include "metal/hart.h"
#include "ssp/ssp.h"

/* In the guest world: satp is the current root's. */
static inline void hm_fence(enum ssp_fence fence, u64 va)
{
	switch (fence) {
	case SSP_FENCE_NONE: break;
	case SSP_FENCE_PAGE: hart_fence_page(va); break;
	case SSP_FENCE_ASID: hart_fence_asid(satp_asid(hart_read(CSR_SATP))); break;
	case SSP_FENCE_ALL: hart_fence_all(); break;
	}
}

#endif
