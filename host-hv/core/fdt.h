/* SPDX-License-Identifier: BSD-2-Clause */
/* fdt.h - numbers in device trees. */
#ifndef CORE_FDT_H
#define CORE_FDT_H

#include "core/lib.h"

/*
 * The reg property's entry number i of a node, in bytes; false if there is
 * none.
 */
bool fdt_reg(const void *fdt, int node, int i, struct range *out);

/* A cell or a two-cell number, or otherwise if the property is absent. */
uint64_t fdt_number(const void *fdt, int node, const char *name, uint64_t otherwise);

#endif
