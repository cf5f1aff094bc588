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

/* The chain among which all entries of this level for va are: numbers of entries, 0 at its end. */
static uint16_t *chain_of(struct hart *hart, uint64_t va, unsigned int level)
{
	uint64_t page = va >> (PAGE_SHIFT + 9 * level);

	return &hart->chain[(page ^ page >> 9 ^ page >> 18 ^ level * 13) % HART_CHAINS];
}

static struct hart_cached *entry_of(struct hart *hart, unsigned int n)
{
	return n ? &hart->tlb[n - 1] : NULL;
}

/* Some cached entry for va, of this level or, if leaf, any leaf of it: one of count so far. */
static const struct hart_cached *pick_of_level(struct hart *hart, uint64_t va, int level, bool leaf,
					       const struct hart_cached *found, unsigned int *count)
{
	struct hart_cached *entry = entry_of(hart, *chain_of(hart, va, level));

	for (; entry; entry = entry_of(hart, entry->next)) {
		if (entry->level != level || !matches(hart, entry, va))
			continue;
		if (leaf && !pte_is_leaf(entry->pte))
			continue;
		if (!choose(hart->choices, ++*count))
			found = entry;
	}
	return found;
}

/* Not every time. */
static const struct hart_cached *perhaps(struct hart *hart, const struct hart_cached *found)
{
	return found && one_in(hart->choices, 8) ? NULL : found;
}

/* Some cached entry for va of this level; NULL: none, or not this time. */
static const struct hart_cached *pick(struct hart *hart, uint64_t va, int level)
{
	unsigned int count = 0;

	return perhaps(hart, pick_of_level(hart, va, level, false, NULL, &count));
}

/* The same of any leaf. */
static const struct hart_cached *pick_leaf(struct hart *hart, uint64_t va)
{
	const struct hart_cached *found = NULL;
	unsigned int count = 0;

	for (int level = 0; level < MAX_LEVELS; level++)
		found = pick_of_level(hart, va, level, true, found, &count);
	return perhaps(hart, found);
}

/* The n-th entry leaves its chain, if it is in any. */
static void unchain(struct hart *hart, unsigned int n)
{
	uint16_t *link = chain_of(hart, entry_of(hart, n)->va, entry_of(hart, n)->level);

	while (*link && *link != n)
		link = &entry_of(hart, *link)->next;
	if (*link)
		*link = entry_of(hart, n)->next;
}

static void cache(struct hart *hart, uint64_t va, int level, uint64_t pte)
{
	unsigned int n = 1 + hart->next++ % HART_TLB;
	uint16_t *chain = chain_of(hart, va, level);

	unchain(hart, n);
	*entry_of(hart, n) = (struct hart_cached){
		.live = true,
		.level = level,
		.asid = satp_asid(hart->satp),
		.next = *chain,
		.va = va,
		.pte = pte,
	};
	*chain = n;
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
	cached = pick_leaf(hart, va);
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
	for (int level = 0; level < MAX_LEVELS; level++) {
		struct hart_cached *entry = entry_of(hart, *chain_of(hart, va, level));

		for (; entry; entry = entry_of(hart, entry->next)) {
			if (covers(entry, va) && (pte_is_leaf(entry->pte) || entry->level == 0))
				entry->live = false;
		}
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
	memset(hart->chain, 0, sizeof(hart->chain));
	memset(hart->tlb, 0, sizeof(hart->tlb));
}
