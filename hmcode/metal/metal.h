/* SPDX-License-Identifier: BSD-2-Clause */
/* metal.h - fences, counters and state that only assembly reaches, beyond OpenSBI's CSR macros. */
#ifndef HM_METAL_H
#define HM_METAL_H

#include <sbi/riscv_asm.h>
#include <sbi/riscv_encoding.h>
#include <sbi/sbi_types.h>

/* Smcntrpmf: bit 62 of minstretcfg inhibits counting in M-mode. */
#define CSR_MINSTRETCFG_MINH	(1ull << 62)

static inline void hm_sfence_all(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

static inline void hm_sfence_va(u64 va)
{
	__asm__ volatile("sfence.vma %0" :: "r"(va) : "memory");
}

static inline void hm_sfence_asid(u64 asid)
{
	__asm__ volatile("sfence.vma x0, %0" :: "r"(asid) : "memory");
}

static inline void hm_fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

/*
 * Does the hart's walker find a page at va, of U-mode or of S-mode?  A load tells,
 * made as S-mode would ("Memory Privilege in mstatus Register"): the trap came from there.  It is one
 * more of M-mode, which MDT, set since the guest's, would make a double trap ("Smdbltrp").
 */
static inline bool hm_maps_page(u64 va)
{
	u64 mepc = csr_read(CSR_MEPC), vector, mstatus, found;

	__asm__ volatile(
		"	lla	%[vector], 1f\n"
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
		: [bits] "r"(MSTATUS_MPRV | MSTATUS_SUM | MSTATUS_MXR), [mdt] "i"(__builtin_ctzll(MSTATUS_MDT)),
		  [va] "r"(va), [mepc] "r"(mepc)
		: "memory");
	return found;
}

/* Whatever reservation the hart holds is gone afterwards ("Zalrsc"). */
static inline void hm_break_reservation(void)
{
	static u64 anywhere;
	u64 ignored;

	__asm__ volatile("sc.d %0, zero, (%1)" : "=&r"(ignored) : "r"(&anywhere) : "memory");
}

/* Retired instructions, all modes: mcycle under -icount, and never inhibited. */
static inline u64 hm_count_all(void)
{
	return csr_read(CSR_MCYCLE);
}

/* Retired instructions below M-mode, where Smcntrpmf is. */
static inline u64 hm_count_below_m(void)
{
	return csr_read(CSR_MINSTRET);
}

/*
 * Run the guest until a trap becomes an exit.  Its general registers are taken from the page and put into it.
 * vector: mtvec meanwhile.  A trap that becomes one ends by a jump to hm_guest_leave.
 */
struct hm_frame;
struct hm_run;
void hm_guest_run(struct hm_frame *frame, const char *vector, struct hm_run *run);

/* This hart is to do nothing any more; how many harts do. */
void __noreturn hm_stop(void);
extern u32 hm_stopped;

/* 32 registers of D and fcsr; FS must not be off. */
struct hm_fp_state {
	u64 f[32];
	u64 fcsr;
};
void hm_fp_save(struct hm_fp_state *state);
void hm_fp_load(const struct hm_fp_state *state);

/* One of them, as it is in a register of 64 bits; likewise, and a write makes FS dirty. */
u64 hm_fp_read(unsigned int reg);
void hm_fp_write(unsigned int reg, u64 value);
/* 32 registers of vlenb bytes each behind the CSRs; VS must not be off. */
struct hm_v_state {
	u64 vstart, vl, vtype, vcsr;
	u8 registers[];
};
#define HM_VTYPE_VILL		(1ull << 63)
#define HM_MAX_VLENB		128
void hm_v_save(struct hm_v_state *state);
void hm_v_load(const struct hm_v_state *state);

#endif
