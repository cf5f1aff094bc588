/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hypervisor.h - the H extension as host-hv uses it: bits of its CSRs, causes, and the switch to a
 * guest (privileged specification, chapter "H" Extension for Hypervisor Support).
 */
#ifndef ARCH_HYPERVISOR_H
#define ARCH_HYPERVISOR_H

#include "arch/cpu.h"

/* "Hypervisor Status Register" */
#define HSTATUS_SPV  (1UL << 7)  /* sret enters V=1 */
#define HSTATUS_VTW  (1UL << 21) /* WFI traps */
#define HSTATUS_VSXL (2UL << 32) /* 64 bits */

/* What SRET takes the mode from, and floating-point state that both levels have open. */
#define SSTATUS_SPP   (1UL << 8)
#define SSTATUS_FS    (3UL << 13)
#define SSTATUS_UXL   (3UL << 32)
#define SSTATUS_UXL64 (2UL << 32)

/* "Hypervisor Interrupt Registers": VS-level interrupts are S-level ones, one bit further. */
#define HVIP_OF(sip) ((sip) << 1)
#define SIP_OF(hvip) ((hvip) >> 1)
#define HIDELEG_VS   HVIP_OF(IRQ_SOFT | IRQ_TIMER | IRQ_EXTERNAL)

/* "Hypervisor Environment Configuration Register" */
#define HENVCFG_CBZE (1UL << 7)
#define HENVCFG_STCE (1UL << 63)

/* "Hypervisor Guest Address Translation and Protection Register" */
#define HGATP_SV39X4     (8UL << 60)
#define HGATP_VMID_SHIFT 44
#define HGATP_VMID_MASK  0x3fffUL

static inline uint64_t vmid_of(uint64_t hgatp)
{
	return hgatp >> HGATP_VMID_SHIFT & HGATP_VMID_MASK;
}

/* Causes that only such a hart has ("Trap Cause Codes"). */
#define CAUSE_VS_ECALL            10
#define CAUSE_FETCH_GUEST_FAULT   20
#define CAUSE_LOAD_GUEST_FAULT    21
#define CAUSE_VIRTUAL_INSTRUCTION 22
#define CAUSE_STORE_GUEST_FAULT   23
#define CAUSE_INTERRUPT           (1UL << 63)

/*
 * guest.S.  Runs the guest whose registers are x[1] to x[31] until it traps to us; x[0] is used
 * meanwhile.
 */
void guest_switch(uint64_t *x);

/*
 * Halfword of the guest's code, by its own tables and rights; negative: the fetch trapped, and
 * scause and stval say why.
 */
long guest_load_code(uint64_t va);

/* f0 to f31, then fcsr; FS is open. */
struct fp_state {
	uint64_t f[32], fcsr;
};
void guest_fp_save(struct fp_state *state);
void guest_fp_load(const struct fp_state *state);

#endif
