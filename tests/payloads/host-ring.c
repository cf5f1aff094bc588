// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host that owns the shadow tables, and a guest with a flush ring: the root that runs, which
 * the host chooses by its number, tells whether the guest is in bare mode and its ring has ended.
 * hm_run.satp says nothing then.
 */
#include "host.h"

#define MV_A7_S0 0x00040893u
#define RING     GPA(1)

enum { PAGED, BARE }; /* numbers of roots */

static uint8_t guest[2 * PAGE] __attribute__((aligned(PAGE)));
static uint64_t tables[3][512] __attribute__((aligned(PAGE)));
static union page page __attribute__((aligned(PAGE)));
static struct hm_run *const run = &page.run;
static uint64_t vcpu;

/* A call, then one that the host serves. */
static void make_guest(void)
{
	((uint32_t *)guest)[0] = ECALL;
	((uint32_t *)guest)[1] = MV_A7_S0;
	((uint32_t *)guest)[2] = ECALL;
	tables[0][GUEST_RAM >> 30 & 511] = PTE((uint64_t)tables[1], PTE_V);
	tables[1][GUEST_RAM >> 21 & 511] = PTE((uint64_t)tables[2], PTE_V);
	tables[2][0] = PTE((uint64_t)guest, PTE_RWX);
}

static void make_roots(void)
{
	run_reset(run);
	run->policy = HM_POLICY_HOST_TABLES;
	run->roots[PAGED].gsatp = SV39 | GPA(0) >> 12;
	run->roots[PAGED].root = run->roots[BARE].root = SV39 | (uint64_t)tables[0] >> 12;
	run->roots_new = 1 << PAGED | 1 << BARE;
}

/* The guest runs from its first instruction, on this root, while satp says something. */
static uint64_t begins(unsigned int root, uint64_t satp)
{
	run->pc = GUEST_RAM;
	run->x[8] = SBI_HSM;
	run->root = root;
	run->satp = satp;
	return exit_of(vcpu);
}

/* It runs up to the call that the host serves. */
static bool runs(unsigned int root, uint64_t satp)
{
	return begins(root, satp) == HM_EXIT_SBI;
}

static void asks_for_a_ring(void)
{
	run->x[10] = RING;
	run->x[11] = TEST_VA;
	run->x[12] = HM_RING_VERSION;
	run->x[16] = HM_GUEST_FID_RING_SET;
	run->x[17] = HM_GUEST_EXT_ID;
}

static bool has_its_ring(void)
{
	return run->x[10] == SBI_OK && run->ring_gpa == RING;
}

/* Another policy: what the guest has pushed and nobody has drained is not behind the ring's tail. */
static void policy_changes(uint64_t policy, const char *what)
{
	volatile struct hm_ring *ring = (volatile struct hm_ring *)(guest + PAGE);

	ring->head++;
	run->policy = policy;
	fact(runs(PAGED, SV39) && ring->tail != ring->head, what);
}

static void pushed_entries_stay(void)
{
	policy_changes(HM_POLICY_HOST_TABLES | HM_POLICY_INJECT,
		       "what the host is to drain is not drained by another policy");
	policy_changes(HM_POLICY_HOST_TABLES | HM_POLICY_FLUSH,
		       "nor where nobody reads it from then on");
	policy_changes(HM_POLICY_HOST_TABLES | HM_POLICY_FLUSH | HM_POLICY_SATP,
		       "nor where nobody did before");
	policy_changes(HM_POLICY_HOST_TABLES, "nor where the host takes it up again");
}

void payload(uint64_t hart)
{
	uint64_t vm = vm_create(), turn;

	(void)hart;
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	make_guest();
	make_roots();
	vcpu = vcpu_create(vm, &page, 32).value;
	asks_for_a_ring();
	fact(runs(PAGED, SV39) && has_its_ring(), "a guest in paged mode has a ring");
	turn = run->ring_generation;
	fact(runs(PAGED, 0), "it runs on, with 0 in satp, which nobody reads");
	fact(run->ring_gpa == RING && run->ring_generation == turn, "and has its ring");
	asks_for_a_ring();
	fact(begins(PAGED, SV39) == HM_EXIT_RING && has_its_ring(),
	     "it registers the ring anew, and the host hears of it");
	fact(run->ring_generation != turn, "it is another ring");
	fact(run->pc == GUEST_RAM + 4, "the call is behind the guest");
	pushed_entries_stay();
	turn = run->ring_generation;
	fact(runs(BARE, SV39), "it runs in bare mode, with a paged one in satp");
	fact(run->ring_gpa == HM_RING_NONE && run->ring_generation == turn + 1, "and has no ring");
}
