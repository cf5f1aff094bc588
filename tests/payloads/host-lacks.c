// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host of two harts of which the second lacks something of the first: a vCPU of the first does
 * not begin on it. The other way round it depends on what is lacking: back=1 says that the first
 * hart runs the second's vCPU.
 */
#include "host.h"

static uint8_t guest[16 * PAGE] __attribute__((aligned(PAGE)));
static union page page __attribute__((aligned(PAGE)));
static union page other_page __attribute__((aligned(PAGE)));
static uint8_t stack[8192] __attribute__((aligned(16)));

static uint64_t vm, vcpu;
static volatile uint64_t other_vcpu, refused, done;

OTHER_HART(other_entry, other_main);
void other_main(void)
{
	for (unsigned int i = 0; i < 100; i++)
		refused += exit_of(vcpu) == SBI_NOT_SUPPORTED;
	other_vcpu = vcpu_create(vm, &other_page, 32).value;
	full_fence();
	done = 1;
}

void payload(uint64_t hart)
{
	bool back = payload_option("back", 0);

	vm = vm_create();
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	*(uint32_t *)guest = ECALL;
	vcpu = vcpu_create(vm, &page, 32).value;
	run_reset(&page.run);
	run_reset(&other_page.run);
	fact_equal(start_hart(!hart, other_entry, stack + sizeof(stack)), SBI_OK, "second hart");
	while (!done)
		;
	full_fence();
	fact_equal(refused, 100, "it refuses the vCPU each time");
	fact_equal(exit_of(vcpu), HM_EXIT_SBI, "the first hart runs it");
	fact_equal(exit_of(other_vcpu), back ? HM_EXIT_SBI : SBI_NOT_SUPPORTED,
		   "and of the second's vCPU it runs what it can");
}
