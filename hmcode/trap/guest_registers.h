/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_registers.h - what a trap saves of the guest's registers, in the frame that sp points to; for the assembler.
 */
#define X(n)	(FRAME_X + 8 * (n))(sp)

/* What the short ways may change: they are compiled with every other register preserved, and call nothing. */
.macro save_few
	sd	t0, X(5)
	sd	t1, X(6)
	sd	a0, X(10)
	sd	a1, X(11)
	sd	a2, X(12)
	sd	a3, X(13)
	sd	a4, X(14)
	sd	a5, X(15)
.endm

.macro load_few
	ld	t0, X(5)
	ld	t1, X(6)
	ld	a0, X(10)
	ld	a1, X(11)
	ld	a2, X(12)
	ld	a3, X(13)
	ld	a4, X(14)
	ld	a5, X(15)
.endm

/* The rest of what C may change. */
.macro save_caller_saved
	sd	ra, X(1)
	sd	t2, X(7)
	sd	a6, X(16)
	sd	a7, X(17)
	sd	t3, X(28)
	sd	t4, X(29)
	sd	t5, X(30)
	sd	t6, X(31)
.endm

.macro load_caller_saved
	ld	ra, X(1)
	ld	t2, X(7)
	ld	a6, X(16)
	ld	a7, X(17)
	ld	t3, X(28)
	ld	t4, X(29)
	ld	t5, X(30)
	ld	t6, X(31)
.endm

/* What C preserves: saved so that it can be read, and loaded where it may have been written. */
.macro save_callee_saved
	sd	gp, X(3)
	sd	tp, X(4)
	sd	s0, X(8)
	sd	s1, X(9)
	sd	s2, X(18)
	sd	s3, X(19)
	sd	s4, X(20)
	sd	s5, X(21)
	sd	s6, X(22)
	sd	s7, X(23)
	sd	s8, X(24)
	sd	s9, X(25)
	sd	s10, X(26)
	sd	s11, X(27)
.endm

/* All are saved then, and mscratch is what OpenSBI's functions expect; a0 is the frame. */
.macro save_rest
	save_callee_saved
	csrr	a0, mscratch
	sd	a0, X(2)
	ld	a0, FRAME_SCRATCH(sp)
	csrw	mscratch, a0
	mv	a0, sp
.endm

.macro load_callee_saved
	ld	gp, X(3)
	ld	tp, X(4)
	ld	s0, X(8)
	ld	s1, X(9)
	ld	s2, X(18)
	ld	s3, X(19)
	ld	s4, X(20)
	ld	s5, X(21)
	ld	s6, X(22)
	ld	s7, X(23)
	ld	s8, X(24)
	ld	s9, X(25)
	ld	s10, X(26)
	ld	s11, X(27)
.endm

/* a1 or a2, by the table, = the source register at bit \bit of the instruction in a3.  Takes t0 and t1. */
.macro read_source table, bit
	srli	t0, a3, \bit - 3
	andi	t0, t0, 31 << 3
	lla	t1, \table
	add	t1, t1, t0
	jalr	t0, t1
.endm
