/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.S - harts that arrive in S-mode by HSM or SUSP; the offsets are struct cpu's (clauses.h). */
#include "saved.h"

#define A0	0
#define A1	8
#define SATP	16
#define SSTATUS	24
#define SIE	32
#define SIP	40
#define SP	48
#define GO	56
#define ARRIVALS 64

	.text
	.balign	4
	.globl	cpu_entry
cpu_entry:
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	sd	a0, A0(a1)
	sd	a1, A1(a1)
	csrr	t0, satp
	sd	t0, SATP(a1)
	csrr	t0, sstatus
	sd	t0, SSTATUS(a1)
	csrr	t0, sie
	sd	t0, SIE(a1)
	csrr	t0, sip
	sd	t0, SIP(a1)
	fence	w, w
	ld	t0, ARRIVALS(a1)
	addi	t0, t0, 1
	sd	t0, ARRIVALS(a1)
	ld	sp, SP(a1)
	ld	t0, GO(a1)
	mv	a0, a1
	jr	t0

/* int64_t leave_registers(cpu, eid, fid, type) */
	.globl	leave_registers
leave_registers:
	addi	sp, sp, -CALLEE_SAVED
	callee_saved sd
	sd	sp, SP(a0)
	la	t0, 1f
	sd	t0, GO(a0)
	mv	a7, a1
	mv	a6, a2
	mv	a2, a0
	mv	a0, a3
	la	a1, cpu_entry
	ecall
	j	2f
1:	li	a0, 1			/* RESUMED */
2:	callee_saved ld
	addi	sp, sp, CALLEE_SAVED
	ret
