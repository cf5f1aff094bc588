/* SPDX-License-Identifier: BSD-2-Clause */
/* enter.h - the guest world, entered again and again. */
#ifndef ENTER_H
#define ENTER_H

#include "core/vcpu.h"

/* Runs the vCPU until it has to yield its hart. */
void vcpu_run(struct vcpu *v);

#endif
