/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dtb.h - the device tree that a guest gets: only what is emulated, and only
 * those of the host's instruction set extensions that are known to work; or one
 * of the guest's own.
 */
#ifndef DTB_H
#define DTB_H

#include "core/lib.h"

/* The devices of every guest, where QEMU's virt machine has them. */
#define GUEST_RAM_BASE	0x80000000UL
#define GUEST_PLIC	((struct range){ 0x0c000000, 0x600000 })
#define GUEST_UART	((struct range){ 0x10000000, 0x100 })
#define GUEST_FINISHER	((struct range){ 0x100000, 0x1000 })	/* "sifive,test": power-off and reboot */
#define GUEST_UART_IRQ	10
#define GUEST_RTC	((struct range){ 0x101000, 0x1000 })
#define GUEST_RTC_IRQ	11

/* What the finisher takes at its first address, in the low half of what is stored. */
#define FINISHER_FAIL	0x3333
#define FINISHER_PASS	0x5555
#define FINISHER_RESET	0x7777

#define DTB_MAX_SIZE	(64 * KIB)

struct guest_tree {
	const void *host_fdt;		/* the machine's tree and one of its cpu nodes */
	int host_cpu;
	uint64_t timebase_hz;

	struct range ram;		/* GPA */
	struct range initrd;		/* GPA; size 0: none */
	const char *bootargs;
	unsigned vcpus;
	const char *mmu_type;		/* "riscv,sv39", ... */
	bool rtc;			/* the platform has a real-time clock */
	bool sstc;			/* stimecmp works in the guest */
	bool svvptc;			/* offered, whether or not the hart has it */
};

/* Writes the tree into buf of DTB_MAX_SIZE bytes; 0, or an error of libfdt. */
int dtb_build(const struct guest_tree *tree, void *buf);

/*
 * The same of a tree that the guest brings, a file of size bytes.  Only what
 * lies in /chosen and depends on us is put in: initrd, and bootargs unless empty.
 */
int dtb_adopt(const struct guest_tree *tree, const void *file, uint64_t size, void *buf);

#endif
