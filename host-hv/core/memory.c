/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/memory.h"

#include <libfdt.h>

#include "core/console.h"
#include "fdt_reg.h"

/* The free ranges, in no order; an empty slot has size 0. */
static struct range free_ranges[64];
static struct spinlock lock;

static void insert(struct range r)
{
	if (!r.size)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(free_ranges); i++) {
		if (free_ranges[i].size)
			continue;
		free_ranges[i] = r;
		return;
	}
	/* Losing track of a few pages is safe, handing one out twice is not. */
}

/* What is left of the free range f below and above r, which may stick out. */
static void carve(struct range *f, struct range r)
{
	uint64_t f_end = f->base + f->size, r_end = r.base + r.size;
	struct range above = { r_end, f_end > r_end ? f_end - r_end : 0 };

	if (r.base >= f_end || r_end <= f->base)
		return;
	f->size = r.base > f->base ? r.base - f->base : 0;
	insert(above);
}

static struct range whole_pages_outside(struct range r)
{
	uint64_t base = ALIGN_DOWN(r.base, PAGE);

	return (struct range){ base, ALIGN_UP(r.base + r.size, PAGE) - base };
}

void memory_add(struct range r)
{
	uint64_t base = ALIGN_UP(r.base, PAGE), end = ALIGN_DOWN(r.base + r.size, PAGE);

	spin_lock(&lock);
	if (end > base)
		insert((struct range){ base, end - base });
	spin_unlock(&lock);
}

void memory_reserve(struct range r)
{
	struct range pages = whole_pages_outside(r);

	spin_lock(&lock);
	for (unsigned i = 0; pages.size && i < ARRAY_SIZE(free_ranges); i++)
		carve(&free_ranges[i], pages);
	spin_unlock(&lock);
}

/* Where in f an aligned allocation would start, and how much room there is. */
static struct range aligned_part(struct range f, uint64_t align)
{
	uint64_t base = ALIGN_UP(f.base, align), end = f.base + f.size;

	return (struct range){ base, end > base ? end - base : 0 };
}

/* Best fit: small requests do not nibble at the range that a guest needs. */
uint64_t memory_alloc(uint64_t size, uint64_t align)
{
	struct range *best = NULL, part = { 0 };

	spin_lock(&lock);
	for (unsigned i = 0; i < ARRAY_SIZE(free_ranges); i++) {
		struct range *f = &free_ranges[i];

		if (aligned_part(*f, align).size >= size && (!best || f->size < best->size))
			best = f;
	}
	if (best) {
		part = aligned_part(*best, align);
		carve(best, (struct range){ part.base, size });
	}
	spin_unlock(&lock);
	return part.base;
}

uint64_t memory_largest(uint64_t align)
{
	uint64_t largest = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(free_ranges); i++) {
		uint64_t size = aligned_part(free_ranges[i], align).size;

		largest = size > largest ? size : largest;
	}
	return ALIGN_DOWN(largest, align);
}

void *memory_page(void)
{
	void *page = (void *)memory_alloc(PAGE, PAGE);

	if (!page)
		fail("out of memory: give the machine more RAM or the guests less (mem=)");
	return memset(page, 0, PAGE);
}

static void reserve_fdt_reservations(const void *fdt)
{
	int parent = fdt_path_offset(fdt, "/reserved-memory"), node, i;
	struct range r;

	for (i = 0; i < fdt_num_mem_rsv(fdt); i++)
		if (!fdt_get_mem_rsv(fdt, i, &r.base, &r.size))
			memory_reserve(r);
	if (parent < 0)
		return;
	fdt_for_each_subnode(node, fdt, parent) for (i = 0; fdt_reg(fdt, node, i, &r); i++)
		memory_reserve(r);
}

void memory_read_fdt(const void *fdt)
{
	extern char _image_start[], _image_end[];
	struct range r;
	int node, i;

	fdt_for_each_subnode(node, fdt, 0)
	{
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);

		if (!type || strcmp(type, "memory"))
			continue;
		for (i = 0; fdt_reg(fdt, node, i, &r); i++)
			memory_add(r);
	}
	reserve_fdt_reservations(fdt);
	memory_reserve(
		(struct range){ (uint64_t)_image_start, (uint64_t)(_image_end - _image_start) });
	memory_reserve((struct range){ (uint64_t)fdt, fdt_totalsize(fdt) });
}
