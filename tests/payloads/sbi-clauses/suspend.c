// SPDX-License-Identifier: BSD-2-Clause
/* suspend.c - the hart that calls is suspended, and with it the whole system. */
#include "clauses.h"

#define TO_RAM 0ul

static struct sbi susp(uint64_t fid, uint64_t type, uint64_t address)
{
	return sbi_call(SBI_SUSP, fid, type, address, 0, 0, 0);
}

/* Everything else pending is not enabled; sleeps until its own timer. */
static uint64_t sleep_begins(void)
{
	uint64_t due = now() + 2 * ms;

	csr_write(sie, SIP_TIMER);
	csr_set(sip, SIP_SOFT);
	set_timer(due);
	return due;
}

static void sleep_ends(const struct cpu *cpu, uint64_t due, const char *subject)
{
	fact(now() >= due, "not before its timer is due");
	arrived_well(cpu, subject);
	fact(cpu->sip & SIP_SOFT, "SSIP is still pending");
	fact(cpu->sip & SIP_TIMER, "so is the timer");
	csr_write(sie, 0);
	csr_clear(sip, SIP_SOFT);
	set_timer(~0ul);
}

void suspend_here(void)
{
	uint64_t due;

	csr_write(sie, SIP_TIMER);
	due = now() + 2 * ms;
	set_timer(due);
	is(sbi_call(SBI_HSM, HSM_SUSPEND, RETENTIVE, 0, 0, 0, 0), SBI_OK, "this hart is suspended");
	fact(now() >= due, "until its timer is due");
	due = sleep_begins();
	fact_equal(leave_registers_here(SBI_HSM, HSM_SUSPEND, NON_RETENTIVE), RESUMED,
		   "it is suspended without its registers");
	sleep_ends(&cpus[me], due, "this hart after it resumed");
}

static void wrong(void)
{
	static const uint64_t types[] = { 1, 0x7fffffff, 0x80000000, 0xffffffff };

	for (unsigned int i = 0; i < 4; i++)
		is(susp(0, types[i], (uint64_t)cpu_entry), SBI_INVALID_PARAM,
		   "a sleep type that there is not");
	is(susp(0, TO_RAM, FIRMWARE_ONLY), SBI_INVALID_ADDRESS, "resuming where it could not run");
	is(susp(1, TO_RAM, (uint64_t)cpu_entry), SBI_NOT_SUPPORTED, "a function that there is not");
}

static void while_another_runs(struct cpu *other)
{
	start(other);
	is(susp(0, TO_RAM, (uint64_t)cpu_entry), SBI_DENIED, "while another hart has not stopped");
	is(susp(0, TO_RAM, FIRMWARE_ONLY), SBI_DENIED, "whatever the address");
	is(susp(0, 1, (uint64_t)cpu_entry), SBI_INVALID_PARAM, "but the type comes first");
	stop(other);
}

void system_suspend(void)
{
	uint64_t due;

	facts_about("SUSP");
	if (firmware == STOCK) {
		is(susp(0, TO_RAM, (uint64_t)cpu_entry), SBI_NOT_SUPPORTED,
		   "OpenSBI needs a board's own");
		return;
	}
	wrong();
	if (harts > 1)
		while_another_runs(&cpus[me ? 0 : harts - 1]);
	due = sleep_begins();
	fact_equal(leave_registers_here(SBI_SUSP, 0, TO_RAM), RESUMED, "the system is suspended");
	sleep_ends(&cpus[me], due, "SUSP");
}
