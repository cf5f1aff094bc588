// SPDX-License-Identifier: BSD-2-Clause
/* Page tables that are stack, code and data as well, stored to by whatever can store. */
#include "payload.h"

#define ALIAS      (TEST_VA + 4 * MEGA) /* two tables, one behind the other */
#define AGAIN      (TEST_VA + 6 * MEGA) /* the first of them once more */
#define ROOT_ALIAS (TEST_VA + 8 * MEGA)
#define CODE       (TEST_VA + 2 * GIGA)
#define SLOT       300ul /* of the root; nothing else is there */
#define ENTRY      5ul   /* of the first table: the page that is looked at */
#define VA         (TEST_VA + ENTRY * PAGE)
#define SELF       7ul   /* maps the table itself */
#define FREE       256ul /* entries from here on map nothing */

static const struct mode *mode;
static uint64_t root, table, one, two; /* frames; two is the one behind one */

static uint64_t entry_at(uint64_t va, uint64_t entry)
{
	return va + 8 * entry;
}

/* The table is in use as one: whoever keeps a shadow of it has it. */
static void begin(void)
{
	write64(entry_at(table, ENTRY), PTE(one, PTE_RW));
	fence_all();
	(void)read64(VA);
	(void)read64(TEST_VA + MEGA);
}

static void maps(uint64_t frame, const char *what)
{
	fence_page(VA);
	fact_equal(read64(VA), frame, what);
}

/* --- atomics ------------------------------------------------------------ */

#define AMO_OF(name, width)                                            \
	static uint64_t name##_##width(uint64_t at, uint64_t value)    \
	{                                                              \
		uint64_t old;                                          \
                                                                       \
		__asm__ volatile(#name "." #width ".aqrl %0, %1, (%2)" \
				 : "=r"(old)                           \
				 : "r"(value), "r"(at)                 \
				 : "memory");                          \
		return old;                                            \
	}
#define AMO(name) AMO_OF(name, d) AMO_OF(name, w)
AMO(amoswap)
AMO(amoadd)
AMO(amoxor)
AMO(amoand)
AMO(amoor)
AMO(amomin)
AMO(amomax)
AMO(amominu)
AMO(amomaxu)

static void amo(attempt_fn function, uint64_t value, uint64_t frame, const char *what)
{
	begin();
	fact_equal(function(entry_at(ALIAS, ENTRY), value), PTE(one, PTE_RW), what);
	maps(frame, what);
}

static void atomics(void)
{
	uint64_t other = PTE(two, PTE_RW), distance = PTE(two, 0) ^ PTE(one, 0);

	amo(amoswap_d, other, two, "amoswap.d");
	amo(amoswap_w, other, two, "amoswap.w");
	amo(amoadd_d, PTE(PAGE, 0), two, "amoadd.d");
	amo(amoadd_w, PTE(PAGE, 0), two, "amoadd.w");
	amo(amoxor_d, distance, two, "amoxor.d");
	amo(amoxor_w, distance, two, "amoxor.w");
	amo(amoor_d, distance, two, "amoor.d");
	amo(amoor_w, distance, two, "amoor.w");
	amo(amomax_d, other, two, "amomax.d");
	amo(amomax_w, other, two, "amomax.w");
	amo(amomaxu_d, other, two, "amomaxu.d");
	amo(amomaxu_w, other, two, "amomaxu.w");
	amo(amomin_d, other, one, "amomin.d");
	amo(amomin_w, other, one, "amomin.w");
	amo(amominu_d, other, one, "amominu.d");
	amo(amominu_w, other, one, "amominu.w");
	begin();
	amoand_d(entry_at(ALIAS, ENTRY), ~PTE_V);
	fence_page(VA);
	fact_equal(load_cause(VA), CAUSE_LOAD_PAGE, "amoand.d takes the page away");
	begin();
	amoand_w(entry_at(ALIAS, ENTRY), ~PTE_W);
	fence_page(VA);
	fact_equal(store_cause(VA), CAUSE_STORE_PAGE, "amoand.w makes it read-only");
}

static uint64_t add_reserved(uint64_t at, uint64_t value)
{
	uint64_t left = 1000, failed, old;

	do
		__asm__ volatile("lr.d %0, (%3)\n\tadd %0, %0, %2\n\tsc.d %1, %0, (%3)"
				 : "=&r"(old), "=&r"(failed)
				 : "r"(value), "r"(at)
				 : "memory");
	while (failed && --left);
	return left;
}

static void reservations(void)
{
	begin();
	fact(add_reserved(entry_at(ALIAS, ENTRY), PTE(PAGE, 0)), "lr and sc come to an end");
	maps(two, "sc.d");
}

/* --- other stores --------------------------------------------------------- */

static void plain(void)
{
	begin();
	write64(entry_at(ALIAS, ENTRY), PTE(two, PTE_RW));
	maps(two, "sd");
	write64(entry_at(AGAIN, ENTRY), PTE(one, PTE_RW));
	maps(one, "sd through another mapping");
	begin();
	*(volatile uint32_t *)entry_at(ALIAS, ENTRY) = PTE(two, PTE_RW);
	maps(two, "sw");
	begin();
	*(volatile uint16_t *)entry_at(ALIAS, ENTRY) = PTE(two, PTE_RW);
	maps(two, "sh");
	begin();
	*(volatile uint8_t *)entry_at(ALIAS, ENTRY) = PTE_RW & ~PTE_V;
	fence_page(VA);
	fact_equal(load_cause(VA), CAUSE_LOAD_PAGE, "sb");
}

static void fsd(uint64_t at, uint64_t value)
{
	csr_set(sstatus, SSTATUS_FS);
	__asm__ volatile("fmv.d.x ft11, %0\n\tfsd ft11, 0(%1)" ::"r"(value), "r"(at)
			 : "ft11", "memory");
	csr_clear(sstatus, SSTATUS_FS);
}

static void fsw(uint64_t at, uint32_t value)
{
	csr_set(sstatus, SSTATUS_FS);
	__asm__ volatile("fmv.w.x fs3, %0\n\tfsw fs3, 0(%1)" ::"r"(value), "r"(at)
			 : "fs3", "memory");
	csr_clear(sstatus, SSTATUS_FS);
}

static void c_fsd(uint64_t at, uint64_t value)
{
	register uint64_t a0 __asm__("a0") = at;

	csr_set(sstatus, SSTATUS_FS);
	__asm__ volatile("fmv.d.x fa5, %0\n\tc.fsd fa5, 0(%1)" ::"r"(value), "r"(a0)
			 : "fa5", "memory");
	csr_clear(sstatus, SSTATUS_FS);
}

static void floating_point(uint64_t at)
{
	begin();
	fsd(entry_at(at, ENTRY), PTE(two, PTE_RW));
	maps(two, "fsd");
	fsw(entry_at(at, ENTRY), PTE(one, PTE_RW));
	maps(one, "fsw");
	c_fsd(entry_at(at, ENTRY), PTE(two, PTE_RW));
	maps(two, "c.fsd");
}

static uint64_t zero_block(uint64_t at, uint64_t unused)
{
	register uint64_t a0 __asm__("a0") = at;

	(void)unused;
	__asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" ::"r"(a0) : "memory"); /* cbo.zero (a0) */
	return 0;
}

/* The first block of the table has the entry that is looked at and the self-mapping one. */
static void cleared_block(uint64_t at, const char *what)
{
	begin();
	if (attempt(zero_block, at, 0).cause == CAUSE_ILLEGAL)
		return;
	fence_page(VA);
	fact_equal(load_cause(VA), CAUSE_LOAD_PAGE, what);
	write64(entry_at(table, SELF), PTE(table, PTE_RW));
}

static void store_misaligned(uint64_t at, uint64_t value)
{
	__asm__ volatile("sd %0, 0(%1)" ::"r"(value), "r"(at) : "memory");
}

/* The upper halves of the entries before are zero: RAM lies low. */
static void misaligned(void)
{
	begin();
	store_misaligned(entry_at(ALIAS, ENTRY) - 4, PTE(two, PTE_RW) << 32);
	maps(two, "sd over two entries");
	fact_equal(read64(entry_at(table, ENTRY)), PTE(two, PTE_RW), "and no other byte");
	store_misaligned(ALIAS + PAGE - 4, PTE(two, PTE_RW) << 32);
	fence_all();
	fact_equal(read64(TEST_VA + MEGA), two, "sd over two tables");
	store_misaligned(ALIAS + PAGE - 4, PTE(one, PTE_RW) << 32);
	fence_all();
	fact_equal(read64(TEST_VA + MEGA), one, "and back");
}

static void flood(void)
{
	uint64_t good = 0;

	begin();
	for (uint64_t i = FREE; i < 512; i++)
		write64(entry_at(ALIAS, i), PTE(i & 1 ? one : two, PTE_RW));
	fence_all();
	for (uint64_t i = FREE; i < 512; i++)
		good += read64(TEST_VA + i * PAGE) == (i & 1 ? one : two);
	fact_equal(good, 512 - FREE, "a flood of entries");
	for (uint64_t i = FREE; i < 512; i++)
		write64(entry_at(ALIAS, i), 0);
	fence_all();
	fact_equal(load_cause(TEST_VA + FREE * PAGE), CAUSE_LOAD_PAGE, "and their end");
	maps(one, "beside a page that stays");
}

/* --- other uses ----------------------------------------------------------- */

static uint64_t sum_to(uint64_t n, uint64_t unused)
{
	volatile uint64_t kept = n;

	return n ? sum_to(n - 1, unused) + kept : 0;
}

static uint64_t call_on(uint64_t stack, uint64_t n)
{
	register uint64_t a0 __asm__("a0") = n;

	__asm__ volatile("mv s1, sp\n\tmv sp, %1\n\tjalr %2\n\tmv sp, s1"
			 : "+r"(a0)
			 : "r"(stack), "r"(sum_to)
			 : "s1", "ra", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2",
			   "t3", "t4", "t5", "t6", "memory");
	return a0;
}

static void stack(void)
{
	begin();
	fact_equal(call_on(ALIAS + PAGE, 20), 210, "a stack in a table");
	maps(one, "the table below it");
	write64(entry_at(ALIAS, ENTRY), PTE(two, PTE_RW));
	maps(two, "changed after that");
}

static void code(void)
{
	begin();
	/* addi a0, a0, 1; ret */
	write64(entry_at(ALIAS, FREE), 0x8067ull << 32 | 0x00150513);
	__asm__ volatile("fence.i");
	fact_equal(attempt((attempt_fn)entry_at(ALIAS, FREE), 41, 0).value, 42, "code in a table");
	*(volatile uint32_t *)entry_at(ALIAS, FREE) = 0x00250513;
	__asm__ volatile("fence.i");
	fact_equal(attempt((attempt_fn)entry_at(ALIAS, FREE), 41, 0).value, 43, "changed");
	maps(one, "the table before it");
}

static void data(void)
{
	uint64_t good = 0;

	begin();
	for (uint64_t i = 8 * FREE; i < PAGE; i++)
		*(volatile uint8_t *)(ALIAS + i) = i * 7;
	for (uint64_t i = 8 * FREE; i < PAGE; i++)
		good += *(volatile uint8_t *)(AGAIN + i) == (uint8_t)(i * 7);
	fact_equal(good, PAGE - 8 * FREE, "data in a table");
	maps(one, "the table before them");
	for (uint64_t i = FREE; i < 512; i++)
		write64(entry_at(table, i), 0);
}

/* --- tables that map themselves ------------------------------------------- */

static void itself(void)
{
	uint64_t self = TEST_VA + SELF * PAGE;

	begin();
	write64(entry_at(self, ENTRY), PTE(two, PTE_RW));
	maps(two, "a table that maps itself: sd");
	amoswap_d(entry_at(self, ENTRY), PTE(one, PTE_RW));
	maps(one, "amoswap.d");
	*(volatile uint32_t *)entry_at(self, ENTRY) = PTE(two, PTE_RW);
	maps(two, "sw");
	store_misaligned(entry_at(self, ENTRY) - 4, PTE(one, PTE_RW) << 32);
	maps(one, "sd over two entries");
	floating_point(self);
	begin();
	maps(add_reserved(entry_at(self, ENTRY), PTE(PAGE, 0)) ? two : one,
	     "sc.d stores, or says that it did not");
}

/* A path of its own from the root's slot to a page. */
static uint64_t hang_slot(void)
{
	uint64_t next = PTE(one, PTE_RW), top = mode->levels - 1;
	int64_t va = SLOT << (12 + 9 * top);

	for (uint64_t level = 0; level < top; level++) {
		uint64_t page = page_alloc();

		write64(page, next);
		next = PTE(page, PTE_V);
	}
	write64(entry_at(root, SLOT), next);
	return va << (52 - 9 * mode->levels) >> (52 - 9 * mode->levels);
}

static void the_root(void)
{
	uint64_t va = hang_slot(), link = read64(entry_at(root, SLOT));

	fence_all();
	fact_equal(read64(va), one, "a page below the root");
	write64(entry_at(ROOT_ALIAS, SLOT), 0);
	fence_all();
	fact_equal(load_cause(va), CAUSE_LOAD_PAGE, "the root in use: sd");
	amoor_d(entry_at(ROOT_ALIAS, SLOT), link);
	fence_all();
	fact_equal(read64(va), one, "amoor.d");
	*(volatile uint32_t *)entry_at(ROOT_ALIAS, SLOT) = 0;
	fence_all();
	fact_equal(load_cause(va), CAUSE_LOAD_PAGE, "sw");
	for (uint64_t i = 0; i < 16; i++)
		write64(entry_at(ROOT_ALIAS, SLOT), i & 1 ? link : 0);
	fence_all();
	fact_equal(read64(va), one, "a flood");
}

/* -------------------------------------------------------------------------- */

/* Until it succeeds; on a page of its own. */
extern const char store_conditional[];
__asm__(".pushsection .text\n.balign 4096\nstore_conditional:\n1: lr.d t0, (a0)\n sc.d t1, a1, (a0)\n bnez t1, 1b\n ret\n"
	".balign 4096\n.popsection\n");

/* The table that maps the instruction: where it is no table, the next fetch makes it one. */
static void its_own_code(void)
{
	uint64_t entry;

	map_page(mode, root, CODE, (uint64_t)store_conditional, PTE_RX);
	entry = (uint64_t)pte_of(mode, root, CODE + PAGE, 0);
	fence_all();
	((void (*)(uint64_t, uint64_t))CODE)(entry, PTE(two, PTE_RW));
	fence_all();
	fact_equal(read64(CODE + PAGE), two, "sc to the table that maps it");
}

/* -------------------------------------------------------------------------- */

static void set_up(void)
{
	uint64_t behind;

	root = root_new(mode);
	one = mega_alloc();
	two = one + PAGE;
	map_page(mode, root, VA, one, PTE_RW);
	table = (uint64_t)pte_of(mode, root, TEST_VA, 0) & ~(PAGE - 1);
	map_page(mode, root, TEST_VA + MEGA, one, PTE_RW);
	behind = (uint64_t)pte_of(mode, root, TEST_VA + MEGA, 0) & ~(PAGE - 1);
	map_page(mode, root, TEST_VA + SELF * PAGE, table, PTE_RW);
	map_page(mode, root, ALIAS, table, PTE_RWX);
	map_page(mode, root, ALIAS + PAGE, behind, PTE_RW);
	map_page(mode, root, AGAIN, table, PTE_RW);
	map_page(mode, root, ROOT_ALIAS, root, PTE_RW);
	write64(one, one);
	write64(two, two);
	satp_load(mode, root, 0);
	fence_all();
}

void payload(uint64_t hart)
{
	(void)hart;
	for_each_mode(mode)
	{
		set_up();
		atomics();
		reservations();
		plain();
		floating_point(ALIAS);
		cleared_block(ALIAS, "cbo.zero");
		misaligned();
		flood();
		stack();
		code();
		data();
		itself();
		cleared_block(TEST_VA + SELF * PAGE, "a table that maps itself: cbo.zero");
		the_root();
		its_own_code();
		csr_write(satp, 0);
		fence_all();
	}
}
