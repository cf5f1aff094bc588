// SPDX-License-Identifier: BSD-2-Clause
/* test_pmu.c - a vCPU's performance counters: what they outlive, and what they may touch. */
#include "test.h"

#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>

#include "guest.h"

#define PMU       SBI_EXT_PMU
#define SET_TIMER 0xf0005
#define CYCLES    1
#define FIRST     3 /* of the firmware's counters */
#define PLAIN     3 /* mcounteren without events: cycle, time */
#define TRAPPED   2 /* cycle traps, too */
#define INFO      (GUEST_BASE + GUEST_SIZE - 2 * PAGE_SIZE)

static u64 a1(void)
{
	return machine.frame->x[11];
}

static u64 read_first(void)
{
	expect(ECALL(PMU, SBI_EXT_PMU_COUNTER_FW_READ, FIRST), 0, "reading a counter");
	return a1();
}

static void set_timers(unsigned int times)
{
	while (times--)
		ECALL(SBI_EXT_TIME, 0, ~0ull);
}

static void leave(void)
{
	enum hm_next next;

	guest_ecall(&next, SBI_EXT_HSM, 2, (const u64[6]){ 0 });
	expect(next, HM_EXIT, "what becomes of a call that is the host's");
}

static void start_counting(void)
{
	ECALL(PMU, SBI_EXT_PMU_COUNTER_CFG_MATCH, FIRST, 1, SBI_PMU_CFG_FLAG_AUTO_START, SET_TIMER,
	      0);
	ECALL(PMU, SBI_EXT_PMU_COUNTER_CFG_MATCH, 0, 1, SBI_PMU_CFG_FLAG_AUTO_START, CYCLES, 0);
	set_timers(3);
	expect(read_first(), 3, "calls of set_timer");
	expect(model_read(CSR_MCOUNTEREN), TRAPPED, "mcounteren with an event for cycle");
	leave();
}

static void go_on_counting(void)
{
	expect(model_read(CSR_MCOUNTEREN), TRAPPED, "mcounteren at the next entry");
	set_timers(2);
	expect(read_first(), 5, "calls before and after a reset of the statistics");
	expect(guest.vcpu->stats.traps[HM_TRAP_SBI_TIME], 2, "which were reset");
	leave();
}

static void have_none(void)
{
	expect(model_read(CSR_MCOUNTEREN), PLAIN, "mcounteren after the start of a hart");
	expect(read_first(), 0, "a counter after the start of a hart");
	expect(ECALL(PMU, SBI_EXT_PMU_COUNTER_START, FIRST, 1), SBI_ERR_INVALID_PARAM,
	       "starting it without an event");
	leave();
}

static void counters_outlive_exits_and_resets_of_statistics(void **state)
{
	(void)state;
	assert_int_equal(guest_run(start_counting), 0);
	guest.run->flags = HM_RUN_RESET_STATS;
	assert_int_equal(guest_run(go_on_counting), 0);
	guest.run->flags = HM_RUN_RESET;
	assert_int_equal(guest_run(have_none), 0);
}

/* The hart retires 1,000 in the host world, and 50 in the guest's, of which the host sees none. */
static u64 instret(void)
{
	machine.frame->x[11] = 0;
	assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, 0xc02025f3), HM_RESUME); /* a1 */
	return a1();
}

static u64 seen;

static void retire(void)
{
	u64 now = instret();

	expect(now, seen, "instret at an entry");
	model.csr[CSR_MINSTRET] += 50;
	seen = instret();
	expect(seen, now + 50, "instret after 50 more");
	leave();
}

static void instret_is_the_vcpus_own(void **state)
{
	(void)state;
	model.step = 0;
	seen = 0;
	for (unsigned int i = 0; i < 5; i++) {
		model.csr[CSR_MINSTRET] += 1000;
		guest.run->flags = i & 1 ? HM_RUN_RESET_STATS : 0;
		assert_int_equal(guest_run(retire), 0);
	}
	expect(seen, 250, "instret at the end");
}

static u32 *output_at(u64 gpa)
{
	return (u32 *)guest_memory(gpa) + 1;
}

static long event_info(u64 gpa, u64 high, u64 entries)
{
	return ECALL(PMU, SBI_EXT_PMU_EVENT_GET_INFO, gpa, high, entries, 0);
}

static void ask_of_events(void)
{
	u64 last = INFO + 2 * PAGE_SIZE - 16, between = INFO + PAGE_SIZE - 16;

	memset(guest_memory(INFO), 0, 2 * PAGE_SIZE);
	*(u32 *)guest_memory(between + 16) = SET_TIMER;
	expect(event_info(between, 0, 2), 0, "entries in two pages");
	expect(*output_at(between), 0, "no event");
	expect(*output_at(between + 16), 1, "an event");
	*(u32 *)guest_memory(last) = SET_TIMER;
	expect(event_info(last, 0, 2), SBI_ERR_INVALID_ADDRESS, "an entry beyond RAM");
	expect(*output_at(last), 0, "the output of the one before");
	expect(event_info(last, 1, 1), SBI_ERR_INVALID_ADDRESS, "an address of 65 bits");
	expect(event_info(last, 0, 1), 0, "the last entry of RAM");
	expect(*output_at(last), 1, "its output");
	expect(event_info(ROM, 0, 1), SBI_ERR_INVALID_ADDRESS,
	       "an entry that is not to be written");
	expect(event_info(GUEST_BASE - 16, 0, 1), SBI_ERR_INVALID_ADDRESS, "an entry before RAM");
	expect(event_info(0 - 16ull, 0, 56), SBI_ERR_INVALID_ADDRESS, "entries that wrap");
}

static void events_are_told_in_the_guests_memory_alone(void **state)
{
	(void)state;
	assert_int_equal(guest_run(ask_of_events), 0);
}

int main(void)
{
#define FACT(name) cmocka_unit_test_setup_teardown(name, guest_begin, machine_end)
	static const struct CMUnitTest tests[] = {
		FACT(counters_outlive_exits_and_resets_of_statistics),
		FACT(instret_is_the_vcpus_own),
		FACT(events_are_told_in_the_guests_memory_alone),
	};

	return cmocka_run_group_tests_name("performance counters of a guest", tests, NULL, NULL);
}
