/* SPDX-License-Identifier: BSD-2-Clause */
/* fence.h - remote fences between the vCPUs of a guest. */
#ifndef FENCE_H
#define FENCE_H

#include "core/vm.h"

/* Around every stay in the guest world. */
void fence_enter(struct vcpu *v);
void fence_leave(struct vcpu *v);

/* Returns when none of these vCPUs (bits are numbers) uses an older translation. */
void fence_vcpus(struct vm *vm, uint64_t mask, const struct fence *f);

#endif
