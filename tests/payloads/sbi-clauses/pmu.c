// SPDX-License-Identifier: BSD-2-Clause
/*
 * pmu.c - the PMU's calls: which counters there are, and what each argument may be.  A guest has
 * cycle, instret and 16 counters of the firmware; a machine has what it has.
 */
#include "hm_abi.h"
#include "pmu.h"

static void counters(void)
{
	uint64_t number = pmu_call(PMU_NUMBER, 0, 0, 0, 0, 0).value;

	fact_equal(pmu_call(PMU_GET_INFO, CYCLE, 0, 0, 0, 0).value, 0xc00 | 63 << 12,
		   "counter 0 is cycle, of 64 bits");
	fact_equal(pmu_call(PMU_GET_INFO, INSTRET, 0, 0, 0, 0).value, 0xc02 | 63 << 12,
		   "counter 2 is instret");
	fact(pmu_call(PMU_GET_INFO, number - 1, 0, 0, 0, 0).value >> 63,
	     "the last counter is the firmware's");
	is(pmu_call(PMU_GET_INFO, number, 0, 0, 0, 0), SBI_INVALID_PARAM, "one behind the last");
	is(pmu_call(PMU_GET_INFO, ~0ul, 0, 0, 0, 0), SBI_INVALID_PARAM, "counter ~0");
	differs(pmu_call(PMU_GET_INFO, 1ul << 32, 0, 0, 0, 0), SBI_INVALID_PARAM, SBI_OK,
		"counter 2^32, of which OpenSBI sees 32 bits");
	is(pmu_call(PMU_READ, number, 0, 0, 0, 0), SBI_INVALID_PARAM, "reading behind the last");
	is(pmu_call(PMU_SNAPSHOT, 0, 0, 0, 0, 0), SBI_NOT_SUPPORTED, "a snapshot is optional");
	is(pmu_call(PMU_SNAPSHOT, ~0ul, ~0ul, 0, 0, 0), SBI_NOT_SUPPORTED, "and so is its end");
}

/* Sets with a counter that there is not. */
static const struct {
	uint64_t base, mask;
} wrong_sets[] = {
	{ NOBODYS, 1 },
	{ 0, 2 },
	{ 0, 7 },
	{ COUNTERS, 1 },
	{ 0, 1 << COUNTERS },
	{ COUNTERS - 1, 3 },
	{ FIRST, ~0ul },
	{ 0, 1ul << 63 },
	{ ~0ul, 1 },
	{ ~0ul, 2 },
	{ 1ul << 32, 1 },
	{ COUNTERS, 0 },
	{ 63, 1ul << 63 },
};

static void sets(void)
{
	for (unsigned int i = 0; i < sizeof(wrong_sets) / sizeof(wrong_sets[0]); i++) {
		uint64_t base = wrong_sets[i].base, mask = wrong_sets[i].mask;

		is(configure(base, mask, 0, FW(SET_TIMER), 0), SBI_INVALID_PARAM,
		   "configuring one of a set with a wrong counter");
		is(pmu_call(PMU_START, base, mask, 0, 0, 0), SBI_INVALID_PARAM, "starting it");
		is(pmu_call(PMU_STOP, base, mask, 0, 0, 0), SBI_INVALID_PARAM, "stopping it");
	}
	is(configure(0, 0, 0, FW(SET_TIMER), 0), SBI_NOT_SUPPORTED, "configuring none");
	is(configure(0, 0, SKIP_MATCH, FW(SET_TIMER), 0), SBI_NOT_SUPPORTED, "the first of none");
	is(pmu_call(PMU_START, 0, 0, 0, 0, 0), SBI_OK, "starting none");
	is(pmu_call(PMU_STOP, 0, 0, 0, 0, 0), SBI_OK, "stopping none");
	for (unsigned int counter = 0; counter < FIRST; counter++) {
		is(pmu_call(PMU_READ, counter, 0, 0, 0, 0), SBI_INVALID_PARAM,
		   "reading a counter of the hart by a call");
		is(pmu_call(PMU_READ_HIGH, counter, 0, 0, 0, 0), SBI_INVALID_PARAM,
		   "reading its upper half");
	}
	is(pmu_call(PMU_READ_HIGH, COUNTERS, 0, 0, 0, 0), SBI_INVALID_PARAM,
	   "the upper half of one behind the last");
}

static void flags(void)
{
	for (unsigned int bit = 8; bit < 64; bit++)
		is(configure(0, EVERY, 1ul << bit, FW(SET_TIMER), 0), SBI_INVALID_PARAM,
		   "a reserved flag of configuring");
	for (unsigned int bit = 2; bit < 64; bit++) {
		is(pmu_call(PMU_START, FIRST, 0, 1ul << bit, 0, 0), SBI_INVALID_PARAM,
		   "a reserved flag of starting");
		is(stop_one(FIRST, 1ul << bit), SBI_INVALID_PARAM, "a reserved flag of stopping");
	}
	is(pmu_call(PMU_START, FIRST, 1, FROM_SNAPSHOT, 0, 0), SBI_NO_SHMEM,
	   "starting from a snapshot");
	is(stop_one(FIRST, TAKE_SNAPSHOT), SBI_NO_SHMEM, "taking one");
	is(pmu_call(PMU_START, FIRST, 1, 0, 0, 0), SBI_INVALID_PARAM, "starting without an event");
	is(stop_one(FIRST, 0), SBI_ALREADY_STOPPED, "stopping what was never started");
}

/* Which events there are, and the data of those that are our own. */
static const struct {
	uint64_t event, data;
	bool there;
} events[] = {
	{ 0, 0, false },
	{ CYCLES, 0, true },
	{ INSTRUCTIONS, 0, true },
	{ CYCLES, 1, false },
	{ 3, 0, false },
	{ 10, 0, false },
	{ 11, 0, false },
	{ 0x10000, 0, false },
	{ 0x20000, 0, false },
	{ 0x20001, 1, false },
	{ 0x30000, 7, false },
	{ 0x40000, 0, false },
	{ 0xe0000, 0, false },
	{ FW(0), 0, true },
	{ FW(SET_TIMER), 0, true },
	{ FW(SET_TIMER), 1, false },
	{ FW(7), 0, false }, /* IPI_RECEIVED */
	{ FW(13), 0, true },
	{ FW(14), 0, false }, /* HFENCE */
	{ FW(22), 0, false },
	{ FW(255), 0, false },
	{ FW(256), 0, false },
	{ FW(0xfffe), 0, false },
	{ PLATFORM, HM_PMU_EXITS, true },
	{ PLATFORM, HM_PMU_FENCES, true },
	{ PLATFORM, HM_PMU_FENCES + 1, false },
	{ PLATFORM, HM_PMU_TRAP - 1, false },
	{ PLATFORM, HM_PMU_TRAP, true },
	{ PLATFORM, HM_PMU_TRAP + HM_TRAP_KINDS - 1, true },
	{ PLATFORM, HM_PMU_TRAP + HM_TRAP_KINDS, false },
	{ PLATFORM, HM_PMU_EXIT + HM_EXIT_COUNT - 1, true },
	{ PLATFORM, HM_PMU_EXIT + HM_EXIT_COUNT, false },
	{ PLATFORM, 1ul << 32 | HM_PMU_TRAP, false },
	{ PLATFORM, ~0ul, false },
	{ 1ul << 20 | PLATFORM, 0, false },
	{ 1ul << 32 | CYCLES, 0, false },
	{ ~0ul, 0, false },
};
#define EVENTS (sizeof(events) / sizeof(events[0]))

static void which_events(void)
{
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct sbi got = configure(0, EVERY, 0, events[i].event, events[i].data);

		is(got, events[i].there ? SBI_OK : SBI_NOT_SUPPORTED, "configuring an event");
		pmu_clear();
	}
	is(configure(FIRST, 1, 0, CYCLES, 0), SBI_NOT_SUPPORTED, "cycles by the firmware");
	is(configure(CYCLE, 1, 0, INSTRUCTIONS, 0), SBI_NOT_SUPPORTED, "instructions by cycle");
	is(configure(CYCLE, 1, SKIP_MATCH, FW(SET_TIMER), 0), SBI_NOT_SUPPORTED,
	   "a firmware event by cycle");
}

/* An entry of "Get PMU Event info". */
struct info {
	uint32_t event, output;
	uint64_t data;
};
#define MOST_INFOS 56 /* that a call takes */
static struct info infos[MOST_INFOS] __attribute__((aligned(4096)));

static struct sbi event_info(uint64_t address, uint64_t high, uint64_t entries, uint64_t flags)
{
	return pmu_call(PMU_EVENT_INFO, address, high, entries, flags, 0);
}

/* As far as the word can say the event; a wrong encoding ends the call. */
static void infos_of_events(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < EVENTS; i++) {
		uint64_t event = events[i].event, type = event >> 16;

		if (event >> 20 || (type > 3 && type < 15) || event == 0x20001 ||
		    (type < 2 && events[i].data))
			continue;
		infos[n] = (struct info){ event, ~0u, events[i].data };
		infos[n++].output = 2 + events[i].there;
	}
	is(event_info((uint64_t)infos, 0, n, 0), SBI_OK, "event_get_info");
	for (unsigned int i = 0, next = 0; i < EVENTS && next < n; i++)
		if (events[i].event == infos[next].event && events[i].data == infos[next].data)
			fact_equal(infos[next++].output, events[i].there, "whether it is there");
	is(event_info((uint64_t)infos, 0, 0, 0), SBI_OK, "of no events");
}

static void wrong_infos(void)
{
	static const uint32_t words[] = { 0x20001, 0x30001, 0x40000, 0xe0000, 0x100001, ~0u };
	uint64_t at = (uint64_t)infos;

	is(event_info(at, 0, 1, 1), SBI_INVALID_PARAM, "a reserved flag");
	is(event_info(at + 8, 0, 1, 0), SBI_INVALID_PARAM, "an address that is misaligned");
	is(event_info(at, 1, 1, 0), SBI_INVALID_ADDRESS, "an address of more than 64 bits");
	is(event_info(NOWHERE, 0, 1, 0), SBI_INVALID_ADDRESS, "an address that is not RAM");
	is(event_info(FIRMWARE_ONLY, 0, 1, 0), SBI_INVALID_ADDRESS, "one that is the firmware's");
	is(event_info(-16ul, 0, 2, 0), SBI_INVALID_ADDRESS, "entries that wrap around");
	is(event_info(0x80000000ul - 16, 0, 2, 0), SBI_INVALID_ADDRESS,
	   "entries that begin before RAM");
	for (unsigned int i = 0; i < MOST_INFOS; i++)
		infos[i] = (struct info){ PLATFORM, 0, HM_PMU_EXITS };
	is(event_info(at, 0, MOST_INFOS, 0), SBI_OK, "as many entries as a call takes");
	fact_equal(infos[MOST_INFOS - 1].output, 1, "the last one is answered");
	is(event_info(at, 0, MOST_INFOS + 1, 0), SBI_FAILED, "more entries than a call takes");
	is(event_info(at, 0, ~0ul, 0), SBI_FAILED, "2^64 - 1 entries");
	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		infos[0] = (struct info){ words[i], 9, 0 };
		is(event_info(at, 0, 1, 0), SBI_INVALID_PARAM, "what encodes no event");
		fact_equal(infos[0].output, 9, "its entry stays");
	}
}

void pmu(void)
{
	facts_about("pmu");
	counters();
	if (firmware == GUEST) {
		sets();
		flags();
		which_events();
		infos_of_events();
		wrong_infos();
	}
	counts();
	facts_about("");
}
