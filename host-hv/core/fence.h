/* SPDX-License-Identifier: BSD-2-Clause */
/* fence.h - remote fences between the vCPUs of a guest. */
#ifndef FENCE_H
#define FENCE_H

#include "core/vm.h"

/* Longer ones are fences of everything, as they are for the firmware. */
#define MAX_FENCE_PAGES 64

/* Pages of a fence; 0: all of them, as RFENCE has it, and where the size alone is 0. */
static inline uint64_t fence_pages(uint64_t start, uint64_t size)
{
	uint64_t last = start + size - 1, pages;

	if (size - 1 >= MAX_FENCE_PAGES * PAGE || last < start)
		return 0;
	pages = last / PAGE - start / PAGE + 1;
	return pages > MAX_FENCE_PAGES ? 0 : pages;
}

/* Around every stay in the guest world. */
void fence_enter(struct vcpu *v);
void fence_leave(struct vcpu *v);

/* Returns when none of these vCPUs (bits are numbers) uses an older translation. */
void fence_vcpus(struct vm *vm, uint64_t mask, const struct fence *f);

#endif
