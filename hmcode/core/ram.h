/* SPDX-License-Identifier: BSD-2-Clause */
/* ram.h - the banks of RAM, and what of it the host may use. */
#ifndef HM_RAM_H
#define HM_RAM_H

#include <sbi/sbi_types.h>

#include "range.h"

#define HM_MAX_BANKS 8

/* Written in the cold boot. */
extern struct range hm_banks[HM_MAX_BANKS];
extern u32 hm_bank_count;

/* The bank that holds all of it, or NULL. */
const struct range *hm_bank_of(struct range range);

bool hm_touches_ram(struct range range);

/* RAM that the host may use: not the firmware's, not the pool. */
bool hm_is_ram(u64 hpa, u64 size);

#endif
