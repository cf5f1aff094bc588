/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hart.h - instructions that C cannot say, under names of what they do: CSR access, fences,
 * counters.  Code above this room names a CSR, never an instruction.
 *
 * All is inline: what trap/tvm_short.c calls would clobber registers of the guest that nobody
 * saved. tests/unit/hmcode/metal/hart.h has the same names for a hart that is a struct.
 */
#ifndef HM_HART_H
#define HM_HART_H

#include <sbi/riscv_asm.h>
#include <sbi/riscv_barrier.h>
#include <sbi/riscv_encoding.h>
#include <sbi/sbi_csr_detect.h>
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_types.h>

/*
 * csr: a constant, whose number is part of the instruction.  The last two return what it held
 * before.
 */
#define hart_read(csr)             csr_read(csr)
#define hart_write(csr, value)     csr_write(csr, value)
#define hart_set(csr, bits)        csr_set(csr, bits)
#define hart_clear(csr, bits)      csr_clear(csr, bits)
#define hart_swap(csr, value)      csr_swap(csr, value)
#define hart_read_clear(csr, bits) csr_read_clear(csr, bits)

/* Of a CSR that the hart may lack: then trap->cause is not 0. */
#define hart_read_allowed(csr, trap)         csr_read_allowed(csr, trap)
#define hart_write_allowed(csr, trap, value) csr_write_allowed(csr, trap, value)

#define hart_id() current_hartid()

/* Until an interrupt that mie enables is pending, or for no reason ("Wait for Interrupt"). */
static inline void hart_wait(void)
{
	wfi();
}

/* All accesses before, of memory and of devices, come before all after. */
static inline void hart_barrier(void)
{
	mb();
}

static inline void hart_fence_all(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

static inline void hart_fence_page(u64 va)
{
	__asm__ volatile("sfence.vma %0" ::"r"(va) : "memory");
}

static inline void hart_fence_asid(u64 asid)
{
	__asm__ volatile("sfence.vma x0, %0" ::"r"(asid) : "memory");
}

static inline void hart_fence_code(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

/*
 * Does the hart's walker find a page at va, of U-mode or of S-mode?  A load tells,
 * made as S-mode would ("Memory Privilege in mstatus Register"): the trap came from there.  It is
 * one more of M-mode, which MDT, set since the guest's, would make a double trap ("Smdbltrp").
 */
static inline bool hart_maps_page(u64 va)
{
	u64 mepc = hart_read(CSR_MEPC), vector, mstatus, found;

	__asm__ volatile("	lla	%[vector], 1f\n"
			 "	csrrw	%[vector], mtvec, %[vector]\n"
			 "	csrrs	%[mstatus], mstatus, %[bits]\n"
			 "	li	%[found], 1\n"
			 "	slli	%[found], %[found], %[mdt]\n"
			 "	csrc	mstatus, %[found]\n"
			 "	li	%[found], 0\n"
			 "	lb	zero, 0(%[va])\n"
			 "	li	%[found], 1\n"
			 "	.align	2\n"
			 "1:	csrw	mstatus, %[mstatus]\n"
			 "	csrw	mtvec, %[vector]\n"
			 "	csrw	mepc, %[mepc]\n"
			 : [vector] "=&r"(vector), [mstatus] "=&r"(mstatus), [found] "=&r"(found)
			 : [bits] "r"(MSTATUS_MPRV | MSTATUS_SUM | MSTATUS_MXR),
			   [mdt] "i"(__builtin_ctzll(MSTATUS_MDT)), [va] "r"(va), [mepc] "r"(mepc)
			 : "memory");
	return found;
}

/*
 * Run the guest until a trap becomes an exit.  Its general registers are taken from the page and
 * put into it.  vector: mtvec meanwhile.  A trap that becomes one ends by a jump to hm_guest_leave
 * (world_switch.S).
 *
 * The guest changes every register.  So the compiler is told: who calls this has saved for its own
 * caller what it uses, and need not save it twice.  What is not kept in a variable meanwhile need
 * not be stored either, so the frame is returned.  gp and tp are the call's (host_vector.S).
 */
struct hm_frame;
struct hm_run;
static inline struct hm_frame *hm_guest_run(struct hm_frame *frame, const char *vector,
					    struct hm_run *run)
{
	register struct hm_frame *a0 __asm__("a0") = frame;
	register const char *a1 __asm__("a1") = vector;
	register struct hm_run *a2 __asm__("a2") = run;

	__asm__ volatile("call	hm_guest_enter"
			 : "+r"(a0), "+r"(a1), "+r"(a2)
			 :
			 : "ra", "t0", "t1", "t2", "s0", "s1", "a3", "a4", "a5", "a6", "a7", "s2",
			   "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5",
			   "t6", "memory");
	return a0;
}

/*
 * The word at hpa becomes `new` if it is `old`. One attempt, so that no guest can keep the hart
 * here by stores to the same line. What is found instead is stored again: the SC ends the
 * reservation, which would otherwise let one of the guest's succeed whose own LR was earlier
 * ("Zalrsc"). In memory it comes after all before it and before all behind it, as the privileged
 * specification has it of A and D.
 */
static inline bool hart_compare_swap(u64 hpa, u64 old, u64 new)
{
	u64 found;

	__asm__ volatile("	lr.d.aqrl %[found], (%[hpa])\n"
			 "	beq	%[found], %[old], 1f\n"
			 "	sc.d	%[found], %[found], (%[hpa])\n"
			 "	li	%[found], 1\n"
			 "	j	2f\n"
			 "1:	sc.d.aqrl %[found], %[new], (%[hpa])\n"
			 "2:"
			 : [found] "=&r"(found)
			 : [hpa] "r"(hpa), [old] "r"(old), [new] "r"(new)
			 : "memory");
	return !found;
}

/* Whatever reservation the hart holds is gone afterwards ("Zalrsc"). */
static inline void hart_break_reservation(void)
{
	static u64 anywhere;
	u64 ignored;

	__asm__ volatile("sc.d %0, zero, (%1)" : "=&r"(ignored) : "r"(&anywhere) : "memory");
}

/* Never inhibited.  Under -icount one for each instruction, and one for each ns that WFI waits. */
static inline u64 hart_count_all(void)
{
	return hart_read(CSR_MCYCLE);
}

/*
 * A programmable counter, and the event by which QEMU's counts retired instructions: its events
 * have the numbers of SBI's.  Other harts' may mean anything by it (host/retired.c).
 */
#define HART_RETIRED       18
#define HART_RETIRED_EVENT SBI_PMU_HW_INSTRUCTIONS

/* In all modes, and nothing else. */
static inline u64 hart_count_retired(void)
{
	return hart_read(CSR_MHPMCOUNTER18);
}

/* What the same counter gains in a loop of HART_LOOP(turns) instructions, and of more cycles. */
#define HART_LOOP(turns) (4 * (turns) + 1)
static inline u64 hart_count_loop(u64 turns)
{
	u64 begin, end, ones = ~0ull, quotient;

	__asm__ volatile("	csrr	%[begin], %[counter]\n"
			 "1:	divu	%[quotient], %[ones], %[turns]\n"
			 "	or	%[ones], %[ones], %[quotient]\n"
			 "	addi	%[turns], %[turns], -1\n"
			 "	bnez	%[turns], 1b\n"
			 "	csrr	%[end], %[counter]\n"
			 : [begin] "=&r"(begin), [end] "=&r"(end), [ones] "+&r"(ones),
			   [quotient] "=&r"(quotient), [turns] "+&r"(turns)
			 : [counter] "i"(CSR_MHPMCOUNTER18));
	return end - begin;
}

/* Retired instructions below M-mode, where Smcntrpmf is. */
static inline u64 hart_count_below_m(void)
{
	return hart_read(CSR_MINSTRET);
}

#endif
