// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host with paging on.  Its guest uses addresses that the host maps too, globally and with
 * the ASIDs that hmcode may have given the guest's roots: neither sees the other's pages.
 */
#include "host.h"

#define GUEST_PAGES 8
#define ROOT        1 /* pages of the guest's tables */
#define MIDDLE      2
#define LEAVES      3
#define OWN         5                    /* what the guest has at the addresses below */
#define PRIVATE     (TEST_VA + 0 * PAGE) /* global for the host alone */
#define SHARED      (TEST_VA + 1 * PAGE) /* global for both */
#define BY_ASID     (TEST_VA + 2 * PAGE) /* for neither */
#define ASIDS       8

static uint8_t guest[GUEST_PAGES * PAGE] __attribute__((aligned(PAGE)));
static uint64_t own[3][512] __attribute__((aligned(PAGE))); /* what the host has there */
static union page page __attribute__((aligned(PAGE)));
static struct hm_run *const run = &page.run;
static const struct mode *mode;
static uint64_t root, vcpu;

static uint64_t *guest_page(unsigned int n)
{
	return (uint64_t *)(guest + n * PAGE);
}

/* Code at the beginning of its RAM, which it maps where it is. */
static void make_guest(void)
{
	((uint32_t *)guest)[0] = LD_A1_A0;
	((uint32_t *)guest)[1] = ECALL;
	guest_page(ROOT)[GUEST_RAM >> 30 & 511] = PTE(GPA(MIDDLE), PTE_V);
	guest_page(ROOT)[TEST_VA >> 30 & 511] = PTE(GPA(MIDDLE), PTE_V);
	/* The same tables for both: RAM at entries 0 and on of either. */
	guest_page(MIDDLE)[0] = PTE(GPA(LEAVES), PTE_V);
	guest_page(LEAVES)[0] = PTE(GPA(OWN), PTE_RW);
	guest_page(LEAVES)[1] = PTE(GPA(OWN + 1), PTE_RW | PTE_G);
	guest_page(LEAVES)[2] = PTE(GPA(OWN + 2), PTE_RW);
	guest_page(LEAVES)[16] = PTE(GPA(0), PTE_RWX);
	for (unsigned int i = 0; i < 3; i++)
		guest_page(OWN + i)[0] = 0x6e5 + i;
}

static void make_host(void)
{
	root = root_new(mode);
	map_page(mode, root, PRIVATE, (uint64_t)own[0], PTE_RW | PTE_G);
	map_page(mode, root, SHARED, (uint64_t)own[1], PTE_RW | PTE_G);
	map_page(mode, root, BY_ASID, (uint64_t)own[2], PTE_RW);
	for (unsigned int i = 0; i < 3; i++)
		own[i][0] = 0x405 + i;
}

/* The guest's load from where the host has just loaded from. */
static bool guest_has(uint64_t va, uint64_t value)
{
	(void)read64(va);
	run->pc = GUEST_RAM + 16 * PAGE;
	run->priv = 1;
	run->x[10] = va;
	run->flags |= HM_RUN_FENCE_I;
	return exit_of(vcpu) == HM_EXIT_SBI && run->x[11] == value;
}

static bool host_has(uint64_t va, uint64_t value)
{
	return read64(va) == value;
}

void payload(uint64_t hart)
{
	uint64_t vm = vm_create(), asids, right[6] = { 0 };

	(void)hart;
	mode = first_mode();
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	vcpu = vcpu_create(vm, &page, 64).value;
	make_guest();
	make_host();
	run_reset(run);
	run->satp = SV39 | ASID(1) | GPA(ROOT) >> 12;
	asids = asid_bits() ? ASIDS : 1;
	for (uint64_t asid = 0; asid < asids; asid++) {
		satp_load(mode, root, asid);
		for (unsigned int i = 0; i < 3; i++) {
			right[i] += guest_has(TEST_VA + i * PAGE, 0x6e5 + i);
			right[3 + i] += host_has(TEST_VA + i * PAGE, 0x405 + i);
		}
	}
	csr_write(satp, 0);
	fence_all();
	fact_equal(right[0], asids, "the guest's page where the host has a global one");
	fact_equal(right[1], asids, "where both have");
	fact_equal(right[2], asids, "and where neither has, with ASIDs of the guest's");
	fact_equal(right[3], asids, "the host's own page there");
	fact_equal(right[4], asids, "where both have a global one");
	fact_equal(right[5], asids, "and where neither has");
}
