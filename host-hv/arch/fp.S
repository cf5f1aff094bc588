/* SPDX-License-Identifier: BSD-2-Clause */
/* fp.S - the floating-point registers, which nothing of host-hv uses. */

	.text
	/*
	 * uint64_t tsp_port_fp(unsigned int n): f<n>.  Nothing here uses these
	 * registers, so they are those of the guest that ran last on this hart.
	 */
	.globl tsp_port_fp
tsp_port_fp:
	.option push
	.option arch, +d
	.option norvc
	li	t0, 3 << 13			/* FS */
	csrrs	t0, sstatus, t0
	lla	t1, 1f
	slli	a0, a0, 3
	add	t1, t1, a0
	jr	t1
1:	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fmv.x.d	a0, f\n
	j	2f
	.endr
2:	csrw	sstatus, t0
	ret
	.option pop
