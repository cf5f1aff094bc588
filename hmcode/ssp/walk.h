/* SPDX-License-Identifier: BSD-2-Clause */
/* walk.h - a walk through the guest's own tables, as data. */
#ifndef SSP_WALK_H
#define SSP_WALK_H

#include "ssp.h"

#define SSP_NO_LEAF MAX_LEVELS

struct ssp_guest_walk {
	/*
	 * SSP_ALLOWED: translated and allowed; SSP_UNMARKED: ssp_walk_mark(); SSP_TRUE_FAULT: the
	 * path is set if level is that of a leaf; else only gpa is set
	 */
	enum ssp_verdict verdict;
	_Bool global;                  /* G at any level of the path */
	int level;                     /* of the leaf; SSP_NO_LEAF: there is none */
	uint64_t pte;                  /* the leaf */
	uint64_t gpa;                  /* of va itself */
	uint64_t table[MAX_LEVELS];    /* GPA of the table at each level of the path */
	uint64_t link_hpa[MAX_LEVELS]; /* where the entry of each level was read ... */
	uint64_t link[MAX_LEVELS];     /* ... and what it was */
};

void ssp_guest_walk(struct ssp_space *space, uint64_t gsatp, uint64_t va, enum ssp_access access,
		    unsigned int state, struct ssp_guest_walk *walk);

/* Has it ended at a leaf that forbids the access? */
static inline _Bool ssp_walk_is_forbidden(const struct ssp_guest_walk *walk)
{
	return walk->verdict == SSP_TRUE_FAULT && walk->level != SSP_NO_LEAF;
}

/*
 * Set in the guest's leaf what SSP_UNMARKED found missing. SSP_ALLOWED: it is set now, and the
 * walk is one that found it so. SSP_UNMARKED: somebody has changed the entry meanwhile, and the
 * access is to be repeated. Otherwise nothing was set.
 */
enum ssp_verdict ssp_walk_mark(struct ssp_space *space, struct ssp_guest_walk *walk,
			       enum ssp_access access, unsigned int state);

/*
 * The slot behind the leaf, if what its rights leave of the leaf still allows the access; else
 * NULL.
 */
static inline const struct ssp_slot *ssp_walk_slot(const struct ssp_space *space,
						   const struct ssp_guest_walk *walk,
						   enum ssp_access access, unsigned int state)
{
	const struct ssp_slot *slot = ssp_slot_of(space, walk->gpa);
	uint64_t denied;

	if (!slot)
		return NULL;
	denied = PTE_RWX & ~slot->rights;
	return !denied || ssp_leaf_allows(walk->pte & ~denied, access, state) ? slot : NULL;
}

/* For check.c of both shadows: is the leaf in one slot, with no more rights than that has? */
static inline _Bool ssp_leaf_in_slot(const struct ssp_space *space, uint64_t leaf, int level)
{
	for (unsigned int i = 0; i < space->slot_count; i++) {
		const struct ssp_slot *slot = &space->slots[i];
		uint64_t offset = pte_address(leaf) - slot->delta - slot->gpa;

		if (offset < slot->size && level_size(level) <= slot->size - offset)
			return !(leaf & PTE_RWX & ~slot->rights);
	}
	return 0;
}

#endif
