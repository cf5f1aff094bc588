/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_vector.S - the one entry from the guest world and the ways out of it.
 *
 * While the guest world runs, mscratch points to the hart's hm_frame and mtvec
 * to hm_guest_vector.  The frame lies right above the stack for traps, so one
 * swap gives both.  Until hm_trap_route is called mscratch holds the guest's
 * sp; from then on OpenSBI's scratch space, since its functions look there.
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
	.elseif \n == 1 || \n == 5 || \n == 6 || (\n >= 10 && \n <= 15)
	ld	\to, X(\n)
	.else
	mv	\to, x\n
	.endif
	jr	t0
	.endr
	.option pop
2:
.endm

/*
 * \pte becomes a root's own leaf for it, as ssp_own_leaf_of() in ssp/hits.h; to \none if
 * it is not in slot 0.  Takes ra.  G goes, since the hart's fences of one ASID spare what has it.  No
 * guest could tell, as its own entry has G as well: on any hart that holds for all address
 * spaces, and until a fence of all of them, which fences everything here.
 */
.macro own_leaf pte, vcpu, none
	ld	ra, VCPU_RAM_BASE(\vcpu)
	sub	\pte, \pte, ra
	ld	ra, VCPU_RAM_SIZE(\vcpu)
	bgeu	\pte, ra, \none
	srli	ra, \pte, 5			/* D, bit 7, to W, bit 2: without D no W */
	ori	ra, ra, ~PTE_W
	and	\pte, \pte, ra
	andi	\pte, \pte, ~(PTE_G | PTE_RSW)
	ld	ra, VCPU_RAM_HPA(\vcpu)
	add	\pte, \pte, ra
	ori	\pte, \pte, PTE_A | PTE_D
.endm

/* Entries of \table were made in the group of the one at offset \offset, which is lost.  Takes t0 and \bits. */
.macro occupy table, offset, bits
	srli	\offset, \offset, 6		/* 8 entries a bit */
	li	t0, 1
	sll	t0, t0, \offset
	ld	\bits, TABLE_OCCUPIED(\table)
	or	\bits, \bits, t0
	sd	\bits, TABLE_OCCUPIED(\table)
.endm

	.text
	.align	2
	.globl	hm_guest_vector
hm_guest_vector:
	csrrw	sp, mscratch, sp
	save_few
	csrr	a0, mcause
	addi	a1, a0, -12			/* fetch 12, load 13, store 15 */
	sltiu	a1, a1, 4			/* interrupts are far above */
	beqz	a1, no_page_fault

	mv	a1, a0
	mv	a0, sp
	call	hm_fault_short
	bnez	a0, general
	load_few
	csrrw	sp, mscratch, sp
	mret

no_page_fault:
	addi	a0, a0, -2			/* illegal instruction: satp and fences */
	bnez	a0, other
	csrr	a1, mtval
	read_gpr a2, 15
	read_gpr a3, 20
	mv	a0, sp
	call	hm_tvm_short
	bnez	a0, 1f
	load_few
	csrrw	sp, mscratch, sp
	mret
1:	addi	a0, a0, -HM_SHORT_RING
	bnez	a0, general

	/*
	 * A commit.  Nothing was pushed, or the flush of one page of the address space
	 * that runs: that ends here, as ssp_ring_drain() and ssp_leaf_anew() would have
	 * it; anything else is for hm_drain_short().
	 *
	 *	a0 vCPU			a3 walk-cache entry
	 *	a1 the ring's page	a4 offset of the entry in the tables
	 *	a2 tail			a5 the page's address
	 */
	ld	a0, FRAME_VCPU(sp)
	ld	a1, VCPU_RING_HPA(a0)
	beqz	a1, general
	lw	a2, VCPU_RING_TAIL(a0)
	lw	a3, RING_HEAD(a1)
	fence
	beq	a2, a3, committed
	andi	a5, a2, HM_RING_ENTRIES - 1
	addiw	a2, a2, 1
	bne	a2, a3, drain
	ori	a5, a5, HM_RING_ENTRIES		/* ssp_ring_entry() */
	slli	a5, a5, 4
	add	a5, a5, a1
	ld	a3, 8(a5)
	ld	a5, 0(a5)
	ld	a4, VCPU_ROOT(a0)
	ld	t0, ROOT_RING_PAGE(a4)
	beqz	t0, drain			/* another root has the ASID; an entry of all of ASID 0 is 0 too */
	bne	a3, t0, drain
	addi	a5, a5, -HM_RING_OP_FLUSH
	slli	t0, a5, 64 - 12
	bnez	t0, drain
	srli	t0, a5, WALK_SHIFT
	andi	a3, t0, WALK_CACHE - 1
	slli	a3, a3, WALK_SIZE_SHIFT
	add	a3, a3, a4
	ld	a4, ROOT_WALK_GENERATION(a4)
	or	t0, t0, a4
	ld	a4, ROOT_WALK_TAG(a3)
	bne	a4, t0, drain
	ld	t0, ROOT_WALK_TABLE(a3)
	lbu	t0, TABLE_OWNER(t0)
	beqz	t0, drain			/* SSP_GLOBAL */
	slli	a4, a5, 64 - 21			/* bits 20:12 are the index, 11:9 are 0 */
	srli	a4, a4, 64 - 12
	ld	t0, ROOT_WALK_GUEST(a3)
	add	t0, t0, a4
	ld	t0, 0(t0)			/* the guest's PTE, read once */
	andi	ra, t0, PTE_V | PTE_R | PTE_A
	addi	ra, ra, -(PTE_V | PTE_R | PTE_A)
	bnez	ra, nothing
	own_leaf t0, a0, nothing
	ld	ra, ROOT_WALK_SHADOW(a3)
	add	ra, ra, a4
	sd	t0, 0(ra)
	ld	a3, ROOT_WALK_TABLE(a3)
	occupy	a3, a4, ra
drained:
	sfence.vma a5
	sw	a2, VCPU_RING_TAIL(a0)
	fence
	sw	a2, RING_TAIL(a1)
committed:
	ld	t0, VCPU_RINGS(a0)
	addi	t0, t0, 1
	sd	t0, VCPU_RINGS(a0)
	trace_event TRACE_RING, zero, a0, t0, a1
	csrr	a0, mepc
	addi	a0, a0, 4
	csrw	mepc, a0
	load_few
	csrrw	sp, mscratch, sp
	mret

nothing:
	ld	ra, ROOT_WALK_SHADOW(a3)
	add	ra, ra, a4
	sd	zero, 0(ra)
	j	drained

drain:
	mv	a0, sp
	call	hm_drain_short
	bnez	a0, general
	load_few
	csrrw	sp, mscratch, sp
	mret

	/* Where the host has a share in the events, nothing is decided above and little here. */
	.align	2
	.globl	hm_policy_vector
hm_policy_vector:
	csrrw	sp, mscratch, sp
	save_few
	csrr	a0, mcause
	addi	a0, a0, -2
	bnez	a0, 3f
	csrr	a1, mtval
	read_gpr a2, 15
	read_gpr a3, 20
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
	.irp n, 3,4,7,8,9,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, (RUN_X + 8 * \n)(a1)
	.endr
	csrr	a0, mscratch
	sd	a0, (RUN_X + 8 * 2)(a1)
	ld	a0, FRAME_SCRATCH(sp)
	csrw	mscratch, a0
	.irp n, 1,5,6,10,11,12,13,14,15
	ld	a0, X(\n)
	sd	a0, (RUN_X + 8 * \n)(a1)
	.endr
	mv	a0, sp
	call	hm_to_host
	j	hm_guest_leave

general:
	save_caller_saved
	expect_no_trap
	mv	a0, sp
	csrr	a1, mcause
	call	hm_trap_mmu
	bnez	a0, slow
	expect_guest_traps
	load_caller_saved
	load_few
	csrrw	sp, mscratch, sp
	mret

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
