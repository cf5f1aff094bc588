/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/console.h"
#include "guest/restart.h"
#include "run/loop.h"

/* The entries from hart_entry.S. */
void hart_main(uint64_t hart_id, struct hart *hart);
void panic_trap(uint64_t cause, uint64_t pc, uint64_t tval);

void hart_main(uint64_t hart_id, struct hart *hart)
{
	(void)hart_id;
	fence_i();
	hart_loop(hart, vm_restart);
}

/* Nothing that a guest does may lead here. */
void panic_trap(uint64_t cause, uint64_t pc, uint64_t tval)
{
	fail("panic: scause %lx, sepc %lx, stval %lx", cause, pc, tval);
}
