// SPDX-License-Identifier: BSD-2-Clause
/*
 * HM_RUN_FILL for what is no fault: an exit_cause that is no page fault's, or a page that the
 * guest's tables do not map.  An entry made for either would not be valid, and be taken
 * for a link later.
 */
#include "host.h"

#define GUEST_PAGES 64
#define ROOT        1 /* pages of the guest's tables */
#define MIDDLE      2
#define LEAVES      3
#define KNOWN       5 /* a page that it uses, and one that it maps at the end */
#define LATER       40

static uint8_t guest[GUEST_PAGES * PAGE] __attribute__((aligned(PAGE)));
static union page page __attribute__((aligned(PAGE)));
static struct hm_run *const run = &page.run;
static uint64_t vcpu;

static uint64_t *guest_page(unsigned int n)
{
	return (uint64_t *)(guest + n * PAGE);
}

static int64_t load(uint64_t address, uint64_t sstatus_bits)
{
	run->flags |= HM_RUN_FENCE_I;
	run->pc = GUEST_RAM;
	run->priv = 1;
	run->x[2] = GPA(50); /* what a trap in the firmware would take for its frame */
	run->x[10] = address;
	run->x[11] = sstatus_bits;
	return exit_of(vcpu);
}

static int64_t fill(uint64_t cause, uint64_t address)
{
	run->flags |= HM_RUN_FILL;
	run->exit_cause = cause;
	run->exit_value = address;
	return load(GPA(KNOWN), 0);
}

static void make_guest(void)
{
	uint32_t *code = (uint32_t *)guest;

	code[0] = CSRS_SSTATUS_A1;
	code[1] = LD_A2_A0;
	code[2] = ECALL;
	guest_page(ROOT)[GUEST_RAM >> 30 & 511] = PTE(GPA(MIDDLE), PTE_V);
	guest_page(MIDDLE)[GUEST_RAM >> 21 & 511] = PTE(GPA(LEAVES), PTE_V);
	guest_page(LEAVES)[0] = PTE(GPA(0), PTE_RWX);
	guest_page(LEAVES)[KNOWN] = PTE(GPA(KNOWN), PTE_RW);
	guest_page(LEAVES)[LATER] = PTE(GPA(LATER), 0); /* not valid, but of RAM */
}

void payload(uint64_t hart)
{
	static const uint64_t causes[] = { 0, 2, 5, 7, 8, 10, 11, 14, 16, 17, 1ul << 63 | 14, ~0ul };
	uint64_t vm = vm_create(), ran = 0, count = sizeof(causes) / sizeof(causes[0]);

	(void)hart;
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	vcpu = vcpu_create(vm, &page, 64).value;
	make_guest();
	run_reset(run);
	run->satp = SV39 | GPA(ROOT) >> 12;
	fact_equal(load(GPA(KNOWN), 0), HM_EXIT_SBI, "the guest runs, its walk is known");
	for (unsigned int i = 0; i < count; i++)
		ran += fill(causes[i], GPA(LATER)) == HM_EXIT_SBI;
	fact_equal(ran, count, "fills of what is no page fault");
	fact_equal(fill(CAUSE_LOAD_PAGE, GPA(LATER)), HM_EXIT_SBI,
		   "a fill of what the guest does not map");
	fact_equal(fill(CAUSE_STORE_PAGE, GPA(GUEST_PAGES)), HM_EXIT_SBI,
		   "and one beyond its tables");
	fact(!(run->flags & HM_RUN_FILL), "the flag clears itself all the same");
	/* Readable by MXR alone: the general way, which looks at what the shadow has there. */
	guest_page(LEAVES)[LATER] = PTE(GPA(LATER), PTE_V | PTE_X | PTE_AD);
	fact_equal(load(GPA(LATER), SSTATUS_MXR), HM_EXIT_SBI, "and the page, mapped by now");
}
