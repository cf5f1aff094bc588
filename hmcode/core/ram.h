/* SPDX-License-Identifier: BSD-2-Clause */
/* ram.h - the banks of RAM, and what of it the host may use. */
#ifndef HM_RAM_H
#define HM_RAM_H

#include <sbi/sbi_types.h>

#define HM_MAX_BANKS 8

struct hm_range {
	u64 base, size;
};

/* Written in the cold boot. */
extern struct hm_range hm_banks[HM_MAX_BANKS];
extern u32 hm_bank_count;

static inline bool hm_ranges_overlap(struct hm_range a, struct hm_range b)
{
	return a.base < b.base + b.size && b.base < a.base + a.size;
}

static inline bool hm_range_holds(struct hm_range a, struct hm_range b)
{
	return b.base - a.base < a.size && b.size <= a.base + a.size - b.base;
}

/* The bank that holds all of it, or NULL. */
const struct hm_range *hm_bank_of(struct hm_range range);

bool hm_touches_ram(struct hm_range range);

/* RAM that the host may use: not the firmware's, not the pool. */
bool hm_is_ram(u64 hpa, u64 size);

#endif
