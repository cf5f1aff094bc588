/* SPDX-License-Identifier: BSD-2-Clause */
/* bus.h - the virtio devices of the platform, and whose they are. */
#ifndef BUS_H
#define BUS_H

#include "core/platform.h"
#include "virtio/device.h"

/*
 * Looks for them, and makes them quiet, before a guest's memory is handed out; what cannot be
 * mediated is said.
 */
void bus_init(const struct platform *p);

/*
 * Gives a new guest, one of so many, its devices: they are dealt in turn, by their addresses.
 * serve(device) is called when one interrupts (core/external.h).  Returns how many there are.
 */
unsigned bus_deal(struct vm *vm, unsigned guests, bool (*serve)(void *device),
		  struct virtio_device *to[MAX_VIRTIO]);

#endif
