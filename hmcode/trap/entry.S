/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.S - the one entry from the guest world and the ways out of it.
 *
 * While the guest world runs, mscratch points to the hart's hm_frame and mtvec
 * to hm_guest_vector.  The frame lies right above the stack for traps, so one
 * swap gives both.  Until hm_trap_slow is called mscratch holds the guest's
 * sp; from then on OpenSBI's scratch space, since its functions look there.
 */
#include "offsets.h"

#define X(n)	(FRAME_X + 8 * (n))(sp)

/* What fast.c may change: it is compiled with every other register preserved. */
.macro save_few
	sd	ra, X(1)
	sd	t0, X(5)
	sd	a0, X(10)
	sd	a1, X(11)
	sd	a2, X(12)
	sd	a3, X(13)
	sd	a4, X(14)
	sd	a5, X(15)
.endm

.macro load_few
	ld	ra, X(1)
	ld	t0, X(5)
	ld	a0, X(10)
	ld	a1, X(11)
	ld	a2, X(12)
	ld	a3, X(13)
	ld	a4, X(14)
	ld	a5, X(15)
.endm

/* The rest of what C may change. */
.macro save_caller_saved
	sd	t1, X(6)
	sd	t2, X(7)
	sd	a6, X(16)
	sd	a7, X(17)
	sd	t3, X(28)
	sd	t4, X(29)
	sd	t5, X(30)
	sd	t6, X(31)
.endm

.macro load_caller_saved
	ld	t1, X(6)
	ld	t2, X(7)
	ld	a6, X(16)
	ld	a7, X(17)
	ld	t3, X(28)
	ld	t4, X(29)
	ld	t5, X(30)
	ld	t6, X(31)
.endm

/* What C preserves: saved so that it can be read, and loaded where it may have been written. */
.macro save_callee_saved
	sd	gp, X(3)
	sd	tp, X(4)
	sd	s0, X(8)
	sd	s1, X(9)
	sd	s2, X(18)
	sd	s3, X(19)
	sd	s4, X(20)
	sd	s5, X(21)
	sd	s6, X(22)
	sd	s7, X(23)
	sd	s8, X(24)
	sd	s9, X(25)
	sd	s10, X(26)
	sd	s11, X(27)
.endm

.macro load_callee_saved
	ld	gp, X(3)
	ld	tp, X(4)
	ld	s0, X(8)
	ld	s1, X(9)
	ld	s2, X(18)
	ld	s3, X(19)
	ld	s4, X(20)
	ld	s5, X(21)
	ld	s6, X(22)
	ld	s7, X(23)
	ld	s8, X(24)
	ld	s9, X(25)
	ld	s10, X(26)
	ld	s11, X(27)
.endm

/*
 * \to = the guest's register whose number is at bit \bit of the instruction in
 * a1.  A table of two instructions a register does it: no other is saved yet.
 */
.macro read_gpr to, bit
	srli	t0, a1, \bit - 3
	andi	t0, t0, 31 << 3
	lla	\to, 1f
	add	t0, t0, \to
	jalr	t0, t0
	j	2f
	.option push
	.option norvc
1:	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	.if \n == 2
	csrr	\to, mscratch
	.elseif \n == 1 || \n == 5 || (\n >= 10 && \n <= 15)
	ld	\to, X(\n)
	.else
	mv	\to, x\n
	.endif
	jr	t0
	.endr
	.option pop
2:
.endm

	.text
	.align	2
	.globl	hm_guest_vector
hm_guest_vector:
	csrrw	sp, mscratch, sp
	save_few
	csrr	a1, mcause
	addi	a2, a1, -2			/* illegal instruction: satp and fences */
	beqz	a2, tvm
	mv	a0, sp
	call	hm_fast_fault
	bnez	a0, general
	load_few
	csrrw	sp, mscratch, sp
	mret

tvm:
	csrr	a1, mtval
	read_gpr a2, 15
	read_gpr a3, 20
	mv	a0, sp
	call	hm_fast_tvm
	bnez	a0, general
	load_few
	csrrw	sp, mscratch, sp
	mret

general:
	save_caller_saved
	mv	a0, sp
	csrr	a1, mcause
	call	hm_trap_general
	bnez	a0, slow
	load_caller_saved
	load_few
	csrrw	sp, mscratch, sp
	mret

slow:
	save_callee_saved
	csrr	a0, mscratch
	sd	a0, X(2)
	ld	a0, FRAME_SCRATCH(sp)
	csrw	mscratch, a0
	mv	a0, sp
	call	hm_trap_slow
	beqz	a0, hm_resume

	/* A VM exit: return from hm_guest_run. */
	la	a0, _trap_handler
	csrw	mtvec, a0
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

/* void hm_guest_run(struct hm_frame *frame): run the guest until a trap becomes an exit */
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
	la	a0, hm_guest_vector
	csrw	mtvec, a0

hm_resume:
	ld	a0, X(2)
	csrw	mscratch, a0
	load_callee_saved
	load_caller_saved
	load_few
	csrrw	sp, mscratch, sp
	mret
