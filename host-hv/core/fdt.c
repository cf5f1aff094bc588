/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/fdt.h"

#include <libfdt.h>

static uint64_t read_cells(const fdt32_t *cell, int count)
{
	uint64_t value = 0;

	while (count-- > 0)
		value = value << 32 | fdt32_to_cpu(*cell++);
	return value;
}

/*
 * A node without cell sizes has 2 and 1 by the specification, but QEMU's guest
 * loader, which writes none into /chosen, means those of the root.
 */
static int reg_parent(const void *fdt, int node)
{
	int parent = fdt_parent_offset(fdt, node);

	return fdt_getprop(fdt, parent, "#size-cells", NULL) ? parent : 0;
}

bool fdt_reg(const void *fdt, int node, int i, struct range *out)
{
	int parent = reg_parent(fdt, node), len;
	int address_cells = fdt_address_cells(fdt, parent);
	int size_cells = fdt_size_cells(fdt, parent);
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &len);

	if (!reg || address_cells < 1 || size_cells < 0)
		return false;
	if (len < (i + 1) * (address_cells + size_cells) * 4)
		return false;
	reg += i * (address_cells + size_cells);
	out->base = read_cells(reg, address_cells);
	out->size = read_cells(reg + address_cells, size_cells);
	return true;
}

uint64_t fdt_number(const void *fdt, int node, const char *name, uint64_t otherwise)
{
	int len;
	const fdt32_t *cells = fdt_getprop(fdt, node, name, &len);

	if (!cells || (len != 4 && len != 8))
		return otherwise;
	return read_cells(cells, len / 4);
}
