/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.S - entry of a payload, and its way into and out of traps.
 *
 * _start		-> payload_main(hart, fdt) on the boot stack
 * attempt_call		runs a function of which a trap is expected; trap_entry hands an
 *			exception to trap_exception(), which comes back here
 * user_call		the same for code in U-mode, which ends by any exception
 */
#include "saved.h"

#define CALLER_SAVED	(18 * 8)

	.section .head, "ax"
	.globl	_start
_start:
	j	1f
	.balign	8
	.dword	0x200000		/* offset from the start of RAM */
	.dword	_image_size
	.dword	0			/* flags: little endian */
	.word	2			/* header version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.word	0
1:
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	la	sp, _stack_top
	la	t0, _trap_stack_top
	csrw	sscratch, t0
	la	t0, trap_entry
	csrw	stvec, t0
	call	payload_main
1:	wfi
	j	1b

	.text
/* uint64_t attempt_call(function, a, b): the value, or whatever if it trapped. */
	.globl	attempt_call
attempt_call:
	addi	sp, sp, -CALLEE_SAVED
	callee_saved sd
	la	t0, attempt_sp
	sd	sp, 0(t0)
	mv	t0, a0
	mv	a0, a1
	mv	a1, a2
	jalr	t0
	j	attempt_end

/* Called by trap_exception with its result; the stack is the attempt's again. */
	.globl	attempt_return
attempt_return:
	ld	sp, attempt_sp
attempt_end:
	la	t0, attempt_sp
	sd	zero, 0(t0)
	callee_saved ld
	addi	sp, sp, CALLEE_SAVED
	ret

/* uint64_t user_call(pc, a, b): enters U-mode; any exception there ends it. */
	.globl	user_call
user_call:
	addi	sp, sp, -CALLEE_SAVED
	callee_saved sd
	la	t0, attempt_sp
	sd	sp, 0(t0)
	csrw	sepc, a0
	mv	a0, a1
	mv	a1, a2
	li	t0, 0x100		/* sstatus.SPP: return to U-mode */
	csrc	sstatus, t0
	li	t0, 0x20		/* sstatus.SPIE: with interrupts on */
	csrs	sstatus, t0
	sret

	.macro caller_saved op
	\op	ra, 0(sp)
	\op	t0, 8(sp)
	\op	t1, 16(sp)
	\op	t2, 24(sp)
	\op	t3, 32(sp)
	\op	t4, 40(sp)
	\op	t5, 48(sp)
	\op	t6, 56(sp)
	\op	a0, 64(sp)
	\op	a1, 72(sp)
	\op	a2, 80(sp)
	\op	a3, 88(sp)
	\op	a4, 96(sp)
	\op	a5, 104(sp)
	\op	a6, 112(sp)
	\op	a7, 120(sp)
	.endm

	.balign	4
	.globl	trap_entry
trap_entry:
	csrrw	sp, sscratch, sp
	addi	sp, sp, -CALLER_SAVED
	caller_saved sd
	csrr	t0, scause
	bltz	t0, 1f
	/* The interrupted frame is given up: free the trap stack, and go back to the attempt. */
	la	t1, _trap_stack_top
	csrw	sscratch, t1
	call	trap_exception
	j	attempt_return
1:	call	trap_interrupt
	caller_saved ld
	addi	sp, sp, CALLER_SAVED
	csrrw	sp, sscratch, sp
	sret

/* Code for U-mode, on a page of its own: each stub does one access and ends by ecall. */
	.balign	4096
	.globl	user_code
user_code:
	.globl	user_load
user_load:
	ld	a0, 0(a0)
	ecall
	.globl	user_store
user_store:
	sd	a1, 0(a0)
	ecall
	.globl	user_jump
user_jump:
	jr	a0
	.globl	user_return
user_return:
	ecall
	.globl	user_read_time
user_read_time:
	rdtime	a0
	ecall
	.globl	user_read_cycle
user_read_cycle:
	rdcycle	a0
	ecall
	.globl	user_read_sscratch
user_read_sscratch:
	csrr	a0, sscratch
	ecall
	.globl	user_sfence
user_sfence:
	sfence.vma
	ecall
	.globl	user_sret
user_sret:
	sret
	.globl	user_wfi
user_wfi:
	wfi
	ecall
	.globl	user_ebreak
user_ebreak:
	ebreak
	.globl	user_mark
user_mark:
	csrw	0x8e0, a0		/* HM_CSR_MARK */
	ecall
	.balign	4096

	.bss
	.balign	16
	.space	32768
_stack_top:
	.space	16384
	.globl	_trap_stack_top
_trap_stack_top:
	.globl	attempt_sp
attempt_sp:
	.dword	0
