/* SPDX-License-Identifier: BSD-2-Clause */
/* What host-hv does about accesses to devices, and about exits; the firmware is played. */
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vcpus.h"

/* -- devices -- */

#define GVA(gpa) (0xffff0000 | ((gpa)&0xffff))

/* By an instruction whose base register is a1. */
static void access_device(uint64_t gpa, uint32_t insn, uint64_t cause)
{
	runs[0].flags = 0;
	runs[0].pc = 0x1000;
	runs[0].stvec = 0x2000;
	runs[0].priv = 1;
	runs[0].exit_gpa = gpa;
	runs[0].exit_insn = insn;
	runs[0].exit_insn_len = (insn & 3) == 3 ? 4 : 2;
	runs[0].exit_cause = cause;
	runs[0].exit_value = runs[0].x[A1] = GVA(gpa);
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_MMIO), RESUME);
}

#define SB_A0  0x00a58023 /* sb a0, 0(a1) */
#define LBU_A0 0x0005c503 /* lbu a0, 0(a1) */
#define LW_A0  0x0005a503
#define AMO_A0 0x00a5a52f /* amoadd.w a0, a0, (a1) */

static void stores_and_loads_reach_the_device(void **state)
{
	(void)state;
	runs[0].x[A0] = 'x';
	access_device(UART, SB_A0, 15);
	assert_true(runs[0].flags & HM_RUN_ADVANCE);
	assert_string_equal(printed, "x");
	runs[0].x[A0] = ~0UL;
	access_device(UART + 5, LBU_A0, 13);
	assert_int_equal(runs[0].x[A0], 0x60);
}

static void faults(uint64_t gpa, uint32_t insn, uint64_t cause, uint64_t expected)
{
	runs[0].x[A0] = 7;
	access_device(gpa, insn, cause);
	assert_false(runs[0].flags & HM_RUN_ADVANCE);
	assert_int_equal(runs[0].scause, expected);
	assert_int_equal(runs[0].stval, GVA(gpa));
	assert_int_equal(runs[0].sepc, 0x1000);
	assert_int_equal(runs[0].pc, 0x2000);
	assert_int_equal(runs[0].x[A0], 7);
}

static void what_no_device_answers_is_an_access_fault(void **state)
{
	(void)state;
	faults(0x20000000, LBU_A0, 13, 5);
	faults(0x20000000, SB_A0, 15, 7);
	faults(UART + 8, LBU_A0, 13, 5);      /* beyond the registers */
	faults(UART + 6, LW_A0, 13, 5);       /* its second half is */
	faults(UART + 0xffe, LW_A0, 13, 5);   /* in two pages */
	faults(0x0c000000, LBU_A0, 13, 5);    /* too narrow */
	faults(0x0c000002, LW_A0, 13, 5);     /* misaligned */
	faults(0x0c000000 - 2, LW_A0, 13, 5); /* across the edge */
	faults(UART, AMO_A0, 15, 7);
}

#define SW_A0    0x00a5a023
#define SH_A0    0x00a59023
#define FINISHER 0x100000UL

/* A vCPU whose guest has ended does not enter it again. */
static void ends_by(uint32_t insn, uint64_t value, enum vm_end how)
{
	setup(NULL);
	runs[0].exit_gpa = FINISHER;
	runs[0].exit_insn = insn;
	runs[0].exit_insn_len = 4;
	runs[0].exit_cause = 15;
	runs[0].exit_value = runs[0].x[A1] = GVA(FINISHER);
	runs[0].x[A0] = value;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_MMIO), YIELD);
	assert_int_equal(ended, how);
}

#define RTC 0x101000UL

static void the_clock_is_there_if_the_platform_has_one(void **state)
{
	(void)state;
	platform_has_clock = true;
	devices.rtc.offset = 2;
	access_device(RTC, LW_A0, 13);
	assert_int_equal(runs[0].x[A0], 5002);
	runs[0].x[A0] = 9000;
	access_device(RTC, SW_A0, 15);
	assert_int_equal(devices.rtc.offset, 4000);
	faults(RTC, LBU_A0, 13, 5);
	faults(RTC + RTC_BYTES, LW_A0, 13, 5);
	platform_has_clock = false;
	faults(RTC, LW_A0, 13, 5);
}

static void the_finisher_ends_the_guest(void **state)
{
	(void)state;
	ends_by(SW_A0, 0x5555, VM_SHUTDOWN);
	ends_by(SH_A0, 0x7777, VM_REBOOT);
	ends_by(SW_A0, 0xffffffff00013333, VM_FAILURE);
	setup(NULL);
	runs[0].x[A0] = 0x5554;
	access_device(FINISHER, SW_A0, 15);
	runs[0].x[A0] = 0x5555;
	access_device(FINISHER + 4, SW_A0, 15);
	assert_int_equal(ended, VM_RUNS);
	faults(FINISHER, SB_A0, 15, 7);
	faults(FINISHER, LBU_A0, 13, 5);
}

static void code_that_changed_runs_again(void **state)
{
	(void)state;
	access_device(UART, SB_A0, 13);
	assert_int_equal(runs[0].pc, 0x1000);
	assert_false(runs[0].flags & HM_RUN_ADVANCE);
	assert_string_equal(printed, "");
}

static void exceptions_stack_the_privilege(void **state)
{
	(void)state;
	runs[0].sstatus = 0x2 | 0x8000;
	runs[0].priv = 0;
	runs[0].stvec = 0x2001;
	vcpu_inject(&vm.vcpu[0], 5, 1);
	assert_int_equal(runs[0].sstatus, 0x20 | 0x8000);
	assert_int_equal(runs[0].priv, 1);
	assert_int_equal(runs[0].pc, 0x2000);
	vcpu_inject(&vm.vcpu[0], 5, 1);
	assert_int_equal(runs[0].sstatus, 0x100 | 0x8000);
}

/* -- exits -- */

static void exit_with(uint64_t reason, uint64_t cause, uint64_t value)
{
	runs[0].exit_cause = cause;
	runs[0].exit_value = value;
	assert_int_equal(exit_route(&vm.vcpu[0], reason), RESUME);
}

/* -- CSRs that are lent: docs/abi.md, flags -- */

#define OLD 0x5a5a5a5aUL

static void give_a_fault(struct vcpu *v)
{
	vcpu_inject(v, 13, 0x1234);
}

static void start_anew(struct vcpu *v)
{
	vcpu_reset(v, 0x80200000, 7);
}

static bool is_written(const struct hm_run *run)
{
	return run->sepc != OLD || run->scause != OLD || run->stval != OLD;
}

/* A child does it instruction by instruction: at each the firmware might end the lending. */
static void step_through(struct hm_run *run, void (*what)(struct vcpu *), uint64_t news)
{
	struct vcpu v = vm.vcpu[0];
	pid_t child;
	int status;

	run->sepc = run->scause = run->stval = OLD;
	run->flags = 0;
	v.run = run;
	child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		what(&v);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	while (WIFSTOPPED(status)) {
		assert_true(!is_written(run) || run->flags & news);
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
	}
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	assert_true(is_written(run) && run->flags & news);
}

static void news_are_told_before_they_are_written(void **state)
{
	struct hm_run *run =
		mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(run, MAP_FAILED);
	step_through(run, give_a_fault, HM_RUN_NEW_TRAP);
	step_through(run, start_anew, HM_RUN_NEW_CSRS);
	munmap(run, sizeof(*run));
}

static void true_faults_become_the_guests(void **state)
{
	(void)state;
	runs[0].pc = 0x1234;
	runs[0].stvec = 0x80001000;
	exit_with(HM_EXIT_TRUE_FAULT, 13, 0xffff5678);
	assert_int_equal(runs[0].scause, 13);
	assert_int_equal(runs[0].stval, 0xffff5678);
	assert_int_equal(runs[0].sepc, 0x1234);
	assert_int_equal(runs[0].pc, 0x80001000);
	assert_false(runs[0].flags & HM_RUN_FILL);
}

static void hidden_faults_are_filled_at_the_next_entry(void **state)
{
	(void)state;
	exit_with(HM_EXIT_HIDDEN_FAULT, 15, 0x5000);
	assert_true(runs[0].flags & HM_RUN_FILL);
	assert_int_equal(runs[0].exit_value, 0x5000);
}

static void fences_are_done_at_the_next_entry(void **state)
{
	(void)state;
	runs[0].fence_start = 0x7000;
	exit_with(HM_EXIT_FLUSH, 2, 0x7000);
	assert_true(runs[0].flags & HM_RUN_FENCE_VMA);
	assert_int_equal(runs[0].fence_start, 0x7000);
}

static void satp_is_what_the_guest_wrote(void **state)
{
	(void)state;
	exit_with(HM_EXIT_ROOT_MISS, 2, 8UL << 60 | 0x80123);
	assert_int_equal(runs[0].satp, 8UL << 60 | 0x80123);
	exit_with(HM_EXIT_SATP, 2, 8UL << 60 | 0x80456);
	assert_int_equal(runs[0].satp, 8UL << 60 | 0x80456);
}

static void unknown_exits_end_the_guest(void **state)
{
	(void)state;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_COUNT), YIELD);
	assert_int_equal(ended, VM_FAILURE);
	ended = VM_RUNS;
	assert_int_equal(exit_route(&vm.vcpu[0], -1), YIELD);
	assert_int_equal(ended, VM_FAILURE);
	ended = VM_RUNS;
	assert_int_equal(exit_route(&vm.vcpu[0], 5), YIELD); /* was HM_EXIT_POOL */
	assert_int_equal(ended, VM_FAILURE);
	ended = VM_RUNS;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_BROKEN), YIELD);
	assert_int_equal(ended, VM_FAILURE);
}

static const struct CMUnitTest tests[] = {
	/* devices */
	TEST(stores_and_loads_reach_the_device),
	TEST(what_no_device_answers_is_an_access_fault),
	TEST(the_finisher_ends_the_guest),
	TEST(the_clock_is_there_if_the_platform_has_one),
	TEST(code_that_changed_runs_again),
	TEST(exceptions_stack_the_privilege),
	/* exits */
	TEST(news_are_told_before_they_are_written),
	TEST(true_faults_become_the_guests),
	TEST(hidden_faults_are_filled_at_the_next_entry),
	TEST(fences_are_done_at_the_next_entry),
	TEST(satp_is_what_the_guest_wrote),
	TEST(unknown_exits_end_the_guest),
};

int main(void)
{
	return RUN(tests);
}
