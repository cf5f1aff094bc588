/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache.h - what a core keeps of page walks: TLBs, and the tables that walks went through.
 *
 * Sets of ways, the least recently used of which makes room.  An entry stands for pages of one
 * size, and the set is chosen by the number of such a page.
 */
#ifndef WALKS_CACHE_H
#define WALKS_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_BITS  12
#define LEVEL_BITS 9
#define SIZES      6 /* 4 KiB << 9 * size; the largest is the reach of a root of Sv57 */

/* For whom a translation holds. */
struct owner {
	bool guest; /* with V=1 */
	uint16_t asid, vmid;
};

struct entry {
	uint64_t page;   /* number of the page of this size */
	uint64_t target; /* physical address of what it leads to */
	uint64_t used;   /* when; 0: the entry is free */
	struct owner owner;
	uint8_t size;
	bool global; /* for every ASID */
};

/* Where a page was found last, for whom: a search less. */
struct hint {
	uint64_t page;
	struct owner owner;
	struct entry *entry;
};

struct cache {
	unsigned int sets, ways; /* ways 0: there is none */
	uint64_t clock;
	unsigned int filled[SIZES]; /* entries of each size */
	struct entry *entries;
	struct hint *hints; /* NULL: its entries lie in each other */
};

/* Which entries a fence takes away; what is not given matches all. */
struct scope {
	bool guest, has_page, has_asid, has_vmid;
	uint64_t page; /* of 4 KiB */
	uint16_t asid, vmid;
};

/* nested: a page may have entries of several sizes, as the tables of a walk are. */
bool cache_make(struct cache *cache, unsigned int entries, unsigned int ways, bool nested);
void cache_free(struct cache *cache);

/* The entry of the smallest size that has the page of 4 KiB; NULL: none.  It becomes the youngest. */
struct entry *cache_find(struct cache *cache, uint64_t page, struct owner owner);
void cache_add(struct cache *cache, struct entry entry);
void cache_fence(struct cache *cache, struct scope scope);

#endif
