/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe.S - accesses that may trap, one instruction each, and the way out of the trap.
 *
 * sscratch points to the hart's struct trap (guest.h).  Its ra is not 0 while a probe is
 * made; any other trap ends the run.  What a probe runs changes no callee-saved register.
 */
#define TRAP_RA		0
#define TRAP_SP		8
#define TRAP_CAUSE	16
#define TRAP_TVAL	24
#define TRAP_EPC	32
#define TRAP_STATUS	40
#define NO_CAUSE	64

	.macro begin_probe
	csrr	t0, sscratch
	sd	ra, TRAP_RA(t0)
	sd	sp, TRAP_SP(t0)
	li	t1, NO_CAUSE
	sd	t1, TRAP_CAUSE(t0)
	csrs	sstatus, a3
	.endm

	.text
/* uint64_t probe_supervisor(a0, a1, pc, sstatus bits): calls pc in S-mode */
	.globl	probe_supervisor
probe_supervisor:
	begin_probe
	jalr	a2
	csrr	t0, sscratch
	ld	ra, TRAP_RA(t0)
	sd	zero, TRAP_RA(t0)
	ret

/* The same in U-mode, which ends by ECALL */
	.globl	probe_user
probe_user:
	begin_probe
	li	t0, 0x100		/* SPP */
	csrc	sstatus, t0
	csrw	sepc, a2
	sret

	.balign	4
	.globl	probe_vector
probe_vector:
	csrr	t0, sscratch
	ld	ra, TRAP_RA(t0)
	csrr	t1, scause
	sd	t1, TRAP_CAUSE(t0)
	csrr	t1, stval
	sd	t1, TRAP_TVAL(t0)
	csrr	t1, sepc
	sd	t1, TRAP_EPC(t0)
	csrr	t1, sstatus
	sd	t1, TRAP_STATUS(t0)
	beqz	ra, 1f
	ld	sp, TRAP_SP(t0)
	sd	zero, TRAP_RA(t0)
	ret
1:	mv	a0, t0
	call	unexpected_trap

/* The other hart's entry: a0 its number, a1 the end of its stack */
	.globl	probe_hart
probe_hart:
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	mv	sp, a1
	call	other_hart

	.macro stubs name, insn:vararg
	.section .text
	.globl	supervisor_\name
supervisor_\name:
	\insn
	ret
	.section .text.user, "ax"
	.globl	user_\name\()_stub
user_\name\()_stub:
	\insn
	ecall
	.endm

	.section .text.user, "ax"
	.balign	4096
	.globl	probe_user_page
probe_user_page:
	.globl	user_jump_stub
user_jump_stub:
	jalr	a0
	ecall

	stubs load, ld a0, 0(a0)
	stubs load_reserved, lr.d a0, (a0)
	stubs store, sd a1, 0(a0)
	stubs swap, amoswap.d a0, a1, (a0)
	stubs load_word, lw a0, 0(a0)
	stubs store_word, sw a1, 0(a0)

/* What is illegal there, 8 bytes each; MRET is not among it, since QEMU 10.0.2 gives it a stale mtval (docs/porting.md) */
	.section .text.user, "ax"
	.balign	8
	.globl	user_illegal
user_illegal:
	.option	push
	.option	norvc
	sfence.vma
	ecall
	sfence.vma a0, zero
	ecall
	sfence.vma a0, a1
	ecall
	csrw	satp, zero
	ecall
	csrr	a0, satp
	ecall
	sret
	ecall
	.4byte	0			/* mtval says the same as where there is nothing to say */
	ecall
	.balign	4096

	.text
	.balign	8
	.globl	supervisor_illegal
supervisor_illegal:
	csrr	a0, mstatus
	ret
	csrw	0x7c0, a1
	ret
	csrw	mtvec, zero
	ret
	csrr	a0, 0x5c0
	ret
	csrw	cycle, zero
	ret
	.4byte	0
	ret
	.option	pop
