// SPDX-License-Identifier: BSD-2-Clause
/*
 * Misaligned loads and stores in every form, as a hart does them by itself, and by whoever
 * does them in its place: values, registers, rights, faults of either page.  The word traps=1 says
 * that this hart leaves them to others.
 */
#include "payload.h"
#include "ring.h"

#define SECOND                 (TEST_VA + PAGE)
#define CODE_VA                (TEST_VA + 16 * PAGE)
#define CAUSE_LOAD_MISALIGNED  4
#define CAUSE_STORE_MISALIGNED 6
#define SSTATUS_FS_CLEAN       (2ul << 13)

static const struct mode *mode;
static uint64_t root, first, second;

/* --- every form ----------------------------------------------------------- */

/* One load of a0's address into a register, which comes back in a0; a1 is x8 to x15. */
#define LOAD(name, text)                                                                      \
	static uint64_t name(uint64_t at)                                                     \
	{                                                                                     \
		register uint64_t a0 __asm__("a0") = at;                                      \
                                                                                              \
		__asm__ volatile(text : "+r"(a0)::"a1", "t0", "t1", "ft0", "ft11", "memory"); \
		return a0;                                                                    \
	}

/* One store of the value in a1, t1, ft0 and ft11. */
#define STORE(name, text)                                                                    \
	static void name(uint64_t at, uint64_t value)                                        \
	{                                                                                    \
		register uint64_t a0 __asm__("a0") = at;                                     \
		register uint64_t a1 __asm__("a1") = value;                                  \
                                                                                             \
		__asm__ volatile("mv t1, a1\n fmv.d.x ft0, a1\n fmv.d.x ft11, a1\n" text     \
				 : "+r"(a0), "+r"(a1)::"t0", "t1", "ft0", "ft11", "memory"); \
	}

/* Instructions by sp: no interrupt is enabled here. */
#define BY_SP(text) "mv t0, sp\n mv sp, a0\n" text "\n mv sp, t0\n"

LOAD(lh, "lh a0, 0(a0)")
LOAD(lhu, "lhu t1, 0(a0)\n mv a0, t1")
LOAD(lw, "lw a0, 0(a0)")
LOAD(lwu, "lwu a0, 0(a0)")
LOAD(ld, "addi a1, a0, 2047\n ld t1, -2047(a1)\n mv a0, t1")
LOAD(to_sp, "mv t0, sp\n ld sp, 0(a0)\n mv a0, sp\n mv sp, t0")
LOAD(to_zero, "ld zero, 0(a0)\n mv a0, zero")
LOAD(c_lw, "c.lw a1, 0(a0)\n mv a0, a1")
LOAD(c_ld, "addi a0, a0, -248\n c.ld a1, 248(a0)\n mv a0, a1")
LOAD(c_lwsp, BY_SP("c.lwsp t1, 0(sp)") "mv a0, t1")
LOAD(c_ldsp, BY_SP("c.ldsp t1, 0(sp)") "mv a0, t1")
LOAD(flw, "flw ft0, 0(a0)\n fmv.x.d a0, ft0")
LOAD(fld, "fld ft11, 0(a0)\n fmv.x.d a0, ft11")
LOAD(c_fld, "c.fld fa0, 0(a0)\n fmv.x.d a0, fa0")
LOAD(c_fldsp, BY_SP("c.fldsp ft0, 0(sp)") "fmv.x.d a0, ft0")
STORE(sh, "sh a1, 0(a0)")
STORE(sw, "sw t1, 0(a0)")
STORE(sd, "addi a0, a0, 2047\n sd a1, -2047(a0)")
STORE(of_zero, "sd zero, 0(a0)")
STORE(c_sw, "c.sw a1, 0(a0)")
STORE(c_sd, "addi a0, a0, -248\n c.sd a1, 248(a0)")
STORE(c_swsp, BY_SP("c.swsp t1, 0(sp)"))
STORE(c_sdsp, BY_SP("c.sdsp t1, 0(sp)"))
STORE(fsw, "fsw ft0, 0(a0)")
STORE(fsd, "fsd ft11, 0(a0)")
STORE(c_fsd, "fmv.d.x fa0, a1\n c.fsd fa0, 0(a0)")
STORE(c_fsdsp, BY_SP("c.fsdsp ft0, 0(sp)"))

static const struct {
	const char *name;
	uint64_t (*load)(uint64_t at);
	unsigned int size;
	enum { SIGNED, UNSIGNED, BOXED, NOTHING } kind;
} loads[] = {
	{ "lh", lh, 2, SIGNED },
	{ "lhu", lhu, 2, UNSIGNED },
	{ "lw", lw, 4, SIGNED },
	{ "lwu", lwu, 4, UNSIGNED },
	{ "ld", ld, 8, SIGNED },
	{ "ld to sp", to_sp, 8, SIGNED },
	{ "ld to x0", to_zero, 8, NOTHING },
	{ "c.lw", c_lw, 4, SIGNED },
	{ "c.ld", c_ld, 8, SIGNED },
	{ "c.lwsp", c_lwsp, 4, SIGNED },
	{ "c.ldsp", c_ldsp, 8, SIGNED },
	{ "flw", flw, 4, BOXED },
	{ "fld", fld, 8, BOXED },
	{ "c.fld", c_fld, 8, BOXED },
	{ "c.fldsp", c_fldsp, 8, BOXED },
};

static const struct {
	const char *name;
	void (*store)(uint64_t at, uint64_t value);
	unsigned int size;
} stores[] = {
	{ "sh", sh, 2 },         { "sw", sw, 4 },
	{ "sd", sd, 8 },         { "sd of x0", of_zero, 8 },
	{ "c.sw", c_sw, 4 },     { "c.sd", c_sd, 8 },
	{ "c.swsp", c_swsp, 4 }, { "c.sdsp", c_sdsp, 8 },
	{ "fsw", fsw, 4 },       { "fsd", fsd, 8 },
	{ "c.fsd", c_fsd, 8 },   { "c.fsdsp", c_fsdsp, 8 },
};

static uint8_t pattern(unsigned int n)
{
	return 0x87 + 0x1d * n;
}

static volatile uint8_t *byte(uint64_t at)
{
	return (volatile uint8_t *)at;
}

static uint64_t loaded(unsigned int n, unsigned int size, unsigned int kind)
{
	uint64_t value = 0, above = size < 8 ? ~0ul << 8 * size : 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)pattern(n + i) << 8 * i;
	if (kind == NOTHING)
		return 0;
	if (kind == BOXED || (kind == SIGNED && pattern(n + size - 1) & 0x80))
		value |= above;
	return value;
}

static uint64_t load_at(uint64_t function, uint64_t at)
{
	return ((uint64_t(*)(uint64_t))function)(at);
}

/* 24 bytes around `middle`, the access beginning at each of the first 16. */
static void load_forms(uint64_t middle)
{
	for (unsigned int n = 0; n < 24; n++)
		*byte(middle - 12 + n) = pattern(n);
	for (unsigned int i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		bool right = true;

		for (unsigned int n = 0; n < 16; n++)
			right &= attempt(load_at, (uint64_t)loads[i].load, middle - 12 + n).value ==
				 loaded(n, loads[i].size, loads[i].kind);
		fact(right, loads[i].name);
	}
}

static bool stored(uint64_t middle, unsigned int at, unsigned int size, uint64_t value)
{
	for (unsigned int n = 0; n < 24; n++) {
		uint8_t there = n - at < size ? value >> 8 * (n - at) : 0xee;

		if (*byte(middle - 12 + n) != there)
			return false;
	}
	return true;
}

static uint64_t store_at(uint64_t form, uint64_t at)
{
	stores[form].store(at, 0x1122334455667788);
	return 0;
}

static void store_forms(uint64_t middle)
{
	for (unsigned int i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		uint64_t value = stores[i].store == of_zero ? 0 : 0x1122334455667788;
		bool right = true;

		for (unsigned int at = 0; at < 16; at++) {
			for (unsigned int n = 0; n < 24; n++)
				*byte(middle - 12 + n) = 0xee;
			attempt(store_at, i, middle - 12 + at);
			right &= stored(middle, at, stores[i].size, value);
		}
		fact(right, stores[i].name);
	}
}

static void floating_point_is_dirty(uint64_t at)
{
	csr_clear(sstatus, SSTATUS_FS);
	csr_set(sstatus, SSTATUS_FS_CLEAN);
	c_fld(at);
	fact_equal(csr_read(sstatus) & SSTATUS_FS, SSTATUS_FS,
		   "a register that was loaded is dirty");
}

/* --- faults --------------------------------------------------------------- */

static void map_both(uint64_t flags_first, uint64_t flags_second)
{
	map_page(mode, root, TEST_VA, first, flags_first);
	map_page(mode, root, SECOND, second, flags_second);
	fence_all();
}

static uint64_t do_load(uint64_t at, uint64_t unused)
{
	(void)unused;
	return ld(at);
}

static uint64_t do_store(uint64_t at, uint64_t value)
{
	sd(at, value);
	return 0;
}

/*
 * In a guest nothing is done before a fault; firmware that does a hart's stores byte by byte
 * may have stored what comes before the page that faults.
 */
static bool in_a_guest(void)
{
	return ring_offered();
}

static void load_faults(uint64_t flags_first, uint64_t flags_second, uint64_t tval,
			const char *what)
{
	struct outcome o;

	map_both(flags_first, flags_second);
	o = attempt(do_load, SECOND - 3, 0);
	fact_equal(o.cause, CAUSE_LOAD_PAGE, what);
	fact_equal(o.tval, tval, "stval of it");
}

static void store_faults(uint64_t flags_first, uint64_t flags_second, uint64_t tval,
			 const char *what)
{
	struct outcome o;

	write64(first + PAGE - 8, 0);
	write64(second, 0);
	map_both(flags_first, flags_second);
	o = attempt(do_store, SECOND - 3, ~0ul);
	fact_equal(o.cause, CAUSE_STORE_PAGE, what);
	fact_equal(o.tval, tval, "stval of it");
	fact_equal(read64(second), 0, "the second page is as before");
	if (in_a_guest())
		fact_equal(read64(first + PAGE - 8), 0, "the first page is as before");
}

static void faults(void)
{
	load_faults(PTE_RW, 0, SECOND, "a load with the second page absent");
	load_faults(0, PTE_RW, SECOND - 3, "a load with the first page absent");
	load_faults(0, 0, SECOND - 3, "a load with both pages absent");
	load_faults(PTE_RW, PTE_RW & ~PTE_A, SECOND, "a load with A=0 on the second page");
	store_faults(PTE_RW, 0, SECOND, "a store with the second page absent");
	store_faults(0, PTE_RW, SECOND - 3, "a store with the first page absent");
	store_faults(PTE_RW, PTE_RW & ~PTE_W, SECOND, "a store with the second page read-only");
	store_faults(PTE_RW & ~PTE_W, PTE_RW, SECOND - 3, "a store with the first page read-only");
	store_faults(PTE_RW, PTE_RW & ~PTE_D, SECOND, "a store with D=0 on the second page");
	store_faults(PTE_RW, PTE_RW & ~PTE_A, SECOND, "a store with A=0 on the second page");
}

/* --- rights --------------------------------------------------------------- */

static void sum_and_mxr(void)
{
	uint64_t at = SECOND - 3;

	map_both(PTE_RW | PTE_U, PTE_RW);
	fact_equal(attempt(do_load, at, 0).cause, CAUSE_LOAD_PAGE, "a load from a user's page");
	fact_equal(attempt(do_store, at, 0).tval, at, "a store to a user's page");
	csr_set(sstatus, SSTATUS_SUM);
	attempt(do_store, at, 0x123456789abcdef);
	fact_equal(attempt(do_load, at, 0).value, 0x123456789abcdef, "both under SUM");
	csr_clear(sstatus, SSTATUS_SUM);
	map_both(PTE_RW, PTE_RX & ~PTE_R);
	fact_equal(attempt(do_load, at, 0).tval, SECOND, "a load from what may only be executed");
	csr_set(sstatus, SSTATUS_MXR);
	fact_equal(attempt(do_load, at, 0).value, 0x123456789abcdef, "the same under MXR");
	csr_clear(sstatus, SSTATUS_MXR);
}

/* For U-mode: loads from a0, stores to a1, and ends. */
extern const char user_misaligned[];
__asm__(".pushsection .text\n .balign 64\n user_misaligned:\n"
	"ld a2, 0(a0)\n c.sd a2, 0(a1)\n ecall\n .popsection");

static void user(void)
{
	uint64_t offset = (uint64_t)user_misaligned % PAGE, from = TEST_VA + 1, to = SECOND - 5;
	uint64_t value = 0xfedcba9876543210;

	map_page(mode, root, CODE_VA, (uint64_t)user_misaligned - offset, PTE_RX | PTE_U);
	map_both(PTE_RW | PTE_U, PTE_RW | PTE_U);
	*(volatile uint64_t *)(first + 8) = 0;
	csr_set(sstatus, SSTATUS_SUM);
	sd(from, value);
	fact_equal(attempt_user(CODE_VA + offset, from, to).cause, CAUSE_USER_ECALL,
		   "load and store");
	fact_equal(attempt(do_load, to, 0).value, value, "the value");
	csr_clear(sstatus, SSTATUS_SUM);
	map_both(PTE_RW | PTE_U, PTE_RW);
	fact_equal(attempt_user(CODE_VA + offset, from, to).cause, CAUSE_STORE_PAGE,
		   "a store into the kernel's page");
	fact_equal(attempt_user(CODE_VA + offset, to, from).tval, SECOND, "a load that ends in it");
}

/* An instruction that lies in two pages itself. */
static void over_a_boundary(void)
{
	map_both(PTE_RWX, PTE_RWX);
	*(volatile uint16_t *)(SECOND - 2) = 0x3503; /* ld a0, 0(a0): low half */
	*(volatile uint16_t *)SECOND = 0x0005;
	*(volatile uint16_t *)(SECOND + 2) = 0x8082; /* ret */
	*byte(TEST_VA + 1) = 0x42;
	__asm__ volatile("fence.i");
	fact_equal(attempt(load_at, SECOND - 2, TEST_VA + 1).value & 0xff, 0x42,
		   "an instruction over a page boundary");
	map_both(PTE_RW, PTE_RW);
}

/* --- what no firmware does ------------------------------------------------- */

static uint64_t add_atomic(uint64_t va, uint64_t value)
{
	__asm__ volatile("amoadd.w %0, %0, (%1)" : "+r"(value) : "r"(va) : "memory");
	return value;
}

/* Misaligned or an access fault, as the hart likes; QEMU calls an AMO a load here. */
static void is_refused(attempt_fn function, const char *what)
{
	struct outcome o = attempt(function, TEST_VA + 2, 0);

	fact(o.cause >= 4 && o.cause <= 7, what);
	fact_equal(o.tval, TEST_VA + 2, "stval of it");
}

static void atomics(void)
{
	map_both(PTE_RW, PTE_RW);
	is_refused(load_reserved, "lr");
	is_refused(add_atomic, "amoadd");
}

/* --- if the guest wants to do it --------------------------------------------- */

#define SBI_FWFT 0x46574654ul

static int64_t delegate(uint64_t value)
{
	return sbi_call(SBI_FWFT, 0, 0, value, 0, 0, 0).error;
}

static void delegation(void)
{
	bool traps = payload_option("traps", 0);
	struct outcome o;

	map_both(PTE_RW, PTE_RW);
	do_store(SECOND - 3, 0x1234);
	fact_equal(delegate(1), SBI_OK, "asked for");
	o = attempt(do_load, SECOND - 3, 0);
	fact_equal(o.cause, traps ? CAUSE_LOAD_MISALIGNED : CAUSE_NONE,
		   "a load is the guest's, if the hart leaves it");
	fact(!traps || o.tval == SECOND - 3, "stval of it");
	o = attempt(do_store, SECOND - 3, 0x5678);
	fact_equal(o.cause, traps ? CAUSE_STORE_MISALIGNED : CAUSE_NONE, "so is a store");
	fact_equal(delegate(0), SBI_OK, "and no more");
	fact_equal(attempt(do_load, SECOND - 3, 0).value, traps ? 0x1234 : 0x5678,
		   "a load is done");
}

static void in_each_place(const char *what, uint64_t middle)
{
	facts_about(what);
	load_forms(middle);
	store_forms(middle);
	floating_point_is_dirty(middle + 1);
}

void payload(uint64_t hart)
{
	(void)hart;
	csr_set(sstatus, SSTATUS_FS);
	first = page_alloc();
	page_alloc(); /* so that they are no neighbours */
	second = page_alloc();
	in_each_place("without translation", first + 64);
	root = root_in_first_mode(&mode);
	satp_load(mode, root, 0);
	map_both(PTE_RW, PTE_RW);
	in_each_place("in a page", TEST_VA + 64);
	in_each_place("over two pages", SECOND);
	facts_about("faults");
	faults();
	facts_about("rights");
	sum_and_mxr();
	facts_about("in U-mode");
	user();
	facts_about("code");
	over_a_boundary();
	facts_about("atomics");
	atomics();
	facts_about("delegation");
	delegation();
	csr_write(satp, 0);
}
