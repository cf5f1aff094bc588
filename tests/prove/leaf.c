/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leaf.c - rule 1 where the walk cache knows the tables: which leaf a gPTE becomes, and who
 * may have it (ssp/hits.h).
 *
 * Sizes: all as they ship.
 */
#include "hits.h"
#include "spec.h"

#include "root.c"
#include "walk.c"

static uint64_t gpte;

uint64_t ssp_port_load(uint64_t hpa)
{
	(void)hpa;
	return gpte;
}

static struct ssp_space space;

/* The first slot, as its users know it. */
static struct ssp_slot any_ram(void)
{
	space.slots[0] = any_slot();
	slots_changed(&space);
	return space.slots[0];
}

/* Whatever a guest's entry is: the leaf is in the slot, with no more rights than both give. */
void prove_leaf_rights(void)
{
	struct ssp_slot ram = any_ram();
	bool global = any_bool();
	uint64_t pte = any(), leaf = ssp_leaf_in(&space, global, pte);

	if (!leaf || !(pte & PTE_V) || !(pte & PTE_R))
		return;
	PROVE(spec_is_valid(leaf) && spec_is_valid(pte), "a reserved encoding");
	PROVE(pte_address(pte) - ram.gpa < ram.size, "a page outside the slot");
	PROVE(pte_address(leaf) == pte_address(pte) + ram.delta, "another page than the guest's");
	PROVE(!(leaf & PTE_RWX & ~(pte & ram.rights)), "more rights than guest and slot give");
	PROVE(!(leaf & PTE_W) || (pte & PTE_D), "a page without D is writable");
	PROVE((leaf & PTE_U) == (pte & PTE_U), "another privilege");
	PROVE((leaf & PTE_A) && (leaf & PTE_D), "the hart would write to the table");
	PROVE(!(leaf & PTE_RSW), "a leaf that looks like a link");
	PROVE(!(leaf & PTE_G) == !global, "G is the global tree's alone");
	PROVE(!global || (pte & PTE_G), "a leaf of one address space is shared");
}

/* Every answer but SSP_SLOW is the specification's, and what is read ahead is accessed. */
void prove_leaf_verdict(void)
{
	uint64_t pte = any();
	enum ssp_access access = any_access();
	unsigned int state = any_state();
	enum ssp_verdict verdict;

	ASSUME((pte & PTE_V) && !(pte >> PTE_RESERVED_SHIFT));
	space_init(&space);
	ssp_set_ad(&space, any_bool());
	if (ssp_leaf_plainly_allows(&space, pte, access, ssp_not_user(state)))
		verdict = SSP_ALLOWED;
	else
		verdict = ssp_leaf_exception(&space, pte, access, state);
	PROVE(verdict != SSP_ALLOWED || spec_allows(pte, access, state), "a forbidden access");
	PROVE(verdict != SSP_TRUE_FAULT || !spec_allows(pte, access, state), "a fault in vain");
	PROVE(verdict != SSP_TRUE_FAULT || !space.sets_ad ||
		      !spec_allows(pte | ssp_marks(access), access, state),
	      "a fault for want of what is to be set");
	PROVE(verdict != SSP_UNMARKED || (space.sets_ad && !spec_allows(pte, access, state)),
	      "a mark in vain");
	PROVE(ssp_leaf_allows(pte, access, state) == spec_allows(pte, access, state),
	      "the long way says otherwise");
	PROVE(!ssp_may_hold(pte) || (pte & PTE_A), "what is not accessed is read ahead");
}
