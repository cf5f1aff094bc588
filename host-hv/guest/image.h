/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image.h - kernels in the form of a Linux Image (Documentation/arch/riscv/
 * boot-image-header.rst), and where they and their companions go in memory.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "core/lib.h"

struct image {
	uint64_t text_offset; /* from the start of RAM to the kernel */
	uint64_t memory_size; /* bytes, its zeroed data included */
};

/*
 * Reads the header of a file of size bytes.  Returns NULL, or what is wrong
 * with it as a sentence about "the kernel".
 */
const char *image_check(const void *file, uint64_t size, struct image *out);

/* Is this file a flattened device tree, at first sight? */
bool image_is_tree(const void *file, uint64_t size);

/* Where everything lies in a guest's RAM: GPAs. */
struct placement {
	uint64_t kernel, dtb, initrd;
};

/*
 * Kernel low; ramdisk half of RAM or 512 MB above it, whichever is less, if both
 * leave room; device tree of at most dtb_size bytes below the ramdisk.  Returns
 * NULL, or what does not fit.
 */
const char *image_place(struct range ram, const struct image *image, uint64_t initrd_size,
			uint64_t dtb_size, struct placement *out);

#endif
