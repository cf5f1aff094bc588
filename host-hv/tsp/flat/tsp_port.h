/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsp_port.h - the guest's RAM and registers as tsp/ needs them: host-hv runs bare, an HPA is a
 * pointer.
 */
#ifndef TSP_PORT_H
#define TSP_PORT_H

#include <stdint.h>

static inline void *tsp_port_guest(uint64_t hpa)
{
	return (void *)hpa;
}

/* Floating-point register f<n> of the guest that has just left this hart (arch/fp.S). */
uint64_t tsp_port_fp(unsigned int n);

#endif
