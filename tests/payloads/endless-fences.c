// SPDX-License-Identifier: BSD-2-Clause
/* Fences, root switches and writes to the tables in use, without end and with interrupts off. */
#include "payload.h"

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();
	uint64_t roots[2], page = page_alloc();

	(void)hart;
	for (unsigned int i = 0; i < 2; i++) {
		roots[i] = root_new(mode);
		map_page(mode, roots[i], TEST_VA, page, PTE_RW);
	}
	note("begins");
	for (uint64_t i = 0;; i++) {
		satp_load(mode, roots[i & 1], i);
		*pte_of(mode, roots[i & 1], TEST_VA + (i % 512) * PAGE, 0) = i * 0x9e3779b97f4a7c15;
		fence_all();
		fence_page(i << 12);
	}
}
