// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host that owns the shadow tables lets them lead out of its RAM: to a device, to where nothing
 * is, to firmware and its pool.  Where the hart leaves misaligned accesses to firmware, that walks
 * them in M-mode, where PMP stops nothing and a bus error would be its own.  The word traps=1 says
 * that this is such a hart.
 */
#include "host.h"

#define GUEST_PAGES 4
#define UART        0x10000000ul
#define HOLE        0x60000000ul /* nothing is there on virt */
#define SAME_BITS   (16ul << 20)
#define FARTHEST    (1ul << 55)
#define FIRMWARE    0x80000000ul
#define FAR         (3ul << 30) /* another entry of the root */
#define LD_A1_1_A0  0x00153583u
#define SD_A1_1_A0  0x00b530a3u
#define NONE        99

static uint8_t guest[GUEST_PAGES * PAGE] __attribute__((aligned(PAGE)));
static uint64_t tables[5][512] __attribute__((aligned(PAGE)));
static union page page __attribute__((aligned(PAGE)));
static struct hm_run *const run = &page.run;
static uint64_t vcpu, pool, traps, hole;

/* The guest's code at the start of its RAM; what is at FAR changes. */
static void make_shadow(void)
{
	tables[0][GUEST_RAM >> 30 & 511] = PTE((uint64_t)tables[1], PTE_V);
	tables[1][GUEST_RAM >> 21 & 511] = PTE((uint64_t)tables[2], PTE_V);
	tables[2][0] = PTE((uint64_t)guest, PTE_RWX);
	tables[0][FAR >> 30 & 511] = PTE((uint64_t)tables[3], PTE_V);
	tables[3][0] = PTE((uint64_t)tables[4], PTE_V);
	((uint32_t *)guest)[2] = ECALL;
}

/* The guest makes one access at FAR + 1; returns its scause. */
static uint64_t cause_of(uint32_t insn)
{
	int64_t exit;

	((uint32_t *)guest)[0] = insn;
	((uint32_t *)guest)[1] = ECALL;
	run_reset(run);
	run->policy = HM_POLICY_HOST_TABLES;
	run->roots[0].root = SV39 | (uint64_t)tables[0] >> 12;
	run->roots[0].generation++;
	run->roots_new = 1;
	run->hw_fence = HM_FENCE_ALL;
	run->x[10] = FAR;
	run->x[11] = 0x55;
	run->scause = NONE;
	run->stvec = GPA(0) + 8;
	exit = exit_of(vcpu);
	fact(exit == HM_EXIT_SBI || exit == HM_EXIT_PAGE_FAULT,
	     "the guest goes on, or the host hears of it");
	return run->scause;
}

static void both(uint64_t expected_load, uint64_t expected_store)
{
	fact_equal(cause_of(LD_A1_1_A0), expected_load, "a load");
	fact_equal(cause_of(SD_A1_1_A0), expected_store, "a store");
}

static void both_fault(void)
{
	both(CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS);
}

/*
 * To a hart a bus may answer, and then it goes on with whatever that said; to firmware this is no
 * RAM.
 */
static void both_fault_or_not(void)
{
	if (traps) {
		both_fault();
		return;
	}
	cause_of(LD_A1_1_A0);
	cause_of(SD_A1_1_A0);
}

static void leaf_to(uint64_t hpa)
{
	tables[3][0] = PTE((uint64_t)tables[4], PTE_V);
	tables[4][0] = PTE(hpa, PTE_RW);
}

static void table_at(uint64_t hpa)
{
	tables[3][0] = PTE(hpa, PTE_V);
}

void payload(uint64_t hart)
{
	static struct hm_info info;
	uint64_t vm = vm_create();

	(void)hart;
	traps = payload_option("traps", 0);
	hole = HOLE | ((uint64_t)guest & (SAME_BITS - 1) & -PAGE); /* as the guest's page lies */
	hm_call(HM_FID_INFO, (uint64_t)&info, sizeof(info), 0, 0, 0, 0);
	pool = *(volatile uint64_t *)&info.pool_base;
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	vcpu = vcpu_create(vm, &page, 32).value;
	make_shadow();
	facts_about("the guest's own page");
	leaf_to((uint64_t)guest + PAGE);
	both(NONE, NONE);
	fact_equal(*(volatile uint8_t *)(guest + PAGE + 1), 0x55, "what was stored");
	facts_about("firmware");
	leaf_to(FIRMWARE);
	both_fault();
	table_at(FIRMWARE);
	both_fault();
	facts_about("the pool");
	leaf_to(pool);
	fact_equal(cause_of(SD_A1_1_A0), CAUSE_STORE_ACCESS, "a store");
	table_at(pool);
	both_fault_or_not();
	facts_about("nothing");
	leaf_to(hole);
	both_fault_or_not();
	table_at(hole);
	both_fault_or_not();
	table_at(FARTHEST);
	both_fault_or_not();
	facts_about("a device");
	leaf_to(UART);
	both_fault_or_not();
	table_at(UART);
	both_fault_or_not();
}
