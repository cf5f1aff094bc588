/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metal.h - what stands in this room's assembler files: the end of a hart, FP and vector registers.
 */
#ifndef HM_METAL_H
#define HM_METAL_H

#include <sbi/sbi_types.h>

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
#define HM_VTYPE_VILL (1ull << 63)
#define HM_MAX_VLENB  128
void hm_v_save(struct hm_v_state *state);
void hm_v_load(const struct hm_v_state *state);

#endif
