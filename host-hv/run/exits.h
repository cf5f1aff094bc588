/* SPDX-License-Identifier: BSD-2-Clause */
/* exits.h - where each VM exit goes. */
#ifndef EXITS_H
#define EXITS_H

#include "core/vcpu.h"
#include "hm_abi.h"

/* By HM_EXIT_*; NULL: a number that is none. */
extern enum next (*const exit_routes[HM_EXIT_COUNT])(struct vcpu *v);

/* What the firmware said is no exit: it ends the guest. */
enum next exit_refused(struct vcpu *v, long reason) __attribute__((cold));

/* What to do about an exit. */
static inline enum next exit_route(struct vcpu *v, long reason)
{
	if (reason < 0 || reason >= HM_EXIT_COUNT || !exit_routes[reason])
		return exit_refused(v, reason);
	return exit_routes[reason](v);
}

#endif
