/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.h - who owns the machine's RAM.
 *
 * Everything is a range of whole pages; addresses are HPAs.  Guests get one
 * contiguous range each, so that the firmware can map them with superpages.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "core/lib.h"

/* Gives a range of RAM to the allocator. */
void memory_add(struct range r);

/* Takes a range away, whether or not it is free: it belongs to someone else. */
void memory_reserve(struct range r);

/* size bytes (a multiple of PAGE) whose address is a multiple of align; 0: there are none. */
uint64_t memory_alloc(uint64_t size, uint64_t align);

/* The largest size for which memory_alloc(size, align) would succeed. */
uint64_t memory_largest(uint64_t align);

/* One zeroed page; ends the machine when there is none. */
void *memory_page(void);

/* The RAM of the device tree less its reservations. */
void memory_read_fdt(const void *fdt);

#endif
