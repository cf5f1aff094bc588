// SPDX-License-Identifier: BSD-2-Clause
/*
 * bare.c - machine mode alone, with functions that it calls in supervisor mode:
 * what guests under Linux cannot do, or do not.
 *
 * Prints a line for each result, `hspt: NAME VALUE 0`.  A value is what a
 * function returned, or TRAPPED | mcause.  Every access is repeated so that
 * later ones of a page go the direct way, where there is one.
 */
#include "bare.h"

#define CONFIG        0x30000000ul /* of PCI: bus, device, function at bits 20, 15, 12 */
#define PCI_WINDOW    0x40000000ul /* for BARs of memory */
#define RESERVED_MODE (5ul << 60)
#define UPPER         0xffffffc000000000ul /* where supervisor mode's half begins */
#define DATA          UPPER                /* global, the same in both spaces */
#define CODE          (UPPER + GIGA)       /* not global, another page in each */

/* A page each, for CODE. */
__asm__(".text\n"
	".balign 4096\n"
	"one:	li a0, 1\n	ret\n"
	".balign 4096\n"
	"two:	li a0, 2\n	ret\n"
	".balign 4096\n");
extern char one[], two[];

static u64 root[2][512] __attribute__((aligned(4096)));
static u64 data_table[2][512] __attribute__((aligned(4096)));
static u64 code_table[2][2][512] __attribute__((aligned(4096)));
static u64 page[2][512] __attribute__((aligned(4096)));

#define LOAD(address)          call(SUPERVISOR, (u64)load, address, 0)
#define STORE(address, value)  call(SUPERVISOR, (u64)store, address, value)
#define LOAD_AS(address, mode) call(MACHINE, (u64)load_as, address, mode)
#define RUN(address)           call(SUPERVISOR, address, 0, 0)

static void build_tables(void)
{
	for (int s = 0; s < 2; s++) {
		root[s][RAM / GIGA] = (u64)RAM >> 12 << 10 | LEAF | X;
		root[s][256] = entry(data_table[0], TABLE);
		root[s][257] = entry(code_table[s][0], TABLE);
		code_table[s][0][0] = entry(code_table[s][1], TABLE);
		code_table[s][1][0] = entry(s ? two : one, V | R | X | A);
	}
	data_table[0][0] = entry(data_table[1], TABLE);
	data_table[1][0] = entry(page[0], LEAF | G);
	data_table[1][1] = entry(page[1], LEAF | G);
}

/* Privileged specification, 3.7: entry 0 is for one page, entry 15 for all else. */
static void protect(const void *at, u64 rights)
{
	csr_write(pmpaddr0, (u64)at >> 2 | (PAGE / 8 - 1));
	csr_clear(pmpcfg0, 0xff);
	csr_set(pmpcfg0, 3 << 3 | rights);
	fence();
}

static void protection(void)
{
	enum { NOTHING = 0, READ = 1, WRITE = 2 };

	print("pmp-before", STORE(DATA, 0x1111));
	protect(page[0], NOTHING);
	print("pmp-no-load", LOAD(DATA));
	print("pmp-no-store", STORE(DATA, 0x2222));
	print("pmp-neighbour", STORE(DATA + PAGE, 0x3333));
	protect(page[0], READ);
	print("pmp-load", LOAD(DATA));
	print("pmp-still-no-store", STORE(DATA, 0x4444));
	protect(page[0], READ | WRITE);
	print("pmp-after", STORE(DATA, 0x5555));
}

static void mprv(void)
{
	print("mprv-supervisor", LOAD_AS(DATA, SUPERVISOR));
	print("mprv-user", LOAD_AS(DATA, USER));
	print("mprv-machine", LOAD_AS((u64)page[0], MACHINE));
	data_table[1][0] &= ~(u64)R & ~(u64)W;
	data_table[1][0] |= X;
	fence();
	print("mxr-off", LOAD(DATA));
	csr_set(sstatus, 1 << 19);
	print("mxr-on", LOAD(DATA));
	csr_clear(sstatus, 1 << 19);
	print("mxr-off-again", LOAD(DATA));
	data_table[1][0] = entry(page[0], LEAF | G);
	fence();
}

/* Spaces have ASIDs of their own, so that switches between them need no fence. */
static void switches(void)
{
	print("satp-first", RUN(CODE));
	/* The same again, and a mode that there is not, change nothing. */
	csr_write(satp, SV39(root[0], 1));
	csr_write(satp, SV39(root[1], 2));
	print("satp-second", RUN(CODE));
	csr_write(satp, RESERVED_MODE);
	print("satp-reserved", RUN(CODE));
	csr_write(satp, SV39(root[0], 1));
	print("satp-back", RUN(CODE));
	print("satp-global", LOAD(DATA));
}

/* A device's memory that moves: the one of ivshmem behind its second BAR, device 1. */
static void memory_map(void)
{
	volatile unsigned int *config = (volatile unsigned int *)(CONFIG | 1 << 15);

	if (config[0] >> 16 != 0x1110)
		return;
	config[6] = PCI_WINDOW;
	config[7] = 0;
	config[1] = 2;
	data_table[1][2] = entry((void *)PCI_WINDOW, LEAF | G);
	fence();
	print("map-before", STORE(DATA + 2 * PAGE, 0x6666));
	config[1] = 0;
	print("map-gone", LOAD(DATA + 2 * PAGE));
	config[6] = PCI_WINDOW + (16 << 20);
	config[1] = 2;
	print("map-moved", LOAD(DATA + 2 * PAGE));
	data_table[1][2] = entry((void *)(PCI_WINDOW + (16 << 20)), LEAF | G);
	fence();
	print("map-after", LOAD(DATA + 2 * PAGE));
	print("map-ram", LOAD(DATA));
}

__attribute__((noreturn, used)) void main(void)
{
	build_tables();
	csr_write(pmpaddr15, ~0ul);
	csr_write(pmpcfg2, 0x1ful << 56);
	csr_write(satp, SV39(root[0], 1));
	fence();
	protection();
	mprv();
	switches();
	memory_map();
	*FINISHER = 0x5555;
	for (;;)
		;
}
