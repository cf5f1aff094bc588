// SPDX-License-Identifier: BSD-2-Clause
/*
 * How long the host's own calls stay in M-mode, in instructions (-icount): each below the
 * limit, with as many vCPUs as there can be, and where the shadow tables of one are full.
 */
#include "host.h"

#define LIMIT         20000
#define VCPUS         64
#define GUEST_SIZE    (2 * MEGA)
#define ROOT          1 /* pages of the guest's tables */
#define GLOBAL_ROOT   2
#define MIDDLE        3
#define GLOBAL_MIDDLE 4
#define RING          5
#define ROOTS         8     /* the first of many */
#define DEEP          32    /* tables above MIDDLE, and above that */
#define DEEP_ROOTS    34    /* roots of Sv48 and Sv57 */
#define LOOP          0x100 /* where its loop lies on the first page */
#define REGISTER      0x200 /* and the call that registers its ring */
#define TABLES        1300

#define ADD_A0_A0_A2  0x00c50533u
#define ADDI_A3_A3_M1 0xfff68693u
#define BNEZ_A3_M12   0xfe069ae3u /* back by 12 bytes */
#define MV_A7_A3      0x00068893u

static uint8_t guest[GUEST_SIZE] __attribute__((aligned(2 * MEGA)));
static uint64_t shadow[512] __attribute__((aligned(PAGE)));
static union page pages[VCPUS] __attribute__((aligned(PAGE)));
static struct hm_run *const run = &pages[0].run;
static uint64_t vm, vcpus[VCPUS], longest;

static uint64_t *guest_page(unsigned int n)
{
	return (uint64_t *)(guest + n * PAGE);
}

static inline uint64_t now(void)
{
	uint64_t count;

	__asm__ volatile("rdcycle %0" : "=r"(count)::"memory");
	return count;
}

static struct sbi timed(uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
			uint64_t a4, uint64_t a5)
{
	uint64_t begin = now();
	struct sbi ret = hm_call(fid, a0, a1, a2, a3, a4, a5);
	uint64_t stay = now() - begin;

	if (stay > longest)
		longest = stay;
	return ret;
}

/* Each call since the last of these stayed below the limit. */
static void all_short(const char *what)
{
	note_count(what, longest);
	fact(longest < LIMIT, what);
	longest = 0;
}

static int64_t timed_run(void)
{
	struct sbi ret;

	do {
		ret = timed(HM_FID_VCPU_RUN, vcpus[0], 0, 0, 0, 0, 0);
	} while (!ret.error && ret.value == HM_EXIT_INTERRUPT);
	return ret.error ? ret.error : (int64_t)ret.value;
}

/* -- the guest -- */

static void make_guest(void)
{
	uint32_t *loop = (uint32_t *)(guest + LOOP);

	((uint32_t *)guest)[0] = ECALL;
	loop[0] = LD_A1_A0;
	loop[1] = ADD_A0_A0_A2;
	loop[2] = ADDI_A3_A3_M1;
	loop[3] = BNEZ_A3_M12;
	loop[4] = ECALL;
	/* A call of an extension, then one that is the host's. */
	((uint32_t *)(guest + REGISTER))[0] = ECALL;
	((uint32_t *)(guest + REGISTER))[1] = MV_A7_A3;
	((uint32_t *)(guest + REGISTER))[2] = ECALL;
	/* Everywhere in the address space the same 2 MiB. */
	guest_page(MIDDLE)[0] = PTE(GUEST_RAM, PTE_RWX);
	guest_page(GLOBAL_MIDDLE)[0] = PTE(GUEST_RAM, PTE_RWX | PTE_G);
	for (unsigned int i = 0; i < 512; i++) {
		guest_page(ROOT)[i] = PTE(GPA(MIDDLE), PTE_V);
		guest_page(GLOBAL_ROOT)[i] = PTE(GPA(GLOBAL_MIDDLE), PTE_V);
	}
	for (unsigned int n = 0; n < 16; n++)
		for (unsigned int i = 0; i < 512; i++)
			guest_page(ROOTS + n)[i] = guest_page(ROOT)[i];
	for (unsigned int i = 0; i < 512; i++) {
		guest_page(DEEP)[i] = PTE(GPA(MIDDLE), PTE_V);
		guest_page(DEEP + 1)[i] = PTE(GPA(DEEP), PTE_V);
		guest_page(DEEP_ROOTS)[i] = PTE(GPA(DEEP), PTE_V);
		guest_page(DEEP_ROOTS + 1)[i] = PTE(GPA(DEEP + 1), PTE_V);
	}
}

/* Runs from here; its exit is an ecall's. */
static bool runs_from(uint64_t pc)
{
	run->pc = GUEST_RAM + pc;
	run->priv = 1;
	run->x[17] = SBI_HSM;
	return timed_run() == HM_EXIT_SBI;
}

static bool touches(uint64_t from, uint64_t step, uint64_t times)
{
	bool ran;

	run->x[10] = from;
	run->x[12] = step;
	run->x[13] = times;
	ran = runs_from(LOOP);
	longest = 0; /* most of that was the guest's */
	return ran;
}

/* Both halves of the top table, each of whose entries becomes a link. */
static bool fill_top(unsigned int table)
{
	run->satp = SV39 | ASID(table) | GPA(table) >> 12;
	return touches(0, GIGA, 256) && touches(-256 * GIGA, GIGA, 256);
}

static bool fill_all(void)
{
	return fill_top(GLOBAL_ROOT) && fill_top(ROOT);
}

/* -- facts -- */

static void creating(void)
{
	unsigned int made = 1;

	vm = timed(HM_FID_VM_CREATE, 0, 0, 0, 0, 0, 0).value;
	timed(HM_FID_SLOT_SET, vm, 0, GUEST_RAM, (uint64_t)guest, sizeof(guest), SLOT_ALL);
	vcpus[0] = timed(HM_FID_VCPU_CREATE, vm, (uint64_t)&pages[0], TABLES, 0, 0, 0).value;
	for (; made < VCPUS; made++) {
		struct sbi ret = timed(HM_FID_VCPU_CREATE, vm, (uint64_t)&pages[made], 32, 0, 0, 0);

		if (ret.error)
			break;
		vcpus[made] = ret.value;
	}
	fact_equal(made, VCPUS, "so many vCPUs");
	fact_equal(timed(HM_FID_VCPU_CREATE, vm, (uint64_t)&pages[0], 32, 0, 0, 0).error,
		   SBI_FAILED, "and not one more");
	all_short("creating");
}

static void asking(void)
{
	static struct hm_info info;
	static struct hm_stats stats;

	timed(HM_FID_VERSION, 0, 0, 0, 0, 0, 0);
	timed(HM_FID_INFO, (uint64_t)&info, sizeof(info), 0, 0, 0, 0);
	timed(HM_FID_VCPU_STATS, vcpus[0], (uint64_t)&stats, sizeof(stats), 0, 0, 0);
	all_short("asking");
}

static void memory_changes(void)
{
	fact(fill_all(), "the top tables are full");
	timed(HM_FID_SLOT_SET, vm, 1, 0x90000000, (uint64_t)guest, PAGE, SLOT_ALL);
	all_short("a slot");
	fact(runs_from(0), "and the first entry after it");
	all_short("the first entry after it");
	fact(fill_all(), "full again");
	timed(HM_FID_VM_INVALIDATE, vm, GPA(100), PAGE, 0, 0, 0);
	all_short("memory taken away");
	fact(runs_from(0), "and the first entry after that");
	all_short("the first entry after that");
}

static void owner_changes(void)
{
	shadow[GUEST_RAM >> 30 & 511] = PTE((uint64_t)guest, PTE_RWX);
	fact(fill_all(), "full again");
	for (unsigned int n = 0; n < HM_ROOTS; n++) {
		run->roots[n].gsatp = SV39 | ASID(n) | GPA(ROOTS) >> 12;
		run->roots[n].root = SV39 | (uint64_t)shadow >> 12;
	}
	run->roots_new = (1ul << HM_ROOTS) - 1;
	run->root = 3;
	run->hw_fence = HM_FENCE_ALL;
	run->policy = HM_POLICY_HOST_TABLES;
	timed_run();
	all_short("tables of the host's, 16 new roots");
	run->policy = HM_POLICY_ALL;
	run->satp = 0;
	fact(runs_from(0), "and back");
	all_short("tables of the firmware's");
}

/* Everything that an entry can be asked for, at once. */
static void ask_for_all(uint64_t start, uint64_t size, uint64_t asid)
{
	run->flags = HM_RUN_FENCE_VMA | HM_RUN_FENCE_I | HM_RUN_FILL | HM_RUN_RESET_STATS;
	run->fence_start = start;
	run->fence_size = size;
	run->fence_asid = asid;
	run->exit_cause = CAUSE_LOAD_PAGE;
	run->exit_value = 77 * GIGA + 5 * PAGE;
}

static void entries(void)
{
	static const struct {
		const char *what;
		uint64_t start, size, asid;
	} fences[] = {
		{ "a fence of everything", 0, 0, ~0ul },
		{ "a fence of an ASID", 0, 0, ROOT },
		{ "a fence of 64 pages", 0, 64 * PAGE, ~0ul },
		{ "a fence of 64 pages of an ASID", 7 * GIGA - 32 * PAGE, 64 * PAGE, ROOT },
		{ "a fence of many pages", 0, 600 * GIGA, ~0ul },
	};

	for (unsigned int i = 0; i < sizeof(fences) / sizeof(fences[0]); i++) {
		fact(fill_all(), "full again");
		ask_for_all(fences[i].start, fences[i].size, fences[i].asid);
		fact(runs_from(0), "an entry that is asked for it");
		all_short(fences[i].what);
		fact(fill_all(), "full again");
		run->satp = SV39 | ASID(20 + i) | GPA(ROOTS + i) >> 12;
		ask_for_all(fences[i].start, fences[i].size, fences[i].asid);
		fact(runs_from(0), "the same in a new address space");
		all_short(fences[i].what);
	}
}

/* The guest's ring is full of flushes as the vCPU is entered. */
static void fill_ring(unsigned int pages_each, uint64_t asid)
{
	struct hm_ring *ring = (struct hm_ring *)guest_page(RING);

	for (unsigned int i = 0; i < HM_RING_ENTRIES; i++) {
		ring->entry[i].va_op =
			i * 3 * GIGA | (asid ? HM_RING_OP_FLUSH : HM_RING_OP_FLUSH_GLOBAL);
		ring->entry[i].asid_pages = asid << HM_RING_ASID_SHIFT | pages_each;
	}
	ring->head = ring->tail + HM_RING_ENTRIES;
}

static bool register_ring(void)
{
	run->satp = SV39 | ASID(ROOT) | GPA(ROOT) >> 12;
	run->x[10] = GPA(RING);
	run->x[11] = 3 * GIGA;
	run->x[12] = HM_RING_VERSION;
	run->x[13] = SBI_HSM;
	run->x[16] = HM_GUEST_FID_RING_SET;
	run->pc = GUEST_RAM + REGISTER;
	run->priv = 1;
	run->x[17] = HM_GUEST_EXT_ID;
	return timed_run() == HM_EXIT_SBI && run->ring_gpa == GPA(RING);
}

static void rings(void)
{
	fact(register_ring(), "the guest has a ring");
	for (unsigned int i = 0; i < 4; i++) {
		fact(fill_all(), "full again");
		fill_ring(i & 1 ? 64 : 1, i & 2 ? ROOT : 0);
		ask_for_all(0, 64 * PAGE, ~0ul);
		fact(runs_from(0), "an entry with a full ring");
		all_short("a full ring and a fence");
	}
}

/*
 * Memory has changed, the address space is another, the ring is full, and then all that can be
 * asked for.
 */
static void at_once(unsigned int mode, unsigned int i)
{
	static const char *const name[] = { "all at once in Sv39", "all at once in Sv48",
					    "all at once in Sv57" };
	static const unsigned int roots[] = { ROOTS, DEEP_ROOTS, DEEP_ROOTS + 1 };

	fact(register_ring() && fill_all(), "full again, with a ring");
	if (i & 1) { /* a root that is known, and lags behind */
		run->satp = (8ul + mode) << 60 | ASID(40 + mode) | GPA(roots[mode]) >> 12;
		fact(touches(0, GIGA, 256), "another root is full");
		run->satp = SV39 | ASID(ROOT) | GPA(ROOT) >> 12;
		fact(runs_from(0), "and not the current one");
	}
	timed(i & 2 ? HM_FID_VM_INVALIDATE : HM_FID_SLOT_SET, vm, i & 2 ? GPA(100) : 1,
	      i & 2 ? PAGE : 0x90000000, i & 2 ? 0 : (uint64_t)guest,
	      i & 2 ? 0 : PAGE * (1 + (i & 1)), i & 2 ? 0 : SLOT_ALL);
	fill_ring(i & 1 ? 64 : 1, i & 2 ? ROOT : 0);
	run->satp = (8ul + mode) << 60 | ASID(40 + mode) | GPA(roots[mode]) >> 12;
	ask_for_all(7 * GIGA - 32 * PAGE, 64 * PAGE, i & 1 ? ~0ul : 40 + mode);
	fact(runs_from(0), "an entry that is asked for all of it");
	all_short(name[mode]);
}

static void destroying(void)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		timed(HM_FID_VCPU_DESTROY, vcpus[i], 0, 0, 0, 0, 0);
	timed(HM_FID_VM_DESTROY, vm, 0, 0, 0, 0, 0);
	all_short("destroying");
}

void payload(uint64_t hart)
{
	(void)hart;
	make_guest();
	run_reset(run);
	creating();
	asking();
	memory_changes();
	owner_changes();
	entries();
	rings();
	for (unsigned int i = 0; i < 12; i++)
		at_once(i / 4, i % 4);
	destroying();
}
