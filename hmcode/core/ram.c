/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ram.c - where there is RAM; boot/place.c has read the banks from the device tree.
 *
 *	sbi_domain_check_addr_range  wrapped: what OpenSBI reads or writes for the host is RAM
 */
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

bool __real_sbi_domain_check_addr_range(const struct sbi_domain *domain, unsigned long addr,
					unsigned long size, unsigned long mode,
					unsigned long access);
bool __wrap_sbi_domain_check_addr_range(const struct sbi_domain *domain, unsigned long addr,
					unsigned long size, unsigned long mode,
					unsigned long access);

/*
 * What OpenSBI reads or writes for the host: its domain knows no end of RAM, and M-mode's fault
 * where there is nothing is the end of the machine.
 */
bool __wrap_sbi_domain_check_addr_range(const struct sbi_domain *domain, unsigned long addr,
					unsigned long size, unsigned long mode,
					unsigned long access)
{
	bool used = size && access & (SBI_DOMAIN_READ | SBI_DOMAIN_WRITE);

	return (!used || !hm_bank_count || hm_bank_of((struct range){ addr, size })) &&
	       __real_sbi_domain_check_addr_range(domain, addr, size, mode, access);
}

/* RAM that the host may use: not the firmware's, not the pool. */
bool hm_is_ram(u64 hpa, u64 size)
{
	return hm_bank_of((struct range){ hpa, size }) &&
	       __real_sbi_domain_check_addr_range(sbi_domain_thishart_ptr(), hpa, size, PRV_S,
						  SBI_DOMAIN_READ | SBI_DOMAIN_WRITE);
}
