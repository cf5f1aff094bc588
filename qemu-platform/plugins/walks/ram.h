/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ram.h - the machine's memory, which QEMU shares with whoever maps it:
 *   -object memory-backend-memfd,id=ram,size=SIZE,share=on -M virt,memory-backend=ram
 *
 * QEMU 10.0 lets no plugin read physical memory.  But the plugin lives in QEMU's process, where
 * such a backend is a mapping with a name.
 */
#ifndef WALKS_RAM_H
#define WALKS_RAM_H

#include <stdbool.h>
#include <stdint.h>

/* false: this QEMU has no such mapping. */
bool ram_find(void);
/* A page-table entry; 0, which is an invalid one, where there is no memory. */
uint64_t ram_read(void *unused, uint64_t physical);

#endif
