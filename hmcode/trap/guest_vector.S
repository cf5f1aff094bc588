/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_vector.S - the one entry from the guest world and the ways out of it.
 *
 * While the guest world runs, mscratch points to the hart's hm_frame and mtvec
 * to hm_guest_vector.  The frame lies right above the stack for traps, so one
 * swap gives both.  Until hm_trap_route or hm_to_host is called, or hm_guest_leave
 * reached, mscratch holds the guest's sp; from then on OpenSBI's scratch space, since its
 * functions look there.  So nothing on the shorter ways may call them, or hm_this_hart().
 */
#include <sbi/riscv_encoding.h>

#include "hm_abi.h"
#include "offsets.h"
#include "trap/guest_registers.h"
#include "trap/outcome.h"

/*
 * From here on a trap is the firmware's own fault.  On the short path, where mtvec
 * stays the guest's, none can come: CSRs that every hart here has, and accesses to
 *	the frame, the vCPU, its roots and shadow tables	the firmware's own pool
 *	a guest's leaf table (a walk), its ring's page		RAM of a slot, checked by
 *		hm_slot_set(); a slot that goes takes walks and ring along
 *	the run page						RAM, checked by hm_vcpu_create()
 * all aligned, and at offsets that are masked to the page.  Where tvm_short.c loads as
 * S-mode would, it has a vector of its own (hart_maps_page()).
 */
.macro expect_no_trap
	lla	a0, hm_fatal_vector
	csrw	mtvec, a0
.endm

.macro expect_guest_traps
	ld	a0, FRAME_VECTOR(sp)
	csrw	mtvec, a0
.endm

/* a1 or a2, by the table, = the source register at bit \bit of the instruction in a3.  Takes t0 and t1. */
.macro read_source table, bit
	srli	t0, a3, \bit - 3
	andi	t0, t0, 31 << 3
	lla	t1, \table
	add	t1, t1, t0
	jalr	t0, t1
.endm

/* The instruction in a3 that TVM trapped, if it is the one at \known that hm_learn_tvm() left there. */
.macro known_insn known, rs2, short
	ld	t1, (\known + KNOWN_INSN)(sp)
	bne	t1, a3, 1f
.if \rs2
	ld	t0, (\known + KNOWN_RS2)(sp)
	jalr	t0, t0
.endif
	ld	t0, (\known + KNOWN_RS1)(sp)
	jalr	t0, t0
	ld	a0, FRAME_VCPU(sp)
	call	\short
	bnez	a0, general_insn
	load_few
	csrrw	sp, mscratch, sp
	mret
1:
.endm

/* The guest's registers to the page at a1: \live are still in place, \saved in the frame.  Takes a0. */
.macro registers_to_page live, saved
	.irp n, \live
	sd	x\n, (RUN_X + 8 * \n)(a1)
	.endr
	csrr	a0, mscratch
	sd	a0, (RUN_X + 8 * 2)(a1)
	ld	a0, FRAME_SCRATCH(sp)
	csrw	mscratch, a0
	.irp n, \saved
	ld	a0, X(\n)
	sd	a0, (RUN_X + 8 * \n)(a1)
	.endr
.endm

	.text
	.align	2
	.globl	hm_guest_vector
hm_guest_vector:
	csrrw	sp, mscratch, sp
	save_few
	csrr	a1, mcause
	addi	a0, a1, -12			/* fetch 12, load 13, store 15 */
	sltiu	a0, a0, 4			/* interrupts are far above */
	beqz	a0, no_page_fault

	ld	a0, FRAME_VCPU(sp)
	call	hm_fault_short
	bnez	a0, general
	load_few
	csrrw	sp, mscratch, sp
	mret

no_page_fault:
	addi	a1, a1, -2			/* illegal instruction: satp and fences */
	bnez	a1, other
	csrr	a3, mtval
known:
	known_insn FRAME_FENCE_PAGE_ASID, 1, hm_fence_page_asid_short
	known_insn FRAME_FENCE_PAGE, 0, hm_fence_page_short
	known_insn FRAME_SATP, 0, hm_satp_short
	mv	a0, sp
	mv	a1, a3
	call	hm_learn_tvm
	csrr	a3, mtval
	beqz	a0, known
	j	general_insn

	/* Where the host has a share in the events, nothing is decided above and little here. */
	.align	2
	.globl	hm_policy_vector
hm_policy_vector:
	csrrw	sp, mscratch, sp
	save_few
	csrr	a0, mcause
	addi	a0, a0, -2
	bnez	a0, 3f
	csrr	a3, mtval
	read_source hm_read_rs2, 20
	read_source hm_read_rs1, 15
	sd	a1, FRAME_RS1(sp)
	sd	a2, FRAME_RS2(sp)
	mv	a0, sp
	call	hm_tvm_short_policy
	bnez	a0, 4f
	load_few
	csrrw	sp, mscratch, sp
	mret
4:	addi	a0, a0, -HM_SHORT_TO_HOST
	beqz	a0, to_host
	j	general
3:	addi	a0, a0, -12 + 2			/* page faults */
	sltiu	a0, a0, 4
	beqz	a0, other
	ld	a0, FRAME_VCPU(sp)
	ld	a0, VCPU_POLICY(a0)
	andi	a0, a0, HM_POLICY_HOST_TABLES | HM_POLICY_INJECT
	addi	a0, a0, -HM_POLICY_HOST_TABLES
	bnez	a0, general
	/*
	 * An exit of which nobody looks at a register: from where each is it goes to the page,
	 * those that C preserves without the way through the frame.
	 */
to_host:
	expect_no_trap
	ld	a1, FRAME_RUN(sp)
	registers_to_page "3,4,7,8,9,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31", "1,5,6,10,11,12,13,14,15"
	mv	a0, sp
	call	hm_to_host
	j	hm_guest_leave

general_insn:
	csrr	a3, mtval
	read_source hm_read_rs2, 20
	read_source hm_read_rs1, 15
	sd	a1, FRAME_RS1(sp)
	sd	a2, FRAME_RS2(sp)
general:
	save_caller_saved
	expect_no_trap
	mv	a0, sp
	csrr	a1, mcause
	call	hm_trap_mmu
	bnez	a0, 1f
	expect_guest_traps
	load_caller_saved
	load_few
	csrrw	sp, mscratch, sp
	mret
1:	addi	a0, a0, -HM_TRAP_EXIT
	bnez	a0, slow
	ld	a1, FRAME_RUN(sp)
	registers_to_page "3,4,8,9,18,19,20,21,22,23,24,25,26,27", "1,5,6,7,10,11,12,13,14,15,16,17,28,29,30,31"
	j	hm_guest_leave

	/* Neither a page fault nor an instruction that may be TVM's. */
other:
	save_caller_saved
	expect_no_trap
slow:
	save_rest
	call	hm_trap_route
	beqz	a0, hm_resume

vm_exit:
	/* The guest's registers go to the page. */
	ld	a0, FRAME_RUN(sp)
	.irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	a1, X(\n)
	sd	a1, (RUN_X + 8 * \n)(a0)
	.endr
	j	hm_guest_leave

hm_resume:
	expect_guest_traps
	ld	a0, X(2)
	csrw	mscratch, a0
	load_callee_saved
	load_caller_saved
	load_few
	csrrw	sp, mscratch, sp
	mret
