// SPDX-License-Identifier: BSD-2-Clause
/*
 * Stores to page tables, in every width and form, to tables that come and go.  What is
 * stored must be there afterwards; and the payload says how many of its stores went to a
 * live table of the current address space, and of one of the 16 loaded last, for whoever
 * counts them from outside.
 */
#include "payload.h"

#define ACTIVE_ROOTS 16

static const struct mode *mode;
static unsigned int active, current;

/* A store to a table of the current address space; of another one that is active; of none. */
#define live(store)        \
	do {               \
		store;     \
		active++;  \
		current++; \
	} while (0)
#define apart(store)      \
	do {              \
		store;    \
		active++; \
	} while (0)
#define dead(store)    \
	do {           \
		store; \
	} while (0)

/* One store; the compressed forms need registers from x8 to x15. */
#define STORE(name, instruction, type)                                             \
	static void name(uint64_t at, type value)                                  \
	{                                                                          \
		register uint64_t a0 __asm__("a0") = at;                           \
		register type a1 __asm__("a1") = value;                            \
                                                                                   \
		__asm__ volatile(instruction ::"r"(a0), "r"(a1) : "a2", "memory"); \
	}

STORE(store_byte, "sb a1, (a0)", uint64_t)
STORE(store_half, "sh a1, (a0)", uint64_t)
STORE(store_word, "sw a1, (a0)", uint64_t)
STORE(store_compressed_word, "c.sw a1, 0(a0)", uint64_t)
STORE(store_compressed, "c.sd a1, 0(a0)", uint64_t)
STORE(store_conditional, "lr.d a2, (a0)\n sc.d a2, a1, (a0)", uint64_t)
STORE(store_without_reservation, "sc.d zero, zero, (sp)\n sc.d a2, a1, (a0)", uint64_t)
STORE(swap, "amoswap.d a2, a1, (a0)", uint64_t)
STORE(set_bits_word, "amoor.w zero, a1, (a0)", uint64_t)
STORE(store_float, "fmv.d.x ft0, a1\n fsd ft0, (a0)", uint64_t)

/* A leaf table between two pages that are none, in a root that is loaded. */
static uint64_t before, leaf, behind, middle, root;

static void build(void)
{
	uint64_t *link;

	root = root_new(mode);
	link = pte_of(mode, root, TEST_VA, 1);
	middle = (uint64_t)link & ~(PAGE - 1);
	before = page_alloc();
	leaf = page_alloc();
	behind = page_alloc();
	*link = PTE(leaf, PTE_V);
}

static uint64_t link_of(uint64_t va)
{
	return middle + (va >> 21 & 511) * 8;
}

static void widths(void)
{
	live(write64(leaf, ~0ul));
	live(store_byte(leaf + 1, 0x11));
	live(store_half(leaf + 2, 0x2222));
	live(store_word(leaf + 4, 0x33333333));
	fact_equal(read64(leaf), 0x33333333222211ff, "bytes, halves and words");
	live(store_compressed(leaf + 8, 0));
	live(store_compressed_word(leaf + 12, 0x44444444));
	fact_equal(read64(leaf + 8), 0x4444444400000000, "compressed stores");
	live(swap(leaf + 16, 0x55));
	live(set_bits_word(leaf + 16, 0x600));
	fact_equal(read64(leaf + 16), 0x655, "atomics");
	live(store_conditional(leaf + 24, 0x77));
	dead(store_without_reservation(leaf + 24, 0x88));
	fact_equal(read64(leaf + 24), 0x77, "a conditional store, and one that fails");
	live(store_float(leaf + 32, 0x99));
	fact_equal(read64(leaf + 32), 0x99, "a register of the floating-point unit");
}

static void misaligned(void)
{
	live(write64(leaf + 44, 0x123456789abcdef0));
	fact_equal(read64(leaf + 48), 0x12345678, "across two entries");
	live(write64(behind - 4, 0x123456789abcdef0));
	fact_equal(read64(behind), 0x12345678, "out of the table");
	live(write64(leaf - 4, 0));
	fact_equal(read64(leaf), 0x3333333300000000, "into the table");
	dead(write64(before, 0));
	dead(write64(behind, 0));
}

/* A table is one as long as something links it, in the form that the architecture takes. */
static void links(void)
{
	uint64_t table = page_alloc(), one = link_of(TEST_VA + MEGA), two = one + 8;

	dead(write64(table, 1));
	live(write64(one, PTE(table, PTE_V)));
	live(write64(table, 2));
	live(write64(two, PTE(table, PTE_V)));
	live(write64(one, 0));
	live(write64(table, 3));
	live(write64(two, 0));
	dead(write64(table, 4));
	live(write64(one, PTE(table, PTE_V | PTE_A)));
	dead(write64(table, 5));
	live(write64(one, PTE(table, PTE_RW)));
	dead(write64(table, 6));
	live(write64(one, PTE(table, 0)));
	dead(write64(table, 7));
	/* The link is complete with its last half. */
	live(store_word(one + 4, PTE(table, PTE_V) >> 32));
	live(store_word(one, PTE(table, PTE_V)));
	live(write64(table, 8));
	live(swap(one, 0));
	dead(write64(table, 9));
	fact_equal(read64(table), 9, "a table that comes and goes");
}

/* A table that is its own child counts once, and lives on without that link. */
static void loops(void)
{
	uint64_t link = link_of(TEST_VA + MEGA), other = link + 8, table = page_alloc();

	live(write64(link, PTE(middle, PTE_V)));
	live(write64(other, 0));
	live(write64(link, 0));
	live(write64(other, PTE(table, PTE_V)));
	live(write64(table, 1));
	live(write64(other, 0));
	dead(write64(table, 2));
	live(write64(root + 8 * 300, PTE(root, PTE_V)));
	live(write64(root + 8 * 301, PTE(table, PTE_V)));
	live(write64(table, 3));
	live(write64(root + 8 * 300, 0));
	live(write64(table, 4));
	live(write64(root + 8 * 301, 0));
	dead(write64(table, 5));
	fact_equal(read64(table), 5, "a table that is its own child");
}

static void address_spaces(void)
{
	uint64_t other = root_new(mode),
		 top = root + (TEST_VA >> (12 + 9 * (mode->levels - 1))) * 8;
	uint64_t unused = other + 8 * 200;

	satp_load(mode, other, 2);
	apart(write64(leaf + 64, 1));
	live(write64(unused, read64(top)));
	live(write64(leaf + 64, 2));
	live(write64(unused, 0));
	for (uint64_t asid = 0; asid < ACTIVE_ROOTS; asid++)
		satp_load(mode, root, asid);
	live(write64(leaf + 64, 3));
	apart(write64(unused, 0));
	for (unsigned int i = 0; i < ACTIVE_ROOTS - 1; i++)
		satp_load(mode, root_new(mode), 0);
	apart(write64(leaf + 64, 4));
	apart(write64(leaf + 64, 5));
	dead(write64(unused, 0));
	satp_load(mode, root_new(mode), 0);
	dead(write64(leaf + 64, 6));
	satp_load(mode, root, 1);
	live(write64(leaf + 64, 7));
	csr_write(satp, 0);
	apart(write64(leaf + 64, 8));
	fact_equal(read64(leaf + 64), 8, "an entry seen from other address spaces");
}

void payload(uint64_t hart)
{
	(void)hart;
	csr_set(sstatus, SSTATUS_FS);
	for_each_mode(mode)
	{
		build();
		dead(write64(leaf, 0));
		satp_load(mode, root, 1);
		fence_all();
		widths();
		misaligned();
		links();
		loops();
		address_spaces();
		fence_all();
	}
	note_count("active", active);
	note_count("current", current);
}
