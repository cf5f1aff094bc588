// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host whose calls about counters, and about memory, are meant to harm the firmware: each is
 * refused, and a firmware counter works as before.
 */
#include "sbi-clauses/pmu.h"

#define SKIP_AND_CLEAR (SKIP_MATCH | CLEAR_VALUE)
#define OURS           18 /* the hart's counter by which the firmware measures */
#define NO_RAM         0x20000ul
#define MOST_INFOS     128ul

#define SBI_DBTR 0x44425452ul
enum { DBTR_SETUP = 1, DBTR_READ };

static uint64_t total, first; /* counters; the first of the firmware's */
static uint64_t infos[2] __attribute__((aligned(16)));

static uint64_t refused_sets(uint64_t event, uint64_t flags)
{
	const struct {
		uint64_t base, mask;
	} sets[] = {
		{ 0, 0 },
		{ total - 1, 0 },
		{ total, 0 },
		{ total, 1 },
		{ total - 1, 2 },
		{ 0, 1ul << total },
		{ ~0ul, 1 },
		{ ~0ul, 3 },
		{ -40ul, 1ul << 41 | 1 },
		{ -63ul, 1ul << 63 },
		{ 1ul << 32, 1 },
		{ 1, ~0ul },
	};
	uint64_t refused = 0, count = sizeof(sets) / sizeof(sets[0]);

	for (unsigned int i = 0; i < count; i++)
		refused += configure(sets[i].base, sets[i].mask, flags, event, 0).error ==
				   SBI_INVALID_PARAM &&
			   pmu_call(PMU_START, sets[i].base, sets[i].mask, SET_VALUE, 9, 0).error ==
				   SBI_INVALID_PARAM &&
			   pmu_call(PMU_STOP, sets[i].base, sets[i].mask, RESET, 0, 0).error ==
				   SBI_INVALID_PARAM;
	return count - refused;
}

static void sets(void)
{
	uint64_t taken = 0;

	for (uint64_t flags = 0; flags < 8; flags++)
		taken += refused_sets(FW(SET_TIMER), flags) + refused_sets(CYCLES, flags);
	fact_equal(taken, 0, "sets of counters that are not there are refused");
}

/* A firmware event on the hart's counters, one of the hart's on the firmware's. */
static void kinds(void)
{
	uint64_t taken = 0;

	for (uint64_t counter = first; counter < total; counter++)
		taken += !!configure(counter, 1, 0, FW(SET_TIMER), 0).error;
	fact_equal(taken, 0, "all counters of the firmware have an event");
	for (uint64_t counter = 0; counter < total; counter++) {
		uint64_t event = counter < first ? FW(SET_TIMER) : CYCLES;

		for (uint64_t flags = 0; flags < 8; flags++)
			taken += !configure(counter, 1, flags | SKIP_MATCH, event, 0).error;
	}
	fact_equal(taken, 0, "a counter of the other kind is refused");
	fact(configure(0, 1ul << OURS, SKIP_AND_CLEAR, CYCLES, 0).error,
	     "the counter of the measurement is not cleared");
	pmu_call(PMU_STOP, first, 0xffff, RESET, 0, 0);
}

/* Whatever the base, a firmware event has one of the firmware's counters. */
static void bases(void)
{
	uint64_t wrong = 0;

	for (uint64_t base = 0; base <= first; base++) {
		uint64_t mask = 0xffful << (first - base);
		struct sbi got = configure(base, mask, CLEAR_VALUE | AUTO_START, FW(SET_TIMER), 0);

		wrong += got.error || (uint64_t)got.value < first;
		pmu_call(PMU_STOP, first, 0xffff, RESET, 0, 0);
	}
	fact_equal(wrong, 0, "a firmware event is counted by the firmware from any base");
}

static int64_t ask(uint64_t address, uint64_t count)
{
	return pmu_call(PMU_EVENT_INFO, address, 0, count, 0, 0).error;
}

/* The first of them is below the firmware. */
static void lists(void)
{
	uint64_t here = (uint64_t)infos;

	infos[0] = CYCLES;
	fact_equal(ask(here, 1), SBI_OK, "a list of one event");
	fact_equal(ask(here, 1ul << 60 | 1), SBI_FAILED, "a list whose size wraps around");
	fact_equal(ask(here, 1ul << 31), SBI_FAILED, "a list of 2^31 events");
	fact_equal(ask(0x80000000ul - 16, 2), SBI_INVALID_ADDRESS, "a list before RAM");
	fact_equal(ask(NO_RAM, 1), SBI_INVALID_ADDRESS, "a list that is not in RAM");
	fact_equal(ask(0x80000000ul, MOST_INFOS), SBI_INVALID_ADDRESS, "a list in the firmware");
}

static void console(void)
{
	fact_equal(sbi_call(SBI_DBCN, 0, 8, NO_RAM, 0, 0, 0).error, SBI_INVALID_PARAM,
		   "console_write of what is not RAM");
	fact_equal(sbi_call(SBI_DBCN, 1, 8, NO_RAM, 0, 0, 0).error, SBI_INVALID_PARAM,
		   "console_read to what is not RAM");
}

/* OpenSBI would store what it reads of a trigger there, of which it checks the first byte. */
static void triggers(void)
{
	fact_equal(sbi_call(SBI_BASE, 3, SBI_DBTR, 0, 0, 0, 0).value, 0, "there is no DBTR");
	sbi_call(SBI_DBTR, DBTR_SETUP, 0x80000000ul - 8, 0, 0, 0, 0);
	fact_equal(sbi_call(SBI_DBTR, DBTR_READ, 0, 1, 0, 0, 0).error, SBI_NOT_SUPPORTED,
		   "nothing is stored before the firmware");
}

static void still_counts(void)
{
	int64_t counter =
		configure(0, 0xfffful << first, CLEAR_VALUE | AUTO_START, FW(SET_TIMER), 0).value;

	sbi_call(SBI_TIME, 0, ~0ul, 0, 0, 0, 0);
	fact_equal(counter, first, "the first of the firmware's counters is free");
	fact_equal(pmu_read(counter), 1, "and counts");
	fact_equal(pmu_call(PMU_READ, total, 0, 0, 0, 0).value, 0,
		   "a counter that there is not has no value");
}

void payload(uint64_t hart)
{
	(void)hart;
	total = pmu_call(PMU_NUMBER, 0, 0, 0, 0, 0).value;
	first = total - 16;
	note_count("counters", total);
	sets();
	kinds();
	bases();
	lists();
	console();
	triggers();
	still_counts();
}
