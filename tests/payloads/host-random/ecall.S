/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ecall.S - an ecall with all registers given; the second hart's entry; and
 * the end of a host that traps, which none of this does.
 */
#define BEFORE(n)	(8 * (n))(tp)
#define AFTER(n)	(8 * (32 + (n)))(tp)
#define SP		(8 * 64)(tp)
#define FRAME		(8 * 16)

	.text
/* void enter_ecall(struct registers *registers) */
	.globl	enter_ecall
enter_ecall:
	addi	sp, sp, -FRAME
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
	mv	tp, a0
	sd	sp, SP
	.irp n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, BEFORE(\n)
	.endr
	ecall
	.irp n, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, AFTER(\n)
	.endr
	ld	sp, SP
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
	addi	sp, sp, FRAME
	ret

/* SBI HSM: a0 the hart, a1 what start was given: its stack. */
	.globl	second_hart
second_hart:
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	mv	sp, a1
	la	t0, host_vector
	csrw	stvec, t0
	call	second_main
1:	j	1b

/* Two addresses, so that stvec can change. */
	.balign	4
	.globl	host_vector, host_vector_too
host_vector:
	nop
	.balign	4
host_vector_too:
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	la	sp, lost_stack
	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	call	host_lost
1:	j	1b

	.bss
	.balign	16
	.space	4096
lost_stack:
