/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pte.h - page-table entries and translation modes of the privileged
 * specification ("Sv39", "Sv48", "Sv57"), as data.
 */
#ifndef SSP_PTE_H
#define SSP_PTE_H

#include <stdint.h>

#include "sizes.h"

#ifndef PAGE_SHIFT /* OpenSBI has the same */
#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ull << PAGE_SHIFT)
#endif
#define PTES_PER_TABLE (1 << PTE_INDEX_BITS)
#define MAX_LEVELS     (SV39_LEVELS + 2)

#define PTE_V              (1ull << 0)
#define PTE_R              (1ull << 1)
#define PTE_W              (1ull << 2)
#define PTE_X              (1ull << 3)
#define PTE_U              (1ull << 4)
#define PTE_G              (1ull << 5)
#define PTE_A              (1ull << 6)
#define PTE_D              (1ull << 7)
#define PTE_RSW            (3ull << 8)
#define PTE_RWX            (PTE_R | PTE_W | PTE_X)
#define PTE_PPN_SHIFT      10
#define PTE_PPN_BITS       44
/*
 * Bits 63 (N), 62:61 (PBMT) and 60:54 are reserved unless Svnapot or Svpbmt is offered; neither is.
 */
#define PTE_RESERVED_SHIFT 54

#define SATP_MODE_SHIFT 60
#define SATP_ASID_SHIFT 44
#define SATP_ASID_BITS  16
#define SATP_ASID_MASK  0xffffull
#define SATP_PPN_MASK   ((1ull << 44) - 1)
#define SATP_BARE       0u
#define SATP_SV39       8u
#define SATP_SV48       9u
#define SATP_SV57       10u

/*
 * A virtual address, Sv39 with its three levels as the example:
 *
 *   63        39 38      30 29      21 20      12 11       0
 *  | = bit 38   | index[2] | index[1] | index[0] |  offset  |
 *
 * Level 0 holds 4 KiB leaves; a leaf at level N covers 4 KiB << 9N.
 */
static inline unsigned int pte_index(uint64_t va, int level)
{
	return (va >> (PAGE_SHIFT + PTE_INDEX_BITS * level)) & (PTES_PER_TABLE - 1);
}

static inline uint64_t level_size(int level)
{
	return PAGE_SIZE << (PTE_INDEX_BITS * level);
}

static inline _Bool pte_is_leaf(uint64_t pte)
{
	return (pte & PTE_V) && (pte & PTE_RWX);
}

/*
 * Without V, or reserved for its high bits: the walk ends ("Virtual Address Translation Process",
 * step 3).  A macro, of which gcc makes two branches; of a function it makes a value and a branch.
 */
#define PTE_IS_INVALID(pte) (!((pte)&PTE_V) || (pte) >> PTE_RESERVED_SHIFT)

/* Reserved encodings: W without R, and of links any of U, A and D. */
static inline _Bool pte_is_write_only(uint64_t pte)
{
	return (pte & (PTE_R | PTE_W)) == PTE_W;
}

static inline _Bool pte_is_reserved_link(uint64_t pte)
{
	return pte & (PTE_U | PTE_A | PTE_D);
}

static inline uint64_t pte_address(uint64_t pte)
{
	return ((pte >> PTE_PPN_SHIFT) & ((1ull << PTE_PPN_BITS) - 1)) << PAGE_SHIFT;
}

static inline uint64_t pte_make(uint64_t address, uint64_t bits)
{
	return address >> PAGE_SHIFT << PTE_PPN_SHIFT | bits;
}

static inline unsigned int satp_mode(uint64_t satp)
{
	return satp >> SATP_MODE_SHIFT;
}

static inline uint64_t satp_asid(uint64_t satp)
{
	return (satp >> SATP_ASID_SHIFT) & SATP_ASID_MASK;
}

/* The address of the table that it names. */
static inline uint64_t satp_table(uint64_t satp)
{
	return (satp & SATP_PPN_MASK) << PAGE_SHIFT;
}

/* table: its address */
static inline uint64_t satp_make(unsigned int mode, uint64_t asid, uint64_t table)
{
	return (uint64_t)mode << SATP_MODE_SHIFT | asid << SATP_ASID_SHIFT | table >> PAGE_SHIFT;
}

/* One row a translation mode. */
struct satp_mode_info {
	uint8_t levels; /* 0: not a paged mode */
	uint8_t va_bits;
};

#define PAGED_MODE(n)                                                       \
	{                                                                   \
		.levels = (n), .va_bits = PAGE_SHIFT + PTE_INDEX_BITS * (n) \
	}

static const struct satp_mode_info satp_modes[16] = {
	[SATP_SV39] = PAGED_MODE(SV39_LEVELS),
	[SATP_SV48] = PAGED_MODE(SV39_LEVELS + 1),
	[SATP_SV57] = PAGED_MODE(SV39_LEVELS + 2),
};

/* Bits 63 to va_bits must equal bit va_bits-1 ("Sv39", addressing). */
static inline _Bool va_is_canonical(uint64_t va, int va_bits)
{
	int64_t top = (int64_t)va >> (va_bits - 1);

	return top == 0 || top == -1;
}

#endif
