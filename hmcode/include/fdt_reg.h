/* SPDX-License-Identifier: BSD-2-Clause */
/* fdt_reg.h - numbers and ranges of a device tree, for firmware and host. */
#ifndef FDT_REG_H
#define FDT_REG_H

#include <libfdt.h>

#include "range.h"

static inline uint64_t fdt_cells(const fdt32_t *cell, int count)
{
	uint64_t value = 0;

	while (count-- > 0)
		value = value << 32 | fdt32_to_cpu(*cell++);
	return value;
}

/*
 * Entry i of a node's "reg".  A parent without cell sizes has 2 and 1 by the specification, but
 * QEMU's guest loader, which writes none into /chosen, means those of the root.
 */
static inline _Bool fdt_reg(const void *fdt, int node, int i, struct range *out)
{
	int parent = fdt_parent_offset(fdt, node), length, address, size;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &length);

	if (parent < 0 || !fdt_getprop(fdt, parent, "#size-cells", NULL))
		parent = 0;
	address = fdt_address_cells(fdt, parent);
	size = fdt_size_cells(fdt, parent);
	if (!reg || address < 1 || address > 2 || size < 0 || size > 2 ||
	    length / 4 < (i + 1) * (address + size))
		return 0;
	reg += i * (address + size);
	*out = (struct range){ fdt_cells(reg, address), fdt_cells(reg + address, size) };
	return 1;
}

/* A property of one or two cells, or `otherwise`. */
static inline uint64_t fdt_number(const void *fdt, int node, const char *name, uint64_t otherwise)
{
	int length;
	const fdt32_t *cells = fdt_getprop(fdt, node, name, &length);

	return cells && (length == 4 || length == 8) ? fdt_cells(cells, length / 4) : otherwise;
}

#endif
