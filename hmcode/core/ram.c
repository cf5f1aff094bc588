/* SPDX-License-Identifier: BSD-2-Clause */
/* ram.c - where there is RAM; boot/place.c has read the banks from the device tree. */
#include <sbi/sbi_domain.h>

#include "core/ram.h"

struct range hm_banks[HM_MAX_BANKS];
u32 hm_bank_count;

const struct range *hm_bank_of(struct range range)
{
	for (u32 i = 0; i < hm_bank_count; i++)
		if (range_holds(hm_banks[i], range))
			return &hm_banks[i];
	return NULL;
}

bool hm_touches_ram(struct range range)
{
	for (u32 i = 0; i < hm_bank_count; i++)
		if (ranges_overlap(hm_banks[i], range))
			return true;
	return false;
}

/* RAM that the host may use: not the firmware's, not the pool. */
bool hm_is_ram(u64 hpa, u64 size)
{
	return hm_bank_of((struct range){ hpa, size }) &&
	       sbi_domain_check_addr_range(sbi_domain_thishart_ptr(), hpa, size, PRV_S,
					   SBI_DOMAIN_READ | SBI_DOMAIN_WRITE);
}
