/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.h - the life of a hart. */
#ifndef LOOP_H
#define LOOP_H

#include "core/vcpu.h"

/*
 * The hart's life.  restart() has the turns of a vCPU whose guest has ended and begins anew; it
 * takes part of the work at each.
 */
void hart_loop(struct hart *hart, void (*restart)(struct vcpu *v)) __attribute__((noreturn));

#endif
