/* SPDX-License-Identifier: BSD-2-Clause */
/* mmio.h - guest accesses outside RAM. */
#ifndef MMIO_H
#define MMIO_H

#include "core/vcpu.h"

/* Performs the access to a device, which may end the guest, or injects an access fault. */
enum next exit_mmio(struct vcpu *v);

/* The same of an access that is decoded, and whose first byte is at the GVA begin. */
struct access;
enum next mmio_perform(struct vcpu *v, const struct access *a, uint64_t begin);

#endif
