/* SPDX-License-Identifier: BSD-2-Clause */
/* tsp_port.h - the guest's RAM and registers as tsp/ needs them, in tests: arrays (machine.c). */
#ifndef TSP_PORT_H
#define TSP_PORT_H

#include <stdint.h>

/* One byte of guest RAM, and those behind it in its page. */
void *tsp_port_guest(uint64_t hpa);

/* All floating-point registers hold machine_fp. */
uint64_t tsp_port_fp(unsigned int n);

#endif
