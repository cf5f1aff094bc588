/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loader.S - stands where QEMU has its firmware, and starts hmcode as a board's loader does: the hart in a0, a
 * device tree of its choice in a1, struct fw_dynamic_info in a2.
 */
	.globl _start
_start:
	csrr	a0, mhartid
	ld	a1, tree
	lla	a2, info
	ld	t0, firmware
	jr	t0

	.balign	8
tree:	.dword	TREE
firmware: .dword FIRMWARE
	/* magic, version, next_addr, next_mode (S), options, boot_hart */
info:	.dword	0x4942534f, 2, NEXT, 1, 0, 0
