/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - the protected region: first fit over a bitmap of 64 KiB chunks,
 * coarse enough that a search is short.
 *
 * S-mode may at most read it (PMP): hardware walks of the shadow tables count
 * as S-mode accesses.
 */
#include <sbi/riscv_locks.h>

#include "world/vcpu.h"

#define CHUNK_SHIFT	16
#define CHUNK_PAGES	(1u << (CHUNK_SHIFT - PAGE_SHIFT))
#define MAX_CHUNKS	2048

u64 hm_pool_base, hm_pool_size;
static u64 used[MAX_CHUNKS / 64];
static u32 chunk_count, free_chunks;
static spinlock_t lock = SPIN_LOCK_INITIALIZER;

void hm_pool_init(u64 base, u64 size)
{
	hm_pool_base = base;
	hm_pool_size = size;
	chunk_count = size >> CHUNK_SHIFT;
	if (chunk_count > MAX_CHUNKS)
		chunk_count = MAX_CHUNKS;
	free_chunks = chunk_count;
}

static u32 chunks_of(u32 pages)
{
	return (pages + CHUNK_PAGES - 1) / CHUNK_PAGES;
}

static bool is_used(u32 chunk)
{
	return used[chunk / 64] >> chunk % 64 & 1;
}

static void flip(u32 first, u32 count)
{
	for (u32 chunk = first; chunk < first + count; chunk++)
		used[chunk / 64] ^= 1ull << chunk % 64;
}

static u64 find(u32 wanted)
{
	u32 run = 0;

	for (u32 chunk = 0; chunk < chunk_count; chunk++) {
		run = is_used(chunk) ? 0 : run + 1;
		if (run == wanted) {
			flip(chunk + 1 - wanted, wanted);
			free_chunks -= wanted;
			return hm_pool_base + ((u64)(chunk + 1 - wanted) << CHUNK_SHIFT);
		}
	}
	return 0;
}

u64 hm_pool_alloc(u32 pages)
{
	u64 hpa;

	spin_lock(&lock);
	hpa = find(chunks_of(pages));
	spin_unlock(&lock);
	return hpa;
}

void hm_pool_free(u64 hpa, u32 pages)
{
	spin_lock(&lock);
	flip((hpa - hm_pool_base) >> CHUNK_SHIFT, chunks_of(pages));
	free_chunks += chunks_of(pages);
	spin_unlock(&lock);
}

u32 hm_pool_free_pages(void)
{
	return free_chunks * CHUNK_PAGES;
}
