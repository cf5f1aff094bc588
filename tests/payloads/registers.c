// SPDX-License-Identifier: BSD-2-Clause
/* Faults, fences, SBI calls and interrupts leave every register as it was. */
#include "payload.h"

#define PAGES 64
#define UART  0x10000000ul /* of QEMU's virt */

/*
 * Loads all integer registers with values that depend on `seed`, does `insn`
 * with a0-a7 given, and adds up what the callee-saved and temporary ones hold
 * afterwards.  a0 and a1 may change; tp and gp are left out.
 */
#define SURVIVES(insn, arg0, arg1, fid, eid)                                                          \
	({                                                                                            \
		register uint64_t a0 __asm__("a0") = (arg0);                                          \
		register uint64_t a1 __asm__("a1") = (arg1);                                          \
		register uint64_t a6 __asm__("a6") = (fid);                                           \
		register uint64_t a7 __asm__("a7") = (eid);                                           \
		uint64_t sum_;                                                                        \
		__asm__ volatile(                                                                     \
			"li t0, 11\n li t1, 12\n li t2, 13\n li t3, 14\n li t4, 15\n"                 \
			"li t5, 16\n li t6, 17\n li s2, 18\n li s3, 19\n li s4, 20\n"                 \
			"li s5, 21\n li s6, 22\n li s7, 23\n li s8, 24\n li s9, 25\n"                 \
			"li s10, 26\n li s11, 27\n li a2, 28\n li a3, 29\n li a4, 30\n"               \
			"li a5, 31\n" insn "\n"                                                       \
			"slli t1, t1, 1\n slli t2, t2, 2\n slli t3, t3, 3\n slli t4, t4, 4\n"         \
			"slli t5, t5, 5\n slli t6, t6, 6\n slli s2, s2, 7\n slli s3, s3, 8\n"         \
			"slli s4, s4, 9\n slli s5, s5, 10\n slli s6, s6, 11\n slli s7, s7, 12\n"      \
			"slli s8, s8, 13\n slli s9, s9, 14\n slli s10, s10, 15\n slli s11, s11, 16\n" \
			"slli a2, a2, 17\n slli a3, a3, 18\n slli a4, a4, 19\n slli a5, a5, 20\n"     \
			"add t0, t0, t1\n add t0, t0, t2\n add t0, t0, t3\n add t0, t0, t4\n"         \
			"add t0, t0, t5\n add t0, t0, t6\n add t0, t0, s2\n add t0, t0, s3\n"         \
			"add t0, t0, s4\n add t0, t0, s5\n add t0, t0, s6\n add t0, t0, s7\n"         \
			"add t0, t0, s8\n add t0, t0, s9\n add t0, t0, s10\n add t0, t0, s11\n"       \
			"add t0, t0, a2\n add t0, t0, a3\n add t0, t0, a4\n add %0, t0, a5\n"         \
			: "=r"(sum_), "+r"(a0), "+r"(a1)                                              \
			: "r"(a6), "r"(a7)                                                            \
			: "memory", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a2", "a3", "a4",       \
			  "a5", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11");        \
		sum_;                                                                                 \
	})

/* A register that is lost or swapped with another changes this sum. */
static uint64_t expected_sum(void)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i <= 20; i++)
		sum += (11 + i) << i;
	return sum;
}

static void integer_registers(const struct mode *mode, uint64_t root)
{
	uint64_t good = 0, pages = 0, want = expected_sum();

	for (uint64_t i = 0; i < PAGES; i++)
		map_page(mode, root, TEST_VA + i * PAGE, page_alloc(), PTE_RW);
	fence_all();
	for (uint64_t i = 0; i < PAGES; i++)
		pages += SURVIVES("sd a1, 0(a0)", TEST_VA + i * PAGE, i, 0, 0) == want;
	fact_equal(pages, PAGES, "the first store to a page");
	good += SURVIVES("sfence.vma", 0, 0, 0, 0) == want;
	good += SURVIVES("sfence.vma a0, zero", TEST_VA, 0, 0, 0) == want;
	good += SURVIVES("sfence.vma zero, a0", 1, 0, 0, 0) == want;
	good += SURVIVES("ld a0, 0(a0)", TEST_VA, 0, 0, 0) == want;
	good += SURVIVES("csrw satp, a0", satp_value(mode, root, 0), 0, 0, 0) == want;
	good += SURVIVES("csrr a0, satp", 0, 0, 0, 0) == want;
	fact_equal(good, 6, "fences and satp");
	map_page(mode, root, TEST_VA + PAGES * PAGE, UART, PTE_RW);
	fact_equal(SURVIVES("lbu a0, 5(a0)", TEST_VA + PAGES * PAGE, 0, 0, 0), want, "a device");
	fact_equal(SURVIVES("lbu a0, 5(a0)", TEST_VA + PAGES * PAGE, 0, 0, 0), want, "again");
	fact_equal(SURVIVES("ecall", 0, 0, 0, SBI_BASE), want, "an SBI call");
	fact_equal(SURVIVES("ecall", ~0ul, 0, 0, SBI_TIME), want, "an SBI timer call");
	fact_equal(SURVIVES("ecall", 0, 0, 2, SBI_HSM), want, "an SBI hart call");
	fact_equal(SURVIVES("ecall", 1, 0, 0, 0x0badbad), want, "an unknown SBI call");
}

/* Does INSN with register n as its source and VALUE in it; AT is in a register that is not n. */
#define AS_SOURCE(n, insn, value, other, at)                                                     \
	({                                                                                       \
		register uint64_t at_ __asm__(other) = (at);                                     \
		__asm__ volatile("csrw sscratch, x" #n "\n mv x" #n ", %0\n" insn "\n csrr x" #n \
				 ", sscratch" ::"r"((uint64_t)(value)),                          \
				 "r"(at_)                                                        \
				 : "memory");                                                    \
	})
#define FENCE_PAGE(n, other)      AS_SOURCE(n, "sfence.vma x" #n, TEST_VA, other, 0)
#define FENCE_PAGE_ASID(n, other) AS_SOURCE(n, "sfence.vma x" #n ", " other, TEST_VA, other, 1)
#define FENCE_BY_ASID(n, other)   AS_SOURCE(n, "sfence.vma " other ", x" #n, 1, other, TEST_VA)
#define SWITCH(n, other)          AS_SOURCE(n, "csrw satp, x" #n, two_roots[i % 2], other, 0)

/* The value that TEST_VA's page holds is another after the instruction, each time; returns how often. */
#define BY_EACH_REGISTER(insn, change)      \
	({                                  \
		unsigned int i = 0;         \
		uint64_t good_ = 0;         \
		EACH_REGISTER(insn, change) \
		good_;                      \
	})
#define R(n, other, insn, change) \
	i++;                      \
	change;                   \
	insn(n, other);           \
	good_ += read64(TEST_VA) == two_frames[i % 2];
/* clang-format off */
#define EACH_REGISTER(i, c) \
	R(1, "a0", i, c) R(2, "a0", i, c) R(3, "a0", i, c) R(4, "a0", i, c) R(5, "a0", i, c) \
	R(6, "a0", i, c) R(7, "a0", i, c) R(8, "a0", i, c) R(9, "a0", i, c) R(10, "a1", i, c) \
	R(11, "a0", i, c) R(12, "a0", i, c) R(13, "a0", i, c) R(14, "a0", i, c) R(15, "a0", i, c) \
	R(16, "a0", i, c) R(17, "a0", i, c) R(18, "a0", i, c) R(19, "a0", i, c) R(20, "a0", i, c) \
	R(21, "a0", i, c) R(22, "a0", i, c) R(23, "a0", i, c) R(24, "a0", i, c) R(25, "a0", i, c) \
	R(26, "a0", i, c) R(27, "a0", i, c) R(28, "a0", i, c) R(29, "a0", i, c) R(30, "a0", i, c) \
	R(31, "a0", i, c)
/* clang-format on */

static uint64_t two_frames[2], two_roots[2];

static void fences_by_each_register(volatile uint64_t *pte)
{
#define CHANGE *pte = PTE(two_frames[i % 2], PTE_RW)
	fact_equal(BY_EACH_REGISTER(FENCE_PAGE, CHANGE), 31, "a page fenced by each register");
	fact_equal(BY_EACH_REGISTER(FENCE_PAGE_ASID, CHANGE), 31, "likewise, of an ASID");
	fact_equal(BY_EACH_REGISTER(FENCE_BY_ASID, CHANGE), 31, "the ASID in each register");
}

static void satp_by_each_register(void)
{
	fact_equal(BY_EACH_REGISTER(SWITCH, (void)0), 31, "satp written from each register");
}

/* INSN with t3 as given, while a0 and a2 name a page that is known, too, and a1 its ASID. */
#define AMONG_OTHERS(insn, value)                                                       \
	({                                                                              \
		register uint64_t a0 __asm__("a0") = TEST_VA;                           \
		register uint64_t a1 __asm__("a1") = 1;                                 \
		register uint64_t a2 __asm__("a2") = TEST_VA;                           \
		register uint64_t t3 __asm__("t3") = (value);                           \
		__asm__ volatile(insn ::"r"(t3), "r"(a0), "r"(a1), "r"(a2) : "memory"); \
	})

static void only_what_is_named(const struct mode *mode, uint64_t root, volatile uint64_t *pte)
{
	volatile uint64_t *other = pte_of(mode, root, TEST_VA + PAGE, 0);

	(void)read64(TEST_VA + PAGE);
	*other = PTE(two_frames[1], PTE_RW);
	AMONG_OTHERS("sfence.vma t3, a1", TEST_VA + PAGE);
	fact_equal(read64(TEST_VA + PAGE), two_frames[1], "the page of t3 is fenced, not of a2");
	*pte = PTE(two_frames[0], PTE_RW);
	fence_page(TEST_VA);
	(void)read64(TEST_VA);
	AMONG_OTHERS("csrw satp, t3", two_roots[1]);
	fact_equal(read64(TEST_VA), two_frames[1], "a root is switched, whatever a0 and a1 say");
}

/* Two roots that differ in what is at TEST_VA. */
static void each_register_is_a_source(const struct mode *mode)
{
	uint64_t first;
	volatile uint64_t *pte;

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t root = root_new(mode);

		two_frames[i] = page_alloc();
		write64(two_frames[i], two_frames[i]);
		map_page(mode, root, TEST_VA, two_frames[i], PTE_RW);
		map_page(mode, root, TEST_VA + PAGE, two_frames[0], PTE_RW);
		two_roots[i] = satp_value(mode, root, i + 1);
	}
	satp_by_each_register();
	csr_write(satp, two_roots[0]);
	first = (two_roots[0] & ((1ul << 44) - 1)) << 12;
	pte = pte_of(mode, first, TEST_VA, 0);
	fences_by_each_register(pte);
	only_what_is_named(mode, first, pte);
}

/* Apart from its caller, so that nothing of it comes before FS is on. */
static uint64_t __attribute__((noinline)) float_rounds(void)
{
	double value = 1.5, got;
	uint64_t good = 0;

	for (unsigned int i = 0; i < 100; i++) {
		__asm__ volatile(
			"fld fs3, 0(%1)\n fsd fs3, 0(%2)\n mv a0, zero\n li a7, 0x10\n li a6, 0\n"
			"ecall\n sfence.vma\n fsd fs3, 0(%2)\n fld %0, 0(%2)"
			: "=f"(got)
			: "r"(&value), "r"(TEST_VA)
			: "memory", "a0", "a1", "a6", "a7", "fs3");
		good += got == value;
		value += 1;
	}
	return good;
}

static void float_registers(void)
{
	csr_set(sstatus, SSTATUS_FS);
	fact_equal(float_rounds(), 100, "a floating-point register over calls and fences");
	csr_clear(sstatus, SSTATUS_FS);
}

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();
	uint64_t root;

	(void)hart;
	root = root_new(mode);
	satp_load(mode, root, 0);
	fence_all();
	integer_registers(mode, root);
	float_registers();
	each_register_is_a_source(mode);
	csr_write(satp, 0);
}
