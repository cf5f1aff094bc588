/* SPDX-License-Identifier: BSD-2-Clause */
/* range.h - ranges of addresses, for firmware and host. */
#ifndef RANGE_H
#define RANGE_H

#include <stdint.h>

/* [base, base + size), in bytes; base + size does not wrap. */
struct range {
	uint64_t base, size;
};

static inline _Bool ranges_overlap(struct range a, struct range b)
{
	return a.base < b.base + b.size && b.base < a.base + a.size;
}

/* All of b, whatever b is; it may wrap. */
static inline _Bool range_holds(struct range a, struct range b)
{
	return b.base >= a.base && b.size <= a.size && b.base - a.base <= a.size - b.size;
}

#endif
