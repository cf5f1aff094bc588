// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host whose second hart stops and starts again, over and over, also after it has put the
 * memory of the device tree to another use: the pool loses nothing, and a vCPU that
 * ran on that hart is as it was.  So it is when the hart sleeps and loses its registers.
 */
#include "host.h"

#define STARTS    150 /* 16 pages each were all that 128 MB have */
#define FDT_MAGIC 0xedfe0dd0u

#define SIP_SOFT      (1ul << IRQ_SOFT)
#define FMV_D_X_F1_A0 0xf20500d3u
#define FMV_X_D_A1_F1 0xe20085d3u

static uint8_t guest[4 * PAGE] __attribute__((aligned(PAGE)));
static union page page __attribute__((aligned(PAGE)));
static uint8_t stack[8192] __attribute__((aligned(16)));
static volatile uint64_t starts, vcpu, runs_vcpu, sleeps;
static volatile int64_t reason;

/* Each start runs the vCPU if it is told to, sleeps first or not, and stops. */
OTHER_HART(other_entry, other_main);
void other_main(void)
{
	csr_clear(sip, SIP_SOFT);
	if (runs_vcpu) {
		page.run.pc = sleeps ? GUEST_RAM + 4 : GUEST_RAM; /* what is asked for comes last */
		reason = exit_of(vcpu);
	}
	if (sleeps) {
		sleeps = 0;
		sleep_until_kicked(other_entry, stack + sizeof(stack));
	}
	stop_hart(&starts);
}

static bool start_and_stop(uint64_t hart)
{
	uint64_t before = starts, spins = 0;
	bool wakes = sleeps;

	if (start_hart(hart, other_entry, stack + sizeof(stack)))
		return false;
	if (wakes) {
		if (!hart_comes_to(hart, SUSPENDED))
			return false;
		sbi_call(SBI_IPI, 0, 1ul << hart, 0, 0, 0, 0);
	}
	while (starts == before && ++spins < PATIENCE)
		;
	return spins < PATIENCE && hart_comes_to(hart, STOPPED);
}

static uint64_t start_often(uint64_t hart, uint64_t times)
{
	uint64_t n = 0;

	while (n < times && start_and_stop(hart))
		n++;
	return n;
}

/* One instruction of the guest's, on the other hart. */
static int64_t execute_there(uint64_t hart, uint32_t insn, uint64_t a0)
{
	((uint32_t *)guest)[0] = insn;
	((uint32_t *)guest)[1] = ECALL;
	page.run.flags |= HM_RUN_FENCE_I;
	page.run.sstatus |= SSTATUS_FS;
	page.run.x[10] = a0;
	page.run.x[11] = 0;
	runs_vcpu = 1;
	full_fence();
	if (!start_and_stop(hart))
		return -1;
	runs_vcpu = 0;
	return reason;
}

/* What a host leaves there that needs the memory for something else. */
static bool overwrite_device_tree(void)
{
	uint64_t at = 0x88000000ul - PAGE; /* 128 MB of RAM */

	while (at > 0x80400000ul && *(volatile uint32_t *)at != FDT_MAGIC)
		at -= PAGE;
	if (*(volatile uint32_t *)at != FDT_MAGIC)
		return false;
	for (uint64_t i = 0; i < 64; i++)
		((volatile uint32_t *)at)[i] = i == 2 ? 0x30 : 0xffffff7f;
	full_fence();
	return true;
}

void payload(uint64_t hart)
{
	uint64_t other = !hart, vm = vm_create(), before;

	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	vcpu = vcpu_create(vm, &page, 32).value;
	run_reset(&page.run);
	before = pool_free_pages();
	fact_equal(execute_there(other, FMV_D_X_F1_A0, 0x123456789abcdef), HM_EXIT_SBI,
		   "a vCPU runs there");
	fact_equal(start_often(other, STARTS), STARTS, "the hart starts again and again");
	fact_equal(execute_there(other, FMV_X_D_A1_F1, 0), HM_EXIT_SBI, "and runs the vCPU");
	fact_equal(page.run.x[11], 0x123456789abcdef,
		   "whose floating-point registers are as they were");
	sleeps = 1;
	fact_equal(execute_there(other, FMV_X_D_A1_F1, 0), HM_EXIT_SBI,
		   "before and after the hart sleeps");
	fact_equal(page.run.x[11], 0x123456789abcdef, "they are so too");
	fact_equal(pool_free_pages(), before, "no page less");
	fact_equal(vcpu_destroy(vcpu), SBI_DENIED, "the vCPU still belongs to that hart");
	fact(overwrite_device_tree(), "another use for the device tree's memory");
	fact_equal(start_often(other, 10), 10, "the hart starts all the same");
	fact_equal(execute_there(other, NOP, 0), HM_EXIT_SBI, "and runs the vCPU");
}
