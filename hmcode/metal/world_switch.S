/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world_switch.S - between the two worlds, general registers: the guest's go to the page before and come from it.  The
 * host's stand where whoever calls has saved them, as hm_guest_run() in hart.h says.
 */
#include "hm_abi.h"
#include "offsets.h"

	.text
/*
 * a0: the frame, a1: mtvec, a2: the run page.  Run the guest until a trap becomes an exit.  The way back is
 * hm_guest_leave; mtvec is the caller's again by then.
 */
	.globl	hm_guest_enter
hm_guest_enter:
	sd	ra, FRAME_HOST_RA(a0)
	sd	sp, FRAME_HOST_SP(a0)
	sd	a1, FRAME_VECTOR(a0)
	csrw	mtvec, a1
	csrw	mscratch, a0
	.irp n, 1,2,3,4,5,6,7,8,9,10,11,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,12
	ld	x\n, (RUN_X + 8 * \n)(a2)
	.endr
	mret

/* sp: the frame.  Return it from hm_guest_enter. */
	.globl	hm_guest_leave
hm_guest_leave:
	mv	a0, sp
	ld	ra, FRAME_HOST_RA(sp)
	ld	sp, FRAME_HOST_SP(sp)
	ret
