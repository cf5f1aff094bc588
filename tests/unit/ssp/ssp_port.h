/* SPDX-License-Identifier: BSD-2-Clause */
/* ssp_port.h - the engine's memory in tests: arrays, every access checked (memory.c). */
#ifndef SSP_PORT_H
#define SSP_PORT_H

#include <stdint.h>

/* A guest page-table entry. */
uint64_t ssp_port_load(uint64_t hpa);

/* A shadow table. */
uint64_t *ssp_port_table(uint64_t hpa);

#endif
