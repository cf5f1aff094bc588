/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * caller.h - what the firmware does around the engine: fast path first, the
 * fences that are owed, hardware ASIDs with generations, full fences at changes of mode;
 * and a log of the fences of pages that the hart does not find mapped, as a host
 * that owns the tables has it.
 */
#ifndef TEST_CALLER_H
#define TEST_CALLER_H

#include "hart.h"
#include "ssp.h"

#define CALLER_LOG 6

struct caller {
	struct ssp_space *space;
	struct hart *hart;
	uint16_t asid_limit; /* hardware ASIDs 1 to limit - 1 */
	uint16_t next_asid;
	uint64_t generation;
	uint64_t satp; /* the guest's */
	bool logs;     /* fences of pages that are not mapped */
	unsigned int logged;
	struct {
		uint64_t va, asid;
		bool by_asid;
	} log[CALLER_LOG];
};

void caller_init(struct caller *caller, struct ssp_space *space, struct hart *hart,
		 uint16_t asid_limit);
struct ssp_result caller_fault(struct caller *caller, uint64_t va, enum ssp_access access,
			       unsigned int state);
void caller_satp(struct caller *caller, uint64_t satp);

/* SFENCE.VMA; NULL stands for x0. */
void caller_fence(struct caller *caller, const uint64_t *va, const uint64_t *asid);

/* A remote fence of up to 64 pages. */
void caller_fence_pages(struct caller *caller, uint64_t va, uint64_t pages, const uint64_t *asid);

/* The flush ring: a commit, or an exit to the host and an entry, which drains as well. */
void caller_commit(struct caller *caller);
void caller_reenter(struct caller *caller);

/* Carry out a fence that the engine said is owed. */
void caller_owes(struct caller *caller, enum ssp_fence fence, uint64_t va);

#endif
