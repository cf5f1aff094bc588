/* SPDX-License-Identifier: BSD-2-Clause */
#include "run/interrupts.h"

#include "core/external.h"
#include "core/hart.h"
#include "core/hm.h"

bool sched_serve_interrupts(void)
{
	unsigned long pending = csr_read(sip);
	bool fence = false;

	if (pending & IRQ_SOFT) {
		csr_clear(sip, IRQ_SOFT); /* a kick: to have looked is all it asks */
		fence = __atomic_exchange_n(&this_hart()->fence_kick, false, __ATOMIC_ACQ_REL);
	}
	if (pending & IRQ_TIMER)
		firmware_set_timer(FOREVER); /* it has ended an idle */
	if (pending & IRQ_EXTERNAL)
		external_serve();
	return fence;
}
