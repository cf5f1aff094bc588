/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walks.c - rule 1 on the general way: the walk of a guest's tables (ssp/walk.c), and the leaf
 * that the shadow gets for it (ssp/fault.c), of any size.
 *
 * Sizes: two slots instead of 8, of page numbers of SLOT_PPN_BITS bits; tables as they ship, of three
 * levels.
 */
#define SSP_SIZES_H
#define PTE_INDEX_BITS   9
#define SV39_LEVELS      3
#define SSP_ROOTS        2
#define SSP_ASID_BUCKETS 1
#define SSP_LOG_SIZE     1
#define SSP_WALK_CACHE   1
#define SSP_MAX_SLOTS    2
#define SSP_EAGER_TABLES 1
#define SSP_MIN_TABLES   8
#include "spec.h"

#include "fault.c"
#include "walk.c"

static struct ssp_space space;

/* What the walk has read, in order; the guest may have anything there. */
static uint64_t read_hpa[MAX_LEVELS], read_pte[MAX_LEVELS];
static unsigned int reads;

uint64_t ssp_port_load(uint64_t hpa)
{
	read_hpa[reads] = hpa;
	return read_pte[reads++];
}

static bool in_slot(const struct ssp_slot *slot, uint64_t hpa, uint64_t size)
{
	uint64_t offset = hpa - slot->delta - slot->gpa;

	return offset < slot->size && size <= slot->size - offset;
}

static void any_space(void)
{
	space.slot_count = 2;
	for (unsigned int i = 0; i < 2; i++)
		space.slots[i] = any_slot();
	if (any_bool())
		space.slots[1].size = 0;
	reads = 0;
	for (unsigned int i = 0; i < MAX_LEVELS; i++)
		read_pte[i] = any();
}

/* Step 2 of the translation process: where the entry of this level is, in the table at a GPA. */
static void prove_read(unsigned int n, uint64_t table, uint64_t va, int level)
{
	uint64_t offset = (va >> (12 + 9 * level) & 511) * 8;

	PROVE(read_hpa[n] == table + ssp_slot_of(&space, table)->delta + offset,
	      "another entry than that of the address");
}

void prove_walk(void)
{
	uint64_t gsatp = satp_make(SATP_SV39, 0, any_below(1ull << PTE_PPN_BITS) << PAGE_SHIFT);
	uint64_t va = any(), table = satp_table(gsatp);
	enum ssp_access access = any_access();
	unsigned int state = any_state(), n = 0;
	int level = 2;
	struct ssp_guest_walk walk;

	any_space();
	ssp_guest_walk(&space, gsatp, va, access, state, &walk);
	for (unsigned int i = 0; i < reads; i++)
		PROVE(in_slot(&space.slots[0], read_hpa[i], 8) ||
			      in_slot(&space.slots[1], read_hpa[i], 8),
		      "a table is read outside the slots");
	if (walk.verdict != SSP_ALLOWED)
		return;
	PROVE((uint64_t)((int64_t)(va << 25) >> 25) == va, "an address that is not canonical");
	for (; n + 1 < reads; n++, level--) {
		prove_read(n, table, va, level);
		PROVE((read_pte[n] & (PTE_V | PTE_RWX | PTE_U | PTE_A | PTE_D)) == PTE_V &&
			      !(read_pte[n] >> PTE_RESERVED_SHIFT),
		      "a link that is none");
		table = pte_address(read_pte[n]);
	}
	prove_read(n, table, va, level);
	PROVE(spec_allows(read_pte[n], access, state), "a forbidden access");
	PROVE(!(pte_address(read_pte[n]) & (level_size(level) - 1)), "a misaligned superpage");
	PROVE(walk.level == level && walk.pte == read_pte[n], "another leaf");
	PROVE(walk.gpa == pte_address(read_pte[n]) + (va & (level_size(level) - 1)),
	      "another address");
}

/* What the walk comes to, as proved above: a leaf of any level that allows the access. */
static void prove_shadow_leaf_of(int guest_level)
{
	struct ssp_guest_walk walk = { .level = guest_level, .pte = any() };
	enum ssp_access access = any_access();
	unsigned int state = any_state();
	uint64_t va = any(), base = pte_address(walk.pte), leaf, size;
	const struct ssp_slot *slot;
	int level;

	any_space();
	ASSUME(spec_allows(walk.pte, access, state) && !(base & (level_size(walk.level) - 1)));
	walk.gpa = base + (va & (level_size(walk.level) - 1));
	slot = ssp_walk_slot(&space, &walk, access, state);
	if (!slot)
		return;
	level = leaf_level(&walk, slot);
	leaf = shadow_leaf(&walk, slot, level);
	size = level_size(level);
	PROVE(level >= 0 && level <= walk.level, "a leaf that is larger than the guest's");
	PROVE(spec_is_valid(leaf) && !(pte_address(leaf) & (size - 1)), "a reserved encoding");
	PROVE(in_slot(slot, pte_address(leaf), size), "a leaf outside the slot");
	PROVE(pte_address(leaf) + (va & (size - 1)) == walk.gpa + slot->delta, "another page");
	PROVE(!(leaf & PTE_RWX & ~(walk.pte & slot->rights)), "more rights than both give");
	PROVE(!(leaf & PTE_W) || (walk.pte & PTE_D), "a page without D is writable");
	PROVE((leaf & PTE_U) == (walk.pte & PTE_U), "another privilege");
	PROVE((leaf & PTE_A) && (leaf & PTE_D), "the hart would write to the table");
	PROVE(!(leaf & (PTE_RSW | PTE_G)), "a mark that set_leaf() decides");
	PROVE(spec_allows(leaf, access, state), "the access would fault again");
}

/* A page, a superpage of 2 MiB, one of 1 GiB. */
void prove_page(void)
{
	prove_shadow_leaf_of(0);
}

void prove_superpage(void)
{
	prove_shadow_leaf_of(1);
}

void prove_large_superpage(void)
{
	prove_shadow_leaf_of(2);
}
