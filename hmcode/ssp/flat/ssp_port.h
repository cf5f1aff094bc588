/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssp_port.h - the engine's memory for an embedder without translation: physical addresses are
 * pointers.
 */
#ifndef SSP_PORT_H
#define SSP_PORT_H

#include <stdint.h>

/* A guest's PTE or a word of its ring, read exactly once: the guest may change it at any moment. */
static inline uint64_t ssp_port_load(uint64_t hpa)
{
	return *(const volatile uint64_t *)(uintptr_t)hpa;
}

/* A word of a page that the guest shares with the engine. */
static inline void ssp_port_store(uint64_t hpa, uint64_t value)
{
	*(volatile uint64_t *)(uintptr_t)hpa = value;
}

/*
 * A guest's PTE, which its other harts may change at any moment: if it is `old` it becomes `new`,
 * in one step. False: it was not, or another hart was in the way (swap.S).
 */
_Bool ssp_port_swap(uint64_t hpa, uint64_t old, uint64_t new);

/* What precedes and what follows in memory stay in this order, for everybody: fence rw, rw. */
static inline void ssp_port_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* A page of the engine's own pool. */
static inline uint64_t *ssp_port_table(uint64_t hpa)
{
	return (uint64_t *)(uintptr_t)hpa;
}

#endif
