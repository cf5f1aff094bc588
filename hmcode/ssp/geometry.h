/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * geometry.h - shadow tables as both shadows build them, the engine and traditional shadow paging:
 * groups and links.
 */
#ifndef SSP_GEOMETRY_H
#define SSP_GEOMETRY_H

#include "pte.h"

#define GROUP_SHIFT 3 /* entries a bit of a table's `occupied`: 8 */
#define GROUP_SIZE  (1u << GROUP_SHIFT)
#define ALL_GROUPS  (~0ull >> (64 - PTES_PER_TABLE / GROUP_SIZE))

/* An entry that names a table, with V set or, while the link is dormant, clear. */
static inline _Bool is_link(uint64_t spte)
{
	return spte && !pte_is_leaf(spte);
}

#endif
