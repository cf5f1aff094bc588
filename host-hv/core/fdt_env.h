/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libfdt expects of its environment.  Included before libfdt's own
 * libfdt_env.h, whose include guard makes it step aside for this one.
 */
#ifndef LIBFDT_ENV_H
#define LIBFDT_ENV_H

#include "core/lib.h"

#ifndef INT_MAX /* <limits.h> is the C library's */
#define INT_MAX  __INT_MAX__
#define UINT_MAX (2U * INT_MAX + 1)
#endif

#define FDT_FORCE
#define FDT_BITWISE

typedef uint16_t fdt16_t;
typedef uint32_t fdt32_t;
typedef uint64_t fdt64_t;

/* Device trees are big endian, RISC-V supervisors and build machines little. */
static inline uint16_t fdt_swap16(uint16_t x)
{
	return (uint16_t)(x << 8 | x >> 8);
}

static inline uint32_t fdt_swap32(uint32_t x)
{
	return (uint32_t)fdt_swap16(x) << 16 | fdt_swap16(x >> 16);
}

static inline uint64_t fdt_swap64(uint64_t x)
{
	return (uint64_t)fdt_swap32(x) << 32 | fdt_swap32(x >> 32);
}

#define fdt16_to_cpu(x) fdt_swap16(x)
#define cpu_to_fdt16(x) fdt_swap16(x)
#define fdt32_to_cpu(x) fdt_swap32(x)
#define cpu_to_fdt32(x) fdt_swap32(x)
#define fdt64_to_cpu(x) fdt_swap64(x)
#define cpu_to_fdt64(x) fdt_swap64(x)

#endif
