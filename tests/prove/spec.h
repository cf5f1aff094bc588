/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec.h - what the privileged specification says of a leaf, in its own order ("Virtual Address
 * Translation Process", steps 3 to 7, with Svade), and what a slot may be (host/objects.c).
 */
#ifndef PROVE_SPEC_H
#define PROVE_SPEC_H

#include "prove.h"
#include "ssp.h"

static inline bool spec_is_valid(uint64_t pte)
{
	return (pte & PTE_V) && !(pte >> PTE_RESERVED_SHIFT) && ((pte & PTE_R) || !(pte & PTE_W));
}

static inline bool spec_allows(uint64_t pte, enum ssp_access access, unsigned int state)
{
	bool user_page = pte & PTE_U;

	if (!spec_is_valid(pte) || !(pte & (PTE_R | PTE_X)) || !(pte & PTE_A))
		return false;
	if (state & SSP_USER ? !user_page :
			       user_page && (access == SSP_FETCH || !(state & SSP_SUM)))
		return false;
	if (access == SSP_FETCH)
		return pte & PTE_X;
	if (access == SSP_STORE)
		return (pte & PTE_W) && (pte & PTE_D);
	return (pte & PTE_R) || ((state & SSP_MXR) && (pte & PTE_X));
}

static inline enum ssp_access any_access(void)
{
	static const enum ssp_access accesses[] = { SSP_FETCH, SSP_LOAD, SSP_STORE };

	return accesses[any_below(3)];
}

static inline unsigned int any_state(void)
{
	return any() & (SSP_USER | SSP_SUM | SSP_MXR);
}

/* Physical page numbers of this many bits. */
#ifndef SLOT_PPN_BITS
#define SLOT_PPN_BITS PTE_PPN_BITS
#endif

/* For the guest and for the hart; R always. */
static inline struct ssp_slot any_slot(void)
{
	uint64_t most = 1ull << SLOT_PPN_BITS, gpn = any_below(most), hpn = any_below(most);
	uint64_t pages = 1 + any_below(most - (gpn > hpn ? gpn : hpn));

	return (struct ssp_slot){
		.gpa = gpn << PAGE_SHIFT,
		.size = pages << PAGE_SHIFT,
		.delta = (hpn - gpn) << PAGE_SHIFT,
		.rights = PTE_R | (any() & PTE_RWX),
	};
}

#endif
