// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host that owns the shadow tables names a guest satp whose MODE does not exist: the
 * firmware, which injects true faults, would begin its walk of the guest's tables at a level
 * that does not exist.  What it would read is a chain of tables as long as its stack.
 */
#include "host.h"

#define GUEST_PAGES 64
#define CHAIN       8 /* the first page of the chain ... */
#define CHAIN_PAGES 16

static uint8_t guest[GUEST_PAGES * PAGE] __attribute__((aligned(PAGE)));
static uint64_t tables[3][512] __attribute__((aligned(PAGE)));
static union page page __attribute__((aligned(PAGE)));
static struct hm_run *const run = &page.run;

/* Whoever gets here with the chain's last address runs in M-mode. */
__attribute__((aligned(16), used)) static void in_machine_mode(void)
{
	for (;;)
		;
}

static void make_shadow(void)
{
	tables[0][GUEST_RAM >> 30 & 511] = PTE((uint64_t)tables[1], PTE_V);
	tables[1][GUEST_RAM >> 21 & 511] = PTE((uint64_t)tables[2], PTE_V);
	tables[2][0] = PTE((uint64_t)guest, PTE_RWX);
	((uint32_t *)guest)[0] = LD_A1_A0;
	((uint32_t *)guest)[1] = ECALL;
}

static void make_chain(void)
{
	for (uint64_t k = 0; k < CHAIN_PAGES; k++) {
		uint64_t *table = (uint64_t *)(guest + (CHAIN + k) * PAGE);

		for (unsigned int i = 0; i < 512; i++)
			table[i] = k + 1 < CHAIN_PAGES ? PTE(GPA(CHAIN + k + 1), PTE_V) :
							 (uint64_t)in_machine_mode;
	}
}

/* A guest satp of this MODE in root 0, and the guest runs into a page fault. */
static int64_t run_with(uint64_t vcpu, uint64_t mode)
{
	run_reset(run);
	run->policy = HM_POLICY_HOST_TABLES | HM_POLICY_INJECT;
	run->roots[0].gsatp = mode << 60 | GPA(CHAIN) >> 12;
	run->roots[0].root = SV39 | (uint64_t)tables[0] >> 12;
	run->roots[0].generation++;
	run->roots_new = 1;
	run->hw_fence = HM_FENCE_ALL;
	run->x[10] = GPA(5);
	run->stvec = GPA(0) + 4; /* an ecall */
	return exit_of(vcpu);
}

void payload(uint64_t hart)
{
	uint64_t vm = vm_create(), refused = 0, vcpu;

	(void)hart;
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	vcpu = vcpu_create(vm, &page, 32).value;
	make_shadow();
	make_chain();
	/* 0 with a PPN is no satp that a guest can have, either */
	for (uint64_t mode = 0; mode < 16; mode++)
		if (mode < 8 || mode > 10)
			refused += run_with(vcpu, mode) == SBI_INVALID_PARAM;
	fact_equal(refused, 13, "guest satps of no mode");
	fact_equal(run_with(vcpu, 8), HM_EXIT_SBI, "Sv39 is one, and the fault is injected");
	fact_equal(run->scause, CAUSE_LOAD_PAGE, "with its cause");
}
