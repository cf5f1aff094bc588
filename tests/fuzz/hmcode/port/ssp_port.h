/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssp_port.h - the engine's memory under the fuzzer: physical addresses are pointers, and
 * watched.
 */
#ifndef SSP_PORT_H
#define SSP_PORT_H

#include <stdint.h>

/* ram.c: the guest's memory, which somebody may write to as soon as it was read. */
uint64_t fuzz_port_load(uint64_t hpa);
void fuzz_port_store(uint64_t hpa, uint64_t value);
_Bool fuzz_port_swap(uint64_t hpa, uint64_t old, uint64_t new);
uint64_t *fuzz_port_table(uint64_t hpa);

static inline uint64_t ssp_port_load(uint64_t hpa)
{
	return fuzz_port_load(hpa);
}

static inline void ssp_port_store(uint64_t hpa, uint64_t value)
{
	fuzz_port_store(hpa, value);
}

static inline _Bool ssp_port_swap(uint64_t hpa, uint64_t old, uint64_t new)
{
	return fuzz_port_swap(hpa, old, new);
}

static inline void ssp_port_fence(void)
{
}

static inline uint64_t *ssp_port_table(uint64_t hpa)
{
	return fuzz_port_table(hpa);
}

#endif
