// SPDX-License-Identifier: BSD-2-Clause
/*
 * Misaligned accesses that end in a device, begin in one, or lie in one: a device takes whole
 * registers or faults.
 */
#include "payload.h"
#include "ring.h"

#define UART        0x10000000ul
#define PLIC        0x0c000000ul
#define THRESHOLD_S (PLIC + 0x201000) /* first of its page; claim is the next word */
#define HOLE        0x14000000ul      /* nothing is there on virt */

#define SECOND  (TEST_VA + PAGE)
#define PATTERN 0x1122334455667788ul

static const struct mode *mode;
static uint64_t root, ram;

static uint64_t load_word(uint64_t va, uint64_t unused)
{
	int64_t value;

	(void)unused;
	__asm__ volatile("lw %0, 0(%1)" : "=r"(value) : "r"(va) : "memory");
	return value;
}

static uint64_t store_word(uint64_t va, uint64_t value)
{
	__asm__ volatile("sw %0, 0(%1)" ::"r"(value), "r"(va) : "memory");
	return 0;
}

static uint64_t load_compressed(uint64_t va, uint64_t unused)
{
	uint64_t value;

	(void)unused;
	__asm__ volatile("addi a5, %1, -124\n c.lw a4, 124(a5)\n mv %0, a4"
			 : "=r"(value)
			 : "r"(va)
			 : "a4", "a5", "memory");
	return value;
}

static uint64_t load_double(uint64_t va, uint64_t unused)
{
	uint64_t value;

	(void)unused;
	__asm__ volatile("addi a5, %1, 504\n ld %0, -504(a5)"
			 : "=r"(value)
			 : "r"(va)
			 : "a5", "memory");
	return value;
}

static bool load_faults(attempt_fn load, uint64_t va)
{
	uint64_t cause = attempt(load, va, 0).cause;

	return cause == CAUSE_LOAD_ACCESS || cause == CAUSE_LOAD_ACCESS - 1;
}

static bool store_faults(uint64_t va, uint64_t value)
{
	uint64_t cause = attempt(store_word, va, value).cause;

	return cause == CAUSE_STORE_ACCESS || cause == CAUSE_STORE_ACCESS - 1;
}

static uint32_t threshold(void)
{
	return *(volatile uint32_t *)THRESHOLD_S;
}

/*
 * In a guest nothing at all is done then; a hart may have stored to RAM what comes before the
 * device.
 */
static bool in_a_guest(void)
{
	return ring_offered();
}

static void two_pages(const char *what, uint64_t first, uint64_t second)
{
	facts_about(what);
	map_page(mode, root, TEST_VA, first, PTE_RW);
	map_page(mode, root, SECOND, second, PTE_RW);
	fence_all();
	write64(ram, PATTERN);
	write64(ram + PAGE - 8, PATTERN);
	*(volatile uint32_t *)THRESHOLD_S = 3;
	for (unsigned int part = 1; part < 4; part++) {
		fact(load_faults(load_word, SECOND - part), "a load across faults");
		fact(load_faults(load_compressed, SECOND - part), "a compressed one as well");
		fact(store_faults(SECOND - part, 0x05050505), "a store across faults");
	}
	fact_equal(threshold(), 3, "the device is as before");
	if (second == ram || in_a_guest()) {
		fact_equal(read64(ram), PATTERN, "RAM behind it is as before");
		fact_equal(read64(ram + PAGE - 8), PATTERN, "RAM before it is as before");
	}
}

/* Both halves are accesses that their owners take: done whole and right, or not at all. */
static void aligned_halves(void)
{
	struct outcome o;

	facts_about("halves in RAM and a device");
	*(volatile uint32_t *)THRESHOLD_S = 3;
	write64(ram + PAGE - 8, PATTERN);
	map_page(mode, root, TEST_VA, ram, PTE_RW);
	map_page(mode, root, SECOND, THRESHOLD_S, PTE_RW);
	fence_all();
	o = attempt(load_double, SECOND - 4, 0);
	fact(load_faults(load_double, SECOND - 4) || o.value == (3ul << 32 | PATTERN >> 32),
	     "a load faults, or has both halves");
}

/*
 * A UART takes each width, and each part of the access: QEMU does a load or store over the edge
 * byte by byte, and gives RAM its part.  A guest gets the fault of a device that takes whole
 * registers, and nothing is done.
 */
static void from_ram_to_a_uart(void)
{
	uint64_t before = PATTERN, behind = 0x0505054455667788ul;

	facts_about("from RAM to a UART");
	write64(ram + PAGE - 8, before);
	map_page(mode, root, TEST_VA, ram, PTE_RW);
	map_page(mode, root, SECOND, UART, PTE_RW);
	fence_all();
	fact_equal(attempt(load_word, SECOND - 3, 0).cause,
		   in_a_guest() ? CAUSE_LOAD_ACCESS : CAUSE_NONE, "a load");
	fact_equal(attempt(store_word, SECOND - 3, '\n' << 24 | 0x050505).cause,
		   in_a_guest() ? CAUSE_STORE_ACCESS : CAUSE_NONE, "a store");
	fact_equal(read64(ram + PAGE - 8), in_a_guest() ? before : behind, "RAM before it");
}

static void within_a_device(void)
{
	facts_about("in a device");
	*(volatile uint32_t *)THRESHOLD_S = 3;
	for (uint64_t va = THRESHOLD_S + 1; va < THRESHOLD_S + 4; va++) {
		fact(load_faults(load_word, va), "a misaligned load faults");
		fact(store_faults(va, 0x05050505), "a misaligned store faults");
	}
	fact_equal(threshold(), 3, "the device is as before");
	fact_equal(attempt(load_compressed, THRESHOLD_S, 0).value, 3,
		   "an aligned load by an offset");
	*(volatile uint32_t *)THRESHOLD_S = 0;
}

void payload(uint64_t hart)
{
	(void)hart;
	root = root_in_first_mode(&mode);
	ram = page_alloc();
	satp_load(mode, root, 0);
	two_pages("from RAM to a device", ram, THRESHOLD_S);
	two_pages("from a device to RAM", THRESHOLD_S, ram);
	two_pages("from a device to another", THRESHOLD_S, UART);
	two_pages("from another device to it", UART, THRESHOLD_S);
	two_pages("from RAM to nothing", ram, HOLE);
	two_pages("from nothing to RAM", HOLE, ram);
	aligned_halves();
	from_ram_to_a_uart();
	within_a_device();
	csr_write(satp, 0);
}
