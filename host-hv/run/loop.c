/* SPDX-License-Identifier: BSD-2-Clause */
#include "run/loop.h"

#include "core/console.h"
#include "core/hm.h"
#include "device/devices.h"
#include "run/enter.h"
#include "run/interrupts.h"
#include "run/release.h"
#include "run/sched.h"

/* vCPUs of guests that have ended leave the queue, except where the guest restarts. */
static void drop_ended(struct hart *h)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < h->queued; i++) {
		struct vcpu *v = h->queue[i];

		if (!vm_ended(v->vm) || !vm_release_vcpu(v))
			h->queue[kept++] = v;
	}
	h->queued = kept;
}

/*
 * A kick that comes between looking and WFI stays pending in sip, and WFI does
 * not wait while something that sie enables is pending.
 */
static void idle(struct hart *h)
{
	uint64_t look = min_u64(console_show_quiet_if_due(h), devices_next_look(h));
	uint64_t deadline = min_u64(sched_next_deadline(h), look);

	if (deadline != FOREVER)
		firmware_set_timer(deadline);
	wait_for_interrupt();
	sched_serve_interrupts();
}

void hart_loop(struct hart *h, void (*restart)(struct vcpu *v))
{
	csr_write(sie, IRQ_SOFT | IRQ_TIMER | IRQ_EXTERNAL);
	for (;;) {
		uint64_t now;
		struct vcpu *v;

		sched_end_turn(h);
		drop_ended(h);
		devices_hear_if_due(h); /* it may wake a vCPU of this hart */
		now = csr_read(time);
		v = sched_pick(h, now);
		if (!v) {
			idle(h);
			continue;
		}
		sched_begin_turn(h, v, now);
		if (vm_ended(v->vm))
			restart(v);
		else
			vcpu_run(v);
	}
}
