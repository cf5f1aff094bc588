/* SPDX-License-Identifier: BSD-2-Clause */
/* What host-hv does about a guest's SBI calls; the firmware is played. */
#include "vcpus.h"

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

/* A device may have interrupted while all had stopped. */
static void a_hart_that_starts_serves_the_devices(void **state)
{
	(void)state;
	vm.vcpu[1].external_irq = 0;
	assert_int_equal(call(SBI_EXT_HSM, 0, 1, RAM, 0).error, SBI_SUCCESS);
	assert_true(vcpu_is_to_serve(&vm.vcpu[1]));
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
	TEST(a_hart_that_starts_serves_the_devices),
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
};

int main(void)
{
	return RUN(tests);
}
