/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu.h - all that host-hv says to the hart in assembly: CSRs, SBI calls,
 * fences.  Beside it only fp.S and the entries in boot/ have instructions in them.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdint.h>

/* Interrupt bits of sip and sie (privileged specification, 12.1.3). */
#define IRQ_SOFT     (1UL << 1)
#define IRQ_TIMER    (1UL << 5)
#define IRQ_EXTERNAL (1UL << 9)

struct sbiret {
	long error;
	unsigned long value;
};

#define csr_read(csr)                                                         \
	({                                                                    \
		unsigned long __v;                                            \
		__asm__ __volatile__("csrr %0, " #csr : "=r"(__v)::"memory"); \
		__v;                                                          \
	})

#define csr_write(csr, value) __asm__ __volatile__("csrw " #csr ", %0" ::"rK"(value) : "memory")

#define csr_clear(csr, bits) __asm__ __volatile__("csrc " #csr ", %0" ::"rK"(bits) : "memory")

#define csr_set(csr, bits) __asm__ __volatile__("csrs " #csr ", %0" ::"rK"(bits) : "memory")

static inline struct sbiret sbi_call6(unsigned long eid, unsigned long fid,
				      const unsigned long arg[6])
{
	register unsigned long a0 __asm__("a0") = arg[0];
	register unsigned long a1 __asm__("a1") = arg[1];
	register unsigned long a2 __asm__("a2") = arg[2];
	register unsigned long a3 __asm__("a3") = arg[3];
	register unsigned long a4 __asm__("a4") = arg[4];
	register unsigned long a5 __asm__("a5") = arg[5];
	register unsigned long a6 __asm__("a6") = fid;
	register unsigned long a7 __asm__("a7") = eid;

	__asm__ __volatile__("ecall"
			     : "+r"(a0), "+r"(a1)
			     : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6), "r"(a7)
			     : "memory");
	return (struct sbiret){ (long)a0, a1 };
}

/* One of a single argument: the callee looks at no other register. */
static inline struct sbiret sbi_call1(unsigned long eid, unsigned long fid, unsigned long arg)
{
	register unsigned long a0 __asm__("a0") = arg;
	register unsigned long a1 __asm__("a1");
	register unsigned long a6 __asm__("a6") = fid;
	register unsigned long a7 __asm__("a7") = eid;

	__asm__ __volatile__("ecall" : "+r"(a0), "=r"(a1) : "r"(a6), "r"(a7) : "memory");
	return (struct sbiret){ (long)a0, a1 };
}

/* sbi_call(eid, fid, up to six arguments) */
#define sbi_call(eid, fid, ...) sbi_call6(eid, fid, (const unsigned long[6]){ __VA_ARGS__ })

/* The hart's own record; start.S keeps it in tp, where C code never looks. */
static inline struct hart *this_hart(void)
{
	struct hart *hart;

	__asm__("mv %0, tp" : "=r"(hart));
	return hart;
}

static inline void wait_for_interrupt(void)
{
	__asm__ __volatile__("wfi" ::: "memory");
}

/* Zihintpause, for loops that wait for another hart; a fence of nothing to harts without it. */
static inline void hart_pause(void)
{
	__asm__ __volatile__(".4byte 0x0100000f" ::: "memory");
}

/* Makes code that this hart wrote visible to its own fetches. */
static inline void fence_i(void)
{
	__asm__ __volatile__("fence.i" ::: "memory");
}

/* Orders accesses to device registers against each other and against RAM. */
static inline void fence_io(void)
{
	__asm__ __volatile__("fence iorw, iorw" ::: "memory");
}

#endif
