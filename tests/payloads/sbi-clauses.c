// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI clause by clause, with as many harts as there are; also on OpenSBI without hmcode,
 * for reference.  slack=N: in real time, which other programs take some of, all that takes time
 * may take N times as long.  echo=1: instead, says what it hears up to a q, by legacy calls
 * alone.  unknown=N: instead, calls so often what is not there.
 */
#include "hm_abi.h"
#include "sbi-clauses/clauses.h"

#define MOST_HARTS 8

enum { LEGACY_PUTCHAR = 1, LEGACY_GETCHAR = 2, LEGACY_SHUTDOWN = 8 };

enum firmware firmware;
uint64_t me;
unsigned int harts;
uint64_t ms;
struct cpu cpus[MOST_HARTS];
static uint8_t stacks[MOST_HARTS][4096] __attribute__((aligned(16)));

static int64_t expected(int64_t guest, int64_t opensbi)
{
	return firmware == GUEST ? guest : opensbi;
}

void differs(struct sbi got, int64_t guest, int64_t opensbi, const char *what)
{
	fact_equal(got.error, expected(guest, opensbi), what);
	if (got.error)
		fact_equal(got.value, 0, "an error has no value");
}

void is(struct sbi got, int64_t error, const char *what)
{
	differs(got, error, error, what);
}

void arrived_well(const struct cpu *cpu, const char *subject)
{
	facts_about(subject);
	fact_equal(cpu->a0, cpu->hart, "a0 is the hart's number");
	fact_equal(cpu->a1, (uint64_t)cpu, "a1 is the opaque value");
	fact_equal(cpu->satp, 0, "satp is 0");
	fact_equal(cpu->sstatus & SSTATUS_SIE, 0, "sstatus.SIE is 0");
	facts_about("");
}

bool ipi_comes(void)
{
	bool came = WAIT(csr_read(sip) & SIP_SOFT);

	csr_clear(sip, SIP_SOFT);
	return came;
}

bool ipi_stays_away(void)
{
	uint64_t until = now() + ms / 2;
	bool came = false;

	while (now() < until)
		came |= !!(csr_read(sip) & SIP_SOFT);
	csr_clear(sip, SIP_SOFT);
	return !came;
}

static void take_orders(struct cpu *cpu)
{
	for (;;) {
		if (!cpu->order)
			continue;
		__sync_synchronize();
		cpu->order(cpu);
		__sync_synchronize();
		cpu->order = NULL;
	}
}

void order(struct cpu *cpu, void (*what)(struct cpu *cpu))
{
	__sync_synchronize();
	cpu->order = what;
}

void start(struct cpu *cpu)
{
	uint64_t before = cpu->arrivals;

	cpu->sp = (uint64_t)stacks[cpu->hart] + sizeof(stacks[0]);
	cpu->go = take_orders;
	cpu->order = NULL;
	__sync_synchronize();
	is(sbi_call(SBI_HSM, HSM_START, cpu->hart, (uint64_t)cpu_entry, (uint64_t)cpu, 0, 0),
	   SBI_OK, "starting a stopped hart");
	fact(WAIT(cpu->arrivals == before + 1), "it arrives");
	fact(WAIT(has_status(cpu->hart, STARTED)), "it is started");
}

static void stop_order(struct cpu *cpu)
{
	cpu->answer = sbi_call(SBI_HSM, HSM_STOP, 0, 0, 0, 0, 0);
}

void stop(struct cpu *cpu)
{
	order(cpu, stop_order);
	fact(WAIT(has_status(cpu->hart, STOPPED)), "a hart that has stopped is seen so");
}

extern const char trap_entry[], _trap_stack_top[];

int64_t leave_registers_here(uint64_t eid, uint64_t fid, uint64_t type)
{
	int64_t error = leave_registers(&cpus[me], eid, fid, type);

	csr_write(stvec, trap_entry);
	csr_write(sscratch, _trap_stack_top);
	return error;
}

static enum firmware who_answers(void)
{
	if (sbi_call(SBI_BASE, 1, 0, 0, 0, 0, 0).value == HM_EXT_ID)
		return GUEST;
	return sbi_call(SBI_BASE, 3, HM_EXT_ID, 0, 0, 0, 0).value ? NATIVE : STOCK;
}

/* What microkernels and their loaders know of a machine. */
static void echo(void)
{
	int64_t c = ':';

	while (c != 'q') {
		if (c >= 0)
			sbi_call(LEGACY_PUTCHAR, 0, c, 0, 0, 0, 0);
		c = sbi_call(LEGACY_GETCHAR, 0, 0, 0, 0, 0, 0).error;
	}
	sbi_call(LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
}

static void call_unknown(uint64_t times)
{
	bool refused = true;

	for (uint64_t i = 0; i < times; i++)
		refused &= sbi_call(0x0badbad + i % 2, 0, 0, 0, 0, 0, 0).error == SBI_NOT_SUPPORTED;
	fact(refused, "what is not there is refused");
}

void payload(uint64_t hart)
{
	static const char *const names[] = { "a guest", "hmcode", "OpenSBI" };

	me = hart;
	ms = 10000 * payload_option("slack", 1);
	if (payload_option("echo", 0))
		echo();
	if (payload_option("unknown", 0)) {
		call_unknown(payload_option("unknown", 0));
		return;
	}
	firmware = who_answers();
	note(names[firmware]);
	while (harts < MOST_HARTS && !hart_status(harts).error) {
		cpus[harts].hart = harts;
		harts++;
	}
	note_count("harts", harts);
	csr_clear(sstatus, SSTATUS_SIE);
	calls();
	masks();
	hart_states();
	legacy();
	pmu();
	suspend_here();
	system_suspend();
}
