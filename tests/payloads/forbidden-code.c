// SPDX-License-Identifier: BSD-2-Clause
/*
 * Code whose page the tables forbid to fetch by now, with no fence yet: an instruction
 * that somebody has to look at before it can be done.  A hart whose TLB holds the page
 * does it, one without takes a fetch fault; both go on.
 */
#include "payload.h"

#define UART_LSR 0x10000005ul
#define CODE     (16 * GIGA) /* two pages of it, in a region of their own */
#define SECOND   (CODE + PAGE)

/* Offsets of the pieces of code: each comes back to its caller. */
#define RETURN   0x00
#define LOAD     0x10
#define STORE    0x20
#define ILLEGAL  0x30
#define CROSSING (PAGE - 2) /* a load whose second half is on the second page */

static const struct mode *mode;
static uint64_t root, first, second, scratch_table;

static void write_code(void)
{
	*(volatile uint32_t *)(first + RETURN) = 0x00008067; /* ret */
	*(volatile uint32_t *)(first + LOAD) = 0x00054503;   /* lbu a0, 0(a0) */
	*(volatile uint32_t *)(first + LOAD + 4) = 0x00008067;
	*(volatile uint32_t *)(first + STORE) = 0x00b53023; /* sd a1, 0(a0) */
	*(volatile uint32_t *)(first + STORE + 4) = 0x00008067;
	*(volatile uint16_t *)(first + ILLEGAL) = 0x0000; /* c.unimp: mtval is 0 */
	*(volatile uint16_t *)(first + CROSSING) = 0x4503;
	*(volatile uint16_t *)second = 0x0005;
	*(volatile uint32_t *)(second + 2) = 0x00008067;
	*(volatile uint32_t *)(second + 0x10) = 0x00008067;
	__asm__ volatile("fence.i" ::: "memory");
}

static uint64_t call(uint64_t at, uint64_t argument)
{
	return ((uint64_t(*)(uint64_t, uint64_t))at)(argument, 0);
}

/* Both pages may be fetched from, and are. */
static void allow(void)
{
	map_page(mode, root, CODE, first, PTE_RX);
	map_page(mode, root, SECOND, second, PTE_RX);
	fence_all();
	call(CODE + RETURN, 0);
	call(SECOND + 0x10, 0);
}

/*
 * Stores that change nothing: who follows those to page tables may give this one up until the next
 * fence.
 */
static void flood(unsigned int level)
{
	volatile uint64_t *table = (uint64_t *)((uint64_t)pte_of(mode, root, CODE, level) & -PAGE);

	for (unsigned int i = 0; i < 256; i++)
		table[256 + i] = 0;
}

/* Ways to forbid a page, at a level. */
static const struct {
	const char *what;
	unsigned int level;
	uint64_t clear;
} ways[] = {
	{ "A cleared", 0, PTE_A },
	{ "X cleared", 0, PTE_X },
	{ "unmapped", 0, ~0ul },
	{ "its table unlinked", 1, ~0ul },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void each_way(const char *what, uint64_t code, uint64_t forbidden, uint64_t argument,
		     uint64_t done)
{
	for (unsigned int n = 0; n < 2 * WAYS; n++) {
		unsigned int i = n % WAYS;
		uint64_t *pte, old;
		struct outcome o;

		allow();
		if (n >= WAYS)
			flood(ways[i].level);
		pte = pte_of(mode, root, forbidden, ways[i].level);
		old = *pte;
		*(volatile uint64_t *)pte = old & ~ways[i].clear;
		o = attempt(call, CODE + code, argument);
		*(volatile uint64_t *)pte = old;
		fence_all();
		facts_about(ways[i].what);
		fact(o.cause == done || (o.cause == CAUSE_FETCH_PAGE && o.epc == CODE + code),
		     what);
		if (o.cause == CAUSE_FETCH_PAGE)
			fact_equal(o.tval & -PAGE, ways[i].level ? CODE : forbidden,
				   "the fault names the page");
		fact_equal(attempt(call, CODE + code, argument).cause, done,
			   "mapped again it is done");
	}
}

void payload(uint64_t hart)
{
	(void)hart;
	root = root_in_first_mode(&mode);
	second = page_alloc();
	/* not before it: code that goes on there does so by its mapping alone */
	first = page_alloc();
	write_code();
	satp_load(mode, root, 0);
	allow();
	scratch_table = (uint64_t)pte_of(mode, root, TEST_VA, 0);
	each_way("a load from a device", LOAD, CODE, UART_LSR, CAUSE_NONE);
	each_way("a store to a page table", STORE, CODE, scratch_table, CAUSE_NONE);
	each_way("an instruction that no hart has", ILLEGAL, CODE, 0, CAUSE_ILLEGAL);
	each_way("a load from a device that ends on it", CROSSING, SECOND, UART_LSR, CAUSE_NONE);
	csr_write(satp, 0);
}
