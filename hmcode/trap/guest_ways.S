/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_ways.S - how a trap from the guest world goes on behind the short ways, and how it ends: in
 * the guest again, or as a VM exit.
 */
#include <sbi/riscv_encoding.h>

#include "hm_abi.h"
#include "offsets.h"
#include "trap/guest_registers.h"
#include "trap/outcome.h"

/*
 * From here on a trap is the firmware's own fault.  Takes \via.  On the short path, where mtvec
 * stays the guest's, none can come: CSRs that every hart here has, and accesses to
 *	the frame, the vCPU, its roots and shadow tables	the firmware's own pool
 *	a guest's tables (a walk, its path), its ring's page	RAM of a slot, checked by
 *		hm_slot_set(); a slot that goes takes walks and ring along
 *	code that the shadow has				RAM of a slot: invariant I1 of ssp.h
 *	the run page						RAM, checked by hm_vcpu_create()
 * all aligned, and at offsets that are masked to the page.  Where tvm_short.c loads as
 * S-mode would, it has a vector of its own (hart_maps_page()).
 */
.macro expect_no_trap via
	lla	\via, hm_fatal_vector
	csrw	mtvec, \via
.endm

.macro expect_guest_traps
	ld	a0, FRAME_VECTOR(sp)
	csrw	mtvec, a0
.endm

.macro resume
	load	FEW
	csrrw	sp, mscratch, sp
	mret
.endm

/*
 * An exit of which nobody looks at a register: from where each is it goes to the page, those that C preserves without
 * the way through the frame.
 */
.macro exit_by name
	expect_no_trap a0
	ld	a1, FRAME_RUN(sp)
	save_to	a1, 1,3,4,7,8,9,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	swap_scratch a0, (RUN_X + 8 * 2)(a1)
	copy_to	a1, a0, FEW
	mv	a0, sp
	call	\name
	j	hm_guest_leave
.endm

/* By C's \way, which says how it ended. */
.macro general way
	save	CALLER_SAVED
	expect_no_trap a0
	mv	a0, sp
	csrr	a1, mcause
	call	\way
	beqz	a0, resume_from_c
.endm

	.text
	.align	2
	/* The exit for a fence, and that for a device. */
	entry	hm_short_exit
	exit_by	hm_fence_to_host
	entry	hm_device_exit
	exit_by	hm_device_to_host

	/* A page fault that is the host's, from hm_exit_vector: all but sp and a0 are still in place. */
	entry	hm_fault_exit
	expect_no_trap a0
	ld	a0, FRAME_RUN(sp)
	save_to	a0, 1,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	copy_to	a0, a1, 10
	swap_scratch a1, (RUN_X + 8 * 2)(a0)
	mv	a0, sp
	call	hm_fault_to_host
	j	hm_guest_leave

	/* The C function at a2, of a0 and a1, ends the event. */
	entry	hm_middle
	save	CALLER_SAVED
	expect_no_trap t0
	jalr	a2
resume_from_c:
	expect_guest_traps
	load	CALLER_SAVED
	entry	hm_short_done
	resume

	entry	hm_general_insn
	csrr	a3, mtval
	read_source hm_read_rs2, 20
	read_source hm_read_rs1, 15
	sd	a1, FRAME_RS1(sp)
	sd	a2, FRAME_RS2(sp)
	entry	hm_general
	general	hm_trap_mmu
general_left:
	addi	a0, a0, -HM_TRAP_EXIT
	bnez	a0, slow
	ld	a1, FRAME_RUN(sp)
	save_to	a1, CALLEE_SAVED
	swap_scratch a0, (RUN_X + 8 * 2)(a1)
	copy_to	a1, a0, 1,5,6,7,10,11,12,13,14,15,16,17,28,29,30,31
	j	hm_guest_leave

	entry	hm_unknown
	general	hm_trap_unknown
	j	general_left

	/* Neither a page fault nor an instruction that may be TVM's. */
	entry	hm_other_trap
	save	CALLER_SAVED
	expect_no_trap a0
slow:
	save	CALLEE_SAVED
	swap_scratch a0, X(2)
	mv	a0, sp
	call	hm_trap_route
	beqz	a0, hm_resume

vm_exit:
	/* The guest's registers go to the page. */
	ld	a0, FRAME_RUN(sp)
	copy_to	a0, a1, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	j	hm_guest_leave

hm_resume:
	expect_guest_traps
	ld	a0, X(2)
	csrw	mscratch, a0
	load	CALLEE_SAVED
	load	CALLER_SAVED
	resume
