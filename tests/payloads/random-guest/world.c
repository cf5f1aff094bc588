// SPDX-License-Identifier: BSD-2-Clause
/* world.c - a small world, so that things meet: few frames, few tables, few places in each. */
#include "guest.h"

uint64_t frames[FRAMES], tables_base;
unsigned int table_slots;
uint16_t slot_index[ENTRIES];
uint8_t index_slot[ENTRIES];

#define REGIONS   3    /* of 2 MiB, that hold the frames */
#define USER_BASE GIGA /* of user code, in every address space */
#define DEVICES   0ul
#define RAM       0x80000000ul
#define RAM_BEGIN 0x80200000ul
#define RAM_END   0x88000000ul /* of the 128 MiB that the tests give it */

/* Tables that are mostly used at each level; those before are roots. */
static const uint8_t home[MAX_LEVELS] = { ROOTS, 34, 44, 50, 54 };

/* Where addresses differ, by level; the regions' own indices come to level 1. */
static uint16_t used_indices[MAX_LEVELS][8] = {
	{ 0, 1, 8, 9, 255, 256, 510, 511 },
	{ 0, 0, 0, 300, 511 },
	{ 4, 5, 260, 511 },
	{ 1, 256, 511 },
	{ 1, 256, 511 },
};
static const uint8_t used_count[MAX_LEVELS] = { 8, 5, 4, 3, 3 };

static uint64_t arena;

uint64_t frame_id(unsigned int frame, uint64_t offset)
{
	return RESERVED_BITS | (uint64_t)frame << 16 | offset;
}

bool is_ram(uint64_t pa)
{
	return pa >= RAM_BEGIN && pa < RAM_END;
}

/* ---- address spaces ---- */

/* Eight roots a mode, so that flipping low bits of satp's PPN stays among them. */
static const struct mode *mode_of_root(unsigned int root)
{
	return &modes[mode_count == 1 ? 0 : root / 8 % mode_count];
}

uint64_t world_satp(unsigned int root, uint64_t asid)
{
	return satp_value(mode_of_root(root), tables_base + root * PAGE, asid);
}

unsigned int world_levels(uint64_t satp)
{
	return SATP_MODE(satp) ? SATP_MODE(satp) - 8 + 3 : 0;
}

uint64_t world_user(uint64_t satp, const char *stub)
{
	return (SATP_MODE(satp) ? USER_BASE + (stub - probe_user_page) : (uint64_t)stub);
}

/* Some roots share an ASID with others, some have one of their own. */
uint64_t world_asid(unsigned int root)
{
	return (root % 2 ? 16 + root : root / 2 % 4) & asid_mask;
}

static uint64_t physical_page(void)
{
	if (one_in(8))
		return one_in(3) ? HOLE_PAGE : DEVICE_PAGE;
	return frames[choose(FRAMES)];
}

uint64_t world_va(uint64_t satp)
{
	unsigned int levels = world_levels(satp), unused = 64 - (12 + 9 * levels);
	uint64_t va = 0;

	if (!levels)
		return physical_page();
	for (unsigned int level = 0; level < levels; level++)
		va |= (uint64_t)used_indices[level][choose(used_count[level])] << (12 + 9 * level);
	if (one_in(256))
		return va ^ 1ul << 63;
	return (uint64_t)((int64_t)(va << unused) >> unused);
}

uint64_t world_beside(uint64_t va, unsigned int level)
{
	unsigned int shift = 12 + 9 * level;
	uint64_t index = used_indices[level][choose(used_count[level])];

	return (va & ~((ENTRIES - 1ul) << shift)) | index << shift;
}

/* ---- entries ---- */

uint64_t world_leaf(unsigned int level)
{
	static const uint8_t usual[] = {
		PTE_R, PTE_R | PTE_W, PTE_R | PTE_W, PTE_R | PTE_X, PTE_R | PTE_W | PTE_X, PTE_X,
	};
	uint64_t pa = level == 0 ? physical_page() :
		      level == 1 ? arena + choose(REGIONS) * MEGA :
				   RAM;
	uint64_t flags = PTE_V | PTE_A | usual[choose(sizeof(usual))];

	/*
	 * Misaligned; where such a table is used as a lower one it leads to a frame, not below our
	 * memory.
	 */
	if (level > 0 && one_in(16))
		pa = (level == 1 ? pa : arena) | PAGE;
	if (one_in(8))
		return PTE(pa, choose(256));
	if (one_in(32))
		return PTE(pa, flags) | 1ul << (54 + choose(10));
	if (one_in(24))
		flags = (flags & ~PTE_R) | PTE_W; /* reserved, with X or without */
	flags |= one_in(4) ? 0 : PTE_D;
	flags |= one_in(3) ? PTE_U : 0;
	flags |= one_in(3) ? PTE_G : 0;
	return PTE(pa, flags | (one_in(8) ? choose(4) << 8 : 0));
}

uint64_t world_link(unsigned int level)
{
	unsigned int first = home[level - 1], end = home[level];
	unsigned int table = one_in(12) ? choose(TABLES) : first + choose(end - first);
	uint64_t pa = one_in(64) ? HOLE_PAGE : tables_base + table * PAGE;

	return PTE(pa, PTE_V | (one_in(6) ? PTE_G : 0));
}

static unsigned int level_of_table(unsigned int table)
{
	unsigned int level = MAX_LEVELS - 1;

	if (table < ROOTS)
		return mode_of_root(table)->levels - 1;
	while (level && home[level] > table)
		level--;
	return level;
}

uint64_t world_pte(unsigned int table)
{
	unsigned int level = level_of_table(table);

	if (one_in(8))
		return 0;
	return level > 0 && !one_in(5) ? world_link(level) : world_leaf(level < 2 ? level : 2);
}

/*
 * A leaf of 1 GiB must not be met at a lower level, where it maps what is the firmware's natively.
 * So tables of high levels are linked by higher ones alone; others by any, at any level.
 */
bool world_may_be(unsigned int table, uint64_t pte)
{
	unsigned int level = level_of_table(table), below;
	uint64_t offset = (PTE_PPN(pte) << 12) - tables_base;
	bool pointer = !(pte & (PTE_R | PTE_W | PTE_X));

	if (PTE_PPN(pte) << 12 == RAM)
		return level >= 2 && !pointer;
	if (!pointer && offset < TABLES * PAGE)
		return false; /* stores must not go to tables unnoticed */
	if (!pointer || offset >= TABLES * PAGE)
		return true;
	below = level_of_table(offset / PAGE);
	return below < 2 || below < level;
}

/* ---- making it ---- */

/* Entries of roots by which the guest itself runs. */
bool world_is_fixed(unsigned int table, unsigned int slot)
{
	unsigned int last = mode_of_root(table)->levels == 3 ? 2 : 0;

	return table < ROOTS && slot_index[slot] <= last;
}

static void make_indices(void)
{
	for (unsigned int i = 0; i < REGIONS; i++)
		used_indices[1][i] = index_at(arena, 1) + i;
	for (unsigned int i = 0; i < ENTRIES; i++)
		index_slot[i] = NO_SLOT;
	for (unsigned int level = 0; level < MAX_LEVELS; level++) {
		for (unsigned int i = 0; i < used_count[level]; i++) {
			unsigned int index = used_indices[level][i];

			if (index_slot[index] != NO_SLOT)
				continue;
			index_slot[index] = table_slots;
			slot_index[table_slots++] = index;
		}
	}
}

#define LI_A0(number) ((number) << 20 | 10 << 7 | 0x13)
#define RET           0x8067

static void make_frame(unsigned int number)
{
	uint64_t pa = frames[number], code = LI_A0(number + 1ul) | (uint64_t)RET << 32;

	for (uint64_t offset = 0; offset < PAGE; offset += 8)
		write64(pa + offset, frame_id(number, offset));
	write64(pa + FRAME_CODE, code);
	write64(pa + FRAME_CODE_END, code);
	*(volatile uint32_t *)(pa + FRAME_WORD) = FRAME_WORD_FIRST + number;
}

static void make_frames(void)
{
	const unsigned int each = FRAMES / REGIONS;

	for (unsigned int i = 0; i < FRAMES; i++) {
		frames[i] = arena + i / each * MEGA + used_indices[0][i % each] * PAGE;
		make_frame(i);
	}
	__asm__ volatile("fence.i" ::: "memory");
}

/*
 * What every address space needs to run the guest at all: devices, RAM, and user code between them.
 */
static void fill_bottom(uint64_t table)
{
	static uint64_t user;

	if (!user) {
		uint64_t leaves = page_alloc();

		user = page_alloc();
		write64(user, PTE(leaves, PTE_V));
		write64(leaves, PTE((uint64_t)probe_user_page, PTE_RX | PTE_U));
	}
	write64(table + 0 * 8, PTE(DEVICES, PTE_RW));
	write64(table + 1 * 8, PTE(user, PTE_V));
	write64(table + 2 * 8, PTE(RAM, PTE_RWX));
}

static void make_root(unsigned int root)
{
	static uint64_t bottom[MAX_LEVELS + 1]; /* of so many levels */
	unsigned int levels = mode_of_root(root)->levels;
	uint64_t table = tables_base + root * PAGE;

	if (levels == 3) {
		fill_bottom(table);
		return;
	}
	if (!bottom[3])
		fill_bottom(bottom[3] = page_alloc());
	if (!bottom[4])
		write64(bottom[4] = page_alloc(), PTE(bottom[3], PTE_V));
	write64(table, PTE(bottom[levels - 1], PTE_V));
}

static uint64_t world_fitting(unsigned int table)
{
	uint64_t pte = world_pte(table);

	return world_may_be(table, pte) ? pte : 0;
}

static void make_tables(void)
{
	for (uint64_t at = tables_base; at < tables_base + TABLES * PAGE; at += 8)
		write64(at, 0);
	for (unsigned int root = 0; root < ROOTS; root++)
		make_root(root);
	for (unsigned int table = 0; table < TABLES; table++)
		for (unsigned int slot = 0; slot < table_slots; slot++)
			if (!world_is_fixed(table, slot))
				*entry_of(table, slot) = world_fitting(table);
}

void world_make(void)
{
	arena = mega_alloc();
	for (unsigned int i = 1; i < REGIONS; i++)
		mega_alloc();
	tables_base = mega_alloc();
	make_indices();
	make_frames();
	make_tables();
}
