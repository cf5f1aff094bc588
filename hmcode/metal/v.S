/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * v.S - void hm_v_save(struct hm_v_state *), void hm_v_load(const struct hm_v_state *)
 *
 * Whole registers are stored and loaded whatever vtype says, but from vstart on ("Vector Load/Store Whole
 * Register Instructions"), and every vector instruction leaves vstart 0.  So it is the first that is read,
 * and the last that is written.
 */
#include "offsets.h"

/* CSRs by number: the assembler may be told of no V where it names them. */
#define VSTART	0x008
#define VCSR	0x00f
#define VL	0xc20
#define VTYPE	0xc21
#define VLENB	0xc22

	.option push
	.option arch, +v
	.text
	.globl hm_v_save
hm_v_save:
	csrrw	t0, VSTART, zero
	csrr	t1, VL
	csrr	t2, VTYPE
	csrr	t3, VCSR
	sd	t0, V_VSTART(a0)
	sd	t1, V_VL(a0)
	sd	t2, V_VTYPE(a0)
	sd	t3, V_VCSR(a0)
	csrr	t0, VLENB
	slli	t0, t0, 3
	addi	a0, a0, V_REGISTERS
	.irp n, 0,8,16,24
	vs8r.v	v\n, (a0)
	add	a0, a0, t0
	.endr
	ret

	.globl hm_v_load
hm_v_load:
	csrw	VSTART, zero
	csrr	t0, VLENB
	slli	t0, t0, 3
	addi	t1, a0, V_REGISTERS
	.irp n, 0,8,16,24
	vl8re8.v v\n, (t1)
	add	t1, t1, t0
	.endr
	/* A length that vtype allows is taken as it is; a vtype with vill gives vill and 0 again. */
	ld	t0, V_VL(a0)
	ld	t1, V_VTYPE(a0)
	vsetvl	zero, t0, t1
	ld	t0, V_VCSR(a0)
	ld	t1, V_VSTART(a0)
	csrw	VCSR, t0
	csrw	VSTART, t1
	ret
	.option pop
