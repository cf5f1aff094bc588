/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.h - guest page tables and the shadow pool as arrays.
 *
 * The guest's RAM is large, but only its first GUEST_TABLES pages have
 * contents; whatever else is read as a page table is zero.
 */
#ifndef TEST_MEMORY_H
#define TEST_MEMORY_H

#include <stdbool.h>

#include "ssp.h"

#define RAM_GPA      0x80000000ull
#define RAM_SIZE     0xc0000000ull
#define GUEST_TABLES 48
#define RING_GPA     (RAM_GPA + GUEST_TABLES * PAGE_SIZE)
#define POOL_HPA     0x7000000000ull
#define POOL_TABLES  160  /* for most tests ... */
#define POOL_MAX     2048 /* ... and at most */

struct memory {
	uint64_t guest[GUEST_TABLES][PTES_PER_TABLE];
	uint64_t ring[PTES_PER_TABLE];
	uint64_t pool[POOL_MAX][PTES_PER_TABLE];
	struct ssp_table tables[POOL_MAX];
	uint64_t ram_delta;
	uint32_t pool_tables;
	unsigned int swaps; /* of entries, made or tried */
	/*
	 * ssp_port_swap() in place of memory.c's own; the entry is the guest's, and `old` was
	 * read
	 */
	bool (*swap)(uint64_t *entry, uint64_t old, uint64_t new);
	const char *broken; /* the first access that was out of bounds */
};

extern struct memory memory;

/* Zero everything and bind it to the seam. */
void memory_reset(uint64_t ram_delta, uint32_t pool_tables);

static inline uint64_t guest_table(unsigned int number)
{
	return RAM_GPA + number * PAGE_SIZE;
}

#endif
