/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - the protected region: first fit between the pieces that are in use.
 *
 * There are as many pieces as harts and vCPUs at most, so a search has a bound that does
 * not depend on the region's size.
 *
 * S-mode may at most read it (PMP): hardware walks of the shadow tables count
 * as S-mode accesses.
 */
#include <sbi/riscv_locks.h>
#include <sbi/sbi_hartmask.h>

#include "core/pool.h"
#include "core/vcpu.h"

#define MAX_PIECES (HM_MAX_VCPUS + SBI_HARTMASK_MAX_BITS)

/* In pages, ascending. */
static struct piece {
	u32 first, pages;
} pieces[MAX_PIECES];
static u32 piece_count;

u64 hm_pool_base, hm_pool_size;
static u32 page_count, free_pages;
static spinlock_t lock = SPIN_LOCK_INITIALIZER;

void hm_pool_init(u64 base, u64 size)
{
	hm_pool_base = base;
	hm_pool_size = size;
	page_count = free_pages = size >> PAGE_SHIFT;
}

static void insert(u32 at, u32 first, u32 pages)
{
	for (u32 i = piece_count++; i > at; i--)
		pieces[i] = pieces[i - 1];
	pieces[at] = (struct piece){ first, pages };
	free_pages -= pages;
}

static u64 find(u32 pages)
{
	u32 first = 0;

	for (u32 i = 0; i <= piece_count; i++) {
		u32 end = i < piece_count ? pieces[i].first : page_count;

		if (end - first >= pages) {
			insert(i, first, pages);
			return hm_pool_base + ((u64)first << PAGE_SHIFT);
		}
		if (i < piece_count)
			first = end + pieces[i].pages;
	}
	return 0;
}

u64 hm_pool_alloc(u32 pages)
{
	u64 hpa = 0;

	spin_lock(&lock);
	if (piece_count < MAX_PIECES)
		hpa = find(pages);
	spin_unlock(&lock);
	return hpa;
}

void hm_pool_free(u64 hpa)
{
	u32 first = (hpa - hm_pool_base) >> PAGE_SHIFT, i = 0;

	spin_lock(&lock);
	while (i < piece_count && pieces[i].first != first)
		i++;
	if (i < piece_count) {
		free_pages += pieces[i].pages;
		for (piece_count--; i < piece_count; i++)
			pieces[i] = pieces[i + 1];
	}
	spin_unlock(&lock);
}

u32 hm_pool_free_pages(void)
{
	return free_pages;
}
