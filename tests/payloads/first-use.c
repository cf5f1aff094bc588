// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pages that were there long before they are used, one in each eight: how often a
 * hypervisor has to fill one is for the record (tests/strict/test_strict.py).
 */
#include "payload.h"

#define TABLES 8
#define STEP   8ul

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();
	uint64_t root, page = page_alloc(), good = 0;

	(void)hart;
	root = root_new(mode);
	write64(page, 0xf15);
	for (uint64_t i = 0; i < TABLES * 512; i++)
		map_page(mode, root, TEST_VA + i * PAGE, page, PTE_RW);
	satp_load(mode, root, 0);
	fence_all();
	for (uint64_t i = 0; i < TABLES * 512; i += STEP)
		good += read64(TEST_VA + i * PAGE) == 0xf15;
	csr_write(satp, 0);
	fence_all();
	fact_equal(good, TABLES * 512 / STEP, "pages that were there before");
}
