/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_vector.S - the one entry from the guest world; guest_ways.S has the ways on and out.
 *
 * While the guest world runs, mscratch points to the hart's hm_frame and mtvec
 * to hm_guest_vector.  The frame lies right above the stack for traps, so one
 * swap gives both.  Until hm_trap_route or one of the hm_*_to_host is called, or
 * hm_guest_leave reached, mscratch holds the guest's sp; from then on OpenSBI's scratch space, since its
 * functions look there.  So nothing on the shorter ways may call them, or hm_this_hart().
 */
#include <sbi/riscv_encoding.h>

#include "hm_abi.h"
#include "offsets.h"
#include "trap/guest_registers.h"

/* The instruction in a3 that TVM trapped, if it is the one at \known that hm_learn_tvm() left there. */
.macro known_insn known, rs1, rs2, short
	ld	t1, (\known + KNOWN_INSN)(sp)
	bne	t1, a3, 1f
.if \rs2
	ld	t0, (\known + KNOWN_RS2)(sp)
	jalr	t0, t0
.endif
.if \rs1
	ld	t0, (\known + KNOWN_RS1)(sp)
	jalr	t0, t0
.endif
	ld	a0, FRAME_VCPU(sp)
	tail	\short
1:
.endm

	.text
	vector	hm_guest_vector
	csrrw	sp, mscratch, sp
	save	FEW
	csrr	a1, mcause
	addi	a0, a1, -12			/* fetch 12, load 13, store 15 */
	sltiu	a0, a0, 4			/* interrupts are far above */
	beqz	a0, no_page_fault

	ld	a0, FRAME_VCPU(sp)
	tail	hm_fault_short
no_page_fault:
	addi	a1, a1, -2			/* illegal instruction: satp and fences */
	bnez	a1, hm_other_trap
	csrr	a3, mtval
known:
	known_insn FRAME_FENCE_PAGE_ASID, 1, 1, hm_fence_page_asid_short
	known_insn FRAME_FENCE_PAGE, 1, 0, hm_fence_page_short
	known_insn FRAME_SATP, 1, 0, hm_satp_short
	known_insn FRAME_FENCE_ASID, 0, 1, hm_fence_asid_short
	known_insn FRAME_FENCE_ALL, 0, 0, hm_fence_all_short
	sd	ra, X(1)
	mv	a0, sp
	mv	a1, a3
	call	hm_learn_tvm
	ld	ra, X(1)
	csrr	a3, mtval
	beqz	a0, known
	j	hm_general_insn

	/*
	 * Where the host has a share in the events, nothing is decided above and little here.  Where it has the tables
	 * and injects, it gets all page faults: a way of their own, before anything is saved that the page has not.
	 */
	vector	hm_exit_vector
	csrrw	sp, mscratch, sp
	sd	a0, X(10)
	csrr	a0, mcause
	addi	a0, a0, -12
	sltiu	a0, a0, 4
	beqz	a0, 2f
	j	hm_fault_exit			/* no tail, which may take t1: that is still the guest's */
2:	ld	a0, X(10)
	j	no_fault_of_the_host

	vector	hm_policy_vector
	csrrw	sp, mscratch, sp
no_fault_of_the_host:
	save	FEW
	csrr	a0, mcause
	addi	a0, a0, -2
	bnez	a0, 3f
	csrr	a3, mtval
	read_source hm_read_rs2, 20
	read_source hm_read_rs1, 15
	sd	a1, FRAME_RS1(sp)
	sd	a2, FRAME_RS2(sp)
	mv	a0, sp
	tail	hm_tvm_short_policy

3:	addi	a0, a0, -12 + 2			/* page faults */
	sltiu	a0, a0, 4
	bnez	a0, hm_general
	j	hm_other_trap
