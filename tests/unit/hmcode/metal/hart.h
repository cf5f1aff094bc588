/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hart.h - hmcode/metal/hart.h on the build machine: the same names, and a hart that is a struct
 * (hart.c), whose CSRs keep what the privileged specification lets them keep.
 */
#ifndef HM_HART_H
#define HM_HART_H

#include <sbi/riscv_asm.h>
#include <sbi/riscv_barrier.h>
#include <sbi/riscv_encoding.h>
#include <sbi/sbi_csr_detect.h>
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_types.h>

u64 model_read(u32 csr);
void model_write(u32 csr, u64 value);
u64 model_change(u32 csr, u64 clear, u64 set); /* returns the old value */
u64 model_read_allowed(u32 csr, struct sbi_trap_info *trap);
void model_write_allowed(u32 csr, struct sbi_trap_info *trap, u64 value);
bool model_maps_page(u64 va);
u64 model_count(u32 csr);
u64 model_count_loop(u64 turns);

enum model_fence { FENCE_ALL, FENCE_PAGE, FENCE_ASID, FENCE_CODE, FENCE_KINDS };
void model_fence(enum model_fence kind, u64 what);
void model_break_reservation(void);
bool model_swap(u64 hpa, u64 old, u64 new);

#define hart_read(csr)                       model_read(csr)
#define hart_write(csr, value)               model_write(csr, (u64)(value))
#define hart_set(csr, bits)                  ((void)model_change(csr, 0, (u64)(bits)))
#define hart_clear(csr, bits)                ((void)model_change(csr, (u64)(bits), 0))
#define hart_swap(csr, value)                model_change(csr, ~0ull, (u64)(value))
#define hart_read_clear(csr, bits)           model_change(csr, (u64)(bits), 0)
#define hart_read_allowed(csr, trap)         model_read_allowed(csr, trap)
#define hart_write_allowed(csr, trap, value) model_write_allowed(csr, trap, (u64)(value))
#define hart_id()                            ((u32)model_read(CSR_MHARTID))

/* In macros of OpenSBI's headers. */
#undef csr_read
#define csr_read(csr) model_read(csr)
#undef csr_read_relaxed
#define csr_read_relaxed(csr) model_read(csr)

/* metal.c: the guest is a function of the test. */
struct hm_frame;
struct hm_run;
struct hm_frame *hm_guest_run(struct hm_frame *frame, const char *vector, struct hm_run *run);

static inline void hart_wait(void)
{
}

static inline void hart_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void hart_fence_all(void)
{
	model_fence(FENCE_ALL, 0);
}

static inline void hart_fence_page(u64 va)
{
	model_fence(FENCE_PAGE, va);
}

static inline void hart_fence_asid(u64 asid)
{
	model_fence(FENCE_ASID, asid);
}

static inline void hart_fence_code(void)
{
	model_fence(FENCE_CODE, 0);
}

static inline bool hart_maps_page(u64 va)
{
	return model_maps_page(va);
}

static inline bool hart_compare_swap(u64 hpa, u64 old, u64 new)
{
	return model_swap(hpa, old, new);
}

static inline void hart_break_reservation(void)
{
	model_break_reservation();
}

static inline u64 hart_count_all(void)
{
	return model_count(CSR_MCYCLE);
}

#define HART_RETIRED       18
#define HART_RETIRED_EVENT SBI_PMU_HW_INSTRUCTIONS

static inline u64 hart_count_retired(void)
{
	return model_count(CSR_MHPMCOUNTER18);
}

#define HART_LOOP(turns) (4 * (turns) + 1)
static inline u64 hart_count_loop(u64 turns)
{
	return model_count_loop(turns);
}

static inline u64 hart_count_below_m(void)
{
	return model_count(CSR_MINSTRET);
}

#endif
