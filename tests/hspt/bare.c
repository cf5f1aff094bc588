// SPDX-License-Identifier: BSD-2-Clause
/*
 * bare.c - machine mode alone, with functions that it calls in supervisor mode:
 * what guests under Linux cannot do, or do not.
 *
 * Prints a line for each result, `hspt: NAME VALUE 0`.  A value is what a
 * function returned, or TRAPPED | mcause.  Every access is repeated so that
 * later ones of a page go the direct way, where there is one.
 */
typedef unsigned long u64;

#define PAGE		4096ul
#define RAM		0x80000000ul
#define UART		((volatile unsigned char *)0x10000000)
#define FINISHER	((volatile unsigned int *)0x100000)
#define CONFIG		0x30000000ul	/* of PCI: bus, device, function at bits 20, 15, 12 */
#define PCI_WINDOW	0x40000000ul	/* for BARs of memory */

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
#define LEAF		(V | R | W | A | D)
#define TABLE		V

#define SV39(root, asid) (8ul << 60 | (u64)(asid) << 44 | (u64)(root) >> 12)
#define RESERVED_MODE	(5ul << 60)
#define UPPER		0xffffffc000000000ul	/* where supervisor mode's half begins */
#define GIGA		(1ul << 30)
#define DATA		UPPER			/* global, the same in both spaces */
#define CODE		(UPPER + GIGA)		/* not global, another page in each */

#define TRAPPED		(1ul << 63)
#define MPP		(3ul << 11)
#define MPRV		(1ul << 17)
enum mode { USER, SUPERVISOR, MACHINE = 3 };

#define csr_write(csr, value)	__asm__ volatile("csrw " #csr ", %0" : : "r"(value) : "memory")
#define csr_set(csr, value)	__asm__ volatile("csrs " #csr ", %0" : : "r"(value) : "memory")
#define csr_clear(csr, value)	__asm__ volatile("csrc " #csr ", %0" : : "r"(value) : "memory")
#define fence()			__asm__ volatile("sfence.vma" : : : "memory")

/* call(mode, function, a0, a1): a0, or TRAPPED | mcause. */
u64 call(u64 mode, u64 function, u64 a0, u64 a1);
__asm__(".option norvc\n"
	".section .text.start\n"
	".globl _start\n"
	"_start:	la sp, stack_end\n"
	"	j main\n"
	".text\n"
	"call:	addi sp, sp, -112\n"
	"	sd ra, 0(sp)\n	sd s0, 8(sp)\n	sd s1, 16(sp)\n	sd s2, 24(sp)\n"
	"	sd s3, 32(sp)\n	sd s4, 40(sp)\n	sd s5, 48(sp)\n	sd s6, 56(sp)\n"
	"	sd s7, 64(sp)\n	sd s8, 72(sp)\n	sd s9, 80(sp)\n	sd s10, 88(sp)\n	sd s11, 96(sp)\n"
	"	csrw mscratch, sp\n"
	"	la t0, trapped\n	csrw mtvec, t0\n"
	"	li t0, 3 << 11\n	csrc mstatus, t0\n"
	"	slli a0, a0, 11\n	csrs mstatus, a0\n"
	"	csrw mepc, a1\n"
	"	mv a0, a2\n	mv a1, a3\n"
	"	la ra, done\n"
	"	mret\n"
	"done:	ecall\n"
	"	.align 2\n"
	"trapped:	csrr sp, mscratch\n"
	"	li t0, 1 << 17\n	csrc mstatus, t0\n"
	"	csrr t0, mcause\n"
	"	li t1, 9\n	beq t0, t1, 1f\n"
	"	li t1, 11\n	beq t0, t1, 1f\n"
	"	li a0, 1\n	slli a0, a0, 63\n	or a0, a0, t0\n"
	"1:	ld ra, 0(sp)\n	ld s0, 8(sp)\n	ld s1, 16(sp)\n	ld s2, 24(sp)\n"
	"	ld s3, 32(sp)\n	ld s4, 40(sp)\n	ld s5, 48(sp)\n	ld s6, 56(sp)\n"
	"	ld s7, 64(sp)\n	ld s8, 72(sp)\n	ld s9, 80(sp)\n	ld s10, 88(sp)\n	ld s11, 96(sp)\n"
	"	addi sp, sp, 112\n"
	"	ret\n"
	/* A page each, for CODE. */
	".balign 4096\n"
	"one:	li a0, 1\n	ret\n"
	".balign 4096\n"
	"two:	li a0, 2\n	ret\n"
	".balign 4096\n");
extern char one[], two[];

static char stack[4 * PAGE] __attribute__((aligned(16), used));
__asm__(".globl stack_end\n.set stack_end, stack + 4 * 4096\n");

static u64 root[2][512] __attribute__((aligned(4096)));
static u64 data_table[2][512] __attribute__((aligned(4096)));
static u64 code_table[2][2][512] __attribute__((aligned(4096)));
static u64 page[2][512] __attribute__((aligned(4096)));

static u64 entry(const void *at, u64 bits)
{
	return (u64)at >> 12 << 10 | bits;
}

static void print(const char *name, u64 value)
{
	for (const char *c = "hspt: "; *c; c++)
		*UART = *c;
	for (; *name; name++)
		*UART = *name;
	*UART = ' ';
	for (int shift = 60; shift >= 0; shift -= 4)
		*UART = "0123456789abcdef"[value >> shift & 15];
	*UART = ' ';
	*UART = '0';
	*UART = '\n';
}

/* Leaf functions without a stack, in any mode. */
static u64 load(u64 address)
{
	u64 value = 0;

	for (int i = 0; i < 100; i++)
		value = *(volatile u64 *)address;
	return value;
}

static u64 store(u64 address, u64 value)
{
	for (int i = 0; i < 100; i++)
		*(volatile u64 *)address = value;
	return *(volatile u64 *)address;
}

/* In machine mode, with the rights and the translation of the mode in MPP. */
static u64 load_as(u64 address, u64 mode)
{
	u64 value;

	csr_clear(mstatus, MPP);
	csr_set(mstatus, mode << 11 | MPRV);
	value = *(volatile u64 *)address;
	csr_clear(mstatus, MPRV);
	csr_set(mstatus, MPP);
	return value;
}

#define LOAD(address)		call(SUPERVISOR, (u64)load, address, 0)
#define STORE(address, value)	call(SUPERVISOR, (u64)store, address, value)
#define LOAD_AS(address, mode)	call(MACHINE, (u64)load_as, address, mode)
#define RUN(address)		call(SUPERVISOR, address, 0, 0)

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
