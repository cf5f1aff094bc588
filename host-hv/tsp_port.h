/* SPDX-License-Identifier: BSD-2-Clause */
/* tsp_port.h - guest RAM as tsp/ writes it: host-hv runs in bare mode, an HPA is a pointer. */
#ifndef TSP_PORT_H
#define TSP_PORT_H

#include <stdint.h>

static inline void *tsp_port_guest(uint64_t hpa)
{
	return (void *)hpa;
}

#endif
