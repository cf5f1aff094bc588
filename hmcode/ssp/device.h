/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device.h - accesses to pages of no slot, which are devices', as hits.h decides about others; and
 * where the instruction lies that makes one.
 */
#ifndef SSP_DEVICE_H
#define SSP_DEVICE_H

#include "hits.h"

/* Is the page of a 4 KiB leaf that allows an access in no slot? */
static inline _Bool ssp_is_device(const struct ssp_space *space, uint64_t pte, uint64_t va,
				  uint64_t *gpa)
{
	*gpa = pte_address(pte) + va % PAGE_SIZE;
	return !PTE_IS_INVALID(pte) && !ssp_slot_of(space, *gpa);
}

/* Does the guest access a device by its own address, in bare mode? */
static inline _Bool ssp_is_bare_device(const struct ssp_space *space, uint64_t gpa)
{
	return satp_mode(space->current->gsatp) == SATP_BARE && !ssp_slot_of(space, gpa);
}

/*
 * A plain access to a page of no slot whose leaf tables are known: a device, of which a guest asks
 * again and again.  False: the full walk says what it is.
 */
static inline _Bool ssp_device_hit(const struct ssp_space *space, uint64_t va, uint64_t access,
				   uint64_t not_user, uint64_t *gpa)
{
	const struct ssp_walk *walk = ssp_walk_hit(space->current, va);
	uint64_t pte;

	if (!walk)
		return 0;
	pte = ssp_port_load(walk->guest + ssp_entry_offset(va));
	return ssp_leaf_plainly_allows(space, pte, access, not_user) &&
	       ssp_is_device(space, pte, va, gpa);
}

/*
 * Where the code at va is, if the shadow of the root that runs has it for this privilege: found as
 * the hart's own walker finds it, so that a hart may fetch it.  An HPA, up to the end of its 4 KiB
 * page; 0: the guest's tables say what it is.
 */
static inline uint64_t ssp_code_hit(const struct ssp_space *space, uint64_t va, uint64_t state)
{
	const struct ssp_root *root = space->current;
	uint64_t spte, table = space->pool_hpa + ((uint64_t)root->top << PAGE_SHIFT);
	unsigned int bits = satp_modes[root->mode].va_bits;

	if (!va_is_canonical(va, bits))
		return 0;
	for (;;) {
		bits -= PTE_INDEX_BITS;
		spte = ssp_port_table(table)[(va >> bits) % PTES_PER_TABLE];
		if (!(spte & PTE_V))
			return 0;                            /* of a dormant link as well */
		table = spte >> PTE_PPN_SHIFT << PAGE_SHIFT; /* ours have no reserved bits */
		if (spte & PTE_RWX)
			break;
		if (bits == PAGE_SHIFT)
			return 0;
	}
	if ((spte & (PTE_X | PTE_U)) != (PTE_X | (state & SSP_USER)))
		return 0;
	return table | (va & ((1ull << bits) - 1));
}

#endif
