/* SPDX-License-Identifier: BSD-2-Clause */
/* tsp_port.h - guest RAM as tsp/ writes it, in tests: arrays (machine.c). */
#ifndef TSP_PORT_H
#define TSP_PORT_H

#include <stdint.h>

/* One byte of guest RAM, and those behind it in its page. */
void *tsp_port_guest(uint64_t hpa);

#endif
