/* SPDX-License-Identifier: BSD-2-Clause */
/* saved.h - for assembly: what a function keeps for its caller, stored to or loaded from the stack. */
#define CALLEE_SAVED	(14 * 8)

	.macro callee_saved op
	\op	ra, 0(sp)
	\op	s0, 8(sp)
	\op	s1, 16(sp)
	\op	s2, 24(sp)
	\op	s3, 32(sp)
	\op	s4, 40(sp)
	\op	s5, 48(sp)
	\op	s6, 56(sp)
	\op	s7, 64(sp)
	\op	s8, 72(sp)
	\op	s9, 80(sp)
	\op	s10, 88(sp)
	\op	s11, 96(sp)
	.endm
