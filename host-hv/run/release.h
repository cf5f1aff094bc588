/* SPDX-License-Identifier: BSD-2-Clause */
/* release.h - a vCPU whose guest has ended leaves its hart. */
#ifndef RELEASE_H
#define RELEASE_H

#include "core/vm.h"

/*
 * On its own hart: a vCPU of an ended guest does not go on.  False: it keeps its place, for the
 * guest restarts.
 */
bool vm_release_vcpu(struct vcpu *v);

#endif
