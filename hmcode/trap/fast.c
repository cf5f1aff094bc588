/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast.c - page faults that the walk cache answers: true faults are injected,
 * hidden ones filled.  Called by entry.S with a handful of registers saved.
 *
 * This file is compiled so that its function preserves all other registers
 * (FAST_CFLAGS in the Makefile); it calls nothing.
 */
#include "ssp/fast.h"
#include "trap/trap.h"

#define PAGE_FAULTS	(1u << CAUSE_FETCH_PAGE_FAULT | 1u << CAUSE_LOAD_PAGE_FAULT |	\
			 1u << CAUSE_STORE_PAGE_FAULT)

/* "Supervisor Trap Handling" for a fault whose CSRs are all live. */
static inline void inject(u64 cause, u64 va, u64 mstatus)
{
	u64 spie = (mstatus & MSTATUS_SIE) << 4;	/* SIE is bit 1, SPIE bit 5 */
	u64 spp = mstatus >> 3 & MSTATUS_SPP;		/* MPP bit 11 (0 U, 1 S), SPP bit 8 */

	csr_write(CSR_SCAUSE, cause);
	csr_write(CSR_STVAL, va);
	csr_write(CSR_SEPC, csr_read(CSR_MEPC));
	csr_write(CSR_MEPC, csr_read(CSR_STVEC) & ~3ull);
	mstatus &= ~(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP);
	csr_write(CSR_MSTATUS, mstatus | spie | spp | (u64)PRV_S << MSTATUS_MPP_SHIFT);
}

u64 hm_trap_fast(struct hm_frame *frame, u64 cause)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	enum ssp_fence fence;
	u64 va, mstatus;

	if (cause > CAUSE_STORE_PAGE_FAULT || !(PAGE_FAULTS >> cause & 1))
		return 1;
	va = csr_read(CSR_MTVAL);
	mstatus = csr_read(CSR_MSTATUS);
	switch (ssp_fault_fast(&vcpu->space, va, cause & 3, hm_access_state(mstatus), &fence)) {
	case SSP_TRUE_FAULT:
		inject(cause, va, mstatus);
		hm_count(vcpu, HM_TRAP_TRUE_FAULT);
		return 0;
	case SSP_FILLED:
		if (fence)
			hm_sfence_va(va);
		hm_count(vcpu, HM_TRAP_FILL);
		return 0;
	default:
		return 1;
	}
}
