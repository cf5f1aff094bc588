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

#define OWNER_NOBODY (-1)

/* Whose the devices are, by their addresses; those behind the last one are nobody's. */
struct bus_owners {
	unsigned count; /* 0: they are dealt to the guests in turn */
	int8_t guest[MAX_VIRTIO];
};

/* Once, before there is a guest: so many there will be. */
void bus_assign(const struct bus_owners *owners, unsigned guests);

/*
 * Gives a new guest its devices.  serve(device) is called when one interrupts (core/external.h).
 * Returns how many there are.
 */
unsigned bus_deal(struct vm *vm, bool (*serve)(void *device), struct virtio_device *to[MAX_VIRTIO]);

#endif
