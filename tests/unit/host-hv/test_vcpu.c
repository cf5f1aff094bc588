/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What host-hv does about exits: SBI calls, devices, scheduling, statistics; the firmware is
 * played.
 */
#include "test.h"

#include "core/fence.h"
#include "core/hm.h"
#include "core/vcpu.h"
#include "device/clock.h"
#include "device/devices.h"
#include "run/enter.h"
#include "run/exits.h"
#include "run/loop.h"
#include "run/release.h"
#include "run/sched.h"
#include "run/stats.h"
#include "shadow/shadow.h"

#define A0 10
#define A1 11
#define A2 12
#define A6 16
#define A7 17

#define SLICE 20 /* ticks, of the mock's timebase */

#define RAM  0x80000000UL
#define UART 0x10000000UL

unsigned long mock_time, mock_sip, mock_sie;
struct hart *mock_hart;

/* A guest of four vCPUs on two harts, the first of them started. */
static struct vm vm;
static struct hm_run runs[4];
static struct shadow shadows[4];
static const struct shadow_ops idle_shadow = { 0 };
static struct devices devices;
static char guest_ram[PAGE];

/* What host-hv did. */
static int ended; /* enum vm_end */
static char printed[8192];
static unsigned long kicked; /* hart number of the last IPI */
static unsigned long timer;
static void (*on_kick)(unsigned long hart);
static struct hm_stats stats;

static long no_exit(void)
{
	fail_msg("ran a vCPU");
	return 0;
}

static long (*guest)(void) = no_exit; /* plays the firmware's HM_FID_VCPU_RUN */
static unsigned long running;         /* the vCPU that runs */

struct sbiret sbi_call6(unsigned long eid, unsigned long fid, const unsigned long arg[6])
{
	struct sbiret ret = { 0, 0 };

	if (eid == SBI_EXT_IPI)
		kicked = arg[1];
	if (eid == SBI_EXT_IPI && on_kick)
		on_kick(arg[1]);
	if (eid == SBI_EXT_TIME)
		timer = arg[0];
	if (eid == HM_EXT_ID && fid == HM_FID_VCPU_RUN) {
		running = arg[0];
		ret.value = guest();
	}
	if (eid == HM_EXT_ID && fid == HM_FID_VCPU_STATS)
		*(struct hm_stats *)arg[1] = arg[0] == 0 ? stats : (struct hm_stats){ 0 };
	return ret;
}

void vm_end(struct vm *v, enum vm_end how)
{
	v->end = ended = how;
}

static bool restarts;

bool vm_release_vcpu(struct vcpu *v)
{
	v->vm->vcpus_left--;
	return !restarts;
}

static int restart_turns;

static void restart(struct vcpu *v)
{
	if (++restart_turns < 3)
		return;
	v->vm->end = VM_RUNS;
	restarts = false;
}

void *vm_memory(const struct vm *v, uint64_t gpa, uint64_t size)
{
	return range_holds(v->ram, (struct range){ gpa, size }) ? guest_ram + (gpa - RAM) : NULL;
}

static bool platform_has_clock;

bool clock_exists(void)
{
	return platform_has_clock;
}

void clock_wake(unsigned id, uint64_t when)
{
	(void)id, (void)when;
}

uint64_t clock_now(void)
{
	return 5000;
}

void console_guest_putc(int speaker, char c)
{
	size_t at = strlen(printed);

	assert_int_equal(speaker, vm.id);
	printed[at] = c;
	printed[at + 1] = 0;
}

static uint64_t looks_at;

uint64_t console_show_quiet(struct hart *h)
{
	(void)h;
	return looks_at;
}

void console_end_line(int speaker)
{
	(void)speaker;
}

void print_begin(void)
{
}
void print_end(void)
{
}
void external_serve(void)
{
}

void print_more(const char *format, ...)
{
	size_t at = strlen(printed);
	va_list args;

	va_start(args, format);
	vsnprintf(printed + at, sizeof(printed) - at, format, args);
	va_end(args);
}

void print(const char *format, ...)
{
	(void)format;
}

static int setup(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	memset(harts, 0, sizeof(harts));
	memset(runs, 0, sizeof(runs));
	memset(shadows, 0, sizeof(shadows));
	memset(&stats, 0, sizeof(stats));
	memset(guest_ram, 'r', sizeof(guest_ram));
	printed[0] = 0;
	ended = VM_RUNS;
	kicked = timer = 99;
	mock_time = mock_sip = 0;
	guest = no_exit;
	on_kick = NULL;
	vm.ram = (struct range){ RAM, PAGE };
	devices = (struct devices){ 0 };
	vm.devices = &devices;
	vm.vcpu_count = vm.vcpus_left = 4;
	vm.marks = true;
	mock_hart = &harts[0];
	sched_init(SLICE * 1333);
	for (unsigned i = 0; i < 4; i++) {
		shadows[i].handler = &idle_shadow;
		harts[i].id = 10 + i;
		vm.vcpu[i] = (struct vcpu){
			.vm = &vm, .id = i, .hm = i, .run = &runs[i], .shadow = &shadows[i]
		};
		sched_add(&vm.vcpu[i], 2);
	}
	vcpu_set_state(&vm.vcpu[0], VCPU_RUNNABLE);
	harts[0].current = &vm.vcpu[0];
	return 0;
}

static struct sbiret call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2)
{
	uint64_t *x = runs[0].x;

	runs[0].flags = 0;
	x[A7] = eid;
	x[A6] = fid;
	x[A0] = a0;
	x[A1] = a1;
	x[A2] = a2;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_SBI), RESUME);
	assert_true(runs[0].flags & HM_RUN_ADVANCE);
	return (struct sbiret){ (long)x[A0], x[A1] };
}

/* -- SBI -- */

static void unknown_calls_are_not_supported(void **state)
{
	(void)state;
	assert_int_equal(call(0x12345678, 0, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED);
	assert_int_equal(call(SBI_EXT_HSM, 4, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED);
	assert_int_equal(call(SBI_EXT_SRST, 1, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED);
	assert_int_equal(call(SBI_EXT_DBCN, 3, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED);
}

static void console_writes_from_ram_only(void **state)
{
	struct sbiret ret = call(SBI_EXT_DBCN, 0, 3, RAM, 0);

	(void)state;
	assert_int_equal(ret.error, SBI_SUCCESS);
	assert_int_equal(ret.value, 3);
	assert_string_equal(printed, "rrr");
	assert_int_equal(call(SBI_EXT_DBCN, 0, 3, RAM, 1).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(call(SBI_EXT_DBCN, 0, 3, RAM + PAGE - 2, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(call(SBI_EXT_DBCN, 0, UINT64_MAX, RAM, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(call(SBI_EXT_DBCN, 0, PAGE, RAM, 0).value, 1024);
}

static void console_reads_what_was_typed(void **state)
{
	struct sbiret ret;

	(void)state;
	uart_receive(&devices.uart, 'h');
	uart_receive(&devices.uart, 'i');
	ret = call(SBI_EXT_DBCN, 1, 100, RAM, 0);
	assert_int_equal(ret.error, SBI_SUCCESS);
	assert_int_equal(ret.value, 2);
	assert_memory_equal(guest_ram, "hir", 3);
	assert_int_equal(call(SBI_EXT_DBCN, 1, 100, RAM, 0).value, 0);
}

static void reset_ends_the_guest(uint64_t type, uint64_t reason, enum vm_end expected)
{
	runs[0].x[A7] = SBI_EXT_SRST;
	runs[0].x[A6] = 0;
	runs[0].x[A0] = type;
	runs[0].x[A1] = reason;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_SBI), YIELD);
	assert_int_equal(ended, expected);
}

static void resets_say_how_the_guest_ended(void **state)
{
	(void)state;
	reset_ends_the_guest(0, 0, VM_SHUTDOWN);
	reset_ends_the_guest(1, 0, VM_REBOOT);
	reset_ends_the_guest(2, 0, VM_REBOOT);
	reset_ends_the_guest(0, 1, VM_FAILURE);
}

static void reserved_resets_are_refused(void **state)
{
	(void)state;
	assert_int_equal(call(SBI_EXT_SRST, 0, 3, 0, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(call(SBI_EXT_SRST, 0, 0, 2, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(call(SBI_EXT_SRST, 0, 0xf0000000, 0, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(ended, VM_RUNS);
}

static void harts_start_once(void **state)
{
	(void)state;
	assert_int_equal(call(SBI_EXT_HSM, 2, 1, 0, 0).value, 1);
	assert_int_equal(call(SBI_EXT_HSM, 0, 1, RAM + 8, 77).error, SBI_SUCCESS);
	assert_int_equal(kicked, 11);
	assert_int_equal(runs[1].pc, RAM + 8);
	assert_int_equal(runs[1].x[A0], 1);
	assert_int_equal(runs[1].x[A1], 77);
	assert_int_equal(runs[1].satp, 0);
	assert_int_equal(call(SBI_EXT_HSM, 2, 1, 0, 0).value, 0);
	assert_int_equal(call(SBI_EXT_HSM, 0, 1, RAM, 0).error, SBI_ERR_ALREADY_AVAILABLE);
}

static void harts_that_are_not_there_cannot_start(void **state)
{
	(void)state;
	assert_int_equal(call(SBI_EXT_HSM, 0, 4, RAM, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(call(SBI_EXT_HSM, 2, 4, 0, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(call(SBI_EXT_HSM, 0, 1, RAM - 2, 0).error, SBI_ERR_INVALID_ADDRESS);
	assert_int_equal(call(SBI_EXT_HSM, 0, 1, RAM + PAGE, 0).error, SBI_ERR_INVALID_ADDRESS);
}

static void a_stopped_hart_can_start_again(void **state)
{
	(void)state;
	runs[0].x[A7] = SBI_EXT_HSM;
	runs[0].x[A6] = 1;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_SBI), YIELD);
	assert_int_equal(vcpu_state(&vm.vcpu[0]), VCPU_STOPPED);
}

static void ipis_reach_the_harts_of_the_mask(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 4; i++)
		vcpu_set_state(&vm.vcpu[i], i == 1 ? VCPU_SUSPENDED : VCPU_RUNNABLE);
	assert_int_equal(call(SBI_EXT_IPI, 0, 0x5, 1, 0).error, SBI_SUCCESS);
	assert_false(vm.vcpu[0].software_irq || vm.vcpu[2].software_irq);
	assert_true(vm.vcpu[1].software_irq && vm.vcpu[3].software_irq);
	assert_int_equal(call(SBI_EXT_IPI, 0, 0, UINT64_MAX, 0).error, SBI_SUCCESS);
	assert_true(vm.vcpu[0].software_irq && vm.vcpu[2].software_irq);
	assert_int_equal(call(SBI_EXT_IPI, 0, 0x10, 0, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(call(SBI_EXT_IPI, 0, 1, 4, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(call(SBI_EXT_IPI, 0, 0, 4, 0).error, SBI_SUCCESS);
	assert_int_equal(call(SBI_EXT_IPI, 0, 0, 3, 0).error, SBI_SUCCESS);
	assert_int_equal(call(SBI_EXT_RFENCE, 1, 0, 4, 0).error, SBI_SUCCESS);
}

static void an_ipi_to_a_stopped_hart_is_lost(void **state)
{
	(void)state;
	assert_int_equal(call(SBI_EXT_IPI, 0, 2, 0, 0).error, SBI_SUCCESS);
	assert_false(vm.vcpu[1].software_irq);
	vm.vcpu[1].software_irq = true; /* it was sent while it stopped */
	assert_int_equal(call(SBI_EXT_HSM, 0, 1, RAM, 0).error, SBI_SUCCESS);
	assert_false(vm.vcpu[1].software_irq);
}

/* -- suspend -- */

static void suspends(uint64_t eid, uint64_t fid, uint64_t type)
{
	uint64_t *x = runs[0].x;

	x[A7] = eid;
	x[A6] = fid;
	x[A0] = type;
	x[A1] = RAM + 64;
	x[A2] = 88;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_SBI), YIELD);
	assert_int_equal(vcpu_state(&vm.vcpu[0]), VCPU_SUSPENDED);
}

static void a_suspended_hart_waits_for_what_it_has_enabled(void **state)
{
	struct vcpu *v = &vm.vcpu[0];

	(void)state;
	runs[0].sie = IRQ_TIMER;
	runs[0].sip = IRQ_SOFT;
	runs[0].stimecmp = 1000;
	suspends(SBI_EXT_HSM, 3, 0);
	assert_true(runs[0].flags & HM_RUN_ADVANCE);
	assert_int_equal(runs[0].x[A0], SBI_SUCCESS);
	assert_false(vcpu_ready(v, 999));
	assert_true(vcpu_ready(v, 1000));
	vcpu_set_external(v, true);
	assert_false(vcpu_ready(v, 999));
	runs[0].sip = IRQ_TIMER;
	suspends(SBI_EXT_HSM, 3, 0);
	assert_true(vcpu_ready(v, 0));
	runs[0].sip = 0;
	runs[0].sie = IRQ_EXTERNAL;
	suspends(SBI_EXT_HSM, 3, 0);
	assert_true(vcpu_ready(v, 0));
	v->external_irq = 0; /* it ran since, and saw that there is none */
	suspends(SBI_EXT_HSM, 3, 0);
	assert_false(vcpu_ready(v, FOREVER - 1));
	vcpu_send_ipi(v);
	assert_true(vcpu_ready(v, 0));
}

/* It may be any hart that calls. */
static void resumes_keep_what_is_pending(uint64_t eid, uint64_t fid, uint64_t type)
{
	runs[0].sie = IRQ_TIMER;
	runs[0].sip = IRQ_SOFT;
	runs[0].stimecmp = 1000;
	runs[0].satp = 8UL << 60;
	suspends(eid, fid, type);
	assert_false(vcpu_ready(&vm.vcpu[0], 999));
	assert_true(vcpu_ready(&vm.vcpu[0], 1000));
	assert_false(runs[0].flags & HM_RUN_ADVANCE);
	assert_int_equal(runs[0].pc, RAM + 64);
	assert_int_equal(runs[0].x[A0], 0);
	assert_int_equal(runs[0].x[A1], 88);
	assert_int_equal(runs[0].satp, 0);
	assert_int_equal(runs[0].sie, 0);
	assert_int_equal(runs[0].sip, IRQ_SOFT);
	assert_int_equal(runs[0].stimecmp, 1000);
}

static void a_non_retentive_resume_keeps_what_is_pending(void **state)
{
	(void)state;
	resumes_keep_what_is_pending(SBI_EXT_HSM, 3, 0x80000000);
}

static void the_last_hart_suspends_the_system(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[2], VCPU_SUSPENDED);
	assert_int_equal(call(SBI_EXT_SUSP, 0, 0, RAM, 0).error, SBI_ERR_DENIED);
	assert_int_equal(call(SBI_EXT_SUSP, 0, 1, RAM, 0).error, SBI_ERR_INVALID_PARAM);
	vcpu_set_state(&vm.vcpu[2], VCPU_STOPPED);
	assert_int_equal(call(SBI_EXT_SUSP, 0, 0, RAM + PAGE, 0).error, SBI_ERR_INVALID_ADDRESS);
	assert_int_equal(call(SBI_EXT_SUSP, 1, 0, RAM, 0).error, SBI_ERR_NOT_SUPPORTED);
	resumes_keep_what_is_pending(SBI_EXT_SUSP, 0, 0);
}

static void a_suspended_hart_is_seen_so(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[1], VCPU_SUSPENDED);
	assert_int_equal(call(SBI_EXT_HSM, 2, 1, 0, 0).value, 4);
	assert_int_equal(call(SBI_EXT_HSM, 0, 1, RAM, 0).error, SBI_ERR_INVALID_PARAM);
	vcpu_set_state(&vm.vcpu[1], VCPU_STARTING);
	assert_int_equal(call(SBI_EXT_HSM, 2, 1, 0, 0).value, 2);
	assert_int_equal(call(SBI_EXT_HSM, 0, 1, RAM, 0).error, SBI_ERR_INVALID_PARAM);
}

/* -- legacy calls -- */

static void legacy_calls_keep_a1(void **state)
{
	(void)state;
	assert_int_equal(call(1, 0, 'x', 77, 0).value, 77);
	assert_int_equal(call(2, 0, 0, 77, 0).value, 77);
	assert_int_equal(call(2, 0, 0, 77, 0).error, -1);
	uart_receive(&devices.uart, 0xe4);
	assert_int_equal(call(2, 0, 0, 77, 0).error, 0xe4);
}

static void legacy_masks_are_what_the_firmware_read(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[2], VCPU_RUNNABLE);
	runs[0].exit_value = 1UL << 63 | 4;
	assert_int_equal(call(4, 0, RAM, 77, 0).error, SBI_SUCCESS);
	assert_true(vm.vcpu[2].software_irq);
	assert_false(vm.vcpu[0].software_irq);
	runs[0].x[13] = 5;
	call(7, 0, RAM, 0x1000, 0x2000);
	fence_enter(&vm.vcpu[0]);
	fence_enter(&vm.vcpu[2]);
	assert_false(runs[0].flags & HM_RUN_FENCE_VMA);
	assert_true(runs[2].flags & HM_RUN_FENCE_VMA);
	assert_int_equal(runs[2].fence_start, 0x1000);
	assert_int_equal(runs[2].fence_size, 0x2000);
	assert_int_equal(runs[2].fence_asid, 5);
}

/* -- remote fences -- */

static struct sbiret fence(uint64_t fid, uint64_t mask, uint64_t start, uint64_t size,
			   uint64_t asid)
{
	runs[0].x[13] = size;
	runs[0].x[14] = asid;
	return call(SBI_EXT_RFENCE, fid, mask, 0, start);
}

static void owes(const struct hm_run *run, uint64_t flags, uint64_t start, uint64_t size,
		 uint64_t asid)
{
	assert_int_equal(run->flags & (HM_RUN_FENCE_VMA | HM_RUN_FENCE_I), flags);
	if (!(flags & HM_RUN_FENCE_VMA))
		return;
	assert_int_equal(run->fence_start, start);
	assert_int_equal(run->fence_size, size);
	assert_int_equal(run->fence_asid, asid);
}

static void fences_are_owed_by_the_harts_of_the_mask(void **state)
{
	(void)state;
	assert_int_equal(fence(2, 0x6, 0x1000, 0x2000, 5).error, SBI_SUCCESS);
	for (unsigned i = 0; i < 4; i++)
		fence_enter(&vm.vcpu[i]);
	owes(&runs[0], 0, 0, 0, 0);
	owes(&runs[1], HM_RUN_FENCE_VMA, 0x1000, 0x2000, 5);
	owes(&runs[2], HM_RUN_FENCE_VMA, 0x1000, 0x2000, 5);
	owes(&runs[3], 0, 0, 0, 0);
}

static void a_fence_without_asid_means_all(void **state)
{
	(void)state;
	fence(1, 0x2, 0x1000, 0x2000, 5);
	fence(0, 0x2, 0, 0, 0);
	fence_enter(&vm.vcpu[1]);
	owes(&runs[1], HM_RUN_FENCE_VMA | HM_RUN_FENCE_I, 0x1000, 0x2000, ~0UL);
}

/* What vCPU 1 owes for these two fences of (start, size, asid). */
static void both(const uint64_t *one, const uint64_t *two, const uint64_t *expected)
{
	runs[1].flags = 0;
	fence(2, 0x2, one[0], one[1], one[2]);
	fence(2, 0x2, two[0], two[1], two[2]);
	fence_enter(&vm.vcpu[1]);
	owes(&runs[1], HM_RUN_FENCE_VMA, expected[0], expected[1], expected[2]);
	fence_leave(&vm.vcpu[1]);
}

#define FENCE(...) ((const uint64_t[3]){ __VA_ARGS__ })
#define ALL        FENCE_ALL

static void two_fences_keep_the_asid_that_they_share(void **state)
{
	(void)state;
	both(FENCE(0x1000, 0x1000, 5), FENCE(0x8000, 0x2000, 5), FENCE(0x1000, 0x9000, 5));
	both(FENCE(0x8000, 0x2000, 5), FENCE(0x1000, 0x1000, 5), FENCE(0x1000, 0x9000, 5));
	both(FENCE(0x1000, 0x1000, 5), FENCE(0x3000, 0x1000, 6), FENCE(0x1000, 0x3000, ALL));
	both(FENCE(0x1000, 0x1000, ALL), FENCE(0x1000, 0x1000, 6), FENCE(0x1000, 0x1000, ALL));
}

static void two_fences_keep_the_range_that_covers_them(void **state)
{
	(void)state;
	both(FENCE(0x1000, 0x5000, 5), FENCE(0x2000, 0x1000, 5), FENCE(0x1000, 0x5000, 5));
	both(FENCE(0x1234, 1, 5), FENCE(0x2fff, 2, 5), FENCE(0x1234, 0x1dcd, 5));
	both(FENCE(0x1000, 0x1000, 5), FENCE(-0x1000UL, 0xff0, 5), FENCE(0x1000, -0x1010UL, 5));
}

static void all_addresses_stay_all_addresses(void **state)
{
	(void)state;
	both(FENCE(0x1000, 0x1000, 5), FENCE(0, 0, 5), FENCE(0, ALL, 5));
	both(FENCE(0, 0, 5), FENCE(0x1000, 0x1000, 5), FENCE(0, ALL, 5));
	both(FENCE(0x1000, 0x1000, 5), FENCE(0x2000, ALL, 5), FENCE(0, ALL, 5));
	both(FENCE(0x1000, 0x1000, 5), FENCE(-0x1000UL, 0x2000, 5), FENCE(0, ALL, 5));
	both(FENCE(0, 0, 5), FENCE(0, 0, 6), FENCE(0, ALL, ALL));
}

/* The firmware may return before it entered the guest: flags that it has not cleared stand. */
static void a_fence_that_was_not_done_stays_owed(void **state)
{
	(void)state;
	fence(2, 0x2, 0x1000, 0x1000, 5);
	fence_enter(&vm.vcpu[1]);
	fence_leave(&vm.vcpu[1]);
	fence_enter(&vm.vcpu[1]);
	owes(&runs[1], HM_RUN_FENCE_VMA, 0x1000, 0x1000, 5);
	fence_leave(&vm.vcpu[1]);
	fence(2, 0x2, 0x3000, 0x1000, 5);
	fence_enter(&vm.vcpu[1]);
	owes(&runs[1], HM_RUN_FENCE_VMA, 0x1000, 0x3000, 5);
	runs[1].flags = 0;
	fence_enter(&vm.vcpu[1]);
	owes(&runs[1], 0, 0, 0, 0);
}

/* The sender must not return while the other runs guest code with old translations. */
static unsigned kicks;

static void leave_when_kicked(unsigned long hart)
{
	if (hart == 11 && ++kicks)
		fence_leave(&vm.vcpu[1]);
}

static void a_resident_vcpu_is_waited_for(void **state)
{
	(void)state;
	kicks = 0;
	fence_enter(&vm.vcpu[1]);
	on_kick = leave_when_kicked;
	fence(1, 0x2, 0, 0, 0);
	assert_int_equal(kicks, 1);
}

/* vCPU 1 is interrupted by a kick; how many of these have counted as memory's so far. */
static uint64_t interrupted(void)
{
	mock_hart = &harts[1];
	mock_sip = IRQ_SOFT;
	exit_route(&vm.vcpu[1], HM_EXIT_INTERRUPT);
	mock_hart = &harts[0];
	return vm.vcpu[1].fence_kicks;
}

static void a_kick_by_a_fence_of_translations_is_memorys(void **state)
{
	(void)state;
	kicks = 0;
	on_kick = leave_when_kicked;
	fence_enter(&vm.vcpu[1]);
	fence(1, 0x2, 0, 0, 0);
	assert_int_equal(interrupted(), 1);
	assert_int_equal(interrupted(), 1);
	fence_enter(&vm.vcpu[1]);
	fence(0, 0x2, 0, 0, 0);
	assert_int_equal(kicks, 2);
	assert_int_equal(interrupted(), 1);
	fence_enter(&vm.vcpu[1]);
	fence(2, 0x2, 0x1000, 0x1000, 5);
	assert_int_equal(kicks, 3);
	runs[1].flags |= HM_RUN_RESET_STATS; /* the firmware's count of this exit goes as well */
	assert_int_equal(interrupted(), 1);
}

static void fences_of_harts_that_are_not_there_are_refused(void **state)
{
	(void)state;
	assert_int_equal(fence(1, 0x10, 0, 0, 0).error, SBI_ERR_INVALID_PARAM);
	assert_int_equal(fence(3, 0x1, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED);
}

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

/* -- exits and scheduling -- */

static void exit_with(uint64_t reason, uint64_t cause, uint64_t value)
{
	runs[0].exit_cause = cause;
	runs[0].exit_value = value;
	assert_int_equal(exit_route(&vm.vcpu[0], reason), RESUME);
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

static void vcpus_spread_over_harts(void **state)
{
	(void)state;
	assert_int_equal(harts[0].queued, 2);
	assert_int_equal(harts[1].queued, 2);
	assert_ptr_equal(vm.vcpu[2].hart, &harts[0]);
}

static long stop(void)
{
	runs[running].x[A7] = SBI_EXT_HSM;
	runs[running].x[A6] = 1;
	return HM_EXIT_SBI;
}

static void a_lone_vcpu_keeps_its_hart(void **state)
{
	(void)state;
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_int_equal(runs[0].slice_end, FOREVER);
	assert_false(runs[0].flags & HM_RUN_YIELD_WFI);
}

static void who_left_a_line_open_comes_back_to_it(void **state)
{
	(void)state;
	vm.vcpu[0].hart->console_look = looks_at = 77;
	vm.vcpu[0].hart->shared = true;
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_int_equal(runs[0].slice_end, 77);
	assert_false(runs[0].flags & HM_RUN_YIELD_WFI);
}

/* What vCPU 0 of hart 0 has used, and vCPU 2 beside it; vCPU 0 has the hart since time 100. */
static struct vcpu *beside(int64_t used0, int64_t used2, enum vcpu_state state2)
{
	harts[0].current = &vm.vcpu[0];
	harts[0].since = 100;
	harts[0].clock = vm.vcpu[0].used = used0;
	vm.vcpu[2].used = used2;
	vcpu_set_state(&vm.vcpu[2], state2);
	return &vm.vcpu[2];
}

static void two_share_by_slices(void **state)
{
	(void)state;
	beside(50, 50, VCPU_RUNNABLE);
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_int_equal(runs[0].slice_end, 100 + SLICE);
	assert_true(runs[0].flags & HM_RUN_YIELD_WFI);
}

static void nobody_who_sleeps_for_ever_ends_a_slice(void **state)
{
	(void)state;
	beside(50, 50, VCPU_WAITING)->deadline = FOREVER;
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_int_equal(runs[0].slice_end, FOREVER);
	assert_true(runs[0].flags & HM_RUN_YIELD_WFI);
}

static void who_wakes_waits_for_the_minimum(void **state)
{
	(void)state;
	beside(50, 40, VCPU_WAITING)->deadline = 101;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 4);
	vm.vcpu[2].deadline = 100 + SLICE / 2;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 2);
	vm.vcpu[2].deadline = 100 + 3 * SLICE;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + 3 * SLICE);
}

static void who_wakes_waits_until_the_other_has_used_as_much(void **state)
{
	(void)state;
	beside(50, 50 + SLICE / 2, VCPU_WAITING)->deadline = 0;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 2);
	vm.vcpu[2].used = 50 + 5 * SLICE;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE);
}

static void an_ipi_is_worth_a_slice(void **state)
{
	struct vcpu *v = beside(50, 50 + SLICE, VCPU_RUNNABLE);

	(void)state;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE);
	vcpu_send_ipi(v);
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 4);
	v->used = 50 + SLICE + SLICE / 2;
	assert_int_equal(sched_slice_end(&harts[0]), 100 + SLICE / 2);
}

static void an_ipi_that_is_pending_kicks_nobody_again(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[1], VCPU_RUNNABLE);
	vcpu_send_ipi(&vm.vcpu[1]);
	assert_int_equal(kicked, 11);
	kicked = 99;
	vcpu_send_ipi(&vm.vcpu[1]);
	assert_int_equal(kicked, 99);
}

/* Of a vCPU that has stopped, and may never enter. */
static void a_line_that_changes_often_kicks_once(void **state)
{
	(void)state;
	vcpu_set_external(&vm.vcpu[1], false);
	assert_int_equal(kicked, 99);
	vcpu_set_external(&vm.vcpu[1], true);
	assert_int_equal(kicked, 11);
	kicked = 99;
	for (unsigned i = 0; i < 10; i++)
		vcpu_set_external(&vm.vcpu[1], i & 1);
	assert_int_equal(kicked, 99);
	assert_true(vm.vcpu[1].external_irq & EXTERNAL_LEVEL);
}

static void the_slice_ends_at_its_end(void **state)
{
	(void)state;
	beside(50, 50, VCPU_RUNNABLE);
	mock_time = 100 + SLICE - 1;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_INTERRUPT), RESUME);
	mock_time = 100 + SLICE;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_INTERRUPT), YIELD);
}

static void wfi_waits_for_deadline_or_interrupt(void **state)
{
	struct vcpu *v = &vm.vcpu[0];

	(void)state;
	runs[0].exit_value = 100;
	assert_int_equal(exit_route(v, HM_EXIT_WFI), YIELD);
	assert_false(vcpu_ready(v, 99));
	assert_true(vcpu_ready(v, 100));
	v->external_irq = true;
	assert_false(vcpu_ready(v, 0));
	runs[0].sie = IRQ_EXTERNAL;
	assert_int_equal(exit_route(v, HM_EXIT_WFI), YIELD);
	assert_true(vcpu_ready(v, 0));
	v->external_irq = false;
	vcpu_send_ipi(v);
	assert_true(vcpu_ready(v, 0));
}

static void pending_interrupts_ride_along(void **state)
{
	(void)state;
	guest = stop;
	vm.vcpu[0].external_irq = true;
	vcpu_send_ipi(&vm.vcpu[0]);
	vcpu_run(&vm.vcpu[0]);
	assert_true(runs[0].flags & HM_RUN_SEIP);
	assert_true(runs[0].sip & IRQ_SOFT);
	assert_false(vm.vcpu[0].software_irq);
	vm.vcpu[0].external_irq = false;
	vcpu_run(&vm.vcpu[0]);
	assert_false(runs[0].flags & HM_RUN_SEIP);
}

static void a_line_that_changes_after_an_entry_kicks_again(void **state)
{
	(void)state;
	guest = stop;
	harts[1].current = &vm.vcpu[1];
	vcpu_set_external(&vm.vcpu[1], true);
	vcpu_run(&vm.vcpu[1]);
	assert_true(runs[1].flags & HM_RUN_SEIP);
	kicked = 99;
	vcpu_set_external(&vm.vcpu[1], false);
	assert_int_equal(kicked, 11);
	vcpu_run(&vm.vcpu[1]);
	assert_false(runs[1].flags & HM_RUN_SEIP);
}

/* Or it would sleep for ever: what comes next kicks nobody. */
static void a_line_that_falls_before_the_hart_has_looked_still_wakes(void **state)
{
	struct vcpu *v = &vm.vcpu[1];

	(void)state;
	runs[1].sie = IRQ_EXTERNAL;
	vcpu_sleep(v, VCPU_WAITING, FOREVER);
	assert_false(vcpu_ready(v, 0));
	vcpu_set_external(v, true);
	vcpu_set_external(v, false);
	assert_true(vcpu_ready(v, 0));
	guest = stop;
	harts[1].current = v;
	vcpu_run(v);
	assert_false(runs[1].flags & HM_RUN_SEIP);
	vcpu_set_state(v, VCPU_WAITING);
	assert_false(vcpu_ready(v, 0));
}

/* The scheduler never returns: the test leaves it when the hart would idle. */
static jmp_buf idled;
static unsigned turns[16], turn_count;

void wait_for_interrupt(void)
{
	longjmp(idled, 1);
}

static unsigned turns_left;
static uint64_t turn_takes[4]; /* ticks, of each vCPU */

static long take_turn(void)
{
	if (turn_count < ARRAY_SIZE(turns))
		turns[turn_count] = running;
	turn_count++;
	mock_time += turn_takes[running];
	if (turn_count == turns_left)
		vm.end = VM_SHUTDOWN; /* somebody ended it */
	return HM_EXIT_INTERRUPT;
}

static void run_turns(unsigned count, long (*plays)(void))
{
	guest = plays;
	turn_count = 0;
	turns_left = count;
	harts[0].current = NULL;
	if (!setjmp(idled))
		hart_loop(&harts[0], restart);
}

static void vcpus_take_turns_until_the_guest_ends(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[2], VCPU_RUNNABLE);
	turn_takes[0] = turn_takes[2] = SLICE;
	run_turns(4, take_turn);
	assert_int_equal(turn_count, 4);
	assert_int_equal(turns[0], 0);
	assert_int_equal(turns[1], 2);
	assert_int_equal(turns[2], 0);
	assert_int_equal(turns[3], 2);
	assert_int_equal(harts[0].queued, 0);
	assert_int_equal(vm.vcpus_left, 2);
}

static void a_guest_that_restarts_keeps_its_place(void **state)
{
	(void)state;
	vm.end = VM_RESTARTS;
	restarts = true;
	restart_turns = 0;
	run_turns(2, take_turn);
	assert_int_equal(restart_turns, 3);
	assert_int_equal(turn_count, 2);
}

/* It naps after each turn, and is awake again before the other's minimum is over. */
static long nap_or_work(void)
{
	take_turn();
	if (running == 0)
		return HM_EXIT_INTERRUPT;
	runs[2].exit_value = mock_time + 1;
	return HM_EXIT_WFI;
}

static void a_napper_takes_no_more_than_its_share(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[2], VCPU_RUNNABLE);
	turn_takes[0] = SLICE / 4;
	turn_takes[2] = SLICE * 4 / 5;
	run_turns(200, nap_or_work);
	assert_in_range(vm.vcpu[0].used - vm.vcpu[2].used + 2 * SLICE, 0, 4 * SLICE);
}

static void who_slept_long_saved_up_no_more_than_a_credit(void **state)
{
	(void)state;
	harts[0].clock = vm.vcpu[0].used = 1000 * SLICE;
	vcpu_set_state(&vm.vcpu[2], VCPU_RUNNABLE);
	turn_takes[0] = turn_takes[2] = SLICE;
	run_turns(6, take_turn);
	assert_int_equal(turns[0], 2);
	assert_int_equal(turns[1], 0);
	assert_int_equal(turns[2], 2);
}

/* The one with an IPI has used more than the others, but by less than a slice. */
static void an_ipi_waits_at_most_one_slice_of_each_other(void **state)
{
	(void)state;
	sched_add(&vm.vcpu[1], 1);
	sched_add(&vm.vcpu[3], 1);
	for (unsigned i = 0; i < 4; i++) {
		turn_takes[i] = SLICE;
		vcpu_set_state(&vm.vcpu[i], VCPU_RUNNABLE);
	}
	vm.vcpu[2].used = SLICE - 1;
	vcpu_send_ipi(&vm.vcpu[2]);
	run_turns(8, take_turn);
	assert_int_equal(turns[0], 2);
	assert_int_equal(turns[1] + turns[2] + turns[3], 0 + 1 + 3);
}

static void an_idle_hart_sets_its_timer(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_WAITING);
	vm.vcpu[0].deadline = 1234;
	if (!setjmp(idled))
		hart_loop(&harts[0], restart);
	assert_int_equal(timer, 1234);
}

static void an_idle_hart_comes_back_to_an_open_line(void **state)
{
	(void)state;
	vcpu_set_state(&vm.vcpu[0], VCPU_WAITING);
	vm.vcpu[0].deadline = 1234;
	harts[0].console_look = looks_at = 77;
	if (!setjmp(idled))
		hart_loop(&harts[0], restart);
	assert_int_equal(timer, 77);
}

/* -- statistics -- */

static void mark(uint64_t value)
{
	runs[0].exit_value = value;
	assert_int_equal(exit_route(&vm.vcpu[0], HM_EXIT_MARK), RESUME);
}

static void counting_begins_at_the_next_entry(void **state)
{
	(void)state;
	shadows[0].count[SHADOW_TRUE_FAULT] = 7;
	mark(HM_MARK_BEGIN | 3 << 8);
	guest = stop;
	vcpu_run(&vm.vcpu[0]);
	assert_true(runs[0].flags & HM_RUN_RESET_STATS);
	assert_false(vm.vcpu[0].reset_stats);
	assert_int_equal(shadows[0].count[SHADOW_TRUE_FAULT], 0);
	assert_string_equal(printed, "");
}

static void the_record_holds_all_keys(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HM_TRAP_KINDS; i++)
		stats.traps[i] = 100 + i;
	for (unsigned i = 0; i < HM_EXIT_COUNT; i++)
		stats.exits[i] = i == HM_EXIT_MARK || i == HM_EXIT_BROKEN ? 0 : 10 + i;
	for (unsigned i = 0; i < SHADOW_CLASSES; i++)
		shadows[i].count[i] = 1000 << i;
	vm.vcpu[0].fence_kicks = 4;
	vm.split_counters = true;
	stats.insn_total = 1000;
	stats.insn_guest = 900;
	stats.insn_host = 40;
	stats.insn_hm = 60;
	stats.longest_m_stay = 55;
	stats.ring_entries = 70;
	stats.ring_flushes = 60;
	stats.ring_hints_used = 50;
	shadows[0].space.ring = (struct ssp_ring){ .tail = 3, .others = 1, .hints_lost = 4 };
	mark(HM_MARK_END | 7 << 8 | HM_MARK_OK);
	assert_string_equal(
		printed,
		"\x1e{\"mark\":7,\"vm\":0,\"ok\":true,"
		"\"vm_exits\":{\"total\":15188,\"memory\":7146,\"by_reason\":{\"pt_write\":4000,"
		"\"satp\":19,\"flush\":21,\"true_fault\":1017,\"hidden_fault\":2018,"
		"\"g_stage_fault\":0,\"root_miss\":20,\"ring\":23,\"pool\":0,"
		"\"remote_fence\":28,\"mmio\":8011,\"sbi\":12,\"wfi\":13,\"interrupt\":6}},"
		"\"hm_traps\":{\"total\":1491,\"memory\":936,\"by_kind\":{\"true_fault\":100,"
		"\"fill\":101,\"satp_hit\":102,\"satp_miss\":103,\"sfence_va\":104,"
		"\"sfence_asid\":105,\"sfence_all\":106,\"ring\":107,"
		"\"remote_fence\":108,\"sbi_time\":109,\"sbi_other\":110,\"interrupt\":111,"
		"\"illegal\":112,\"other\":113}},"
		"\"instructions\":{\"total\":1000,\"guest\":900,\"host\":40,\"hm\":60},"
		"\"ring\":{\"entries\":73,\"flushes\":62,\"hints_used\":50,\"hints_lost\":4},"
		"\"longest_m_stay\":55,\"walk_refs\":null}\n");
}

static void instructions_that_are_not_split_are_null(void **state)
{
	(void)state;
	vm.split_counters = false;
	stats.insn_total = 1000;
	stats.insn_hm = (uint64_t)-65;
	mark(HM_MARK_END | 7 << 8 | HM_MARK_OK);
	assert_non_null(strstr(
		printed,
		"\"instructions\":{\"total\":1000,\"guest\":null,\"host\":null,\"hm\":null},"));
}

static void without_marks_the_marker_is_an_illegal_instruction(void **state)
{
	(void)state;
	vm.marks = false;
	runs[0].pc = 0x1004;
	runs[0].stvec = 0x2000;
	runs[0].exit_insn = 0x8e051073;
	runs[0].exit_insn_len = 4;
	mark(HM_MARK_END | 7 << 8 | HM_MARK_OK);
	assert_string_equal(printed, "");
	assert_int_equal(runs[0].scause, 2);
	assert_int_equal(runs[0].stval, 0x8e051073);
	assert_int_equal(runs[0].sepc, 0x1000);
	assert_int_equal(runs[0].pc, 0x2000);
	mark(HM_MARK_BEGIN | 7 << 8);
	assert_false(vm.vcpu[0].reset_stats);
}

static void a_failed_workload_is_not_ok(void **state)
{
	(void)state;
	mark(HM_MARK_END);
	assert_non_null(strstr(printed, "{\"mark\":0,\"vm\":0,\"ok\":false,"));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

static const struct CMUnitTest tests[] = {
	TEST(unknown_calls_are_not_supported),
	TEST(console_writes_from_ram_only),
	TEST(console_reads_what_was_typed),
	TEST(resets_say_how_the_guest_ended),
	TEST(reserved_resets_are_refused),
	TEST(harts_start_once),
	TEST(harts_that_are_not_there_cannot_start),
	TEST(a_stopped_hart_can_start_again),
	TEST(ipis_reach_the_harts_of_the_mask),
	TEST(an_ipi_to_a_stopped_hart_is_lost),
	TEST(a_suspended_hart_waits_for_what_it_has_enabled),
	TEST(a_non_retentive_resume_keeps_what_is_pending),
	TEST(the_last_hart_suspends_the_system),
	TEST(a_suspended_hart_is_seen_so),
	TEST(legacy_calls_keep_a1),
	TEST(legacy_masks_are_what_the_firmware_read),
	TEST(fences_are_owed_by_the_harts_of_the_mask),
	TEST(a_fence_without_asid_means_all),
	TEST(two_fences_keep_the_asid_that_they_share),
	TEST(two_fences_keep_the_range_that_covers_them),
	TEST(all_addresses_stay_all_addresses),
	TEST(a_fence_that_was_not_done_stays_owed),
	TEST(a_resident_vcpu_is_waited_for),
	TEST(a_kick_by_a_fence_of_translations_is_memorys),
	TEST(fences_of_harts_that_are_not_there_are_refused),
	TEST(stores_and_loads_reach_the_device),
	TEST(what_no_device_answers_is_an_access_fault),
	TEST(the_finisher_ends_the_guest),
	TEST(the_clock_is_there_if_the_platform_has_one),
	TEST(code_that_changed_runs_again),
	TEST(exceptions_stack_the_privilege),
	TEST(true_faults_become_the_guests),
	TEST(hidden_faults_are_filled_at_the_next_entry),
	TEST(fences_are_done_at_the_next_entry),
	TEST(satp_is_what_the_guest_wrote),
	TEST(unknown_exits_end_the_guest),
	TEST(vcpus_spread_over_harts),
	TEST(a_lone_vcpu_keeps_its_hart),
	TEST(who_left_a_line_open_comes_back_to_it),
	TEST(two_share_by_slices),
	TEST(nobody_who_sleeps_for_ever_ends_a_slice),
	TEST(who_wakes_waits_for_the_minimum),
	TEST(who_wakes_waits_until_the_other_has_used_as_much),
	TEST(an_ipi_is_worth_a_slice),
	TEST(an_ipi_that_is_pending_kicks_nobody_again),
	TEST(a_line_that_changes_often_kicks_once),
	TEST(a_napper_takes_no_more_than_its_share),
	TEST(who_slept_long_saved_up_no_more_than_a_credit),
	TEST(an_ipi_waits_at_most_one_slice_of_each_other),
	TEST(the_slice_ends_at_its_end),
	TEST(wfi_waits_for_deadline_or_interrupt),
	TEST(pending_interrupts_ride_along),
	TEST(a_line_that_changes_after_an_entry_kicks_again),
	TEST(a_line_that_falls_before_the_hart_has_looked_still_wakes),
	TEST(vcpus_take_turns_until_the_guest_ends),
	TEST(a_guest_that_restarts_keeps_its_place),
	TEST(an_idle_hart_sets_its_timer),
	TEST(an_idle_hart_comes_back_to_an_open_line),
	TEST(counting_begins_at_the_next_entry),
	TEST(the_record_holds_all_keys),
	TEST(instructions_that_are_not_split_are_null),
	TEST(without_marks_the_marker_is_an_illegal_instruction),
	TEST(a_failed_workload_is_not_ok),
};

int main(void)
{
	return RUN(tests);
}
