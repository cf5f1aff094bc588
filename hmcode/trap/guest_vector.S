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
	.elseif \n == 1 || \n == 5 || (\n >= 10 && \n <= 15)
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

/*
 * Page faults that the walk cache answers end here, after some 60 to 85
 * instructions: the same as ssp_fault_fast() in ssp/hits.h, with the rarer
 * cases left to hm_trap_mmu.
 *
 *	a0 cause, then the guest's PTE	a3 root, then the PTE made
 *	a1 faulting address		a4 offset of the entry in the tables
 *	a2 vCPU				a5 walk-cache entry
 */
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

	csrr	a1, mtval
	ld	a2, FRAME_VCPU(sp)
	ld	a3, VCPU_ROOT(a2)
	srli	a4, a1, WALK_SHIFT
	andi	a5, a4, WALK_CACHE - 1
	slli	a5, a5, WALK_SIZE_SHIFT
	add	a5, a5, a3
	ld	a3, ROOT_WALK_GENERATION(a3)
	or	a4, a4, a3
	ld	a3, ROOT_WALK_TAG(a5)
	bne	a3, a4, general
	ld	a3, ROOT_WALK_GUEST(a5)
	slli	a4, a1, 64 - 21			/* bits 20:12 are the index */
	srli	a4, a4, 64 - 9
	slli	a4, a4, 3
	add	a3, a3, a4
	ld	a3, 0(a3)			/* the guest's PTE, read once */

	andi	t0, a3, PTE_V
	beqz	t0, true_fault
	slli	t0, a0, 3
	add	t0, t0, sp
	ld	t0, FRAME_NEED - 12 * 8(t0)
	csrr	ra, mstatus
	srli	ra, ra, 7			/* bit 11 of MPP to bit 4: S */
	andi	ra, ra, PTE_U
	xori	ra, ra, PTE_U
	or	t0, t0, ra			/* U-mode needs U, S-mode that it is clear; the hart looks at U as well */
	ori	ra, t0, PTE_U			/* for S-mode alone: were it filled, the hart would fault for its U */
	and	ra, ra, a3			/* again, find it the same, and leave it to hm_trap_mmu */
	bne	ra, t0, not_allowed
	andi	ra, a3, PTE_R			/* fetches from what is not readable: see there */
	beqz	ra, general

	/*
	 * Allowed: a hidden fault.  Where pages are read one after another, or every
	 * other one, and the next but one is there as well, they are filled in groups.
	 */
	andi	t0, a0, 2			/* a store */
	bnez	t0, 1f
	srli	t0, a1, 12
	ld	ra, VCPU_LAST_READ(a2)
	sd	t0, VCPU_LAST_READ(a2)
	sub	t0, t0, ra
	sltiu	t0, t0, 8 + 1			/* a group at most lies between */
	beqz	t0, 1f
	xori	t0, a4, 2 * 8
	ld	ra, ROOT_WALK_GUEST(a5)
	add	ra, ra, t0
	ld	ra, 0(ra)
	andi	ra, ra, PTE_V
	beqz	ra, 1f
	ld	ra, ROOT_WALK_SHADOW(a5)
	add	ra, ra, t0
	ld	ra, 0(ra)
	beqz	ra, general
1:	mv	a0, a3
	own_leaf a3, a2, general
	ld	ra, ROOT_WALK_TABLE(a5)
	lbu	t0, TABLE_OWNER(ra)
	beqz	t0, global			/* SSP_GLOBAL */
fill:
	ld	t0, ROOT_WALK_SHADOW(a5)
	add	t0, t0, a4
	ld	a5, 0(t0)
	beq	a5, a3, general			/* it had it: the hart caches something older */
	sd	a3, 0(t0)
	/* Unfenced, the hart may fault again, finds the leaf the same and comes to general's fence: a trap more. */
	lbu	t0, VCPU_FENCE_AFTER_FILL(a2)
	or	a5, a5, t0
	beqz	a5, 1f
	sfence.vma a1
1:	occupy	ra, a4, a5
	ld	t0, VCPU_FILLS(a2)
	addi	t0, t0, 1
	sd	t0, VCPU_FILLS(a2)
	load_few
	csrrw	sp, mscratch, sp
	mret

global:
	andi	t0, a0, PTE_G
	beqz	t0, general			/* needs a private table */
	ori	a3, a3, PTE_G
	j	fill

not_allowed:
	/* A store without W faults in every state; the rest may be SUM's or MXR's affair. */
	addi	t0, a0, -15
	bnez	t0, general
	andi	t0, a3, PTE_W
	bnez	t0, general
true_fault:
	/* "Supervisor Trap Handling", as hm_raise() */
	csrw	scause, a0
	csrw	stval, a1
	csrr	a0, mepc
	csrw	sepc, a0
	csrr	a0, stvec
	andi	a0, a0, -4			/* without MODE: QEMU keeps bit 0 of mepc, which harts do not have */
	csrw	mepc, a0
	csrr	a0, mstatus
	slli	a1, a0, 4			/* SIE, bit 1, to SPIE, bit 5 */
	andi	a1, a1, MSTATUS_SPIE
	srli	a3, a0, 3			/* MPP, bit 11, to SPP, bit 8 */
	andi	a3, a3, MSTATUS_SPP
	or	a1, a1, a3
	andi	a0, a0, ~(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP)
	or	a0, a0, a1
	li	a1, 1 << 11			/* MPP = S */
	or	a0, a0, a1
	csrw	mstatus, a0
	ld	t0, VCPU_TRUE_FAULTS(a2)
	addi	t0, t0, 1
	sd	t0, VCPU_TRUE_FAULTS(a2)
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
	.irp n, 3,4,6,7,8,9,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, (RUN_X + 8 * \n)(a1)
	.endr
	csrr	a0, mscratch
	sd	a0, (RUN_X + 8 * 2)(a1)
	ld	a0, FRAME_SCRATCH(sp)
	csrw	mscratch, a0
	.irp n, 1,5,10,11,12,13,14,15
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
