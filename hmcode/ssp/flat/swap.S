/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * swap.S - ssp_port_swap() of ssp_port.h, for firmware and host; hart_compare_swap() of metal/hart.h is
 * the same inline, and says why.
 *
 *	a0: HPA, a1: the value to be found there, a2: the new one; a0 = 1: it is there now
 */
	.text
	.globl	ssp_port_swap
ssp_port_swap:
	lr.d.aqrl a3, (a0)
	bne	a3, a1, 1f
	sc.d.aqrl a3, a2, (a0)
	seqz	a0, a3
	ret
1:
	sc.d	a3, a3, (a0)
	li	a0, 0
	ret
