// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host of its own on the bare machine: what it may write into the run page of a
 * vCPU whose shadow tables are the host's, and what hmcode then does.
 */
#include "hm_abi.h"
#include "payload.h"

#define GUEST_RAM   0x80000000ul
#define GUEST_PAGES 4
#define SV39        (8ul << 60)
#define ASID(n)     ((uint64_t)(n) << 44)

static uint8_t guest[GUEST_PAGES * PAGE] __attribute__((aligned(PAGE)));
static uint64_t tables[4][512] __attribute__((aligned(PAGE)));
static struct {
	struct hm_run run;
	uint8_t rest[PAGE - sizeof(struct hm_run)];
} page __attribute__((aligned(PAGE)));
static struct hm_run *const run = &page.run;
static uint64_t vm, vcpu;

static struct sbi hm_call(uint64_t fid, uint64_t arg0, uint64_t arg1, uint64_t arg2, uint64_t arg3,
			  uint64_t arg4, uint64_t arg5)
{
	return sbi_call6(HM_EXT_ID, fid, arg0, arg1, arg2, arg3, arg4, arg5);
}

/* An entry may take another call or two. */
static int64_t enter(void)
{
	struct sbi ret;
	unsigned int calls = 0;

	do {
		ret = hm_call(HM_FID_VCPU_RUN, vcpu, 0, 0, 0, 0, 0);
	} while (!ret.error && ret.value == HM_EXIT_INTERRUPT && ++calls < 4);
	return ret.error ? ret.error : (int64_t)ret.value;
}

/* -- the guest: code at the beginning of its RAM, one instruction at a time -- */

#define NOP            0x00000013u
#define CSRW_SATP_A0   0x18051073u
#define SFENCE_A0      0x12050073u
#define SFENCE_ASID_A0 0x12a00073u
#define SFENCE_A0_A1   0x12b50073u
#define SFENCE_ALL     0x12000073u
#define CSRW_SATP_A1   0x18059073u
#define ECALL          0x00000073u
#define LD_A1_A0       0x00053583u

/*
 * Runs an instruction `times` times, then another, then an ecall to an extension that the host
 * serves.
 */
static int64_t execute_all(uint32_t insn, uint64_t times, uint32_t last, uint64_t a0, uint64_t a1)
{
	uint32_t *code = (uint32_t *)guest;

	while (times--)
		*code++ = insn;
	*code++ = last;
	*code = ECALL;
	run->flags |= HM_RUN_FENCE_I;
	run->pc = GUEST_RAM;
	run->priv = 1;
	run->x[10] = a0;
	run->x[11] = a1;
	run->x[17] = SBI_HSM;
	return enter();
}

static int64_t execute(uint32_t insn, uint64_t a0)
{
	return execute_all(insn, 0, insn, a0, 0);
}

/*
 * The hart finds the first `pages` of the guest's RAM; as a host that owns the tables would map
 * them.
 */
static void shadow(unsigned int table, uint64_t pages)
{
	uint64_t *top = tables[table];

	for (unsigned int i = 0; i < 512; i++)
		top[i] = tables[2][i] = tables[3][i] = 0;
	top[GUEST_RAM >> 30 & 511] = PTE((uint64_t)tables[2], PTE_V);
	tables[2][GUEST_RAM >> 21 & 511] = PTE((uint64_t)tables[3], PTE_V);
	for (uint64_t i = 0; i < pages; i++)
		tables[3][i] = PTE((uint64_t)guest + i * PAGE, PTE_RWX);
}

static void set_root(unsigned int n, uint64_t gsatp, uint64_t root)
{
	run->roots[n].gsatp = gsatp;
	run->roots[n].root = root;
	run->roots[n].generation++;
	run->roots_new |= 1ul << n;
}

static uint64_t root_of(unsigned int table)
{
	return SV39 | (uint64_t)tables[table] >> 12;
}

static void create(void)
{
	vm = hm_call(HM_FID_VM_CREATE, 0, 0, 0, 0, 0, 0).value;
	fact_equal(hm_call(HM_FID_SLOT_SET, vm, 0, GUEST_RAM, (uint64_t)guest, sizeof(guest),
			   HM_SLOT_R | HM_SLOT_W | HM_SLOT_X)
			   .error,
		   SBI_OK, "a slot is set");
	vcpu = hm_call(HM_FID_VCPU_CREATE, vm, (uint64_t)&page, 32, 0, 0, 0).value;
	run->slice_end = run->stimecmp = ~0ul;
}

/* -- facts -- */

static void the_version(void)
{
	fact_equal(hm_call(HM_FID_VERSION, 0, 0, 0, 0, 0, 0).value, HM_ABI_VERSION, "the version");
	fact_equal(hm_call(10, vm, HM_POLICY_ALL, 0, 0, 0, 0).error, SBI_NOT_SUPPORTED,
		   "the policy is no call any more");
}

static void tables_of_the_firmware(void)
{
	run->policy = HM_POLICY_ALL;
	fact_equal(execute(NOP, 0), HM_EXIT_SBI, "a guest on the firmware's tables");
	fact_equal(execute(LD_A1_A0, GUEST_RAM + sizeof(guest)), HM_EXIT_MMIO,
		   "and beyond its RAM");
}

/* What an entry says of the guest itself. */
static void page_of_no_guest(void)
{
	uint64_t wrong = 0;

	run->policy = HM_POLICY_ALL;
	for (uint64_t length = 0; length < 9; length++) {
		run->flags |= HM_RUN_ADVANCE;
		run->exit_insn_len = length == 8 ? ~0ul : length;
		if (length != 2 && length != 4)
			wrong += enter() == SBI_INVALID_PARAM;
	}
	fact_equal(wrong, 7, "instructions of no length");
	run->flags &= ~(uint64_t)HM_RUN_ADVANCE;
	run->priv = 3;
	fact_equal(enter(), SBI_INVALID_PARAM, "a guest in M-mode");
	run->priv = 1;
	run->policy = HM_POLICY_HOST_TABLES;
}

static void refused(void)
{
	uint64_t wrong = 0;

	for (unsigned int bit = 7; bit < 64; bit++) {
		run->policy = HM_POLICY_ALL | 1ul << bit;
		wrong += enter() == SBI_INVALID_PARAM;
	}
	fact_equal(wrong, 57, "unknown bits of the policy");
	run->policy = HM_POLICY_LOG_FENCES;
	fact_equal(enter(), SBI_INVALID_PARAM, "a log of fences for tables of the firmware");
	run->policy = HM_POLICY_LOG_FENCES | HM_POLICY_HOST_TABLES | HM_POLICY_FLUSH;
	fact_equal(enter(), SBI_INVALID_PARAM, "and where no fence exits");
	run->policy = HM_POLICY_HOST_TABLES | HM_POLICY_FILL;
	fact_equal(enter(), SBI_INVALID_PARAM, "filling tables of the host");
	run->policy = HM_POLICY_HOST_TABLES;
	fact_equal(enter(), SBI_INVALID_PARAM, "no root at all");
	set_root(0, 0, root_of(0));
	run->root = HM_ROOTS;
	fact_equal(enter(), SBI_INVALID_PARAM, "a root behind the last");
	run->root = ~0ul;
	fact_equal(enter(), SBI_INVALID_PARAM, "a root far behind it");
	run->root = 1;
	fact_equal(enter(), SBI_INVALID_PARAM, "a root not in use");
	page_of_no_guest();
	for (uint64_t mode = 0, wrong = 0; mode < 16; mode++) {
		if (mode >= 8 && mode <= 10)
			continue;
		set_root(0, 0, mode << 60 | (uint64_t)tables[0] >> 12);
		run->root = 0;
		wrong += enter() == SBI_INVALID_PARAM;
		if (mode == 15)
			fact_equal(wrong, 13, "roots of no mode");
	}
}

static void tables_of_the_host(void)
{
	shadow(0, 1);
	set_root(0, 0, root_of(0));
	run->root = 0;
	run->policy = HM_POLICY_HOST_TABLES;
	run->hw_fence = HM_FENCE_ALL;
	fact_equal(execute(NOP, 0), HM_EXIT_SBI, "a guest on the host's tables");
	fact_equal(run->roots_new, 0, "new roots are taken over");
	fact_equal(run->hw_fence, HM_FENCE_NONE, "the fence is done");
	fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_PAGE_FAULT,
		   "a page that it does not map");
	fact_equal(run->exit_value, GUEST_RAM + PAGE, "with its address");
	fact_equal(run->exit_cause, CAUSE_LOAD_PAGE, "and its cause");
	shadow(0, 2);
	run->hw_fence = 12345;
	*(uint64_t *)(guest + PAGE) = 77;
	fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_SBI, "and one that it maps by now");
	fact_equal(run->x[11], 77, "with what the guest has there");
	fact_equal(execute(SFENCE_A0, 0x5000), HM_EXIT_FLUSH, "a fence");
	fact_equal(run->fence_start, 0x5000, "with its address");
	fact_equal(execute(CSRW_SATP_A0, SV39 | ASID(1) | 5), HM_EXIT_ROOT_MISS,
		   "a root that is not there");
	fact_equal(run->exit_value, SV39 | ASID(1) | 5, "with its value");
}

/* The guest is bare at first, and no switch from or to that is a quick one. */
static void switches(void)
{
	uint64_t a = SV39 | ASID(1) | 1, b = SV39 | ASID(2) | 2, same_bucket = SV39 | ASID(65) | 3;

	set_root(0, a, root_of(0));
	set_root(3, b, root_of(0));
	set_root(5, same_bucket, root_of(0));
	run->root = 0;
	run->policy = HM_POLICY_HOST_TABLES | HM_POLICY_SATP;
	run->hw_fence = HM_FENCE_ALL;
	for (unsigned int i = 0; i < 3; i++) {
		fact_equal(execute(CSRW_SATP_A0, b), HM_EXIT_SBI,
			   "a switch to a root of the buffer");
		fact_equal(run->root, 3, "is told");
		fact_equal(run->satp, b, "and seen in satp");
		fact_equal(execute(CSRW_SATP_A0, same_bucket), HM_EXIT_SBI,
			   "to one of a like ASID");
		fact(run->root == 5 && run->roots[5].used > run->roots[3].used, "used later");
		fact_equal(execute(CSRW_SATP_A0, a), HM_EXIT_SBI, "and back");
		fact_equal(run->root, 0, "is told");
	}
	set_root(3, b, 0);
	fact_equal(execute(CSRW_SATP_A0, b), HM_EXIT_ROOT_MISS, "a root that was taken away");
	set_root(3, b, 15ul << 60);
	fact_equal(execute(CSRW_SATP_A0, b), HM_EXIT_ROOT_MISS, "one of no mode");
	set_root(3, 0, root_of(0));
	fact_equal(execute(CSRW_SATP_A0, 0), HM_EXIT_SBI, "a bare one");
	fact_equal(run->root, 3, "is told");
}

static void fences_of_the_hart(void)
{
	run->policy = HM_POLICY_HOST_TABLES | HM_POLICY_SATP | HM_POLICY_FLUSH;
	run->root = 0;
	shadow(0, 2);
	run->hw_fence = HM_FENCE_ALL;
	fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_SBI, "a page is mapped");
	tables[3][1] = 0;
	fact_equal(execute(SFENCE_A0, GUEST_RAM + PAGE), HM_EXIT_SBI,
		   "its fence ends in the firmware");
	fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_PAGE_FAULT, "and is one");
	for (unsigned int i = 0; i < 2; i++) {
		shadow(0, 2);
		execute(LD_A1_A0, GUEST_RAM + PAGE);
		tables[3][1] = 0;
		fact_equal(execute(i ? SFENCE_ASID_A0 : SFENCE_ALL, 1), HM_EXIT_SBI,
			   "a fence of all its pages");
		fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_PAGE_FAULT, "and is one");
	}
	shadow(0, 2);
	execute(LD_A1_A0, GUEST_RAM + PAGE);
	tables[3][1] = 0;
	run->flags |= HM_RUN_FENCE_VMA;
	run->fence_start = GUEST_RAM + PAGE;
	run->fence_size = 8;
	run->fence_asid = ~0ul;
	fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_PAGE_FAULT, "another vCPU's fence");
	shadow(0, 2);
	run->hw_fence = HM_FENCE_PAGE;
	run->hw_fence_va = GUEST_RAM + PAGE;
	fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_SBI, "the host's");
}

/* A fence of what the host's tables do not map waits; of what they do map is an exit. */
static void fences_that_wait(void)
{
	uint64_t a = SV39 | ASID(1) | 1, b = SV39 | ASID(2) | 2;
	struct hm_stats stats;

	run->policy = HM_POLICY_HOST_TABLES | HM_POLICY_SATP | HM_POLICY_LOG_FENCES;
	run->fence_count = run->fence_exits = 0;
	set_root(0, a, root_of(0));
	set_root(1, b, root_of(0));
	run->root = 0;
	shadow(0, 2);
	run->hw_fence = HM_FENCE_ALL;
	run->flags |= HM_RUN_RESET_STATS;
	execute(LD_A1_A0, GUEST_RAM + PAGE);
	fact_equal(execute(SFENCE_A0, GUEST_RAM + PAGE + 8), HM_EXIT_FLUSH,
		   "a fence of a page that is mapped");
	fact_equal(run->fence_count, 0, "does not wait");
	tables[3][1] = 0;
	fact_equal(execute(SFENCE_A0, GUEST_RAM + PAGE + 8), HM_EXIT_SBI,
		   "and of one that is not any more");
	fact_equal(run->fence_count, 1, "waits");
	fact_equal(run->fences[0].va, GUEST_RAM + PAGE, "with its address");
	fact_equal(run->fences[0].asid, ~0ul, "and no ASID");
	fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_PAGE_FAULT, "and is one");
	fact_equal(run->exit_value, GUEST_RAM + PAGE, "with the fault's own address");
	fact_equal(execute_all(NOP, 0, SFENCE_A0_A1, GUEST_RAM + PAGE, 0x1f0007), HM_EXIT_SBI,
		   "one with an ASID");
	fact_equal(run->fences[0].asid, 7, "has it");
	fact_equal(execute(SFENCE_ALL, 0), HM_EXIT_FLUSH, "a fence of everything");
	tables[3][1] = PTE((uint64_t)guest + PAGE, PTE_V | PTE_X | PTE_AD);
	fact_equal(execute(SFENCE_A0, GUEST_RAM + PAGE), HM_EXIT_FLUSH,
		   "a page that can only be executed");
	tables[3][1] = PTE((uint64_t)guest + PAGE, PTE_RWX | PTE_U);
	fact_equal(execute(SFENCE_A0, GUEST_RAM + PAGE), HM_EXIT_FLUSH, "a page of user mode");
	tables[3][1] = 0;
	run->fence_exits = 1ul << (GUEST_RAM >> 30 & 63);
	fact_equal(execute(SFENCE_A0, GUEST_RAM + PAGE), HM_EXIT_FLUSH, "where the host wants all");
	run->fence_exits = ~run->fence_exits;
	fact_equal(execute(SFENCE_A0, GUEST_RAM + PAGE), HM_EXIT_SBI, "and only there");
	run->fence_exits = 0;
	/* to a root with no hardware ASID yet, and with one */
	for (unsigned int i = 0; i < 2; i++) {
		fact_equal(execute_all(SFENCE_A0, 1, CSRW_SATP_A1, GUEST_RAM + PAGE, b),
			   HM_EXIT_SATP, "a switch while one waits");
		fact_equal(run->exit_value, b, "with its value");
		fact_equal(run->root, 0, "is the host's");
		fact_equal(execute_all(NOP, 0, CSRW_SATP_A1, 0, b), HM_EXIT_SBI,
			   "and not while none does");
		fact_equal(run->root, 1, "is told");
		execute(CSRW_SATP_A0, a);
	}
	fact_equal(execute_all(SFENCE_A0, HM_FENCES - 1, SFENCE_A0, GUEST_RAM + PAGE, 0),
		   HM_EXIT_SBI, "so many wait");
	fact_equal(run->fence_count, HM_FENCES, "all of them");
	fact_equal(execute_all(SFENCE_A0, HM_FENCES, SFENCE_A0, GUEST_RAM + PAGE, 0), HM_EXIT_FLUSH,
		   "and one more does not");
	hm_call(HM_FID_VCPU_STATS, vcpu, (uint64_t)&stats, sizeof(stats), 0, 0, 0);
	fact(stats.traps[HM_TRAP_SFENCE_VA] > HM_FENCES, "they are counted");
}

/* True faults of a guest whose tables forbid everything: it has none. */
static void injected(void)
{
	run->policy = HM_POLICY_HOST_TABLES | HM_POLICY_INJECT;
	shadow(0, 1);
	set_root(0, SV39 | ASID(1) | (GUEST_RAM + 3 * PAGE) >> 12, root_of(0));
	run->root = 0;
	run->hw_fence = HM_FENCE_ALL;
	run->stvec = GUEST_RAM + 4; /* the ecall */
	fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_SBI, "a true fault is injected");
	fact_equal(run->scause, CAUSE_LOAD_PAGE, "with its cause");
	fact_equal(run->stval, GUEST_RAM + PAGE, "and its address");
}

/* Numbers at random everywhere: the firmware answers each time. */
static void anything(void)
{
	uint64_t state = 1, answers = 0;

	for (unsigned int i = 0; i < 2000; i++) {
		uint64_t *words = &run->policy, *end = &run->fence_count;

		for (unsigned int n = 0; words + n <= end; n++) {
			state = state * 6364136223846793005ul + 1442695040888963407ul;
			words[n] = state >> (state >> 58);
		}
		run->policy &= 0x7f;
		run->root &= 0x1f;
		/*
		 * The guest itself stays sane: what it runs on are tables of ours, whatever else
		 * they are.
		 */
		for (unsigned int n = 0; n < HM_ROOTS; n++)
			run->roots[n].root =
				(run->roots[n].root & 0xful << 60) | (uint64_t)tables[0] >> 12;
		run->satp = 0;
		run->slice_end = csr_read(time) + 1000; /* it may fault for ever */
		answers += execute(NOP, 0) < HM_EXIT_COUNT;
	}
	fact_equal(answers, 2000, "2000 pages at random");
	run->slice_end = ~0ul;
}

static void back_to_the_firmware(void)
{
	run->policy = HM_POLICY_ALL;
	run->satp = 0;
	fact_equal(execute(NOP, 0), HM_EXIT_SBI, "back on the firmware's tables");
	fact_equal(execute(LD_A1_A0, GUEST_RAM + PAGE), HM_EXIT_SBI, "which map all of its RAM");
}

void payload(uint64_t hart)
{
	(void)hart;
	create();
	the_version();
	tables_of_the_firmware();
	refused();
	tables_of_the_host();
	switches();
	fences_of_the_hart();
	fences_that_wait();
	injected();
	anything();
	back_to_the_firmware();
}
