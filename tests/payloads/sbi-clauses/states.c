// SPDX-License-Identifier: BSD-2-Clause
/* states.c - HSM: a hart that is stopped, starts, is suspended, resumes, stops. */
#include "clauses.h"

static struct cpu *other;

static void wrong_harts(void)
{
	is(hart_status(NO_SUCH_HART), SBI_INVALID_PARAM, "the status of no hart");
	is(hart_status(harts), SBI_INVALID_PARAM, "the status of the hart after the last");
	is(hart_status(ALL), SBI_INVALID_PARAM, "the status of hart ~0");
	is(hart_status(me), SBI_OK, "the status of this hart");
	fact(has_status(me, STARTED), "it is started");
	is(sbi_call(SBI_HSM, HSM_START, NO_SUCH_HART, (uint64_t)cpu_entry, 0, 0, 0),
	   SBI_INVALID_PARAM, "starting no hart");
	is(sbi_call(SBI_HSM, HSM_START, me, (uint64_t)cpu_entry, 0, 0, 0), SBI_ALREADY_AVAILABLE,
	   "starting this hart");
	is(sbi_call(SBI_HSM, HSM_START, me, FIRMWARE_ONLY, 0, 0, 0), SBI_INVALID_ADDRESS,
	   "starting it where it could not run");
}

static void wrong_kinds(void)
{
	static const uint64_t reserved[] = { 1, 0x0fffffff, 0x80000001, 0x8fffffff };
	static const uint64_t platform[] = { 0x10000000, 0x7fffffff, 0x90000000, 0xffffffff };

	for (unsigned int i = 0; i < 4; i++) {
		is(sbi_call(SBI_HSM, HSM_SUSPEND, reserved[i], (uint64_t)cpu_entry, 0, 0, 0),
		   SBI_INVALID_PARAM, "a reserved kind of suspend");
		differs(sbi_call(SBI_HSM, HSM_SUSPEND, platform[i], (uint64_t)cpu_entry, 0, 0, 0),
			SBI_INVALID_PARAM, SBI_NOT_SUPPORTED, "a platform's kind of suspend");
	}
	is(sbi_call(SBI_HSM, HSM_SUSPEND, NON_RETENTIVE, FIRMWARE_ONLY, 0, 0, 0),
	   SBI_INVALID_ADDRESS, "resuming where it could not run");
}

/* An IPI that is sent to a stopped hart is nobody's. */
static void starts(void)
{
	fact(has_status(other->hart, STOPPED), "the other hart is stopped");
	is(sbi_call(SBI_HSM, HSM_START, other->hart, FIRMWARE_ONLY, 0, 0, 0), SBI_INVALID_ADDRESS,
	   "starting it where it could not run");
	fact(has_status(other->hart, STOPPED), "it is stopped all the same");
	is(send_ipi(1, other->hart), SBI_OK, "an IPI to it");
	is(sbi_call(SBI_RFENCE, 1, 1, other->hart, 0, 0, 0), SBI_OK, "a remote fence of it");
	start(other);
	arrived_well(other, "after a start");
	fact_equal(other->sip & SIP_SOFT, 0, "the IPI of before is not pending");
	is(sbi_call(SBI_HSM, HSM_START, other->hart, (uint64_t)cpu_entry, 0, 0, 0),
	   SBI_ALREADY_AVAILABLE, "starting a hart that is started");
}

static void suspend_retentive(struct cpu *cpu)
{
	csr_write(sie, SIP_SOFT);
	cpu->answer = sbi_call(SBI_HSM, HSM_SUSPEND, RETENTIVE, 0, 0, 0, 0);
	cpu->seen = csr_read(sip);
	csr_clear(sip, SIP_SOFT);
}

static bool stays_suspended(uint64_t ticks)
{
	for (uint64_t until = now() + ticks; now() < until;)
		if (is_done(other) || !has_status(other->hart, SUSPENDED))
			return false;
	return true;
}

static void sleeps_until_an_ipi(void)
{
	order(other, suspend_retentive);
	fact(WAIT(has_status(other->hart, SUSPENDED)), "a suspended hart is seen as SUSPENDED");
	fact(stays_suspended(3 * ms), "until it is woken");
	is(sbi_call(SBI_HSM, HSM_START, other->hart, (uint64_t)cpu_entry, 0, 0, 0),
	   SBI_INVALID_PARAM, "starting a suspended hart");
	is(send_ipi(1, other->hart), SBI_OK, "an IPI to it");
	fact(WAIT(is_done(other)), "wakes it");
	is(other->answer, SBI_OK, "its call has succeeded");
	fact(has_status(other->hart, STARTED), "it is started");
	fact(other->seen & SIP_SOFT, "what woke it is pending");
}

static void suspend_with_timer(struct cpu *cpu)
{
	csr_write(sie, SIP_TIMER);
	cpu->due = now() + 5 * ms;
	set_timer(cpu->due);
	cpu->answer = sbi_call(SBI_HSM, HSM_SUSPEND, RETENTIVE, 0, 0, 0, 0);
	cpu->seen = now();
	set_timer(~0ul);
}

static void suspend_while_pending(struct cpu *cpu)
{
	csr_write(sie, SIP_SOFT);
	csr_set(sip, SIP_SOFT);
	cpu->answer = sbi_call(SBI_HSM, HSM_SUSPEND, RETENTIVE, 0, 0, 0, 0);
	csr_clear(sip, SIP_SOFT);
}

static void wakes_by_itself(void)
{
	order(other, suspend_with_timer);
	fact(WAIT(is_done(other)), "a timer wakes a suspended hart");
	fact(other->seen >= other->due, "not before it is due");
	order(other, suspend_while_pending);
	fact(WAIT(is_done(other)), "what is pending already wakes it at once");
	is(other->answer, SBI_OK, "its call has succeeded");
}

/* The feature, then a change of it that its lock refuses. */
static void lock_feature(struct cpu *cpu)
{
	is(feature_set(MISALIGNED_EXC_DELEG, 1, LOCK), SBI_OK,
	   "delegating misaligned accesses, and locking that");
	differs(feature_set(MISALIGNED_EXC_DELEG, 0, 0), SBI_DENIED_LOCKED, SBI_DENIED,
		"it is locked");
	cpu->answer = feature_get(MISALIGNED_EXC_DELEG);
}

static void get_feature(struct cpu *cpu)
{
	cpu->answer = feature_get(MISALIGNED_EXC_DELEG);
}

static void locks_end(void)
{
	order(other, lock_feature);
	fact(WAIT(is_done(other)), "a hart locks a feature");
	fact_equal(other->answer.value, 1, "which stays as it is");
	fact_equal(feature_get(MISALIGNED_EXC_DELEG).value, 0, "another hart has its own");
	stop(other);
	start(other);
	order(other, get_feature);
	fact(WAIT(is_done(other)), "a hart that has started again");
	fact_equal(other->answer.value, 0, "has features as at reset");
	order(other, lock_feature);
	fact(WAIT(is_done(other)), "and no lock of before");
}

/* SSIP is pending, and not enabled: it does not wake. */
static void resume_by_timer(struct cpu *cpu)
{
	csr_write(sie, SIP_TIMER);
	csr_set(sip, SIP_SOFT);
	set_timer(now() + 20 * ms);
	cpu->answer.error = leave_registers(cpu, SBI_HSM, HSM_SUSPEND, NON_RETENTIVE);
	csr_clear(sip, SIP_SOFT);
	set_timer(~0ul);
}

/* The timer is not due when it resumes. */
static void resume_before_timer(struct cpu *cpu)
{
	csr_write(sie, SIP_SOFT);
	set_timer(now() + 20 * ms);
	cpu->answer.error = leave_registers(cpu, SBI_HSM, HSM_SUSPEND, NON_RETENTIVE);
	cpu->seen = WAIT(csr_read(sip) & SIP_TIMER);
	csr_clear(sip, SIP_SOFT);
	set_timer(~0ul);
}

static void loses_registers(void)
{
	order(other, resume_by_timer);
	fact(WAIT(has_status(other->hart, SUSPENDED)), "without registers it is seen as SUSPENDED");
	fact(stays_suspended(3 * ms), "a pending interrupt that is not enabled does not wake it");
	fact(WAIT(is_done(other)), "a timer wakes it");
	fact_equal(other->answer.error, RESUMED, "where it asked for");
	arrived_well(other, "after a non-retentive resume");
	fact(other->sip & SIP_SOFT, "SSIP is still pending");
	fact(other->sip & SIP_TIMER, "so is the timer that woke it");
	order(other, resume_before_timer);
	fact(WAIT(has_status(other->hart, SUSPENDED)), "once more");
	is(send_ipi(1, other->hart), SBI_OK, "an IPI to it");
	fact(WAIT(is_done(other)), "wakes it");
	arrived_well(other, "after an IPI");
	fact(other->seen, "its timer has run on");
	order(other, get_feature);
	fact(WAIT(is_done(other)), "it asks for a feature");
	fact_equal(other->answer.value, 1, "which is as it was set before");
}

static void leave_things_pending(struct cpu *cpu)
{
	(void)cpu;
	csr_write(sie, SIP_SOFT | SIP_TIMER);
	csr_set(sip, SIP_SOFT);
	sbi_call(SBI_HSM, HSM_STOP, 0, 0, 0, 0, 0);
}

static void stops(void)
{
	order(other, leave_things_pending);
	fact(WAIT(has_status(other->hart, STOPPED)), "it stops with an IPI pending");
	is(send_ipi(0, ALL), SBI_OK, "an IPI to all while it is stopped");
	csr_clear(sip, SIP_SOFT);
	start(other);
	arrived_well(other, "after another start");
	fact_equal(other->sip & SIP_SOFT, 0, "no IPI is pending");
	stop(other);
}

static void await_ipi(struct cpu *cpu)
{
	csr_write(sie, SIP_SOFT);
	while (!(csr_read(sip) & SIP_SOFT))
		__asm__ volatile("wfi");
	cpu->seen++;
	csr_clear(sip, SIP_SOFT);
}

/* As many as there are, which may be more than the host has. */
static void all_of_them(void)
{
	for (unsigned int i = 0; i < harts; i++)
		if (i != me) {
			start(&cpus[i]);
			order(&cpus[i], await_ipi);
		}
	is(send_ipi((1ul << harts) - 1, 0), SBI_OK, "an IPI to every hart");
	for (unsigned int i = 0; i < harts; i++)
		if (i != me) {
			fact(WAIT(is_done(&cpus[i])), "reaches it");
			stop(&cpus[i]);
		}
	fact(ipi_comes(), "and this one");
}

void hart_states(void)
{
	wrong_harts();
	wrong_kinds();
	if (harts < 2)
		return;
	other = &cpus[me ? 0 : harts - 1];
	starts();
	sleeps_until_an_ipi();
	wakes_by_itself();
	locks_end();
	loses_registers();
	stops();
	all_of_them();
}
