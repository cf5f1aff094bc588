// SPDX-License-Identifier: BSD-2-Clause
/* Loads a root that is no RAM: the next fetch faults, and so does the handler's, for ever. */
#include "payload.h"

void payload(uint64_t hart)
{
	(void)hart;
	note("begins");
	csr_write(satp, 8ul << 60 | 0xffffffffffful);
	fact(false, "translation through a wild root");
}
