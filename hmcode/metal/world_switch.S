/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world_switch.S - between the two worlds, general registers: the host's stand on its stack, the guest's go to the page
 * before and come from it.
 */
#include "hm_abi.h"
#include "offsets.h"

	.text
/*
 * void hm_guest_run(struct hm_frame *frame, const char *vector, struct hm_run *run)
 * Run the guest until a trap becomes an exit.  The way back is hm_guest_leave; mtvec is the caller's again by then.
 */
	.globl	hm_guest_run
hm_guest_run:
	addi	sp, sp, -128
	sd	ra, 0(sp)
	sd	gp, 8(sp)
	sd	tp, 16(sp)
	sd	s0, 24(sp)
	sd	s1, 32(sp)
	sd	s2, 40(sp)
	sd	s3, 48(sp)
	sd	s4, 56(sp)
	sd	s5, 64(sp)
	sd	s6, 72(sp)
	sd	s7, 80(sp)
	sd	s8, 88(sp)
	sd	s9, 96(sp)
	sd	s10, 104(sp)
	sd	s11, 112(sp)
	sd	sp, FRAME_HOST_SP(a0)
	mv	sp, a0
	csrr	a0, mscratch
	sd	a0, FRAME_SCRATCH(sp)
	sd	a1, FRAME_VECTOR(sp)
	csrw	mtvec, a1
	ld	a0, (RUN_X + 8 * 2)(a2)
	csrw	mscratch, a0
	.irp n, 1,3,4,5,6,7,8,9,10,11,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,12
	ld	x\n, (RUN_X + 8 * \n)(a2)
	.endr
	csrrw	sp, mscratch, sp
	mret

/* sp: the frame.  Return from hm_guest_run. */
	.globl	hm_guest_leave
hm_guest_leave:
	ld	sp, FRAME_HOST_SP(sp)
	ld	ra, 0(sp)
	ld	gp, 8(sp)
	ld	tp, 16(sp)
	ld	s0, 24(sp)
	ld	s1, 32(sp)
	ld	s2, 40(sp)
	ld	s3, 48(sp)
	ld	s4, 56(sp)
	ld	s5, 64(sp)
	ld	s6, 72(sp)
	ld	s7, 80(sp)
	ld	s8, 88(sp)
	ld	s9, 96(sp)
	ld	s10, 104(sp)
	ld	s11, 112(sp)
	addi	sp, sp, 128
	ret
