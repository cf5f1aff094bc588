/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_flush.c - completeness of the fences of a page (ssp/flush.c): nothing of it is left, and what
 * the hart may still have cached is covered by the fence that is owed.
 *
 * Sizes: those of tree.h: tables of 8 entries, two levels, two roots and the global tree, six tables,
 * a log of two pages.
 */
#include "tree.h"

/* An entry that changed is a leaf of the page, or the fence is a wider one. */
static void prove_fence_covers(enum ssp_fence fence, uint64_t va)
{
	unsigned int n = any_below(TABLES), i = any_below(PTES_PER_TABLE);
	bool global = n == top_of(SSP_GLOBAL);

	if (before[n][i] == pool[n][i] || n / 2 == 2)
		return;
	PROVE(!pool[n][i] || !(pool[n][i] & PTE_V), "an entry that a flush makes valid");
	if (before[n][i] & PTE_RWX) {
		PROVE(fence >= SSP_FENCE_PAGE, "a leaf went without a fence");
		PROVE(i == (va >> (n % 2 ? 12 : 12 + PTE_INDEX_BITS)) % PTES_PER_TABLE,
		      "a fence of another page");
		return;
	}
	PROVE(fence == SSP_FENCE_ALL || (!global && fence == SSP_FENCE_ASID),
	      "a link went without a fence of all pages");
}

void prove_flush_va(void)
{
	uint64_t va = any();
	enum ssp_fence fence;

	any_space();
	note();
	fence = ssp_flush_va(&space, va);
	PROVE(!hart_walk(space.current, va), "the page is still mapped");
	PROVE(!hart_walk(&space.roots[SSP_GLOBAL], va), "the page is still mapped for all");
	PROVE(fence == SSP_FENCE_PAGE || fence == SSP_FENCE_ALL, "a fence of one ASID alone");
	prove_fence_covers(fence, va);
	ssp_root_enter(&space, &space.roots[2]);
	PROVE(!hart_walk(space.current, va), "another address space still maps the page");
}

/* Of one ASID: what is global is spared, and a root that does not run is retired. */
void prove_flush_va_asid(void)
{
	uint64_t va = any(), asid = any() & SATP_ASID_MASK;
	enum ssp_fence fence;

	any_space();
	note();
	fence = ssp_flush_va_asid(&space, va, asid);
	if (satp_asid(space.current->gsatp) == asid) {
		uint64_t leaf = hart_walk(space.current, va);

		PROVE(!leaf || (leaf & PTE_G), "the page is still mapped");
		prove_fence_covers(fence, va);
	}
	if (satp_asid(space.roots[2].gsatp) == asid) {
		uint64_t leaf = hart_walk(&space.roots[2], va);

		PROVE(!leaf || (leaf & PTE_G), "another root of the ASID still maps the page");
		PROVE(!space.roots[2].asid_generation, "the hart may have the page cached for it");
	}
}
