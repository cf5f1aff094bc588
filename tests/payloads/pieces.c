// SPDX-License-Identifier: BSD-2-Clause
/*
 * A large page, which a hypervisor may have to map in pieces, becomes a table of smaller ones.
 * A fence of any address in it is one of all of it, in whatever address space and however it comes.
 */
#include "payload.h"

#define RAM            0x80000000ul
#define MANY           300 /* more fences than anybody keeps a list of */
#define FENCE_VMA_ASID 2   /* of SBI's RFENCE */

/* How it is fenced, in the address space of the page or in another. */
struct fence {
	const char *what;
	bool from_another, global, by_asid, remote, one_of_many;
};

static const struct fence fences[] = {
	{ .what = "by address" },
	{ .what = "by address and ASID", .by_asid = true },
	{ .what = "by address, a global one", .global = true },
	{ .what = "from another space, by address", .from_another = true },
	{ .what = "from another space, a global one", .from_another = true, .global = true },
	{ .what = "from another space, by address and ASID", .from_another = true, .by_asid = true },
	{ .what = "from another space, among many", .from_another = true, .one_of_many = true },
	{ .what = "by an SBI call", .by_asid = true, .remote = true },
	{ .what = "from another space, by an SBI call",
	  .from_another = true,
	  .by_asid = true,
	  .remote = true },
};

static const struct mode *mode;
static uint64_t here, there, here_asid, there_asid; /* two address spaces */
static uint64_t megas[2]; /* two pages of 2 MiB, each with a value in it */

/* Where the large page has a page of RAM. */
static uint64_t within(uint64_t pa)
{
	return TEST_VA + (pa - RAM);
}

static void map_large(uint64_t root, bool global)
{
	*pte_of(mode, root, TEST_VA, 2) = PTE(RAM, PTE_RW | (global ? PTE_G : 0));
}

/* The same place in smaller pages, of which two have changed their places. */
static void map_small(uint64_t root, bool global)
{
	uint64_t *table = (uint64_t *)page_alloc(), flags = PTE_RW | (global ? PTE_G : 0);

	table[within(megas[0]) / MEGA % 512] = PTE(megas[1], flags);
	table[within(megas[1]) / MEGA % 512] = PTE(megas[0], flags);
	*pte_of(mode, root, TEST_VA, 2) = PTE((uint64_t)table, PTE_V);
}

/* Both pages are as they should be: `first` is where the first one was. */
static bool sees(uint64_t first, uint64_t second)
{
	return read64(within(megas[0])) == first && read64(within(megas[1])) == second;
}

static void carry_out(const struct fence *fence, uint64_t va, uint64_t asid)
{
	if (fence->remote)
		sbi_call(SBI_RFENCE, FENCE_VMA_ASID, 0, ~0ul, va, PAGE, asid);
	else if (fence->by_asid)
		fence_page_asid(va, asid);
	else
		fence_page(va);
	for (uint64_t n = 0; fence->one_of_many && n < MANY; n++)
		fence_page(USER_VA + n * PAGE);
}

/* Only the second page's address is named: the first one's was in the large page as well. */
static void one(const struct fence *fence)
{
	bool seen;

	map_large(here, fence->global);
	satp_load(mode, there, there_asid);
	fence_all();
	satp_load(mode, here, here_asid);
	if (here_asid == there_asid)
		fence_all(); /* without ASIDs the hart still has the other root's tables */
	seen = sees(0, 1);
	if (fence->from_another)
		satp_load(mode, there, there_asid);
	map_small(here, fence->global);
	carry_out(fence, within(megas[1]), here_asid);
	satp_load(mode, here, here_asid);
	fact(seen && sees(1, 0), fence->what);
}

void payload(uint64_t hart)
{
	bool asids = asid_bits() >= 2;

	(void)hart;
	for (unsigned int i = 0; i < 2; i++) {
		megas[i] = mega_alloc();
		write64(megas[i], i);
	}
	here_asid = asids ? 1 : 0;
	there_asid = asids ? 2 : 0;
	for_each_mode(mode)
	{
		here = root_new(mode);
		there = root_new(mode);
		for (unsigned int n = 0; n < sizeof(fences) / sizeof(fences[0]); n++)
			if (asids || !fences[n].from_another)
				one(&fences[n]);
		csr_write(satp, 0);
		fence_all();
	}
}
