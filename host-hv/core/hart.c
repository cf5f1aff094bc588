/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/hart.h"

#include "core/hm.h"

struct hart harts[MAX_HARTS];

void sched_kick(struct hart *h)
{
	if (h != this_hart())
		firmware_send_ipi(h->id);
}
