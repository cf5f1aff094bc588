// SPDX-License-Identifier: BSD-2-Clause
/* Naps: waits for a deadline so near that it is past before a neighbour has begun.  ahead=TICKS. */
#include "payload.h"

void payload(uint64_t hart)
{
	uint64_t ahead = payload_option("ahead", 20);

	(void)hart;
	note("begins");
	csr_write(sie, 1ul << IRQ_TIMER);
	for (;;) {
		sbi_call(SBI_TIME, 0, csr_read(time) + ahead, 0, 0, 0, 0);
		__asm__ volatile("wfi");
	}
}
