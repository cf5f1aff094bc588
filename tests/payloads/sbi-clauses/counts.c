// SPDX-License-Identifier: BSD-2-Clause
/*
 * counts.c - what the PMU's counters count, exactly: calls and traps that this hart makes, and the
 * instructions of a loop.
 */
#include "hm_abi.h"
#include "pmu.h"

static void set_timers(unsigned int times)
{
	for (unsigned int i = 0; i < times; i++)
		set_timer(~0ul);
}

/* OpenSBI starts and stops a counter of the firmware as often as it is told to. */
static void one_counter(void)
{
	struct sbi found = configure(0, EVERY, CLEAR_VALUE, FW(SET_TIMER), 0);
	uint64_t counter = found.value;
	bool guest = firmware == GUEST;

	fact_equal(found.error, SBI_OK, "configuring a counter of calls of set_timer");
	is(start_from(counter, 100), SBI_OK, "starting it at 100");
	set_timers(7);
	fact_equal(pmu_read(counter), 107, "7 calls");
	differs(start_from(counter, 5), SBI_ALREADY_STARTED, SBI_OK, "starting it again");
	fact_equal(pmu_read(counter), guest ? 107 : 5, "which changes nothing");
	is(stop_one(counter, 0), SBI_OK, "stopping it");
	set_timers(3);
	fact_equal(pmu_read(counter), guest ? 107 : 5, "it counts no more");
	differs(stop_one(counter, 0), SBI_ALREADY_STOPPED, SBI_OK, "stopping it again");
	is(pmu_call(PMU_START, counter, 1, 0, 5, 0), SBI_OK, "starting it as it stands");
	set_timers(2);
	fact_equal(pmu_read(counter), guest ? 109 : 7, "it goes on");
	is(stop_one(counter, RESET), SBI_OK, "stopping it for good");
}

static void its_event(void)
{
	is(stop_one(FIRST, RESET), SBI_ALREADY_STOPPED, "it is stopped");
	is(pmu_call(PMU_START, FIRST, 1, 0, 0, 0), SBI_INVALID_PARAM, "and has no event any more");
	is(configure(FIRST, 1, AUTO_START | CLEAR_VALUE, FW(SET_TIMER), 0), SBI_OK,
	   "configuring it to start at once");
	set_timers(4);
	fact_equal(pmu_read(FIRST), 4, "it counts from then on");
	is(configure(FIRST, 1, SKIP_MATCH | CLEAR_VALUE, FW(ILLEGAL_INSN), 0), SBI_NOT_SUPPORTED,
	   "one that is started is not configured");
	fact_equal(pmu_read(FIRST), 4, "it stays");
	fact_equal(configure(FIRST, 3, 0, FW(SET_TIMER), 0).value, FIRST + 1,
		   "the same event twice is another counter");
	is(configure(FIRST, 3, 0, FW(SET_TIMER), 0), SBI_NOT_SUPPORTED, "a third of two");
	is(configure(FIRST + 1, 1, SKIP_MATCH, FW(ILLEGAL_INSN), 0), SBI_OK,
	   "one that is named gets another event");
	is(pmu_call(PMU_START, FIRST, 3, SET_VALUE, 50, 0), SBI_ALREADY_STARTED,
	   "starting two of which one is");
	set_timers(1);
	fact_equal(pmu_read(FIRST), 5, "that one goes on");
	fact_equal(pmu_read(FIRST + 1), 50, "the other has started");
	fact_equal(pmu_call(PMU_READ_HIGH, FIRST + 1, 0, 0, 0, 0).value, 0, "no upper half");
	pmu_clear();
	fact_equal(pmu_read(FIRST), 5, "a value stays without its event");
}

static void all_counters(void)
{
	for (unsigned int i = FIRST; i < COUNTERS; i++)
		fact_equal(configure(0, EVERY, CLEAR_VALUE, FW(SET_TIMER), 0).value, i,
			   "the next that is free");
	is(configure(0, EVERY, 0, FW(SET_TIMER), 0), SBI_NOT_SUPPORTED, "none is left");
	is(pmu_call(PMU_START, FIRST, 0xffff, 0, 0, 0), SBI_OK, "starting all at once");
	set_timers(2);
	for (unsigned int i = FIRST; i < COUNTERS; i++)
		fact_equal(pmu_read(i), 2, "each counts");
	pmu_clear();
}

/* ---- events ---- */

static uint64_t counted(uint64_t event, uint64_t data, void (*what)(unsigned int times))
{
	uint64_t before, found = configure(0, EVERY, AUTO_START, event, data).value;

	before = pmu_read(found);
	what(23);
	before = pmu_read(found) - before;
	stop_one(found, RESET);
	return before;
}

static uint64_t illegal_instruction(uint64_t a, uint64_t b)
{
	(void)a, (void)b;
	return csr_read(mscratch);
}

static void illegals(unsigned int times)
{
	while (times--)
		attempt(illegal_instruction, 0, 0);
}

static void fences(unsigned int times)
{
	while (times--)
		fence_page(TEST_VA);
}

static void host_calls(unsigned int times)
{
	while (times--)
		hart_status(me);
}

static void ipis(unsigned int times)
{
	while (times--)
		send_ipi(1ul << me, 0);
	csr_clear(sip, SIP_SOFT);
}

static void code_fences(unsigned int times)
{
	while (times--)
		sbi_call(SBI_RFENCE, 0, 1ul << me, 0, 0, 0, 0);
}

/* A fence is a trap or an exit, by the mode. */
static void each_event(void)
{
	uint64_t trapped = counted(PLATFORM, HM_PMU_TRAP + HM_TRAP_SFENCE_VA, fences);
	uint64_t left = counted(PLATFORM, HM_PMU_EXIT + HM_EXIT_FLUSH, fences);

	fact_equal(trapped + left, 23, "fences, as traps or as exits");
	fact_equal(counted(PLATFORM, HM_PMU_FENCES, fences), trapped, "the sum of fences");
	fact_equal(counted(FW(SET_TIMER), 0, set_timers), 23, "SET_TIMER");
	fact_equal(counted(PLATFORM, HM_PMU_TRAP + HM_TRAP_SBI_TIME, set_timers), 23, "sbi_time");
	fact_equal(counted(FW(ILLEGAL_INSN), 0, illegals), 23, "ILLEGAL_INSN");
	fact_equal(counted(PLATFORM, HM_PMU_EXIT + HM_EXIT_SBI, host_calls), 23, "exits of SBI");
	fact(counted(PLATFORM, HM_PMU_EXITS, host_calls) >= 23, "all exits");
	fact(counted(PLATFORM, HM_PMU_TRAPS, set_timers) >= 23, "all traps");
	fact_equal(counted(PLATFORM, HM_PMU_TRAPS_MEMORY, set_timers), 0, "traps for memory");
	fact_equal(counted(FW(IPI_SENT), 0, ipis), 23, "IPI_SENT");
	fact_equal(counted(FW(FENCE_I_SENT), 0, code_fences), 23, "FENCE_I_SENT");
	fact(counted(FW(FENCE_I_RECEIVED), 0, code_fences) > 0, "FENCE_I_RECEIVED");
}

/* ---- instret and cycle ---- */

/* Two instructions a round. */
static __attribute__((noinline)) uint64_t loop(uint64_t rounds)
{
	uint64_t before = csr_read(instret);

	__asm__ volatile("1:	addi %0, %0, -1\n"
			 "	bnez %0, 1b\n"
			 : "+r"(rounds));
	return csr_read(instret) - before;
}

/* Each way to read it.  The firmware does all of them, so that they count nothing themselves. */
static uint64_t other_reads(uint64_t a, uint64_t b)
{
	uint64_t first = csr_read(instret), second, third, fourth;

	(void)a, (void)b;
	__asm__ volatile("	csrrc %0, instret, zero\n"
			 "	nop\n"
			 "	csrrsi %1, instret, 0\n"
			 "	nop\n"
			 "	nop\n"
			 "	csrrci %2, instret, 0\n"
			 : "=&r"(second), "=&r"(third), "=&r"(fourth));
	return second - first < 4 && third - second == 1 && fourth - third == 2;
}

static uint64_t write_instret(uint64_t a, uint64_t b)
{
	(void)a, (void)b;
	csr_write(instret, 5);
	return 0;
}

/* Facts print, which takes instructions. */
static void instret_of_an_event(void)
{
	uint64_t begin, end, stopped, again;

	start_from(INSTRET, 1000);
	begin = csr_read(instret);
	host_calls(1);
	end = csr_read(instret);
	stop_one(INSTRET, 0);
	stopped = csr_read(instret);
	again = csr_read(instret);
	pmu_call(PMU_START, INSTRET, 1, 0, 0, 0);
	fact(begin >= 1000 && begin < 1100, "started at 1000 it begins there");
	fact(end - begin < 100, "a call of the host is none of it");
	fact(stopped - end < 100 && again == stopped, "stopped it stands");
	again = csr_read(instret);
	fact(again > stopped && again - stopped < 100000, "started it goes on");
}

/* In real time QEMU's hart counts other things than instructions. */
static bool counts_instructions(void)
{
	return payload_option("slack", 1) == 1;
}

/* Its own: neither what the firmware does for it nor others on the hart. */
static void instructions(void)
{
	fact_equal(loop(3000) - loop(1000), 4000, "a loop's instructions, without an event");
	fact_equal(configure(0, EVERY, 0, INSTRUCTIONS, 0).value, INSTRET, "the counter instret");
	instret_of_an_event();
	fact_equal(loop(50000) - loop(1000), 98000, "a loop's instructions");
	fact_equal(attempt(other_reads, 0, 0).value, true, "other instructions read it, too");
	fact_equal(attempt(write_instret, 0, 0).cause, CAUSE_ILLEGAL, "it cannot be written");
	pmu_clear();
	fact_equal(loop(3000) - loop(1000), 4000, "a loop's instructions again");
}

/* What it counts is the machine's affair: that it begins, stands and ends as told is not. */
static void cycles(void)
{
	uint64_t before = csr_read(cycle), stands;

	fact(csr_read(cycle) - before > 0, "cycle counts");
	is(configure(CYCLE, 1, 0, CYCLES, 0), SBI_OK, "configuring cycle");
	fact(csr_read(cycle) >= before, "it stands where it was");
	is(start_from(CYCLE, ~0ul - 5), SBI_OK, "starting it shortly before its end");
	host_calls(1);
	fact(csr_read(cycle) < 1000000000, "it has wrapped around");
	is(stop_one(CYCLE, 0), SBI_OK, "stopping it");
	stands = csr_read(cycle);
	host_calls(1);
	fact_equal(csr_read(cycle), stands, "it stands");
	is(stop_one(CYCLE, RESET), SBI_ALREADY_STOPPED, "taking its event away");
	fact(csr_read(cycle) > before, "cycle is the hart's again");
}

/* A user reads them where scounteren lets it, whoever answers. */
static void users(void)
{
	const struct mode *mode = first_mode();
	uint64_t root = root_new(mode);

	map_user_code(mode, root);
	satp_load(mode, root, 0);
	fence_all();
	configure(CYCLE, 1, AUTO_START, CYCLES, 0);
	csr_write(scounteren, 6);
	fact_equal(attempt_user(USER(user_read_cycle), 0, 0).cause, CAUSE_ILLEGAL,
		   "a user's reading of cycle without scounteren.CY");
	csr_write(scounteren, 1);
	fact_equal(attempt_user(USER(user_read_cycle), 0, 0).cause, CAUSE_USER_ECALL,
		   "a user's reading of cycle with it");
	pmu_clear();
	fact_equal(attempt_user(USER(user_read_cycle), 0, 0).cause, CAUSE_USER_ECALL,
		   "and when the counter has no event");
	csr_write(satp, 0);
}

/* ---- harts apart ---- */

static void count_there(struct cpu *cpu)
{
	configure(FIRST, 1, AUTO_START | CLEAR_VALUE, FW(SET_TIMER), 0);
	set_timers(9);
	cpu->answer = (struct sbi){ pmu_read(FIRST), pmu_read(FIRST + 1) };
}

static void read_there(struct cpu *cpu)
{
	cpu->answer = (struct sbi){ pmu_read(FIRST), pmu_call(PMU_START, FIRST, 1, 0, 0, 0).error };
}

static void two_harts(struct cpu *other)
{
	configure(FIRST, 3, AUTO_START | CLEAR_VALUE, FW(SET_TIMER), 0);
	start(other);
	order(other, count_there);
	fact(WAIT(is_done(other)), "the other hart has counted");
	fact_equal(other->answer.error, 9, "its own calls");
	fact_equal(other->answer.value, 0, "and has no other counter");
	fact_equal(pmu_read(FIRST), 0, "none of which are this hart's");
	stop(other);
	start(other);
	order(other, read_there);
	fact(WAIT(is_done(other)), "the other hart has started again");
	fact_equal(other->answer.error, 0, "its counter is 0");
	fact_equal(other->answer.value, SBI_INVALID_PARAM, "and has no event");
	stop(other);
	pmu_clear();
}

void counts(void)
{
	one_counter();
	if (firmware != GUEST)
		return;
	its_event();
	all_counters();
	each_event();
	if (counts_instructions())
		instructions();
	cycles();
	users();
	if (harts > 1)
		two_harts(&cpus[!me]);
}
