// SPDX-License-Identifier: BSD-2-Clause
/*
 * MRET in S-mode, after an instruction that traps into the firmware.  QEMU 10.0.2 reports
 * the value of that one as mtval (docs/porting.md); what a guest can make of it is stated here.
 */
#include "payload.h"

#define MRET 0x30200073ul

static uint64_t satp;

static uint64_t after_satp(uint64_t value, uint64_t unused)
{
	(void)unused;
	__asm__ volatile("csrw satp, %0\n mret" ::"r"(value) : "memory");
	return 0;
}

static uint64_t after_fence(uint64_t va, uint64_t unused)
{
	(void)unused;
	__asm__ volatile("sfence.vma %0, zero\n mret" ::"r"(va) : "memory");
	return 0;
}

static uint64_t read_mhartid(uint64_t a, uint64_t b)
{
	uint64_t value;

	(void)a, (void)b;
	__asm__ volatile("csrr %0, mhartid" : "=r"(value));
	return value;
}

static void mret_is(attempt_fn function, uint64_t argument, const char *what)
{
	struct outcome o = attempt(function, argument, 0);

	facts_about(what);
	fact(o.cause == CAUSE_ILLEGAL || o.cause == CAUSE_NONE,
	     "MRET is illegal, or the instruction before once more");
	note(o.cause == CAUSE_ILLEGAL && o.tval == MRET ? "exact" : "stale");
	fact_equal(csr_read(satp), satp, "the address space is the same");
	fact_equal(attempt(read_mhartid, 0, 0).cause, CAUSE_ILLEGAL, "this still is S-mode");
}

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();

	(void)hart;
	satp = satp_value(mode, root_new(mode), 3);
	csr_write(satp, satp);
	fence_all();
	mret_is(after_satp, satp, "after a write of satp");
	mret_is(after_fence, TEST_VA, "after a fence");
	csr_write(satp, 0);
}
