/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fatal_vector.S - a trap from M-mode that nobody expects: a fault of the firmware's own.
 *
 * mtvec points here whenever C code runs in M-mode, but for the guest world's
 * short path (guest_ways.S says why it may).  sp, mscratch and every stack may be what
 * broke, so none of them is used: what is written is hm_fatal and its stack.
 */
#include <sbi/riscv_encoding.h>

#include "offsets.h"

	.text
	.align	2
	.globl	hm_fatal_vector
hm_fatal_vector:
	csrw	mscratch, t0			/* what it held is of no use any more */
	lla	t0, hm_fatal_taken
	amoswap.w.aq t0, t0, (t0)		/* by its own address, which is not 0 */
	bnez	t0, again
	lla	t0, hm_fatal
	.irp n, 1,2,3,4,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, (FATAL_X + 8 * \n)(t0)
	.endr
	csrr	a0, mscratch
	sd	a0, (FATAL_X + 8 * 5)(t0)
	csrr	a0, mcause
	sd	a0, FATAL_CAUSE(t0)
	csrr	a0, mepc
	sd	a0, FATAL_PC(t0)
	csrr	a0, mtval
	sd	a0, FATAL_VALUE(t0)
	csrr	a0, mhartid
	sd	a0, FATAL_HART(t0)
	j	1f

	/* A fault on the way to the end goes on with what is left of it; another hart has no end of its own. */
again:
	lla	t0, hm_fatal
	ld	t0, FATAL_HART(t0)
	csrr	a0, mhartid
	bne	a0, t0, hm_stop
1:	lla	sp, hm_fatal_stack_end
	call	hm_fatal_end

	.bss
	.align	4
	.space	HM_FATAL_STACK_SIZE
hm_fatal_stack_end:
