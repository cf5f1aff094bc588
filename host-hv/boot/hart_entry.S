/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hart_entry.S - the entries of all other harts, and of traps.
 *
 *   hart_entry  by SBI HSM hart_start: a1 = struct hart
 *               next: hart_main(), which never returns
 *   trap_entry  any trap of host-hv itself is a bug: panic_trap()
 */

	.text
	.globl hart_entry
hart_entry:
	csrw	sie, zero
	csrci	sstatus, 2
	csrw	satp, zero
	lla	t0, trap_entry
	csrw	stvec, t0
	mv	tp, a1
	ld	sp, 0(tp)			/* struct hart: stack_end comes first */
	call	hart_main
	j	.

	.balign	4
	.globl trap_entry
trap_entry:
	lla	sp, panic_stack_end		/* the fault may be the stack's */
	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	call	panic_trap
	j	.

	.bss
	.balign	16
	.space	4096
panic_stack_end:
