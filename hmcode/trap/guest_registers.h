/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_registers.h - what a trap saves of the guest's registers, in the frame that sp points to; for the assembler.
 */

/* What the short ways may change: they are compiled with every other register preserved, and call nothing. */
#define FEW		5,6,10,11,12,13,14,15
/* The rest of what C may change. */
#define CALLER_SAVED	1,7,16,17,28,29,30,31
/* What C preserves: saved so that it can be read, and loaded where it may have been written. */
#define CALLEE_SAVED	3,4,8,9,18,19,20,21,22,23,24,25,26,27

#define X(n)	(FRAME_X + 8 * (n))(sp)

.macro save list:vararg
	.irp n, \list
	sd	x\n, X(\n)
	.endr
.endm

.macro load list:vararg
	.irp n, \list
	ld	x\n, X(\n)
	.endr
.endm

/* Registers that are still in place go to the run page at \page. */
.macro save_to page, list:vararg
	.irp n, \list
	sd	x\n, (RUN_X + 8 * \n)(\page)
	.endr
.endm

/* And those in the frame, by the register \via. */
.macro copy_to page, via, list:vararg
	.irp n, \list
	ld	\via, X(\n)
	sd	\via, (RUN_X + 8 * \n)(\page)
	.endr
.endm

/* mscratch holds the guest's sp; from here on it is what OpenSBI's functions expect.  \sp: where sp goes. */
.macro swap_scratch via, sp:vararg
	csrr	\via, mscratch
	sd	\via, \sp
	ld	\via, FRAME_SCRATCH(sp)
	csrw	mscratch, \via
.endm

/* a1 or a2, by the table, = the source register at bit \bit of the instruction in a3.  Takes t0 and t1. */
.macro read_source table, bit
	srli	t0, a3, \bit - 3
	andi	t0, t0, 31 << 3
	lla	t1, \table
	add	t1, t1, t0
	jalr	t0, t1
.endm

/* A place that others name. */
.macro entry name
	.globl	\name
\name:
.endm

/* And that mtvec may hold. */
.macro vector name
	.align	2
	entry	\name
.endm
