/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bare.h - a program in machine mode of its own, with functions that it calls in
 * other modes.  It prints a line for each result, `hspt: NAME VALUE 0`.
 */
typedef unsigned long u64;

#define PAGE     4096ul
#define RAM      0x80000000ul
#define UART     ((volatile unsigned char *)0x10000000)
#define FINISHER ((volatile unsigned int *)0x100000)

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
#define LEAF  (V | R | W | A | D)
#define TABLE V

#define SV39(root, asid) (8ul << 60 | (u64)(asid) << 44 | (u64)(root) >> 12)
#define GIGA             (1ul << 30)

#define TRAPPED (1ul << 63)
#define MPP     (3ul << 11)
#define MPRV    (1ul << 17)
enum mode { USER, SUPERVISOR, MACHINE = 3 };

#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" : : "r"(value) : "memory")
#define csr_set(csr, value)   __asm__ volatile("csrs " #csr ", %0" : : "r"(value) : "memory")
#define csr_clear(csr, value) __asm__ volatile("csrc " #csr ", %0" : : "r"(value) : "memory")
#define fence()               __asm__ volatile("sfence.vma" : : : "memory")

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
	"	li t1, 10\n	beq t0, t1, 1f\n"
	"	li t1, 11\n	beq t0, t1, 1f\n"
	"	li a0, 1\n	slli a0, a0, 63\n	or a0, a0, t0\n"
	"1:	ld ra, 0(sp)\n	ld s0, 8(sp)\n	ld s1, 16(sp)\n	ld s2, 24(sp)\n"
	"	ld s3, 32(sp)\n	ld s4, 40(sp)\n	ld s5, 48(sp)\n	ld s6, 56(sp)\n"
	"	ld s7, 64(sp)\n	ld s8, 72(sp)\n	ld s9, 80(sp)\n	ld s10, 88(sp)\n	ld s11, 96(sp)\n"
	"	addi sp, sp, 112\n"
	"	ret\n");

static char stack[4 * PAGE] __attribute__((aligned(16), used));
__asm__(".globl stack_end\n.set stack_end, stack + 4 * 4096\n");

static inline u64 entry(const void *at, u64 bits)
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
static inline u64 load(u64 address)
{
	u64 value = 0;

	for (int i = 0; i < 100; i++)
		value = *(volatile u64 *)address;
	return value;
}

static inline u64 store(u64 address, u64 value)
{
	for (int i = 0; i < 100; i++)
		*(volatile u64 *)address = value;
	return *(volatile u64 *)address;
}

/* In machine mode, with the rights and the translation of the mode in MPP. */
static inline u64 load_as(u64 address, u64 mode)
{
	u64 value;

	csr_clear(mstatus, MPP);
	csr_set(mstatus, mode << 11 | MPRV);
	value = *(volatile u64 *)address;
	csr_clear(mstatus, MPRV);
	csr_set(mstatus, MPP);
	return value;
}
