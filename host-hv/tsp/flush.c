/* SPDX-License-Identifier: BSD-2-Clause */
/* flush.c - the guest's fences, where leaf tables are out of step: see step.c. */
#include "internal.h"

/* What an address space has not used since holds nothing old for it. */
static bool concerns(const struct tsp *tsp, const struct tsp_table *table, uint64_t asid)
{
	return asid == TSP_ALL_ASIDS || tsp_is_shared(tsp) || satp_asid(table->owner) == asid;
}

static void fence_pages(struct tsp *tsp, struct tsp_table *table, uint64_t va, uint64_t pages)
{
	for (; pages; pages--, va += PAGE_SIZE)
		tsp_entry_sync(tsp, table, pte_index(va, 0));
}

struct tsp_result tsp_fence(struct tsp *tsp, uint64_t va, uint64_t pages, uint64_t asid)
{
	uint32_t next;

	tsp_begin(tsp);
	for (uint32_t n = tsp->out; n != TSP_NONE; n = next) {
		struct tsp_table *table = &tsp->tables[n];

		next = table->next_out;
		if (!concerns(tsp, table, asid))
			continue;
		if (pages)
			fence_pages(tsp, table, va, pages);
		else
			tsp_call_back(tsp, table);
	}
	return tsp_end(tsp, tsp_waits(tsp) ? TSP_AGAIN : TSP_REPEAT);
}
