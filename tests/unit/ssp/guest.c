/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.c - tables that a random guest may have. */
#include "guest.h"

const uint64_t guest_frames[GUEST_FRAMES] = {
	0,
	0x10000000, /* devices */
	0x80000000,
	0x80003000,
	0x80200000,
	0x80201000,
	0xbfe00000,
	0xbffff000,
	0xc0000000,
	0xc0200000,
	0xc0234000,
	0x100000000,
	0x13ffff000, /* RAM */
	0x140000000, /* just above */
	0x200000000,
	0x200001000,
	0x200200000,
	0x200400000,
	0x200500000,
	0x200501000,
	0x210000000,
	0x210001000,
	0x210200000, /* no stores */
	0xffffffffff000,
};

const uint64_t guest_ram_deltas[4] = {
	0x4000000000, 0x4000200000, 0x4000003000, 0, /* superpages of 1 GiB, 2 MiB, none, all */
};

/* Table n is mostly used at this level. */
static int home_level(unsigned int table)
{
	return table < 16 ? 0 : table < 28 ? 1 : table < 36 ? 2 : table < 42 ? 3 : 4;
}

unsigned int guest_table_of_level(struct choices *choices, int level)
{
	static const uint8_t first[] = { 0, 16, 28, 36, 42, GUEST_TABLES };

	return first[level] + choose(choices, first[level + 1] - first[level]);
}

uint64_t guest_random_leaf(struct choices *choices, int level)
{
	static const uint8_t usual[] = { PTE_R, PTE_R | PTE_W, PTE_R | PTE_X, PTE_RWX, PTE_X };
	uint64_t frame = guest_frames[choose(choices, GUEST_FRAMES)], pte;

	if (!one_in(choices, 8))
		frame &= -level_size(level < 2 ? level : 2);
	pte = pte_make(frame, PTE_V);
	if (one_in(choices, 8))
		return pte | choose(choices, 256);
	pte |= usual[choose(choices, sizeof(usual))] | PTE_A;
	pte |= one_in(choices, 4) ? 0 : PTE_D;
	pte |= choose(choices, 2) ? PTE_U : 0;
	return pte | (one_in(choices, 3) ? PTE_G : 0);
}

uint64_t guest_random_link(struct choices *choices, int level)
{
	unsigned int table = one_in(choices, 8) ? choose(choices, GUEST_TABLES) :
						  guest_table_of_level(choices, level - 1);

	return pte_make(guest_table(table), PTE_V | (one_in(choices, 4) ? PTE_G : 0));
}

uint64_t guest_random_pte(struct choices *choices, unsigned int table)
{
	int level = home_level(table);

	/* a table anywhere */
	if (one_in(choices, 32))
		return pte_make(guest_frames[choose(choices, GUEST_FRAMES)], PTE_V);
	if (one_in(choices, 32))
		return guest_random_leaf(choices, level) | 1ull << (54 + choose(choices, 10));
	if (one_in(choices, 8))
		return 0;
	return level > 0 && !one_in(choices, 4) ? guest_random_link(choices, level) :
						  guest_random_leaf(choices, level);
}
