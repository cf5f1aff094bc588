/* SPDX-License-Identifier: BSD-2-Clause */
/* offsets.c - structure offsets for assembly; compiled to text, never linked. */
#include <stddef.h>

#include "world/vcpu.h"

#define OFFSET(name, type, member)	\
	__asm__ volatile("\n->" #name " %0" :: "i"(offsetof(struct type, member)))

void offsets(void);
void offsets(void)
{
	OFFSET(FRAME_X, hm_frame, x);
	OFFSET(FRAME_SCRATCH, hm_frame, scratch);
	OFFSET(FRAME_HOST_SP, hm_frame, host_sp);
}
