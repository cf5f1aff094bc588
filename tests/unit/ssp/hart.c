/* SPDX-License-Identifier: BSD-2-Clause */
/* hart.c - address translation with caches that forget nothing unasked. */
#include <string.h>

#include "hart.h"
#include "ssp_port.h"

static bool covers(const struct hart_cached *entry, uint64_t va)
{
	return !((entry->va ^ va) >> (PAGE_SHIFT + 9 * entry->level));
}

static bool matches(const struct hart *hart, const struct hart_cached *entry, uint64_t va)
{
	bool global = pte_is_leaf(entry->pte) && (entry->pte & PTE_G);

	return entry->live && covers(entry, va) && (global || entry->asid == satp_asid(hart->satp));
}

#define ANY_LEAF (-1)

/* Some cached entry for va, of this level or any leaf; NULL: none, or not this time. */
static const struct hart_cached *pick(struct hart *hart, uint64_t va, int level)
{
	const struct hart_cached *found = NULL;
	unsigned int count = 0;

	for (unsigned int i = 0; i < HART_TLB; i++) {
		const struct hart_cached *entry = &hart->tlb[i];

		if (!matches(hart, entry, va))
			continue;
		if (level == ANY_LEAF ? !pte_is_leaf(entry->pte) : entry->level != level)
			continue;
		if (!choose(hart->choices, ++count))
			found = entry;
	}
	return count && one_in(hart->choices, 8) ? NULL : found;
}

static void cache(struct hart *hart, uint64_t va, int level, uint64_t pte)
{
	hart->tlb[hart->next++ % HART_TLB] = (struct hart_cached){
		.live = true,
		.level = level,
		.asid = satp_asid(hart->satp),
		.va = va,
		.pte = pte,
	};
}

/* What the engine promises of each leaf that a walker can see. */
static void check_leaf(struct hart *hart, uint64_t pte, int level)
{
	if (!(pte & PTE_A) || ((pte & PTE_W) && !(pte & PTE_D)))
		hart->broken = "a shadow leaf that the hardware walker would write";
	if ((pte & (PTE_R | PTE_W)) == PTE_W || pte >> PTE_RESERVED_SHIFT)
		hart->broken = "a shadow leaf with a reserved encoding";
	if (pte_address(pte) & (level_size(level) - 1))
		hart->broken = "a misaligned shadow superpage";
}

/* The entry for va in a table, from the cache if the hart feels like it. */
static uint64_t step(struct hart *hart, uint64_t table, uint64_t va, int level)
{
	const struct hart_cached *cached = pick(hart, va, level);
	uint64_t pte;

	if (cached)
		return cached->pte;
	pte = ssp_port_table(table)[pte_index(va, level)];
	cache(hart, va, level, pte);
	if (pte_is_leaf(pte))
		check_leaf(hart, pte, level);
	return pte;
}

/* Where to begin: at the top, or at any cached entry, whatever was above it. */
static uint64_t begin(struct hart *hart, uint64_t va, int *level)
{
	int top = satp_modes[satp_mode(hart->satp)].levels - 1;

	for (*level = 1; *level < top; ++*level) {
		const struct hart_cached *cached = pick(hart, va, *level);

		if (cached && choose(hart->choices, 2))
			return cached->pte;
	}
	return step(hart, (hart->satp & SATP_PPN_MASK) << PAGE_SHIFT, va, top);
}

/* The leaf for va, and in *level its level; or an invalid entry. */
static uint64_t walk(struct hart *hart, uint64_t va, int *level)
{
	uint64_t pte = begin(hart, va, level);

	while ((pte & PTE_V) && !pte_is_leaf(pte)) {
		if (--*level < 0) {
			hart->broken = "a shadow link below the last level";
			return 0;
		}
		pte = step(hart, pte_address(pte), va, *level);
	}
	return pte;
}

/* "Virtual Address Translation Process", steps 5 to 8. */
static bool allows(uint64_t pte, enum ssp_access access, unsigned int state)
{
	if (!(pte & PTE_V))
		return false;
	if (state & SSP_USER ? !(pte & PTE_U) :
			       (pte & PTE_U) && (access == SSP_FETCH || !(state & SSP_SUM)))
		return false;
	if (access == SSP_LOAD)
		return (pte & PTE_R) || ((state & SSP_MXR) && (pte & PTE_X));
	return pte & (access == SSP_FETCH ? PTE_X : PTE_W);
}

bool hart_access(struct hart *hart, uint64_t va, enum ssp_access access, unsigned int state,
		 uint64_t *hpa)
{
	const struct hart_cached *cached;
	uint64_t pte;
	int level;

	if (!va_is_canonical(va, satp_modes[satp_mode(hart->satp)].va_bits))
		return false;
	cached = pick(hart, va, ANY_LEAF);
	if (cached) {
		pte = cached->pte;
		level = cached->level;
	} else {
		pte = walk(hart, va, &level);
	}
	if (!allows(pte, access, state))
		return false;
	*hpa = pte_address(pte) | (va & (level_size(level) - 1));
	return true;
}

/*
 * Leaf entries only, of any size; entries that are invalid at a higher level
 * are not leaf entries.
 */
void hart_fence_page(struct hart *hart, uint64_t va)
{
	for (unsigned int i = 0; i < HART_TLB; i++) {
		struct hart_cached *entry = &hart->tlb[i];

		if (covers(entry, va) && (pte_is_leaf(entry->pte) || entry->level == 0))
			entry->live = false;
	}
}

void hart_fence_asid(struct hart *hart, uint16_t asid)
{
	for (unsigned int i = 0; i < HART_TLB; i++) {
		struct hart_cached *entry = &hart->tlb[i];

		if (entry->asid == asid && !(pte_is_leaf(entry->pte) && (entry->pte & PTE_G)))
			entry->live = false;
	}
}

void hart_fence_all(struct hart *hart)
{
	memset(hart->tlb, 0, sizeof(hart->tlb));
}
