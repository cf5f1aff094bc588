/* SPDX-License-Identifier: BSD-2-Clause */
/* interrupts.h - what is pending for host-hv itself. */
#ifndef INTERRUPTS_H
#define INTERRUPTS_H

#include "core/lib.h"

/* Serves what is pending for host-hv on this hart.  True: a fence of translations was among it. */
bool sched_serve_interrupts(void);

#endif
