// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host that changes what its guests see, where the hart may still hold what they saw before:
 * memory moves, tables change their owner or their mode, vCPUs follow each other.  The guest's
 * page is a global one, which no other ASID hides.
 */
#include "host.h"

#define GUEST_PAGES 24
#define TIMES       4
#define MOVING      0x90000000ul /* GPA of a slot of its own */

/* What a guest's page holds; first of all its code. */
enum {
	CODE,
	ROOT,
	CODE_MIDDLE,
	CODE_LEAVES,
	MIDDLE,
	LEAVES,
	ROOT2,
	MIDDLE2,
	LEAVES2,
	OWN,
	OWN2,
	ROOT_X,
	MIDDLE_X,
	LEAVES_X,
	OWN_X,
	ROOT_Y,
	MIDDLE_Y,
	LEAVES_Y,
	OWN_Y,
	MIDDLE_G,
	LEAVES_G
};

/* Addresses that guests read. */
#define FIXED   (TEST_VA + 0 * PAGE) /* a page of its RAM; with tables of the host any */
#define MOVED   (TEST_VA + 1 * PAGE) /* the page at MOVING */
#define PRIVATE (TEST_VA + 2 * PAGE) /* not global, with tables of the host alone */
#define NEAR    1ul                  /* pages in each region of a vCPU with few tables */
#define FAR     100ul
#define FEW     32ul             /* tables that it has: SSP_MIN_TABLES */
#define WALKS   16ul             /* regions that many apart have one place in the walk cache */
#define GLOBALS (TEST_VA + GIGA) /* the same for its two address spaces */

static uint8_t guest[GUEST_PAGES * PAGE] __attribute__((aligned(PAGE)));
static uint64_t other[2][512] __attribute__((aligned(PAGE))); /* memory that comes and goes */
static union page pages[3] __attribute__((aligned(PAGE)));
static struct {
	uint64_t top[512], middle[512], leaves[512];
} shadows[2] __attribute__((aligned(PAGE))); /* tables of the host */
static uint64_t code_middle[512] __attribute__((aligned(PAGE)));
static uint64_t code_leaves[512] __attribute__((aligned(PAGE)));
static uint64_t vm, vcpus[3];
static struct hm_run *const run = &pages[0].run;

static uint64_t *guest_page(unsigned int n)
{
	return (uint64_t *)(guest + n * PAGE);
}

/* Two sets of tables that agree on the code; all else is global in either. */
static void make_tables(unsigned int root, unsigned int middle, unsigned int leaves,
			unsigned int own)
{
	guest_page(root)[GUEST_RAM >> 30 & 511] = PTE(GPA(CODE_MIDDLE), PTE_V);
	guest_page(root)[TEST_VA >> 30 & 511] = PTE(GPA(middle), PTE_V);
	guest_page(middle)[0] = PTE(GPA(leaves), PTE_V);
	guest_page(leaves)[0] = PTE(GPA(own), PTE_RW | PTE_G);
	guest_page(leaves)[1] = PTE(MOVING, PTE_RW | PTE_G);
	guest_page(own)[0] = own;
}

/* One table of leaves in many places, each of which takes a shadow table of its own. */
static void make_regions(unsigned int root, unsigned int middle, unsigned int leaves,
			 unsigned int own)
{
	guest_page(root)[GUEST_RAM >> 30 & 511] = PTE(GPA(CODE_MIDDLE), PTE_V);
	guest_page(root)[TEST_VA >> 30 & 511] = PTE(GPA(middle), PTE_V);
	guest_page(root)[GLOBALS >> 30 & 511] = PTE(GPA(MIDDLE_G), PTE_V);
	for (uint64_t i = 0; i < FEW; i++)
		guest_page(middle)[i] = PTE(GPA(leaves), PTE_V);
	guest_page(leaves)[NEAR] = PTE(GPA(own), PTE_RW);
	for (uint64_t i = 0; i < FEW; i++)
		guest_page(leaves)[FAR + 8 * i] = PTE(GPA(own), PTE_RW);
	guest_page(own)[0] = own;
}

static void make_guest(void)
{
	((uint32_t *)guest)[0] = LD_A1_A0;
	((uint32_t *)guest)[1] = ECALL;
	guest_page(CODE_MIDDLE)[0] = PTE(GPA(CODE_LEAVES), PTE_V);
	guest_page(CODE_LEAVES)[0] = PTE(GPA(CODE), PTE_RWX);
	make_tables(ROOT, MIDDLE, LEAVES, OWN);
	make_tables(ROOT2, MIDDLE2, LEAVES2, OWN2);
	make_regions(ROOT_X, MIDDLE_X, LEAVES_X, OWN_X);
	make_regions(ROOT_Y, MIDDLE_Y, LEAVES_Y, OWN_Y);
	guest_page(MIDDLE_G)[0] = PTE(GPA(LEAVES_G), PTE_V);
	guest_page(LEAVES_G)[NEAR] = guest_page(LEAVES_G)[FAR] = PTE(GPA(OWN), PTE_RW | PTE_G);
}

/* The host's: FIXED and PRIVATE are other[n]. */
static void make_shadow(unsigned int n)
{
	code_middle[0] = PTE((uint64_t)code_leaves, PTE_V);
	code_leaves[0] = PTE((uint64_t)guest, PTE_RWX);
	shadows[n].top[GUEST_RAM >> 30 & 511] = PTE((uint64_t)code_middle, PTE_V);
	shadows[n].top[TEST_VA >> 30 & 511] = PTE((uint64_t)shadows[n].middle, PTE_V);
	shadows[n].middle[0] = PTE((uint64_t)shadows[n].leaves, PTE_V);
	shadows[n].leaves[0] = PTE((uint64_t)other[n], PTE_RW | PTE_G);
	shadows[n].leaves[2] = PTE((uint64_t)other[n], PTE_RW);
}

static uint64_t gsatp_of(unsigned int root)
{
	return SV39 | ASID(1) | GPA(root) >> 12;
}

static void set_root(unsigned int n, uint64_t gsatp, unsigned int shadow)
{
	run->roots[n].gsatp = gsatp;
	run->roots[n].root = SV39 | (uint64_t)shadows[shadow].top >> 12;
	run->roots[n].generation++;
	run->roots_new |= 1ul << n;
}

static uint64_t new_vcpu(unsigned int n, unsigned int root, uint64_t tables)
{
	run_reset(&pages[n].run);
	pages[n].run.satp = gsatp_of(root);
	return vcpu_create(vm, &pages[n], tables).value;
}

/* What a vCPU reads, or ~ the exit that it makes instead. */
static uint64_t reads_on(unsigned int n, uint64_t va)
{
	struct hm_run *of = &pages[n].run;
	int64_t exit;

	of->pc = GUEST_RAM;
	of->priv = 1;
	of->x[10] = va;
	of->x[17] = SBI_HSM;
	of->flags |= HM_RUN_FENCE_I;
	exit = exit_of(vcpus[n]);
	return exit == HM_EXIT_SBI ? of->x[11] : ~(uint64_t)exit;
}

static uint64_t reads(uint64_t va)
{
	return reads_on(0, va);
}

/* -- facts -- */

static void memory_moves(void)
{
	uint64_t seen = 0, gone = 0;

	for (unsigned int i = 0; i < TIMES; i++) {
		slot_set(vm, 1, MOVING, other[i % 2], PAGE);
		seen += reads(MOVED) == other[i % 2][0];
	}
	for (unsigned int i = 0; i < TIMES; i++) {
		slot_set(vm, 1, MOVING, other[0], 0);
		gone += reads(MOVED) == ~(uint64_t)HM_EXIT_MMIO;
		slot_set(vm, 1, MOVING, other[0], PAGE);
		seen += reads(MOVED) == other[0][0];
	}
	fact_equal(seen, 2 * TIMES, "memory that was exchanged is seen");
	fact_equal(gone, TIMES, "and that it was taken away");
}

/* On one hart, in turn, and one in the place of another. */
static void vcpus_follow_each_other(void)
{
	uint64_t seen = 0, again = 0;

	for (unsigned int i = 0; i < TIMES; i++) {
		seen += reads_on(0, FIXED) == OWN;
		seen += reads_on(1, FIXED) == OWN2;
	}
	fact_equal(seen, 2 * TIMES, "two vCPUs on a hart each see their own");
	for (unsigned int i = 0; i < TIMES; i++) {
		vcpu_destroy(vcpus[1]);
		vcpus[1] = new_vcpu(1, i % 2 ? ROOT2 : ROOT, 64);
		again += reads_on(1, FIXED) == (i % 2 ? OWN2 : OWN);
	}
	fact_equal(again, TIMES, "and so does one that has another's place");
}

static void tables_change_their_owner(void)
{
	uint64_t seen = 0;

	set_root(0, gsatp_of(ROOT), 0);
	run->root = 0;
	run->policy = HM_POLICY_HOST_TABLES;
	(void)reads(GUEST_RAM);
	for (unsigned int i = 0; i < TIMES; i++) {
		run->policy = HM_POLICY_ALL;
		seen += reads(FIXED) == OWN;
		run->policy = HM_POLICY_HOST_TABLES;
		seen += reads(FIXED) == other[0][0];
	}
	fact_equal(seen, 2 * TIMES, "tables of the firmware and of the host in turn");
}

/* With tables of the host: in bare mode the guest's addresses are others. */
static void roots_change_their_mode(void)
{
	uint64_t seen = 0, current = 0;

	set_root(0, gsatp_of(ROOT), 0);
	set_root(1, 0, 1);
	for (unsigned int i = 0; i < 2 * TIMES; i++) {
		run->root = i % 2;
		seen += reads(FIXED) == other[i % 2][0];
	}
	fact_equal(seen, 2 * TIMES, "a root of another mode");
	run->root = 0;
	for (unsigned int i = 0; i < 2 * TIMES; i++) {
		set_root(0, i % 2 ? 0 : gsatp_of(ROOT), i % 2);
		current += reads(FIXED) == other[i % 2][0];
	}
	fact_equal(current, 2 * TIMES, "the current root gets another mode");
}

/* The host changes a leaf of its own, and says so. */
static bool follows(uint64_t va, unsigned int index, uint64_t fence, unsigned int to)
{
	uint64_t *leaf = &shadows[0].leaves[index];
	bool before = reads(va) == other[!to][0];

	*leaf = PTE((uint64_t)other[to], *leaf & 0x3ff);
	run->hw_fence_va = va;
	run->hw_fence = fence;
	return before && reads(va) == other[to][0];
}

static void fences_are_done(void)
{
	uint64_t page = 0, all = 0, asid = 0;

	set_root(0, gsatp_of(ROOT), 0);
	run->root = 0;
	for (unsigned int i = 0; i < 2 * TIMES; i++) {
		page += follows(FIXED, 0, HM_FENCE_PAGE, !(i % 2));
		asid += follows(PRIVATE, 2, HM_FENCE_ASID, !(i % 2));
	}
	for (unsigned int i = 0; i < 2 * TIMES; i++)
		all += follows(FIXED, 0, HM_FENCE_ALL, !(i % 2));
	fact_equal(page, 2 * TIMES, "the host fences a page");
	fact_equal(asid, 2 * TIMES, "an address space");
	fact_equal(all, 2 * TIMES, "and everything");
}

/* -- with few tables -- */

/* Another vCPU in the place of the one with few tables: it has all of them left. */
static void renew(void)
{
	vcpu_destroy(vcpus[2]);
	vcpus[2] = new_vcpu(2, ROOT_X, FEW);
}

static uint64_t reads_in(unsigned int root, uint64_t va)
{
	pages[2].run.satp = SV39 | ASID(root) | GPA(root) >> 12;
	return reads_on(2, va);
}

static bool has_svvptc(void)
{
	static struct hm_info info;

	hm_call(HM_FID_INFO, (uint64_t)&info, sizeof(info), 0, 0, 0, 0);
	return *(volatile uint64_t *)&info.features & HM_INFO_SVVPTC;
}

static uint64_t fills(void)
{
	static struct hm_stats stats;

	hm_call(HM_FID_VCPU_STATS, vcpus[2], (uint64_t)&stats, sizeof(stats), 0, 0, 0);
	return *(volatile uint64_t *)&stats.traps[HM_TRAP_FILL];
}

/*
 * Tables that lead to a page of one address space become another's, and have a page of
 * that one at the same place: it is not what the first one finds there.
 */
static void tables_are_taken(void)
{
	uint64_t seen = 0, rounds = 0, page = FAR; /* one that the hart was never told is absent */

	for (uint64_t regions = FEW / 2; regions < FEW; regions++, rounds++, page += 8) {
		renew();
		seen += reads_in(ROOT_X, TEST_VA + NEAR * PAGE) == OWN_X;
		for (uint64_t i = 0; i < regions; i++)
			(void)reads_in(ROOT_Y, TEST_VA + i * MEGA + page * PAGE);
		seen += reads_in(ROOT_X, TEST_VA + page * PAGE) == OWN_X;
	}
	fact_equal(seen, 2 * rounds, "tables that another address space has now");
}

/*
 * What the hart may have cached is that there was nothing: one fault for each page is all that it
 * may cost.
 */
static void links_are_new(void)
{
	uint64_t before, seen = 0;

	renew();
	(void)reads_in(ROOT_X, GUEST_RAM);
	before = fills();
	for (uint64_t i = 0; i < FEW / 4; i++)
		seen += reads_in(ROOT_X, TEST_VA + i * MEGA + NEAR * PAGE) == OWN_X;
	fact_equal(fills() - before, seen, "a page in a new table is filled once");
	(void)reads_in(ROOT_Y, GUEST_RAM);
	(void)reads_in(ROOT_X, GLOBALS + NEAR * PAGE);
	(void)reads_in(ROOT_Y, GUEST_RAM);
	before = fills();
	seen = reads_in(ROOT_Y, GLOBALS + FAR * PAGE);
	fact(fills() - before == 1 && seen == OWN,
	     "and so is one in a table that another address space has already");
}

/*
 * The same in tables that are there: where the walk to them is not known, and where a fence
 * dropped it.  With Svvptc nothing is fenced: each page may cost two faults.
 */
static void leaves_are_new(void)
{
	uint64_t before, seen = 0, most = has_svvptc() ? 2 : 1;

	renew();
	for (uint64_t i = 0; i <= WALKS; i += WALKS)
		(void)reads_in(ROOT_X, TEST_VA + i * MEGA + NEAR * PAGE);
	before = fills();
	for (uint64_t i = 0; i < 2 * TIMES; i++)
		seen += reads_in(ROOT_X, TEST_VA + i % 2 * WALKS * MEGA + (FAR + 8 * i) * PAGE) ==
			OWN_X;
	fact(seen == 2 * TIMES && fills() - before <= most * seen, "where the walk is not known");
	(void)reads_in(ROOT_X, TEST_VA + MEGA + NEAR * PAGE);
	before = fills();
	for (uint64_t i = 0; i < TIMES; i++) {
		pages[2].run.flags |= HM_RUN_FENCE_VMA;
		pages[2].run.fence_asid = ROOT_X;
		seen += reads_in(ROOT_X, TEST_VA + MEGA + FAR * PAGE) == OWN_X;
	}
	fact(seen == 3 * TIMES && fills() - before <= most * 2 * TIMES,
	     "and after a fence, with the page of the code");
}

void payload(uint64_t hart)
{
	(void)hart;
	other[0][0] = 0x07e1;
	other[1][0] = 0x07e2;
	vm = vm_create();
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	make_guest();
	make_shadow(0);
	make_shadow(1);
	vcpus[0] = new_vcpu(0, ROOT, 64);
	vcpus[1] = new_vcpu(1, ROOT2, 64);
	vcpus[2] = new_vcpu(2, ROOT_X, FEW);
	memory_moves();
	vcpus_follow_each_other();
	tables_change_their_owner();
	roots_change_their_mode();
	fences_are_done();
	tables_are_taken();
	links_are_new();
	leaves_are_new();
}
