// SPDX-License-Identifier: BSD-2-Clause
/* Timer, self-sent IPIs and wfi: what is pending, what is taken, and what wakes a hart. */
#include "payload.h"

#define NEVER  ~0ul
#define SOON   2000ul /* ticks of time */
#define SIP(n) (1ul << (n))

static uint64_t now(void)
{
	return csr_read(time);
}

static struct sbi set_timer(uint64_t when)
{
	return sbi_call(SBI_TIME, 0, when, 0, 0, 0, 0);
}

static void wait_until(uint64_t when)
{
	while (now() < when)
		;
}

static void pending(void)
{
	fact_equal(set_timer(NEVER).error, SBI_OK, "set_timer");
	fact(!(csr_read(sip) & SIP(IRQ_TIMER)), "no timer is pending");
	set_timer(now() + SOON);
	fact(!(csr_read(sip) & SIP(IRQ_TIMER)), "not before its time");
	wait_until(now() + 2 * SOON);
	fact(csr_read(sip) & SIP(IRQ_TIMER), "pending after its time");
	fact_equal(interrupts_taken[IRQ_TIMER], 0, "but not taken while sie forbids it");
	set_timer(NEVER);
	fact(!(csr_read(sip) & SIP(IRQ_TIMER)), "setting a later time clears it");
}

static void taken(void)
{
	set_timer(now() + SOON);
	csr_set(sie, SIP(IRQ_TIMER));
	csr_set(sstatus, SSTATUS_SIE);
	wait_until(now() + 2 * SOON);
	csr_clear(sstatus, SSTATUS_SIE);
	fact_equal(interrupts_taken[IRQ_TIMER], 1, "the timer interrupt is taken once");
	set_timer(NEVER);
}

static void taken_in_user_mode(const struct mode *mode)
{
	uint64_t root = root_new(mode);
	unsigned int before = interrupts_taken[IRQ_TIMER];

	map_user_code(mode, root);
	satp_load(mode, root, 0);
	fence_all();
	set_timer(0);
	csr_set(sie, SIP(IRQ_TIMER));
	fact_equal(attempt_user(USER(user_return), 0, 0).cause, CAUSE_USER_ECALL,
		   "U-mode goes on after an interrupt");
	fact_equal(interrupts_taken[IRQ_TIMER], before + 1,
		   "which SIE=0 does not keep from U-mode");
	set_timer(NEVER);
	csr_write(satp, 0);
}

static void wfi_wakes(void)
{
	uint64_t deadline = now() + SOON;

	csr_set(sie, SIP(IRQ_TIMER));
	set_timer(deadline);
	while (!(csr_read(sip) & SIP(IRQ_TIMER)))
		__asm__ volatile("wfi");
	fact(now() >= deadline, "wfi wakes at the deadline though SIE is off");
	set_timer(NEVER);
	csr_set(sip, SIP(IRQ_SOFT));
	csr_set(sie, SIP(IRQ_SOFT));
	__asm__ volatile("wfi");
	fact(true, "wfi does not wait for what is pending");
	csr_clear(sip, SIP(IRQ_SOFT));
	csr_write(sie, 0);
}

static void self_ipi(uint64_t hart)
{
	fact_equal(sbi_call(SBI_IPI, 0, 1ul << hart, 0, 0, 0, 0).error, SBI_OK, "an IPI to itself");
	fact(csr_read(sip) & SIP(IRQ_SOFT), "it is pending");
	csr_set(sie, SIP(IRQ_SOFT));
	csr_clear(sip, SIP(IRQ_SOFT));
	fact(!(csr_read(sip) & SIP(IRQ_SOFT)), "and cleared by sip");
	csr_set(sstatus, SSTATUS_SIE);
	sbi_call(SBI_IPI, 0, 0, ~0ul, 0, 0, 0);
	csr_clear(sstatus, SSTATUS_SIE);
	fact_equal(interrupts_taken[IRQ_SOFT], 1, "an IPI to all harts is taken");
	csr_clear(sip, SIP(IRQ_SOFT));
}

/* A storm: a timer that is always due, many times over. */
static void storm(void)
{
	unsigned int before = interrupts_taken[IRQ_TIMER];

	csr_set(sstatus, SSTATUS_SIE);
	for (unsigned int i = 0; i < 1000; i++) {
		set_timer(0);
		csr_set(sie, SIP(IRQ_TIMER));
	}
	csr_clear(sstatus, SSTATUS_SIE);
	fact_equal(interrupts_taken[IRQ_TIMER] - before, 1000, "a timer that is always due");
	set_timer(NEVER);
}

static uint64_t read_stimecmp(uint64_t a, uint64_t b)
{
	uint64_t value;

	(void)a, (void)b;
	__asm__ volatile("csrr %0, 0x14d" : "=r"(value));
	return value;
}

static void write_stimecmp(uint64_t when)
{
	__asm__ volatile("csrw 0x14d, %0" ::"r"(when));
}

static void sstc(void)
{
	if (attempt(read_stimecmp, 0, 0).cause != CAUSE_NONE) {
		note("no Sstc");
		return;
	}
	write_stimecmp(0x123456789);
	fact_equal(attempt(read_stimecmp, 0, 0).value, 0x123456789, "stimecmp keeps its value");
	write_stimecmp(0);
	fact(csr_read(sip) & SIP(IRQ_TIMER), "stimecmp in the past is pending");
	write_stimecmp(NEVER);
	fact(!(csr_read(sip) & SIP(IRQ_TIMER)), "and not when it is far away");
}

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();

	csr_write(sie, 0);
	pending();
	taken();
	taken_in_user_mode(mode);
	wfi_wakes();
	self_ipi(hart);
	storm();
	sstc();
}
