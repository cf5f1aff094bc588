// SPDX-License-Identifier: BSD-2-Clause
/* test_sbi.c - SBI calls of a guest with one vCPU, as SBI 3.0 wants them answered. */
#include "test.h"

#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>

#include "guest.h"

#define CODE          (GUEST_BASE + 0x300000)
#define RING          (GUEST_BASE + 0x400000)
#define RING_VA       0x50000000ull
#define DENIED_LOCKED (-14)
#define BELOW         (GUEST_BASE - PAGE_SIZE)
#define ABOVE         (GUEST_BASE + GUEST_SIZE)
#define ALL           (~0ull)

#define RFENCE      SBI_EXT_RFENCE
#define FWFT        SBI_EXT_FWFT
#define HMG         HM_GUEST_EXT_ID
#define INVALID     SBI_ERR_INVALID_PARAM
#define ADDRESS     SBI_ERR_INVALID_ADDRESS
#define UNSUPPORTED SBI_ERR_NOT_SUPPORTED
#define DENIED      SBI_ERR_DENIED

/* One call each: what comes back in a0, and in a1 where no error does. */
static const struct {
	const char *what;
	u64 extension, function, argument[6];
	long error;
	u64 value;
} calls[] = {
	{ "the specification's version", SBI_EXT_BASE, 0, { 0 }, 0, 3ull << 24 },
	{ "the implementation's number", SBI_EXT_BASE, 1, { 0 }, 0, HM_EXT_ID },
	{ "its version", SBI_EXT_BASE, 2, { 0 }, 0, HM_ABI_VERSION },
	{ "probing TIME", SBI_EXT_BASE, 3, { SBI_EXT_TIME }, 0, 1 },
	{ "probing DBCN, which is the host's", SBI_EXT_BASE, 3, { SBI_EXT_DBCN }, 0, 1 },
	{ "probing our own", SBI_EXT_BASE, 3, { HM_GUEST_EXT_ID }, 0, 1 },
	{ "probing the host's own", SBI_EXT_BASE, 3, { HM_EXT_ID }, 0, 0 },
	{ "probing CPPC", SBI_EXT_BASE, 3, { SBI_EXT_CPPC }, 0, 0 },
	{ "probing by more than 32 bits", SBI_EXT_BASE, 3, { SBI_EXT_TIME | 1ull << 32 }, 0, 0 },
	{ "mvendorid", SBI_EXT_BASE, 4, { 0 }, 0, 0x111 },
	{ "marchid", SBI_EXT_BASE, 5, { 0 }, 0, 0x222 },
	{ "mimpid", SBI_EXT_BASE, 6, { 0 }, 0, 0x333 },
	{ "IPI to nobody", SBI_EXT_IPI, 0, { 0, 5 }, 0, 0 },
	{ "IPI to another hart", SBI_EXT_IPI, 0, { 2, 0 }, INVALID, 0 },
	{ "IPI from another base", SBI_EXT_IPI, 0, { 1, 1 }, INVALID, 0 },
	{ "IPI to a hart more than there is", SBI_EXT_IPI, 0, { 3, 0 }, INVALID, 0 },
	{ "FENCE.I of nobody", RFENCE, 0, { 0, 9 }, 0, 0 },
	{ "FENCE.I of another hart", RFENCE, 0, { 1, 64 }, INVALID, 0 },
	{ "SFENCE.VMA of another hart", RFENCE, 1, { 4, 0, 0, ALL }, INVALID, 0 },
	{ "SFENCE.VMA with ASID of all harts", RFENCE, 2, { 0, ALL, 0, ALL, 3 }, 0, 0 },
	{ "a range that wraps", RFENCE, 1, { 1, 0, ALL, 2 }, 0, 0 },
	{ "HFENCE.GVMA", RFENCE, 3, { 1, 0 }, UNSUPPORTED, 0 },
	{ "a value that is none", FWFT, 0, { 0, 2, 0 }, INVALID, 0 },
	{ "flags that are none", FWFT, 0, { 0, 1, 2 }, INVALID, 0 },
	{ "a feature that is not there", FWFT, 0, { 1, 1, 0 }, UNSUPPORTED, 0 },
	{ "a feature without a name", FWFT, 0, { 6, 1, 0 }, DENIED, 0 },
	{ "a feature's number has 32 bits", FWFT, 1, { 1ull << 32 }, 0, 0 },
	{ "misaligned accesses are not delegated", FWFT, 1, { 0 }, 0, 0 },
	{ "delegate them", FWFT, 0, { 0, 1, 0 }, 0, 0 },
	{ "they are", FWFT, 1, { 0 }, 0, 1 },
	{ "delegate them no more, and lock", FWFT, 0, { 0, 0, 1 }, 0, 0 },
	{ "delegate what is locked", FWFT, 0, { 0, 1, 0 }, DENIED_LOCKED, 0 },
	{ "it is as it was", FWFT, 1, { 0 }, 0, 0 },
	{ "number of counters", SBI_EXT_PMU, 0, { 0 }, 0, 19 },
	{ "the counter instret", SBI_EXT_PMU, 1, { 2 }, 0, 0x3fc02 },
	{ "the counter time", SBI_EXT_PMU, 1, { 1 }, INVALID, 0 },
	{ "a counter that is not there", SBI_EXT_PMU, 1, { 19 }, INVALID, 0 },
	{ "configuring one of which one is not there", SBI_EXT_PMU, 2, { 18, 3, 0, 1 }, INVALID, 0 },
	{ "a set behind the last", SBI_EXT_PMU, 4, { 64, 1, 0 }, INVALID, 0 },
	{ "a set with the counter time", SBI_EXT_PMU, 4, { 0, 7, 0 }, INVALID, 0 },
	{ "exits of a reason that there is not",
	  SBI_EXT_PMU,
	  2,
	  { 3, 1, 0, 0xfffff, HM_PMU_EXIT + HM_EXIT_COUNT },
	  UNSUPPORTED,
	  0 },
	{ "events by a flag that is none", SBI_EXT_PMU, 8, { CODE, 0, 1, 1 }, INVALID, 0 },
	{ "events at half an entry", SBI_EXT_PMU, 8, { CODE + 8, 0, 1, 0 }, INVALID, 0 },
	{ "too many events", SBI_EXT_PMU, 8, { CODE, 0, 65, 0 }, SBI_ERR_FAILED, 0 },
	{ "starting by a flag that is none", SBI_EXT_PMU, 3, { 3, 0, 4 }, INVALID, 0 },
	{ "stopping by a flag that is none", SBI_EXT_PMU, 4, { 3, 0, 4 }, INVALID, 0 },
	{ "configuring by a flag that is none", SBI_EXT_PMU, 2, { 0, 1, 256, 1 }, INVALID, 0 },
	{ "cache misses", SBI_EXT_PMU, 2, { 0, 0x7fffd, 0, 4 }, UNSUPPORTED, 0 },
	{ "traps of a kind that there is not",
	  SBI_EXT_PMU,
	  2,
	  { 3, 1, 0, 0xfffff, HM_PMU_TRAP + HM_TRAP_KINDS },
	  UNSUPPORTED,
	  0 },
	{ "ring commits", SBI_EXT_PMU, 2, { 0, 0x7fffd, 0, 0xfffff, 0x107 }, 0, 3 },
	{ "starting their counter", SBI_EXT_PMU, 3, { 3, 1, 1, 77 }, 0, 0 },
	{ "starting it again", SBI_EXT_PMU, 3, { 3, 1, 1, 5 }, SBI_ERR_ALREADY_STARTED, 0 },
	{ "reading it", SBI_EXT_PMU, 5, { 3 }, 0, 77 },
	{ "its upper half", SBI_EXT_PMU, 6, { 3 }, 0, 0 },
	{ "stopping it", SBI_EXT_PMU, 4, { 3, 1, 0 }, 0, 0 },
	{ "stopping it again", SBI_EXT_PMU, 4, { 3, 1, 1 }, SBI_ERR_ALREADY_STOPPED, 0 },
	{ "starting it without an event", SBI_EXT_PMU, 3, { 3, 1, 0 }, INVALID, 0 },
	{ "starting from a snapshot", SBI_EXT_PMU, 3, { 3, 1, 2 }, SBI_ERR_NO_SHMEM, 0 },
	{ "taking a snapshot", SBI_EXT_PMU, 4, { 3, 1, 2 }, SBI_ERR_NO_SHMEM, 0 },
	{ "reading a counter of the hart's", SBI_EXT_PMU, 5, { 2 }, INVALID, 0 },
	{ "reading one that is not there", SBI_EXT_PMU, 5, { 19 }, INVALID, 0 },
	{ "features of our own", HMG, 0, { 0 }, 0, HM_GUEST_FEATURE_RING },
	{ "a ring in bare mode", HMG, 1, { RING, RING_VA, 1 }, DENIED, 0 },
	{ "another version of the ring", HMG, 1, { RING, RING_VA, 2 }, UNSUPPORTED, 0 },
	{ "a ring that is no page", HMG, 1, { RING + 8, RING_VA, 1 }, INVALID, 0 },
	{ "a ring's address is no page's", HMG, 1, { RING, RING_VA + 1, 1 }, INVALID, 0 },
	{ "a ring below RAM", HMG, 1, { BELOW, RING_VA, 1 }, ADDRESS, 0 },
	{ "a ring above RAM", HMG, 1, { ABOVE, RING_VA, 1 }, ADDRESS, 0 },
	{ "no ring", HMG, 1, { HM_RING_NONE, 0, 99 }, 0, 0 },
};

static void all_calls(void)
{
	for (unsigned int i = 0; i < COUNT(calls); i++) {
		u64 *x = machine.frame->x;

		model.csr[CSR_MEPC] = CODE;
		x[11] = 0x5a5a;
		expect(guest_ecall(NULL, calls[i].extension, calls[i].function, calls[i].argument),
		       calls[i].error, "%s", calls[i].what);
		if (!calls[i].error)
			expect(x[11], calls[i].value, "the value of: %s", calls[i].what);
		expect(model_read(CSR_MEPC), CODE + 4, "pc after: %s", calls[i].what);
	}
}

static void each_call_is_answered_as_specified(void **state)
{
	(void)state;
	assert_int_equal(guest_run(all_calls), 0);
}

/* The last function of each extension that hmcode serves itself. */
static void functions_beyond(void)
{
	static const struct {
		u64 extension, last;
	} served[] = {
		{ SBI_EXT_BASE, 6 },    { SBI_EXT_TIME, 0 }, { SBI_EXT_IPI, 0 },
		{ SBI_EXT_RFENCE, 2 },  { SBI_EXT_FWFT, 1 }, { SBI_EXT_PMU, 8 },
		{ HM_GUEST_EXT_ID, 1 },
	};

	for (unsigned int i = 0; i < COUNT(served); i++)
		for (u64 function = served[i].last + 1; function;
		     function = function < 70 ? function + 1 : function << 1) {
			expect(ECALL(served[i].extension, function, 1, 0, 0, 0, 0, 0),
			       SBI_ERR_NOT_SUPPORTED, "extension %#lx, function %#lx",
			       served[i].extension, function);
		}
}

static void functions_that_are_not_there_are_not_supported(void **state)
{
	(void)state;
	assert_int_equal(guest_run(functions_beyond), 0);
}

/* Who probes finds what a call finds: the host is told of the first that nobody has, once. */
static void extensions(void)
{
	enum hm_next next;
	unsigned int told = 0;

	for (u64 id = 0x10; id < 1ull << 40; id = id < 0x100 ? id + 1 : id * 3 + 1) {
		ECALL(SBI_EXT_BASE, SBI_EXT_BASE_PROBE_EXT, id);
		if (machine.frame->x[11])
			continue;
		if (guest_ecall(&next, id, 0, (const u64[6]){ 0 }), next == HM_EXIT) {
			expect(guest.run->exit_reason, HM_EXIT_SBI, "the first that is not there");
			told++;
			continue;
		}
		expect(machine.frame->x[10], SBI_ERR_NOT_SUPPORTED, "extension %#lx", id);
	}
	expect(told, 1, "exits for extensions that are not there");
}

static void an_extension_is_there_for_probing_and_calling_alike(void **state)
{
	(void)state;
	assert_int_equal(guest_run(extensions), 0);
}

/* These stop at the ecall for the host. */
static void calls_of_the_hosts(void)
{
	static const u64 ids[] = { SBI_EXT_HSM,
				   SBI_EXT_SRST,
				   SBI_EXT_SUSP,
				   SBI_EXT_DBCN,
				   SBI_EXT_0_1_CONSOLE_PUTCHAR,
				   SBI_EXT_0_1_CONSOLE_GETCHAR,
				   SBI_EXT_0_1_SHUTDOWN };
	enum hm_next next;

	for (unsigned int i = 0; i < COUNT(ids); i++) {
		model.csr[CSR_MEPC] = CODE;
		guest_ecall(&next, ids[i], 0, (const u64[6]){ 1, 2, 3 });
		expect(next, HM_EXIT, "extension %#lx", ids[i]);
		expect(guest.run->exit_reason, HM_EXIT_SBI, "its exit");
		expect(guest.run->exit_insn_len, 4, "exit_insn_len");
		expect(model_read(CSR_MEPC), CODE, "pc");
		expect(machine.frame->x[10], 1, "a0");
	}
}

static void calls_that_are_the_hosts_exit_at_the_ecall(void **state)
{
	(void)state;
	assert_int_equal(guest_run(calls_of_the_hosts), 0);
}

static void timer_and_ipi(void)
{
	model_write(CSR_STIMECMP, ALL);
	ECALL(SBI_EXT_TIME, 0, 1234);
	expect(model_read(CSR_STIMECMP), 1234, "stimecmp");
	model_write(CSR_MIP, 0);
	ECALL(SBI_EXT_IPI, 0, 1, 0);
	expect(model_read(CSR_SIP) & MIP_SSIP, MIP_SSIP, "SSIP after an IPI to itself");
	machine.frame->x[11] = 0x77;
	ECALL(SBI_EXT_0_1_CLEAR_IPI, 0, 0, 0x77);
	expect(model_read(CSR_SIP) & MIP_SSIP, 0, "SSIP after it is cleared");
	ECALL(SBI_EXT_0_1_SET_TIMER, 0, 4321, 0x77);
	expect(model_read(CSR_STIMECMP), 4321, "stimecmp by the legacy call");
	expect(machine.frame->x[11], 0x77, "a1 after a legacy call");
}

static void timer_and_ipi_reach_the_guests_registers(void **state)
{
	(void)state;
	assert_int_equal(guest_run(timer_and_ipi), 0);
}

/* Without Sstc hmcode has the deadline, and sets the machine's timer. */
static void timer_of_the_firmware(void)
{
	model_write(CSR_MIP, MIP_STIP);
	ECALL(SBI_EXT_TIME, 0, 1000);
	expect(model_read(CSR_SIP) & MIP_STIP, 0, "STIP after the timer is set");
	expect(machine.timer, 1000, "the machine's timer");
	model.time = 1000;
	model.lines = MIP_MTIP;
	assert_int_equal(guest_trap(MCAUSE_IRQ_MASK | IRQ_M_TIMER, 0), HM_RESUME);
	expect(model_read(CSR_SIP) & MIP_STIP, MIP_STIP, "STIP when it is due");
}

static void without_sstc_the_timer_is_the_firmwares(void **state)
{
	(void)state;
	machine.hart->sstc = model.sstc = false;
	machine.hart->older = true;
	assert_int_equal(guest_run(timer_of_the_firmware), 0);
}

/* A legacy mask is the guest's memory: its fault is the guest's, at the ecall. */
static void legacy_masks(void)
{
	static const u64 ids[] = { SBI_EXT_0_1_SEND_IPI, SBI_EXT_0_1_REMOTE_FENCE_I,
				   SBI_EXT_0_1_REMOTE_SFENCE_VMA,
				   SBI_EXT_0_1_REMOTE_SFENCE_VMA_ASID };
	u64 va = 0x60000000, *mask = guest_memory(GUEST_BASE + 0x500ff8);

	guest_write_satp(guest_satp(1));
	for (unsigned int i = 0; i < COUNT(ids); i++) {
		model.csr[CSR_MEPC] = CODE;
		ECALL(ids[i], 0, 0xdead0);
		expect_injected(CAUSE_LOAD_PAGE_FAULT, 0xdead0, CODE);
	}
	/* Misaligned, over the page's end: the second page is not there. */
	guest_map(va, GUEST_BASE + 0x500000, PTE_V | PTE_R | PTE_A);
	model.csr[CSR_MEPC] = CODE;
	ECALL(SBI_EXT_0_1_SEND_IPI, 0, va + 0xff9);
	expect_injected(CAUSE_LOAD_PAGE_FAULT, va + PAGE_SIZE, CODE);
	*mask = 2;
	model_write(CSR_MIP, 0);
	ECALL(SBI_EXT_0_1_SEND_IPI, 0, va + 0xff8);
	expect(model_read(CSR_SIP) & MIP_SSIP, 0, "SSIP by a mask of another hart");
	*mask = 3;
	ECALL(SBI_EXT_0_1_SEND_IPI, 0, va + 0xff8);
	expect(model_read(CSR_SIP) & MIP_SSIP, MIP_SSIP, "SSIP by a mask of this one");
}

static void a_legacy_mask_is_read_as_the_guest_would(void **state)
{
	(void)state;
	assert_int_equal(guest_run(legacy_masks), 0);
}

/* With two vCPUs other harts have a part in IPIs and fences: the host's. */
static void calls_with_others(void)
{
	static const struct {
		u64 extension, function, reason;
	} cases[] = {
		{ SBI_EXT_IPI, 0, HM_EXIT_SBI },
		{ SBI_EXT_RFENCE, 0, HM_EXIT_SBI },
		{ SBI_EXT_RFENCE, 1, HM_EXIT_REMOTE_FENCE },
		{ SBI_EXT_RFENCE, 2, HM_EXIT_REMOTE_FENCE },
		{ SBI_EXT_0_1_SEND_IPI, 0, HM_EXIT_SBI },
		{ SBI_EXT_0_1_REMOTE_SFENCE_VMA, 0, HM_EXIT_REMOTE_FENCE },
	};
	enum hm_next next;

	for (unsigned int i = 0; i < COUNT(cases); i++) {
		guest_ecall(&next, cases[i].extension, cases[i].function, (const u64[6]){ 0, ALL });
		expect(next, HM_EXIT, "case %u", i);
		expect(guest.run->exit_reason, cases[i].reason, "the exit of case %u", i);
	}
}

static void calls_that_concern_others_are_the_hosts(void **state)
{
	(void)state;
	make_vcpu(guest.vm);
	assert_int_equal(guest_run(calls_with_others), 0);
}

int main(void)
{
#define FACT(name) cmocka_unit_test_setup_teardown(name, guest_begin, machine_end)
	static const struct CMUnitTest tests[] = {
		FACT(each_call_is_answered_as_specified),
		FACT(functions_that_are_not_there_are_not_supported),
		FACT(an_extension_is_there_for_probing_and_calling_alike),
		FACT(calls_that_are_the_hosts_exit_at_the_ecall),
		FACT(timer_and_ipi_reach_the_guests_registers),
		FACT(without_sstc_the_timer_is_the_firmwares),
		FACT(a_legacy_mask_is_read_as_the_guest_would),
		FACT(calls_that_concern_others_are_the_hosts),
	};

	return cmocka_run_group_tests_name("SBI calls of a guest", tests, NULL, NULL);
}
