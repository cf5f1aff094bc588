/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmu.c - what OpenSBI 1.6 does not check of the host's calls about counters.
 *
 * Its arrays have an element a counter.  A set that wraps around, or that is empty, is beyond them.
 * So is a firmware event on a counter of the hart's: the firmware's are numbered behind those, and
 * the difference is below 0.  Where it looks for a free counter of the firmware's it forgets to add
 * the base to a bit's number, so each set is handed over from base 0.
 *
 *	sbi_pmu_ctr_fw_read     wrapped: without a value there is no word of a stack
 *	sbi_pmu_event_get_info  wrapped: a list whose size wraps around is longer than it says
 */
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_pmu.h>

#include "core/machine.h"
#include "host/pmu.h"
#include "metal/hart.h"

/*
 * Entries of a list, each of which takes some hundred instructions: nothing interrupts the call, so
 * that this is a stay in M-mode (docs/rules.md, 5).  Linux asks about fewer than 60.
 */
#define MOST_INFOS 128

/* They come first. */
static u64 counters_of_hart(void)
{
	return (1ull << (sbi_pmu_num_ctr() - SBI_PMU_FW_CTR_MAX)) - 1;
}

/* A kernel's on other harts: for OpenSBI all harts have the counters of one. */
static u64 counter_of_measurement(void)
{
	return hm_this_hart()->retired ? 1ull << HART_RETIRED : 0;
}

static bool is_firmware_event(unsigned long event)
{
	return (event & SBI_PMU_EVENT_IDX_TYPE_MASK) >> SBI_PMU_EVENT_IDX_TYPE_OFFSET ==
	       SBI_PMU_EVENT_TYPE_FW;
}

bool hm_counters_exist(unsigned long base, unsigned long mask)
{
	unsigned long total = sbi_pmu_num_ctr();

	return mask && base < total && !(mask >> (total - base));
}

u64 hm_counters_for(unsigned long base, unsigned long mask, unsigned long flags,
		    unsigned long event)
{
	u64 set = (u64)mask << base;

	if (flags & SBI_PMU_CFG_FLAG_SKIP_MATCH)
		set &= -set; /* the first, whatever it is */
	if (is_firmware_event(event))
		return set & ~counters_of_hart();
	return set & counters_of_hart() & ~counter_of_measurement();
}

int __real_sbi_pmu_ctr_fw_read(uint32_t counter, uint64_t *value);
int __wrap_sbi_pmu_ctr_fw_read(uint32_t counter, uint64_t *value);

int __wrap_sbi_pmu_ctr_fw_read(uint32_t counter, uint64_t *value)
{
	*value = 0;
	return __real_sbi_pmu_ctr_fw_read(counter, value);
}

int __real_sbi_pmu_event_get_info(unsigned long low, unsigned long high, unsigned long count,
				  unsigned long flags);
int __wrap_sbi_pmu_event_get_info(unsigned long low, unsigned long high, unsigned long count,
				  unsigned long flags);

/* Where the list is, OpenSBI asks core/ram.c. */
int __wrap_sbi_pmu_event_get_info(unsigned long low, unsigned long high, unsigned long count,
				  unsigned long flags)
{
	if (count > MOST_INFOS)
		return SBI_EFAIL;
	return __real_sbi_pmu_event_get_info(low, high, count, flags);
}
