// SPDX-License-Identifier: BSD-2-Clause
/* A trap vector that is not mapped: every fault causes the next. */
#include "payload.h"

void payload(uint64_t hart)
{
	const struct mode *modes;

	(void)hart;
	supported_modes(&modes);
	satp_load(&modes[0], root_new(&modes[0]), 0);
	fence_all();
	note("begins");
	csr_write(stvec, TEST_VA);
	write64(TEST_VA, 0);
	fact(false, "a store to an absent page");
}
