/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * restart.c - a guest that has rebooted begins anew from its modules.
 *
 * Each vCPU was destroyed on its own hart, which fenced it, and the firmware's VM with the last of
 * them: nothing names the guest's frames any more, so they may be scrubbed (rule 6 of
 * docs/rules.md).  That takes long for a large guest.  So the vCPU that left last keeps its place
 * in its hart's queue, and each of its turns does a part: the guest pays for its restart from its
 * own share.
 */
#include "guest/restart.h"

#include "core/console.h"
#include "guest/create.h"
#include "guest/load.h"
#include "run/interrupts.h"

#define PART (64 * KIB) /* some 100,000 instructions, far less than a slice */

static void restore(struct vm *vm)
{
	struct range part = { vm->ram.base + vm->load->restored,
			      min_u64(PART, vm->ram.size - vm->load->restored) };

	memset(vm_memory(vm, part.base, part.size), 0, part.size);
	vm_load(vm, part);
	vm->load->restored += part.size;
}

void vm_restart(struct vcpu *v)
{
	struct vm *vm = v->vm;

	if (__atomic_load_n(&vm->restarter, __ATOMIC_RELAXED) != v)
		return; /* the end has not come to this vCPU yet */
	sched_serve_interrupts();
	/* what the hart's other guests wrote, also while they sleep */
	console_show_quiet_if_due(v->hart);
	if (vm->load->restored < vm->ram.size)
		restore(vm);
	else
		vm_start(vm);
}
