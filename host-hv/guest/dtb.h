/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dtb.h - the device tree that a guest gets: only what is emulated, and only
 * those of the host's instruction set extensions that are known to work; or one
 * of the guest's own.
 */
#ifndef DTB_H
#define DTB_H

#include "core/guest_map.h"

#define DTB_MAX_SIZE (64 * KIB)

struct guest_tree {
	const void *host_fdt; /* the machine's tree and one of its cpu nodes */
	int host_cpu;
	uint64_t timebase_hz;

	struct range ram;    /* GPA */
	struct range initrd; /* GPA; size 0: none */
	const char *bootargs;
	unsigned vcpus;
	const char *mmu_type; /* "riscv,sv39", ... */
	bool rtc;             /* the platform has a real-time clock */
	unsigned virtio;      /* devices of virtio-mmio */
	bool sstc;            /* stimecmp works in the guest */
	bool svade, svadu;    /* who sets A and D: the guest, or not; both: it chooses */
	bool svvptc;          /* offered, whether or not the hart has it */
};

/* Writes the tree into buf of DTB_MAX_SIZE bytes; 0, or an error of libfdt. */
int dtb_build(const struct guest_tree *tree, void *buf);

/*
 * The same of a tree that the guest brings, a file of size bytes.  Only what
 * lies in /chosen and depends on us is put in: initrd, and bootargs unless empty.
 */
int dtb_adopt(const struct guest_tree *tree, const void *file, uint64_t size, void *buf);

#endif
