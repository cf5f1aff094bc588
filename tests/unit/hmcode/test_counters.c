// SPDX-License-Identifier: BSD-2-Clause
/* test_counters.c - the host's calls about counters and memory, as OpenSBI gets to see them. */
#include "test.h"

#include <sbi/sbi_domain.h>
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>

#include "machine.h"
#include "metal/hart.h"

int __wrap_sbi_pmu_ctr_start(unsigned long base, unsigned long mask, unsigned long flags,
			     uint64_t value);
int __wrap_sbi_pmu_ctr_stop(unsigned long base, unsigned long mask, unsigned long flags);
int __wrap_sbi_pmu_ctr_cfg_match(unsigned long base, unsigned long mask, unsigned long flags,
				 unsigned long event, u64 data);
int __wrap_sbi_pmu_ctr_fw_read(uint32_t counter, uint64_t *value);
int __wrap_sbi_pmu_event_get_info(unsigned long low, unsigned long high, unsigned long count,
				  unsigned long flags);
bool __wrap_sbi_domain_check_addr_range(const struct sbi_domain *domain, unsigned long addr,
					unsigned long size, unsigned long mode,
					unsigned long access);

#define SKIP      SBI_PMU_CFG_FLAG_SKIP_MATCH
#define SET_TIMER 0xf0005ul
#define CYCLES    1ul

/* Of 19: three of the hart's, then the firmware's. */
static const struct {
	u64 base, mask;
} wrong_sets[] = {
	{ 0, 0 },
	{ 3, 0 },
	{ 18, 0 },
	{ 19, 1 },
	{ 0, 1 << 19 },
	{ 18, 2 },
	{ 18, 3 },
	{ 0, 1ull << 63 },
	{ ~0ull, 1 },
	{ ~0ull, 3 },
	{ -40ull, 1ull << 41 | 1 },
	{ 63, 1ull << 63 },
	{ 1, ~0ull },
	{ 1ull << 32, 1 },
	{ 1ull << 63, 1 },
	{ -63ull, 1ull << 63 },
};

static void sets_that_are_not_there_do_not_come_to_opensbi(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(wrong_sets); i++) {
		u64 base = wrong_sets[i].base, mask = wrong_sets[i].mask;

		for (u64 flags = 0; flags < 8; flags++) {
			expect(__wrap_sbi_pmu_ctr_cfg_match(base, mask, flags, SET_TIMER, 0),
			       SBI_EINVAL, "set %u, a firmware event", i);
			expect(__wrap_sbi_pmu_ctr_cfg_match(base, mask, flags, CYCLES, 0),
			       SBI_EINVAL, "set %u, cycles", i);
		}
		expect(__wrap_sbi_pmu_ctr_start(base, mask, 1, 0), SBI_EINVAL, "starting %u", i);
		expect(__wrap_sbi_pmu_ctr_stop(base, mask, 1), SBI_EINVAL, "stopping %u", i);
	}
	expect(machine.asked.calls, 0, "calls that OpenSBI saw");
}

static void configure(u64 base, u64 mask, u64 flags, u64 event, u64 counters)
{
	unsigned int before = machine.asked.calls;
	int error = __wrap_sbi_pmu_ctr_cfg_match(base, mask, flags, event, 0);

	expect(error, counters ? 0 : SBI_ENOTSUPP, "event %#lx by %#lx from %lu", event, mask,
	       base);
	expect(machine.asked.calls - before, counters ? 1 : 0, "calls that OpenSBI saw");
	if (counters)
		expect(machine.asked.mask << machine.asked.base, counters, "what it may choose of");
}

/* OpenSBI takes the number of a bit for that of the counter: its base has to be 0. */
static void an_event_is_counted_by_a_counter_of_its_kind(void **state)
{
	(void)state;
	for (u64 flags = 0; flags < 2; flags++) {
		configure(0, 1, flags, SET_TIMER, 0);
		configure(2, 1, flags, 1ull << 32 | SET_TIMER, 0);
		configure(3, 1, flags, CYCLES, 0);
		configure(18, 1, flags, CYCLES, 0);
		configure(18, 1, flags, SET_TIMER, 1 << 18);
		configure(2, 1, flags, CYCLES, 1 << 2);
	}
	configure(0, 0x7ffff, 0, SET_TIMER, 0x7fff8);
	configure(0, 0x7ffff, 0, CYCLES, 7);
	configure(0, 0x7ffff, SKIP, CYCLES, 1);
	configure(0, 0x7ffff, SKIP, SET_TIMER, 0);
	configure(2, 6, SKIP, SET_TIMER, 8);
	expect(__wrap_sbi_pmu_ctr_cfg_match(2, 2, 0, SET_TIMER, 0), 0, "counter 3 by base 2");
	expect(machine.asked.base, 0, "the base that OpenSBI sees");
}

/* On other harts it may be a kernel's. */
static void the_counter_of_the_measurement_is_no_kernels(void **state)
{
	(void)state;
	machine.hart_counters = 32;
	configure(18, 1, 0, CYCLES, 0);
	configure(18, 3, SKIP, CYCLES, 0);
	configure(17, 7, 0, CYCLES, 5 << 17);
	machine.hart->retired = false;
	configure(18, 1, SKIP, CYCLES, 1 << 18);
	machine.hart->retired = true;
	machine.hart_counters = 0;
}

static void no_value_is_no_word_of_the_firmware(void **state)
{
	u64 value = 0xabc;

	(void)state;
	expect(__wrap_sbi_pmu_ctr_fw_read(99, &value), SBI_EINVAL, "a counter that there is not");
	expect(value, 0, "its value");
}

static void a_list_of_events_has_a_length(void **state)
{
	static const u64 wrong[] = { 129, 4097, 1ull << 31, 1ull << 60 | 1, ~0ull };

	(void)state;
	for (unsigned int i = 0; i < COUNT(wrong); i++)
		expect(__wrap_sbi_pmu_event_get_info(RAM_END - 16, 0, wrong[i], 0), SBI_EFAIL,
		       "%#lx events", wrong[i]);
	expect(machine.asked.calls, 0, "calls that OpenSBI saw");
	expect(__wrap_sbi_pmu_event_get_info(RAM_END - 16, 0, 1, 0), 0, "one event");
}

static bool checked(u64 address, u64 size, u64 access)
{
	return __wrap_sbi_domain_check_addr_range(NULL, address, size, PRV_S, access);
}

static void what_opensbi_reads_or_writes_is_ram(void **state)
{
	u64 both = SBI_DOMAIN_READ | SBI_DOMAIN_WRITE;

	(void)state;
	expect(checked(RAM_END - 16, 16, both), true, "the end of RAM");
	expect(checked(RAM_END - 16, 17, both), false, "a byte more");
	expect(checked(RAM_END, 8, both), false, "behind it");
	expect(checked(0x20000, 8, SBI_DOMAIN_READ), false, "reading what is nowhere");
	expect(checked(0x20000, 8, SBI_DOMAIN_WRITE), false, "writing it");
	expect(checked(0x20000, 0, both), true, "nothing of it");
	expect(checked(0x20000, 8, SBI_DOMAIN_EXECUTE), true, "code may be in a flash");
	expect(checked(POOL_BASE, 8, both), false, "the pool");
}

int main(void)
{
#define FACT(name) cmocka_unit_test_setup_teardown(name, machine_begin, machine_end)
	static const struct CMUnitTest tests[] = {
		FACT(sets_that_are_not_there_do_not_come_to_opensbi),
		FACT(an_event_is_counted_by_a_counter_of_its_kind),
		FACT(the_counter_of_the_measurement_is_no_kernels),
		FACT(no_value_is_no_word_of_the_firmware),
		FACT(a_list_of_events_has_a_length),
		FACT(what_opensbi_reads_or_writes_is_ram),
	};

	return cmocka_run_group_tests_name("the host's counters", tests, NULL, NULL);
}
