// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host of two harts of which the second cannot run guests: there each call of the
 * extension is refused and changes nothing, while the first goes on as ever.
 */
#include "host.h"

static uint8_t guest[16 * PAGE] __attribute__((aligned(PAGE)));
static union page page __attribute__((aligned(PAGE)));
static struct hm_stats stats;
static struct hm_info info;
static uint8_t stack[8192] __attribute__((aligned(16)));

static uint64_t vm, vcpu;
static volatile uint64_t probed = 1, refused, runs_refused, told, done;

/* Arguments that the first hart could give. */
static int64_t call(uint64_t fid)
{
	switch (fid) {
	case HM_FID_INFO: return hm_call(fid, (uint64_t)&info, sizeof(info), 0, 0, 0, 0).error;
	case HM_FID_VM_CREATE: return hm_call(fid, 0, 0, 0, 0, 0, 0).error;
	case HM_FID_SLOT_SET: return slot_set(vm, 1, GPA(16), guest, PAGE);
	case HM_FID_VCPU_CREATE: return vcpu_create(vm, &page, 32).error;
	case HM_FID_VCPU_STATS:
		return hm_call(fid, vcpu, (uint64_t)&stats, sizeof(stats), 0, 0, 0).error;
	case HM_FID_VM_DESTROY: return hm_call(fid, vm, 0, 0, 0, 0, 0).error;
	case HM_FID_VM_INVALIDATE: return hm_call(fid, vm, GUEST_RAM, PAGE, 0, 0, 0).error;
	default: return hm_call(fid, vcpu, 0, 0, 0, 0, 0).error;
	}
}

OTHER_HART(other_entry, other_main);
void other_main(void)
{
	probed = sbi_call(SBI_BASE, 3, HM_EXT_ID, 0, 0, 0, 0).value;
	for (uint64_t fid = 0; fid < HM_FID_COUNT; fid++)
		refused += fid != HM_FID_FEATURES && call(fid) == SBI_NOT_SUPPORTED;
	told = call(HM_FID_FEATURES) == SBI_OK;
	for (unsigned int i = 0; i < 100; i++)
		runs_refused += call(HM_FID_VCPU_RUN) == SBI_NOT_SUPPORTED;
	full_fence();
	done = 1;
}

void payload(uint64_t hart)
{
	uint64_t before;

	vm = vm_create();
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	*(uint32_t *)guest = ECALL;
	vcpu = vcpu_create(vm, &page, 32).value;
	run_reset(&page.run);
	before = pool_free_pages();
	fact_equal(start_hart(!hart, other_entry, stack + sizeof(stack)), SBI_OK, "second hart");
	while (!done)
		;
	full_fence();
	fact_equal(probed, 0, "the second hart offers nothing");
	fact_equal(refused, HM_FID_COUNT - 1, "refuses each call but one");
	fact_equal(told, 1, "and says of that one how it counts");
	fact_equal(runs_refused, 100, "and a run each time");
	fact_equal(info.pool_free_pages, 0, "writes nothing");
	fact_equal(pool_free_pages(), before, "and takes nothing");
	fact_equal(sbi_call(SBI_BASE, 3, HM_EXT_ID, 0, 0, 0, 0).value, 1,
		   "the first hart offers it");
	fact_equal(exit_of(vcpu), HM_EXIT_SBI, "and runs the vCPU");
}
