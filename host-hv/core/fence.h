/* SPDX-License-Identifier: BSD-2-Clause */
/* fence.h - remote fences between the vCPUs of a guest. */
#ifndef FENCE_H
#define FENCE_H

#include "core/vm.h"

/* Others can ask the vCPU for fences; what it owes goes to the page. */
void fence_become_resident(struct vcpu *v);

/* Around every stay in the guest world. */
static inline void fence_enter(struct vcpu *v)
{
	/* Nobody else is there to ask for any. */
	if (v->vm->vcpu_count > 1 || v->fence.flags)
		fence_become_resident(v);
}

static inline void fence_leave(struct vcpu *v)
{
	if (v->resident) /* set by this hart alone */
		__atomic_store_n(&v->resident, false, __ATOMIC_RELEASE);
}

/* Returns when none of these vCPUs (bits are numbers) uses an older translation. */
void fence_vcpus(struct vm *vm, uint64_t mask, const struct fence *f);

#endif
