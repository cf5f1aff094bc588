/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hart.h - a hart without the H extension, as nasty as the architecture allows.
 *
 * It caches every entry it reads, of any level and even invalid ones, until a
 * fence covers it; several entries may match one address, and any may be used.
 */
#ifndef TEST_HART_H
#define TEST_HART_H

#include "choices.h"
#include "ssp.h"

#define HART_TLB    256
#define HART_CHAINS 64

/* One cached page-table entry, as found at `level` on the way to va. */
struct hart_cached {
	bool live;
	uint8_t level;
	uint16_t asid;
	uint16_t next; /* of its chain */
	uint64_t va;
	uint64_t pte;
};

struct hart {
	struct choices *choices;
	uint64_t satp;
	struct hart_cached tlb[HART_TLB];
	uint16_t chain[HART_CHAINS]; /* entries by level and address, so that a look is quick */
	unsigned int next;
	const char *broken; /* a shadow entry that breaks a rule */
};

/* An access; true if it is let through, and where to. */
bool hart_access(struct hart *hart, uint64_t va, enum ssp_access access, unsigned int state,
		 uint64_t *hpa);

/* SFENCE.VMA va, x0; x0, asid; x0, x0. */
void hart_fence_page(struct hart *hart, uint64_t va);
void hart_fence_asid(struct hart *hart, uint16_t asid);
void hart_fence_all(struct hart *hart);

#endif
