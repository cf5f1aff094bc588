/* SPDX-License-Identifier: BSD-2-Clause */
/* exits.h - where each VM exit goes. */
#ifndef EXITS_H
#define EXITS_H

#include "core/vcpu.h"

/* What to do about an exit. */
enum next exit_route(struct vcpu *v, long reason);

#endif
