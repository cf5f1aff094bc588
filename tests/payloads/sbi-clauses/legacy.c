// SPDX-License-Identifier: BSD-2-Clause
/* legacy.c - EIDs 0 to 7: one result, in a0; hart masks in memory, by virtual address. */
#include "clauses.h"

enum { SET_TIMER, PUTCHAR, GETCHAR, CLEAR_IPI, SEND_IPI, FENCE_I, FENCE, FENCE_ASID };

#define KEPT  0x5eedul /* in a1 */
#define ECALL 0x73u

static const struct mode *mode;
static uint64_t root, one, two;
static uint64_t mask __attribute__((aligned(4096)));

/* EIDs 4 to 7 take the mask's address; a1 to a3 are the fence. */
static uint64_t call(uint64_t eid, uint64_t a0)
{
	struct sbi r = sbi_call(eid, 0x1234, a0, KEPT, PAGE, 1, 0);

	fact_equal(r.value, KEPT, "a1 is kept");
	return r.error;
}

static bool interrupts(uint64_t address)
{
	csr_clear(sip, SIP_SOFT);
	fact_equal(call(SEND_IPI, address), 0, "send_ipi");
	return ipi_comes();
}

static bool spares(uint64_t address)
{
	csr_clear(sip, SIP_SOFT);
	fact_equal(call(SEND_IPI, address), 0, "send_ipi");
	return ipi_stays_away();
}

static void timer(void)
{
	fact_equal(call(SET_TIMER, now() + ms), 0, "set_timer");
	fact(WAIT(csr_read(sip) & SIP_TIMER), "it becomes due");
	fact_equal(call(SET_TIMER, ~0ul), 0, "set_timer to never");
	fact_equal(csr_read(sip) & SIP_TIMER, 0, "nothing is pending any more");
}

static void console(void)
{
	fact_equal(call(PUTCHAR, '\n'), 0, "console_putchar");
	fact_equal(call(GETCHAR, 0), ~0ul, "console_getchar does not wait");
}

static void masks_in_memory(void)
{
	mask = 1ul << me;
	fact(interrupts((uint64_t)&mask), "a mask in memory");
	csr_set(sip, SIP_SOFT);
	fact_equal(call(CLEAR_IPI, 0), 0, "clear_ipi");
	fact_equal(csr_read(sip) & SIP_SOFT, 0, "clears it");
	mask = 1ul << 63 | 1ul << harts;
	fact(spares((uint64_t)&mask), "harts that are not there mean nothing");
	mask = 0;
	fact(spares((uint64_t)&mask), "nobody");
	fact(interrupts(0), "no address: all harts");
	mask = ~0ul;
	for (uint64_t eid = FENCE_I; eid <= FENCE_ASID; eid++)
		fact_equal(call(eid, (uint64_t)&mask), 0, "a remote fence");
}

static uint64_t do_send_ipi(uint64_t address, uint64_t unused)
{
	(void)unused;
	return sbi_call(SEND_IPI, 0, address, KEPT, 0, 0, 0).error;
}

static void faults(uint64_t address, uint64_t cause, uint64_t at, const char *what)
{
	struct outcome o = attempt(do_send_ipi, address, 0);

	facts_about(what);
	fact_equal(o.cause, cause, "the fault is the caller's");
	fact_equal(o.tval, at, "at the mask");
	fact(o.epc && *(volatile uint32_t *)o.epc == ECALL, "by the call");
	facts_about("legacy");
}

static void protect(uint64_t va, uint64_t pa, uint64_t flags)
{
	map_page(mode, root, va, pa, flags);
	fence_all();
}

/* As a load of the caller's: its tables, SUM, MXR. */
static void masks_by_its_tables(void)
{
	write64(one, 1ul << me);
	protect(TEST_VA, one, PTE_RW);
	fact(interrupts(TEST_VA), "a mask by its virtual address");
	faults(TEST_VA + PAGE, CAUSE_LOAD_PAGE, TEST_VA + PAGE, "a mask that is not mapped");
	faults(1ul << 62, CAUSE_LOAD_PAGE, 1ul << 62, "a mask at no address");
	protect(TEST_VA, one, PTE_RW & ~PTE_A);
	faults(TEST_VA, CAUSE_LOAD_PAGE, TEST_VA, "a mask in a page without A");
	protect(TEST_VA, one, PTE_RW | PTE_U);
	faults(TEST_VA, CAUSE_LOAD_PAGE, TEST_VA, "a user's mask");
	csr_set(sstatus, SSTATUS_SUM);
	fact(interrupts(TEST_VA), "a user's mask with SUM");
	csr_clear(sstatus, SSTATUS_SUM);
	protect(TEST_VA, one, PTE_V | PTE_X | PTE_AD);
	faults(TEST_VA, CAUSE_LOAD_PAGE, TEST_VA, "a mask in code");
	csr_set(sstatus, SSTATUS_MXR);
	fact(interrupts(TEST_VA), "a mask in code with MXR");
	csr_clear(sstatus, SSTATUS_MXR);
	protect(TEST_VA, NOWHERE, PTE_RW);
	faults(TEST_VA, CAUSE_LOAD_ACCESS, TEST_VA, "a mask where there is no memory");
}

/*
 * The low half on the first page, which is the last of it; the pages do not lie one after the
 * other.
 */
static void masks_on_two_pages(void)
{
	uint64_t split = TEST_VA + PAGE - 4;

	protect(TEST_VA, two, PTE_RW);
	protect(TEST_VA + PAGE, one, PTE_RW);
	write64(two + PAGE - 8, (1ul << me) << 32);
	write64(one, 0xffffffff00000000);
	fact(interrupts(split), "a mask on two pages");
	write64(two + PAGE - 8, 0xffffffff);
	fact(spares(split), "nobody, on two pages");
	protect(TEST_VA + PAGE, one, PTE_RW & ~PTE_V);
	faults(split, CAUSE_LOAD_PAGE, TEST_VA + PAGE,
	       "a mask of which the second page is missing");
}

static void fences_take_effect(void)
{
	write64(one, 1);
	write64(two, 2);
	protect(TEST_VA, one, PTE_RW);
	fact_equal(read64(TEST_VA), 1, "a page before a remote fence");
	map_page(mode, root, TEST_VA, two, PTE_RW);
	sbi_call(FENCE, 0, 0, TEST_VA, PAGE, 0, 0);
	fact_equal(read64(TEST_VA), 2, "after a remote fence of it");
	map_page(mode, root, TEST_VA, one, PTE_RW);
	sbi_call(FENCE_ASID, 0, 0, 0, 0, 0, 0);
	fact_equal(read64(TEST_VA), 1, "after a remote fence of its ASID");
}

static void await_ipi(struct cpu *cpu)
{
	csr_write(sie, SIP_SOFT);
	while (!(csr_read(sip) & SIP_SOFT))
		__asm__ volatile("wfi");
	csr_clear(sip, SIP_SOFT);
	cpu->seen++;
}

static void to_another(void)
{
	struct cpu *other = &cpus[me ? 0 : harts - 1];

	start(other);
	order(other, await_ipi);
	mask = 1ul << other->hart;
	fact(spares((uint64_t)&mask), "to another hart alone");
	fact(WAIT(is_done(other)), "which it reaches");
	order(other, await_ipi);
	fact(interrupts(0), "to all harts");
	fact(WAIT(is_done(other)), "that one among them");
	mask = ~0ul;
	for (uint64_t eid = FENCE_I; eid <= FENCE_ASID; eid++)
		fact_equal(call(eid, (uint64_t)&mask), 0, "a remote fence of all harts");
	stop(other);
}

void legacy(void)
{
	facts_about("legacy");
	timer();
	console();
	masks_in_memory();
	faults(NOWHERE, CAUSE_LOAD_ACCESS, NOWHERE,
	       "a mask where there is no memory, without paging");
	if (harts > 1)
		to_another();
	root = root_in_first_mode(&mode);
	one = page_alloc();
	two = page_alloc();
	satp_load(mode, root, 0);
	fence_all();
	masks_by_its_tables();
	masks_on_two_pages();
	fences_take_effect();
	csr_write(satp, 0);
	fence_all();
	facts_about("");
}
