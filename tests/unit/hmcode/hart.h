/* SPDX-License-Identifier: BSD-2-Clause */
/* hart.h - the hart that metal/hart.h speaks to: what it has, and what was done to it. */
#ifndef MODEL_HART_H
#define MODEL_HART_H

#include "metal/hart.h"

#define FENCES_KEPT 256

struct model_hart {
	/* What it has. */
	bool sstc, envcfg, inhibit, split;
	u32 satp_modes; /* bit N: MODE N */
	u32 asid_bits;
	u64 time;
	u64 lines; /* of mip: MSIP, MTIP, MEIP, and SEIP's line */
	u64 priv;  /* that a trap to M-mode comes from */
	u64 step;  /* instructions between two looks at a counter */
	/* The programmable counter: its bits, 0 if there is none, and what its event counts of loops. */
	unsigned int counter_bits;
	u64 (*counts)(u64 turns);

	u64 csr[4096];
	/* What was done to it. */
	struct {
		enum model_fence kind;
		u64 what;
	} fence[FENCES_KEPT];
	unsigned int fences, fences_of[FENCE_KINDS], reservations;
	u64 f[32], fcsr;
};

extern struct model_hart model;

/* As QEMU's `virt` with all that hmcode knows: Sv57, 16 bits of ASID, Sstc. */
void model_reset(void);
void model_forget_fences(void);

/* A trap to M-mode from where the hart is ("Machine Cause Register" and what it says of others). */
void model_trap(u64 cause, u64 tval, u64 pc);

#endif
