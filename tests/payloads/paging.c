// SPDX-License-Identifier: BSD-2-Clause
/* paging.c - builds page tables for payloads, in any of the three modes. */
#include "payload.h"

#define SATP_MODE_SHIFT 60
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK  0xfffful
#define PTE_PA(pte)     ((pte) >> 10 << 12 & ~(~0ul << 56))

static const struct mode known[] = {
	{ "sv39", 8, 3 },
	{ "sv48", 9, 4 },
	{ "sv57", 10, 5 },
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

extern char _pages[], _pages_end[];
static uint64_t next_page;

uint64_t page_alloc(void)
{
	uint64_t page;

	if (!next_page)
		next_page = (uint64_t)_pages;
	page = next_page;
	next_page += PAGE;
	if (next_page > (uint64_t)_pages_end)
		fact(false, "the payload has pages left");
	for (uint64_t at = page; at < page + PAGE; at += 8)
		write64(at, 0);
	return page;
}

uint64_t mega_alloc(void)
{
	uint64_t base;

	do
		base = page_alloc();
	while (base & (MEGA - 1));
	next_page = base + MEGA;
	return base;
}

static unsigned int index_of(uint64_t va, unsigned int level)
{
	return va >> (12 + 9 * level) & 511;
}

uint64_t *pte_of(const struct mode *mode, uint64_t root, uint64_t va, unsigned int level)
{
	uint64_t table = root;

	for (unsigned int at = mode->levels - 1; at > level; at--) {
		uint64_t *entry = (uint64_t *)table + index_of(va, at);

		if (!(*entry & PTE_V))
			*entry = PTE(page_alloc(), PTE_V);
		table = PTE_PA(*entry);
	}
	return (uint64_t *)table + index_of(va, level);
}

void map_page(const struct mode *mode, uint64_t root, uint64_t va, uint64_t pa, uint64_t flags)
{
	*pte_of(mode, root, va, 0) = PTE(pa, flags);
}

#define LEVEL_GIGA 2
#define DEVICES    0ul
#define RAM        0x80000000ul

uint64_t root_new(const struct mode *mode)
{
	uint64_t root = page_alloc();

	*pte_of(mode, root, DEVICES, LEVEL_GIGA) = PTE(DEVICES, PTE_RW);
	*pte_of(mode, root, RAM, LEVEL_GIGA) = PTE(RAM, PTE_RWX);
	return root;
}

uint64_t satp_value(const struct mode *mode, uint64_t root, uint64_t asid)
{
	return (uint64_t)mode->satp_mode << SATP_MODE_SHIFT | asid << SATP_ASID_SHIFT | root >> 12;
}

void satp_load(const struct mode *mode, uint64_t root, uint64_t asid)
{
	csr_write(satp, satp_value(mode, root, asid));
}

static struct mode found[KNOWN + 1]; /* ends with one that has no name */

/* satp ignores a write whose mode it does not have: try each with a usable root. */
const struct mode *first_mode(void)
{
	struct mode *next = found;

	for (unsigned int i = 0; i < KNOWN; i++) {
		uint64_t wanted = satp_value(&known[i], root_new(&known[i]), 0);

		csr_write(satp, wanted);
		if (csr_read(satp) == wanted)
			*next++ = known[i];
		csr_write(satp, 0);
	}
	fence_all();
	next->name = NULL;
	return found->name ? found : NULL;
}

const struct mode *next_mode(const struct mode *mode)
{
	return mode[1].name ? mode + 1 : NULL;
}

unsigned int modes_from(const struct mode *mode)
{
	unsigned int count = 0;

	for (; mode; mode = next_mode(mode))
		count++;
	return count;
}

uint64_t root_in_first_mode(const struct mode **mode)
{
	*mode = first_mode();
	return root_new(*mode);
}

unsigned int asid_bits(void)
{
	const struct mode *mode = first_mode();
	uint64_t kept;
	unsigned int bits = 0;

	satp_load(mode, root_new(mode), SATP_ASID_MASK);
	kept = csr_read(satp) >> SATP_ASID_SHIFT & SATP_ASID_MASK;
	csr_write(satp, 0);
	for (fence_all(); kept; kept >>= 1)
		bits++;
	return bits;
}

void map_user_code(const struct mode *mode, uint64_t root)
{
	map_page(mode, root, USER_VA, (uint64_t)user_code, PTE_RX | PTE_U);
}
