/* SPDX-License-Identifier: BSD-2-Clause */
/* ssp_port.h - the engine's memory in tests: arrays, every access checked (memory.c). */
#ifndef SSP_PORT_H
#define SSP_PORT_H

#include <stdint.h>

/* A guest page-table entry, or a word of its ring. */
uint64_t ssp_port_load(uint64_t hpa);

/* A guest page-table entry that is what it was becomes another one; false: it is not. */
_Bool ssp_port_swap(uint64_t hpa, uint64_t old, uint64_t new);

/* A word of the guest's ring. */
void ssp_port_store(uint64_t hpa, uint64_t value);
void ssp_port_fence(void);

/* A shadow table. */
uint64_t *ssp_port_table(uint64_t hpa);

#endif
