/* SPDX-License-Identifier: BSD-2-Clause */
/* stop.S - void hm_stop(void) __noreturn: this hart does nothing any more.  Uses no stack. */
	.text
	.globl	hm_stop
hm_stop:
	csrw	mie, zero
	lla	t0, hm_stopped
	li	t1, 1
	amoadd.w.rl zero, t1, (t0)
1:	wfi
	j	1b

/* u32 hm_stopped: how many harts do */
	.bss
	.align	2
	.globl	hm_stopped
hm_stopped:
	.space	4
