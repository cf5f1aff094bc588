// SPDX-License-Identifier: BSD-2-Clause
/* A trap vector that is not mapped: every fault causes the next. */
#include "payload.h"

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();

	(void)hart;
	satp_load(mode, root_new(mode), 0);
	fence_all();
	note("begins");
	csr_write(stvec, TEST_VA);
	write64(TEST_VA, 0);
	fact(false, "a store to an absent page");
}
