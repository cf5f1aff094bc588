/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hm.h - the firmware as host-hv calls it: a few SBI extensions, and the HM
 * extension of hm_abi.h.
 */
#ifndef HM_H
#define HM_H

#include "arch/cpu.h"
#include "hm_abi.h"
#include "core/lib.h"

/* Extensions (SBI specification) that the firmware serves or guests call. */
#define SBI_EXT_BASE   0x10
#define SBI_EXT_TIME   0x54494d45
#define SBI_EXT_IPI    0x735049
#define SBI_EXT_RFENCE 0x52464e43
#define SBI_EXT_HSM    0x48534d
#define SBI_EXT_SRST   0x53525354
#define SBI_EXT_DBCN   0x4442434e
#define SBI_EXT_SUSP   0x53555350
#define SBI_EXT_FWFT   0x46574654

/* The legacy extensions. */
#define SBI_EXT_PUTCHAR           1
#define SBI_EXT_GETCHAR           2
#define SBI_EXT_LEGACY_IPI        4
#define SBI_EXT_LEGACY_FENCE_I    5
#define SBI_EXT_LEGACY_FENCE      6
#define SBI_EXT_LEGACY_FENCE_ASID 7
#define SBI_EXT_SHUTDOWN          8

#define SBI_SUCCESS               0
#define SBI_ERR_FAILED            (-1)
#define SBI_ERR_NOT_SUPPORTED     (-2)
#define SBI_ERR_INVALID_PARAM     (-3)
#define SBI_ERR_DENIED            (-4)
#define SBI_ERR_INVALID_ADDRESS   (-5)
#define SBI_ERR_ALREADY_AVAILABLE (-6)
#define SBI_ERR_DENIED_LOCKED     (-14)

#define SBI_SRST_SHUTDOWN       0
#define SBI_SRST_WARM_REBOOT    2
#define SBI_SRST_NO_REASON      0
#define SBI_SRST_SYSTEM_FAILURE 1

/* Returns the HM_EXIT_* reason, or a negative SBI error. */
static inline long hm_vcpu_run(unsigned long vcpu)
{
	struct sbiret ret = sbi_call1(HM_EXT_ID, HM_FID_VCPU_RUN, vcpu);

	return __builtin_expect(ret.error, 0) ? ret.error : (long)ret.value;
}

/* Any call but a run ends what the hart lends: the firmware writes to no page after it. */
static inline void hm_end_lending(void)
{
	sbi_call(HM_EXT_ID, HM_FID_VERSION, 0);
}

static inline void firmware_set_timer(uint64_t time)
{
	sbi_call(SBI_EXT_TIME, 0, time);
}

static inline void firmware_send_ipi(unsigned long hart_id)
{
	sbi_call(SBI_EXT_IPI, 0, 1, hart_id);
}

#endif
