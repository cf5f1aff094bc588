/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stub.S - an instruction with every register loaded before it and stored behind it (stub.h).
 * Each CPU has a stub in a page of its own, since it writes the instruction there.
 */
#include "saved.h"

/* Offsets in struct registers. */
#define X(n)		(8 * (n))
#define KEPT_SP		(8 * 32)
#define KEPT_GP		(8 * 33)
#define KEPT_TP		(8 * 34)
#define KEPT_STVEC	(8 * 35)
#define KEPT_SSCRATCH	(8 * 36)
#define STVEC		(8 * 37)

/* a0: before, a1: behind, which sscratch holds meanwhile.  A trap of the instruction's comes behind it, too. */
	.macro	stub cpu
	.balign	4096
	.globl	stub_\cpu, stub_\cpu\()_hole, stub_\cpu\()_behind
stub_\cpu:
	addi	sp, sp, -CALLEE_SAVED
	callee_saved sd
	sd	sp, KEPT_SP(a1)
	sd	gp, KEPT_GP(a1)
	sd	tp, KEPT_TP(a1)
	csrrw	t0, sscratch, a1
	sd	t0, KEPT_SSCRATCH(a1)
	lla	t0, stub_\cpu\()_behind
	csrrw	t0, stvec, t0
	sd	t0, KEPT_STVEC(a1)
	.irp	n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,10
	ld	x\n, X(\n)(a0)
	.endr
	.option	push
	.option	norvc
stub_\cpu\()_hole:
	nop
	.option	pop
	.balign	4
stub_\cpu\()_behind:
	csrrw	x31, sscratch, x31
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	sd	x\n, X(\n)(x31)
	.endr
	ld	t0, KEPT_SSCRATCH(x31)
	csrrw	t0, sscratch, t0
	sd	t0, X(31)(x31)
	ld	t0, KEPT_STVEC(x31)
	csrrw	t0, stvec, t0
	sd	t0, STVEC(x31)
	ld	sp, KEPT_SP(x31)
	ld	gp, KEPT_GP(x31)
	ld	tp, KEPT_TP(x31)
	callee_saved ld
	addi	sp, sp, CALLEE_SAVED
	ret
	.endm

	.section .data
	stub	0
	stub	1
	.balign	4096

	.text
/* a0: what f0 to f31 hold, or where it goes. */
	.globl	floats_load
floats_load:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fld	f\n, X(\n)(a0)
	.endr
	ret

	.globl	floats_store
floats_store:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fsd	f\n, X(\n)(a0)
	.endr
	ret
