/* SPDX-License-Identifier: BSD-2-Clause */
/* restart.h - a guest that has rebooted begins anew. */
#ifndef RESTART_H
#define RESTART_H

#include "core/vm.h"

/* A turn of a vCPU whose guest has ended. */
void vm_restart(struct vcpu *v);

#endif
