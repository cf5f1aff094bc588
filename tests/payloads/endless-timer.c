// SPDX-License-Identifier: BSD-2-Clause
/* A timer interrupt that is due again as soon as its handler returns. */
#include "payload.h"

void payload(uint64_t hart)
{
	(void)hart;
	note("begins");
	csr_set(sstatus, SSTATUS_SIE);
	for (;;) {
		sbi_call(SBI_TIME, 0, 0, 0, 0, 0, 0);
		csr_set(sie, 1ul << IRQ_TIMER);
		sbi_call(SBI_IPI, 0, 0, ~0ul, 0, 0, 0);
		csr_set(sie, 1ul << IRQ_SOFT);
	}
}
