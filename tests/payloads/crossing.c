// SPDX-License-Identifier: BSD-2-Clause
/* Accesses and instructions that cross a page, atomics, and misaligned ones. */
#include "payload.h"

#define SECOND (TEST_VA + PAGE)

static const struct mode *mode;
static uint64_t root, first, second;

static void map_both(uint64_t flags_first, uint64_t flags_second)
{
	map_page(mode, root, TEST_VA, first, flags_first);
	map_page(mode, root, SECOND, second, flags_second);
	fence_all();
}

static uint64_t misaligned_load(uint64_t va, uint64_t unused)
{
	uint64_t value;

	(void)unused;
	__asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "r"(va) : "memory");
	return value;
}

static uint64_t misaligned_store(uint64_t va, uint64_t value)
{
	__asm__ volatile("sd %0, 0(%1)" ::"r"(value), "r"(va) : "memory");
	return 0;
}

static void data_over_a_boundary(void)
{
	uint64_t at = SECOND - 3;

	map_both(PTE_RW, PTE_RW);
	for (int i = 0; i < 8; i++)
		*(volatile uint8_t *)(at + i) = 0x11 * (i + 1);
	fact_equal(attempt(misaligned_load, at, 0).value, 0x8877665544332211,
		   "a load over a page boundary");
	attempt(misaligned_store, at, 0x0102030405060708);
	fact_equal(attempt(misaligned_load, at, 0).value, 0x0102030405060708,
		   "a store over a page boundary");
	fact_equal(*(volatile uint8_t *)(second + 4), 0x01, "its end is on the second page");
	map_both(PTE_RW, 0);
	fact_equal(attempt(misaligned_load, at, 0).cause, CAUSE_LOAD_PAGE,
		   "a load with the second page absent");
	map_both(PTE_RW, PTE_RW & ~PTE_W);
	fact_equal(attempt(misaligned_store, at, 0).cause, CAUSE_STORE_PAGE,
		   "a store with the second page read-only");
	map_both(0, PTE_RW);
	fact_equal(attempt(misaligned_load, at, 0).tval, at, "stval with the first page absent");
}

/* li a0, 42 (32-bit form) across the boundary, then ret. */
static void instruction_over_a_boundary(void)
{
	struct outcome o;

	write64(first + PAGE - 8, 0x0513000100010001); /* c.nop x3, low half of addi a0, x0, 42 */
	*(volatile uint16_t *)second = 0x02a0;
	*(volatile uint16_t *)(second + 2) = 0x8082;
	__asm__ volatile("fence.i");
	map_both(PTE_RX, PTE_RX);
	o = try_fetch(SECOND - 8);
	fact_equal(o.value, 42, "an instruction over a page boundary runs");
	map_both(PTE_RX, 0);
	o = try_fetch(SECOND - 8);
	fact_equal(o.cause, CAUSE_FETCH_PAGE, "with the second page absent it faults");
	fact_equal(o.epc, SECOND - 2, "at its own address");
	fact_equal(o.tval, SECOND, "for the second page");
	map_both(PTE_RX, PTE_RW);
	fact_equal(try_fetch(SECOND - 8).cause, CAUSE_FETCH_PAGE,
		   "and with the second page not executable");
}

static uint64_t add_atomic(uint64_t va, uint64_t value)
{
	__asm__ volatile("amoadd.d %0, %0, (%1)" : "+r"(value) : "r"(va) : "memory");
	return value;
}

static uint64_t increment_reserved(uint64_t va, uint64_t unused)
{
	uint64_t tries = 0, value, failed;

	(void)unused;
	do {
		__asm__ volatile("lr.d %0, (%2)\n addi %0, %0, 1\n sc.d %1, %0, (%2)"
				 : "=&r"(value), "=&r"(failed)
				 : "r"(va)
				 : "memory");
	} while (failed && ++tries < 100);
	return value;
}

static void atomics(void)
{
	write64(first, 10);
	map_both(PTE_RW, 0);
	fact_equal(attempt(add_atomic, TEST_VA, 5).value, 10, "amoadd returns the old value");
	fact_equal(attempt(increment_reserved, TEST_VA, 0).value, 16, "lr and sc increment");
	map_both(PTE_RW & ~PTE_D, 0);
	fact_equal(attempt(add_atomic, TEST_VA, 5).cause, CAUSE_STORE_PAGE,
		   "an atomic with D=0 faults as a store");
	fact_equal(attempt(load_reserved, TEST_VA, 0).value, 16, "lr needs no D");
	map_both(PTE_RW & ~PTE_W, 0);
	fact_equal(attempt(add_atomic, TEST_VA, 5).cause, CAUSE_STORE_PAGE,
		   "an atomic on a read-only page");
	map_both(0, 0);
	fact_equal(attempt(add_atomic, TEST_VA, 5).cause, CAUSE_STORE_PAGE,
		   "an atomic on an absent page");
	fact_equal(attempt(load_reserved, TEST_VA, 0).cause, CAUSE_LOAD_PAGE,
		   "lr on an absent page");
}

void payload(uint64_t hart)
{
	(void)hart;
	root = root_in_first_mode(&mode);
	first = page_alloc();
	second = page_alloc();
	satp_load(mode, root, 0);
	data_over_a_boundary();
	instruction_over_a_boundary();
	atomics();
	csr_write(satp, 0);
}
