/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.S - the entry of the first hart; that of the others is in hart_entry.S.
 *
 *   _start      first hart, from the firmware: a0 = hart id, a1 = device tree
 *               next: boot_main(hart id, device tree), which never returns
 *
 * Interrupts are never enabled in sstatus: host-hv looks at sip when a guest
 * has exited for one and when it idles, so nothing of it can be interrupted.
 */

	.section .text.start, "ax"
	.globl _start
_start:
	.option push
	.option norvc
	j	1f
	nop
	.option pop
	/* "boot image header in riscv linux": U-Boot's booti starts what has one. */
	.dword	0x200000			/* from the start of RAM */
	.dword	_image_end - _start
	.dword	0				/* little endian */
	.word	2				/* version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0RSC\x05"
	.word	0
1:	csrw	sie, zero
	csrci	sstatus, 2			/* SIE */
	csrw	satp, zero
	lla	t0, trap_entry
	csrw	stvec, t0
	mv	s0, a0
	mv	s1, a1

	lla	t0, _bss_start
	lla	t1, _bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, 0(t0)
	addi	t0, t0, 8
	j	1b

	/*
	 * Add to each pointer in data the distance between where we are and
	 * where we were linked: R_RISCV_RELATIVE entries of Elf64_Rela
	 * (offset, info, addend); the linker script allows no other kind.
	 */
2:	lla	t0, _rela_start
	lla	t1, _rela_end
	lla	t2, _start
	lla	t3, link_address
	ld	t3, 0(t3)
	sub	t2, t2, t3
3:	bgeu	t0, t1, 4f
	ld	t3, 0(t0)
	ld	t4, 16(t0)
	add	t3, t3, t2
	add	t4, t4, t2
	sd	t4, 0(t3)
	addi	t0, t0, 24
	j	3b

4:	lla	tp, harts
	lla	sp, boot_stack_end
	mv	a0, s0
	mv	a1, s1
	call	boot_main
	j	.

	.balign	8
link_address:
	.dword	HV_LINK_ADDRESS			/* a constant, so not relocated */

	.bss
	.balign	16
	.space	16384
boot_stack_end:
