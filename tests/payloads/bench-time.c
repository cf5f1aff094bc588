// SPDX-License-Identifier: BSD-2-Clause
/*
 * Readings of `time`, readings=N of them: what each costs where the hart has no such CSR and
 * firmware emulates it.
 */
#include "payload.h"

void payload(uint64_t hart)
{
	uint64_t readings = payload_option("readings", 0), last = csr_read(time), now;
	bool forward = true;

	(void)hart;
	for (uint64_t i = 0; i < readings; i++) {
		now = csr_read(time);
		forward = forward && now >= last;
		last = now;
	}
	fact(forward, "time never goes back");
}
