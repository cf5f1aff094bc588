/* SPDX-License-Identifier: BSD-2-Clause */
/* tsp_handler.h - traditional shadow paging, of which all vCPUs of a guest share one shadow. */
#ifndef TSP_HANDLER_H
#define TSP_HANDLER_H

#include "core/vm.h"

struct hm_info;

/* What all vCPUs of a guest share for it; ends the machine if memory is short. */
struct vm_tsp *tsp_handler_create(const struct vm *vm);

/* As it is before any of them has run. */
void tsp_handler_init(struct vm_tsp *tsp, const struct vm *vm, const struct hm_info *hm,
		      uint32_t zero_block);

/* What is counted of its tables begins anew. */
void tsp_handler_reset_counts(struct vm_tsp *tsp);

/* Ends aside_handler's time, after the exit of a vCPU that has executed the instruction. */
void tsp_end_aside(const struct vcpu *v);

#endif
