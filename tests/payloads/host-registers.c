// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host whose call runs a vCPU: whatever the guest had in its registers and CSRs, and however its
 * run ended, the host's registers and supervisor CSRs are as they were, but for a0 and a1.
 */
#include "host.h"
#include "stub.h"

#define WFI         0x10500073u
#define SFENCE_ALL  0x12000073u
#define SFENCE_A0   0x12050073u
#define CSRW_SATP   0x18051073u /* from a0, as the marker's */
#define MARK        0x8e051073u
#define BRANCH_SELF 0x0000006fu
#define DEVICE      0x10000000ul
#define SLICE       2000 /* ticks */

static const uint32_t insns[] = { ECALL,     LD_A1_A0, WFI,         SFENCE_ALL, SFENCE_A0,
				  CSRW_SATP, MARK,     BRANCH_SELF, 0 };
#define INSNS (sizeof(insns) / sizeof(*insns))
#define APART 16 /* bytes: what follows an instruction is an illegal one */

static uint8_t guest[PAGE] __attribute__((aligned(PAGE)));
static uint64_t tables[3][512] __attribute__((aligned(PAGE)));
static union page page __attribute__((aligned(PAGE)));
static struct hm_run *const run = &page.run;
static struct registers before, behind;
static uint64_t vcpu, runs, lost, csrs_lost, reasons, errors, refused;

/* In the guest's first page, so that it maps nothing. */
#define PAGED (SV39 | GPA(0) >> 12)

/* What all of this has to come to, bit by reason. */
#define ENDS                                                                             \
	(1ul << HM_EXIT_INTERRUPT | 1ul << HM_EXIT_MMIO | 1ul << HM_EXIT_SBI |           \
	 1ul << HM_EXIT_WFI | 1ul << HM_EXIT_MARK | 1ul << HM_EXIT_TRUE_FAULT |          \
	 1ul << HM_EXIT_HIDDEN_FAULT | 1ul << HM_EXIT_ROOT_MISS | 1ul << HM_EXIT_FLUSH | \
	 1ul << HM_EXIT_PAGE_FAULT)

/* All that the stub does not see to by itself: it looks at stvec, and needs sscratch. */
/* clang-format off */
#define CSRS(CSR) \
	CSR(sstatus) CSR(sie) CSR(sepc) CSR(scause) CSR(stval) CSR(scounteren) CSR(satp) CSR(senvcfg)
enum {
#define NUMBER(name) AT_##name,
	CSRS(NUMBER)
#undef NUMBER
	CSR_COUNT
};
/* clang-format on */

static void fill_host(void)
{
	uint64_t one = SSTATUS_SUM | SSTATUS_SPP, other = SSTATUS_MXR | SSTATUS_SPIE;

	for (unsigned int n = 1; n < 32; n++)
		before.x[n] = 0x9abcdef012345671ul * n + runs;
	before.x[16] = HM_FID_VCPU_RUN;
	before.x[17] = HM_EXT_ID;
	csr_clear(sstatus, runs & 1 ? other : one);
	csr_set(sstatus, runs & 1 ? one : other);
	csr_write(sepc, 0x1230 + 4 * runs);
	csr_write(scause, 7 + runs % 8);
	csr_write(stval, 0x777 + runs);
	csr_write(scounteren, runs % 8);
	csr_write(senvcfg, runs % 2);
}

static void fill_guest(void)
{
	for (unsigned int n = 1; n < 32; n++)
		run->x[n] = (0x13579bdf02468aceul * n) ^ runs;
	run->x[17] = SBI_HSM;
	run->sstatus =
		runs & 1 ? SSTATUS_MXR | SSTATUS_FS : SSTATUS_SUM | SSTATUS_SPP | SSTATUS_SPIE;
	run->stvec = GUEST_RAM;
	run->sscratch = run->sepc = run->stval = run->senvcfg = ~0ul;
	run->scause = 3;
	run->scounteren = 7;
	run->sie = 0x222;
}

static void call(uint64_t number)
{
	uint64_t csrs[CSR_COUNT];

	fill_host();
	before.x[10] = number;
#define READ(name) csrs[AT_##name] = csr_read(name);
	CSRS(READ)
#undef READ
	execute(0, ECALL, &before, &behind);
#define COMPARE(name) csrs_lost += csrs[AT_##name] != csr_read(name);
	CSRS(COMPARE)
#undef COMPARE
	csrs_lost += behind.stvec != (uint64_t)stub_0_behind;
	lost |= registers_changed(&before, &behind) & ~(3u << 10);
	runs++;
	if (behind.x[10])
		errors++;
	else
		reasons |= 1ul << behind.x[11];
}

/* Three times: what only the first entry does is behind it then, and at last nothing is mapped. */
static void run_from(uint64_t pc, uint64_t a0)
{
	uint64_t now;

	for (unsigned int turn = 0; turn < 3; turn++) {
		__asm__ volatile("rdtime %0" : "=r"(now));
		fill_guest();
		run->x[10] = a0;
		run->satp = turn < 2 ? 0 : PAGED;
		run->slice_end = now + SLICE;
		run->priv = 1;
		run->pc = pc;
		call(vcpu);
	}
}

static void refusals(void)
{
	call(1000);
	run->priv = 2;
	call(vcpu);
	run->priv = 1;
	run->policy = 1ul << 40;
	call(vcpu);
	refused += 3;
}

/* In the address space that the host has: bare, or paged. */
static void each_way(const char *registers_stay, const char *csrs_stay)
{
	static const uint64_t policies[] = {
		0,
		HM_POLICY_SATP,
		HM_POLICY_FLUSH,
		HM_POLICY_INJECT,
		HM_POLICY_ALL,
		HM_POLICY_HOST_TABLES,
		HM_POLICY_HOST_TABLES | HM_POLICY_INJECT,
		HM_POLICY_HOST_TABLES | HM_POLICY_FLUSH,
		HM_POLICY_HOST_TABLES | HM_POLICY_SATP | HM_POLICY_LOG_FENCES,
	};

	for (unsigned int i = 0; i < 2 * sizeof(policies) / sizeof(*policies); i++) {
		run->flags = HM_RUN_FENCE_I | (i & 1 ? HM_RUN_YIELD_WFI : 0);
		run->policy = policies[i / 2];
		for (unsigned int n = 0; n < INSNS; n++)
			run_from(GUEST_RAM + APART * n, insns[n] == CSRW_SATP ? PAGED : DEVICE);
		refusals();
	}
	fact_equal(lost, 0, registers_stay);
	fact_equal(csrs_lost, 0, csrs_stay);
}

/* The guest is in bare mode, for the firmware's tables and for the host's. */
static void prepare(void)
{
	uint64_t vm = vm_create();

	for (unsigned int n = 0; n < INSNS; n++)
		((uint32_t *)guest)[APART / 4 * n] = insns[n];
	tables[0][GUEST_RAM >> 30 & 511] = PTE((uint64_t)tables[1], PTE_V);
	tables[1][GUEST_RAM >> 21 & 511] = PTE((uint64_t)tables[2], PTE_V);
	tables[2][0] = PTE((uint64_t)guest, PTE_RWX);
	slot_set(vm, 0, GUEST_RAM, guest, sizeof(guest));
	run_reset(run);
	run->roots[0].root = SV39 | (uint64_t)tables[0] >> 12;
	run->roots_new = 1;
	vcpu = vcpu_create(vm, &page, 64).value;
}

void payload(uint64_t hart)
{
	const struct mode *mode;
	uint64_t root;

	(void)hart;
	prepare();
	each_way("no register of a host in bare mode is lost", "nor one of its CSRs");
	root = root_in_first_mode(&mode);
	satp_load(mode, root, 3);
	fence_all();
	each_way("no register of a paged host is lost", "nor one of its CSRs");
	csr_write(satp, 0);
	fact_equal(reasons & ENDS, ENDS, "the guest's runs ended in each of these ways");
	fact_equal(errors, refused, "and no run was refused but what had to be");
}
