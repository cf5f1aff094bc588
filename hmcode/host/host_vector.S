/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_vector.S - traps of the host world.  The call that runs a vCPU is the one that has to be
 * quick, so it goes around OpenSBI's general way; all else is OpenSBI's, which
 * finds every register as it was.  The stack is the one that it would use.  Only the
 * host's traps come here: in M-mode mtvec is hm_fatal_vector (boot.c and below).
 * Saved for a run is what C may change, and what it leaves alone and a guest does not: gp and tp.
 */
#include <sbi/riscv_encoding.h>
#include <sbi/sbi_scratch.h>

#include "hm_abi.h"

#define HOST_FRAME	(8 * 32)

	.text
	.align	2
	.globl	hm_host_vector
hm_host_vector:
	csrrw	tp, mscratch, tp		/* the scratch space */
	sd	t0, SBI_SCRATCH_TMP0_OFFSET(tp)
	csrr	t0, mcause
	addi	t0, t0, -CAUSE_SUPERVISOR_ECALL
	bnez	t0, 1f
	addi	t0, a6, -HM_FID_VCPU_RUN
	bnez	t0, 1f
	li	t0, HM_EXT_ID
	beq	a7, t0, run_vcpu
1:	ld	t0, SBI_SCRATCH_TMP0_OFFSET(tp)
	csrrw	tp, mscratch, tp
	j	_trap_handler

run_vcpu:
	addi	t0, tp, -HOST_FRAME
	sd	sp, (8 * 2)(t0)
	mv	sp, t0
	ld	t0, SBI_SCRATCH_TMP0_OFFSET(tp)
	.irp n, 1,3,5,6,7,12,13,14,15,16,17,28,29,30,31
	sd	x\n, (8 * \n)(sp)
	.endr
	csrrw	t0, mscratch, tp
	sd	t0, (8 * 4)(sp)
	lla	t0, hm_fatal_vector
	csrw	mtvec, t0
	call	hm_vcpu_run			/* a0: number of the vCPU, then error; a1: value */
	lla	t0, hm_host_vector
	csrw	mtvec, t0
	.irp n, 1,3,4,5,6,7,12,13,14,15,16,17,28,29,30,31,2
	ld	x\n, (8 * \n)(sp)
	.endr
	mret
