/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.h - RAM and what of it is reserved, as the device tree tells; the places of the pool and of
 * the tree.
 *
 * The order: hm_place_read(), hm_place_pool(), hm_place_tree(), and once OpenSBI has changed the
 * tree hm_describe_pool().
 */
#ifndef HM_PLACE_H
#define HM_PLACE_H

#include <sbi/sbi_scratch.h>

#include "core/ram.h"

/* False: there is no RAM. */
bool hm_place_read(const void *fdt, const struct sbi_scratch *scratch);

/* size 0: there is no place, and a line said so. */
struct range hm_place_pool(const void *fdt);

/* Nothing else is placed there from now on. */
void hm_place_reserve(struct range range);

/* Where the tree has room to grow: where it is, or a copy; NULL: nowhere, and a line said so. */
void *hm_place_tree(void *fdt);

/* The next stage must not take the pool for free memory. */
int hm_describe_pool(void *fdt);

#endif
