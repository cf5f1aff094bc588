// SPDX-License-Identifier: BSD-2-Clause
/* test_retired.c - which programmable counter the measurement takes, and that nobody else has it. */
#include "test.h"

#include <sbi/sbi_scratch.h>

#include "host/hooks.h"
#include "host/retired.h"
#include "machine.h"

unsigned int __wrap_sbi_hart_mhpm_mask(struct sbi_scratch *scratch);
int __wrap_sbi_hart_reinit(struct sbi_scratch *scratch);

#define OURS (1u << HART_RETIRED)

/* As the hart starts for the first time: all counters stand. */
static bool is_found(void)
{
	machine.counters = OURS | 1u << 3;
	memset(sbi_scratch_thishart_offset_ptr(OFFSET_FREE), 0, 8);
	hm_retired_look();
	return hm_retired_of(sbi_scratch_thishart_ptr());
}

static int begin(void **state)
{
	if (machine_begin(state) || hm_retired_begin())
		return -1;
	model_write(CSR_MCOUNTINHIBIT, 0xfffffff8);
	return 0;
}

static void a_counter_of_instructions_is_ours(void **state)
{
	(void)state;
	assert_true(is_found());
	expect(__wrap_sbi_hart_mhpm_mask(sbi_scratch_thishart_ptr()), 1u << 3, "what is left");
	expect(model_read(CSR_MHPMEVENT18), HART_RETIRED_EVENT, "its event");
}

static void it_needs_no_way_to_stop_it(void **state)
{
	(void)state;
	model.inhibit = false;
	assert_true(is_found());
}

/* vCPUs that it has run are measured from some value of its on. */
static void it_goes_on_when_the_hart_starts_again(void **state)
{
	(void)state;
	assert_true(is_found());
	model_write(CSR_MHPMCOUNTER18, 7000);
	hm_retired_look();
	expect(model_read(CSR_MHPMCOUNTER18), 7000, "mhpmcounter18");
	assert_true(hm_retired_of(sbi_scratch_thishart_ptr()));
}

static u64 cycles(u64 turns)
{
	return 40 * turns + 3;
}

static u64 branches(u64 turns)
{
	return turns;
}

static u64 nothing(u64 turns)
{
	(void)turns;
	return 0;
}

static u64 one_more(u64 turns)
{
	return HART_LOOP(turns) + 1;
}

/* As if both came at the same rate for a while. */
static u64 instructions_of_a_short_loop(u64 turns)
{
	return turns < 10 ? HART_LOOP(turns) : HART_LOOP(turns) + 5;
}

static u64 instructions_of_a_long_loop(u64 turns)
{
	return turns < 10 ? cycles(turns) : HART_LOOP(turns);
}

static const struct {
	const char *what;
	unsigned int bits;
	u64 (*counts)(u64 turns);
} others[] = {
	{ "no counter", 0, NULL },
	{ "48 bits", 48, NULL },
	{ "63 bits", 63, NULL },
	{ "cycles", 64, cycles },
	{ "branches", 64, branches },
	{ "a number without meaning", 64, nothing },
	{ "one too many", 64, one_more },
	{ "right for a short loop", 64, instructions_of_a_short_loop },
	{ "right for a long loop", 64, instructions_of_a_long_loop },
};

static void other_counters_stay_the_kernels(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(others); i++) {
		model.counter_bits = others[i].bits;
		model.counts = others[i].counts;
		expect(is_found(), false, "%s", others[i].what);
		expect(__wrap_sbi_hart_mhpm_mask(sbi_scratch_thishart_ptr()), OURS | 1u << 3, "%s",
		       others[i].what);
		if (model.counter_bits)
			expect(model_read(CSR_MHPMEVENT18), 0, "event of %s", others[i].what);
	}
}

static void a_hart_without_one_is_left_alone(void **state)
{
	(void)state;
	model.counter_bits = 0; /* an access would end the test */
	machine.hart->retired = false;
	hm_run_counters(machine.hart);
	expect(model_read(CSR_MCOUNTINHIBIT), 0xfffffff8, "mcountinhibit");
}

static void it_goes_on_when_a_hart_resumes(void **state)
{
	(void)state;
	__wrap_sbi_hart_reinit(NULL);
	expect(model_read(CSR_MHPMEVENT18), HART_RETIRED_EVENT, "its event");
	expect(model_read(CSR_MCOUNTINHIBIT) & OURS, 0, "it is stopped");
}

/* Of S-mode a host alone reads it: by H it measures itself. */
static void s_mode_reads_it_where_there_is_h(void **state)
{
	(void)state;
	__wrap_sbi_hart_reinit(NULL);
	expect(model_read(CSR_MCOUNTEREN), 0xffffffff & ~OURS, "mcounteren");
	machine.has_h = true;
	__wrap_sbi_hart_reinit(NULL);
	expect(model_read(CSR_MCOUNTEREN), 0xffffffff, "mcounteren with H");
}

int main(void)
{
#define FACT(name) cmocka_unit_test_setup_teardown(name, begin, machine_end)
	static const struct CMUnitTest tests[] = {
		FACT(a_counter_of_instructions_is_ours),
		FACT(it_goes_on_when_the_hart_starts_again),
		FACT(it_needs_no_way_to_stop_it),
		FACT(other_counters_stay_the_kernels),
		FACT(a_hart_without_one_is_left_alone),
		FACT(it_goes_on_when_a_hart_resumes),
		FACT(s_mode_reads_it_where_there_is_h),
	};

	return cmocka_run_group_tests_name("the counter of retired instructions", tests, NULL,
					   NULL);
}
