/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fp.S - void hm_fp_save(struct hm_fp_state *), void hm_fp_load(const struct hm_fp_state *);
 * u64 hm_fp_read(unsigned int), void hm_fp_write(unsigned int, u64)
 */

	.option push
	.option arch, +d
	.text
	.globl hm_fp_save
hm_fp_save:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fsd	f\n, (\n * 8)(a0)
	.endr
	frcsr	t0
	sd	t0, (32 * 8)(a0)
	ret

	.globl hm_fp_load
hm_fp_load:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fld	f\n, (\n * 8)(a0)
	.endr
	ld	t0, (32 * 8)(a0)
	fscsr	t0
	ret

/* The register's number is in a0, 0 to 31: a table of two instructions of 4 bytes each. */
.macro pick
	lla	t0, 1f
	slli	a0, a0, 3
	add	t0, t0, a0
	jr	t0
	.option push
	.option norvc
	.align	2
1:
.endm

	.globl hm_fp_read
hm_fp_read:
	pick
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fmv.x.d	a0, f\n
	ret
	.endr
	.option pop

	.globl hm_fp_write
hm_fp_write:
	pick
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fmv.d.x	f\n, a1
	ret
	.endr
	.option pop
	.option pop
