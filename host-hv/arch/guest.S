/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.S - the switch to a guest on a hart with H, and back.
 *
 *   guest_switch     host-hv's registers to the stack, the guest's from x[]; sret, with SPV, SPP and
 *                    sepc as they were made ready (hap/world.c)
 *   guest_exit       the guest's trap: the other way round; guest_switch() returns
 *   guest_load_code  HLVX.HU, whose trap has a vector of its own
 *
 * While a guest runs, sscratch is its x[], and x[0] is our stack pointer.
 */

#define SAVED	(16 * 8)			/* the last one keeps the stack aligned */

	.text
	.globl guest_switch
guest_switch:
	/* no SC of this guest's succeeds by a reservation of before */
	sc.d	t0, zero, (a0)
	addi	sp, sp, -SAVED
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\n, (8 * \n)(sp)
	.endr
	sd	ra, (8 * 12)(sp)
	sd	tp, (8 * 13)(sp)
	sd	sp, 0(a0)
	csrw	sscratch, a0
	lla	t0, guest_exit
	csrrw	t0, stvec, t0
	sd	t0, (8 * 14)(sp)
	.irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,10
	ld	x\n, (8 * \n)(a0)
	.endr
	sret

	.balign	4
guest_exit:
	csrrw	a0, sscratch, a0
	.irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, (8 * \n)(a0)
	.endr
	csrr	t0, sscratch
	sd	t0, (8 * 10)(a0)
	ld	sp, 0(a0)
	ld	t0, (8 * 14)(sp)
	csrw	stvec, t0
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\n, (8 * \n)(sp)
	.endr
	ld	ra, (8 * 12)(sp)
	ld	tp, (8 * 13)(sp)
	addi	sp, sp, SAVED
	ret

	.globl guest_load_code
guest_load_code:
	lla	t0, 1f
	csrrw	t1, stvec, t0
	.insn	r 0x73, 4, 0x32, a0, a0, x3	/* hlvx.hu a0, (a0) */
	csrw	stvec, t1
	ret
	.balign	4
1:	csrw	stvec, t1
	li	a0, -1
	ret

	.option push
	.option arch, +d
	.globl guest_fp_save
guest_fp_save:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fsd	f\n, (\n * 8)(a0)
	.endr
	frcsr	t0
	sd	t0, (32 * 8)(a0)
	ret

	.globl guest_fp_load
guest_fp_load:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fld	f\n, (\n * 8)(a0)
	.endr
	ld	t0, (32 * 8)(a0)
	fscsr	t0
	ret
	.option pop
