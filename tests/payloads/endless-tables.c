// SPDX-License-Identifier: BSD-2-Clause
/*
 * A store-conditional to the table that maps it, and one to the root in use:
 * where guest tables are write-protected neither may ever succeed.
 */
#include "payload.h"

static void add_reserved(uint64_t at)
{
	uint64_t failed, old;

	for (unsigned int left = 1000; left; left--)
		__asm__ volatile("lr.d %0, (%2)\n\tsc.d %1, %0, (%2)"
				 : "=&r"(old), "=&r"(failed)
				 : "r"(at)
				 : "memory");
}

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();
	uint64_t root, table;

	(void)hart;
	root = root_new(mode);
	map_page(mode, root, TEST_VA + PAGE, root, PTE_RW);
	table = (uint64_t)pte_of(mode, root, TEST_VA, 0) & ~(PAGE - 1);
	map_page(mode, root, TEST_VA, table, PTE_RW);
	satp_load(mode, root, 0);
	fence_all();
	note("begins");
	for (;;) {
		add_reserved(TEST_VA + 8 * 300);
		add_reserved(TEST_VA + PAGE + 8 * 300);
	}
}
