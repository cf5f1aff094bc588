/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - the array behind the engine's memory seam. */
#include <string.h>

#include "hm_abi.h"
#include "memory.h"
#include "ssp_port.h"

struct memory memory;

void memory_reset(uint64_t ram_delta, uint32_t pool_tables)
{
	memset(memory.guest, 0, sizeof(memory.guest));
	memset(memory.ring, 0, sizeof(memory.ring));
	memset(memory.pool, 0xa5, pool_tables * PAGE_SIZE); /* a pool need not be clean */
	memset(memory.tables, 0xa5, pool_tables * sizeof(memory.tables[0]));
	memory.broken = NULL;
	memory.swaps = 0;
	memory.swap = NULL;
	memory.ram_delta = ram_delta;
	memory.pool_tables = pool_tables;
}

/* The word of guest memory at hpa that has contents, or NULL. */
static uint64_t *word_at(uint64_t hpa)
{
	uint64_t offset = hpa - memory.ram_delta - RAM_GPA;

	if (offset & 7)
		memory.broken = "a word of the guest is accessed at an odd address";
	if (offset < sizeof(memory.guest))
		return &memory.guest[offset >> PAGE_SHIFT][offset / 8 % PTES_PER_TABLE];
	offset -= RING_GPA - RAM_GPA;
	return offset < sizeof(memory.ring) ? &memory.ring[offset / 8] : NULL;
}

uint64_t ssp_port_load(uint64_t hpa)
{
	const uint64_t *word = word_at(hpa);

	return word ? *word : 0;
}

void ssp_port_store(uint64_t hpa, uint64_t value)
{
	uint64_t *word = word_at(hpa);

	if (word != &memory.ring[offsetof(struct hm_ring, tail) / 8])
		memory.broken = "a store that is not the ring's tail and flags";
	else
		*word = value;
}

bool ssp_port_swap(uint64_t hpa, uint64_t old, uint64_t new)
{
	uint64_t *entry = word_at(hpa);

	memory.swaps++;
	if (!entry || hpa - memory.ram_delta - RAM_GPA >= sizeof(memory.guest)) {
		memory.broken = "an entry outside the guest's tables is marked";
		return false;
	}
	if ((old ^ new) & ~(PTE_A | PTE_D) || old & ~new)
		memory.broken = "an entry changes beyond its A and D";
	if (memory.swap)
		return memory.swap(entry, old, new);
	if (*entry != old)
		return false;
	*entry = new;
	return true;
}

void ssp_port_fence(void)
{
}

uint64_t *ssp_port_table(uint64_t hpa)
{
	uint64_t number = (hpa - POOL_HPA) >> PAGE_SHIFT;

	if (number >= memory.pool_tables || hpa & (PAGE_SIZE - 1)) {
		memory.broken = "a shadow table outside the pool";
		return memory.pool[POOL_MAX - 1];
	}
	return memory.pool[number];
}
