/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device.h - a guest's virtio device: the registers of virtio-mmio, version 2 (virtio 1.2, 4.2.2),
 * behind which is a device of the platform that is this guest's alone.
 *
 *	guest's driver --registers--> device.c --registers--> port.h, the platform's device
 *	guest's queues --descriptors-> queue.h --descriptors-> ring.h, the only ones that it sees
 *
 * host-hv knows the type's list of features (types.h) and nothing of what the buffers hold.
 * A guest that breaks the rules breaks its device: that says DEVICE_NEEDS_RESET (2.1.1) and looks
 * at no queue until the driver has reset it.  That is over, and the status 0, when the platform's
 * device is quiet.
 *
 * The caller holds the lock of the guest's devices around each call, and carries the interrupt
 * line to the guest's PLIC afterwards.
 */
#ifndef VIRTIO_DEVICE_H
#define VIRTIO_DEVICE_H

#include "virtio/queue.h"
#include "virtio/types.h"

#define QUEUES_MOST 3

struct virtio_device {
	struct vm *vm;
	unsigned number; /* among those of the guest */
	struct port port;
	uint64_t offered; /* features; constant */

	uint64_t accepted;
	uint32_t device_half, driver_half; /* which the feature registers show */
	uint32_t queue_number;
	uint32_t status, interrupts; /* STATUS_*, INTERRUPT_* */
	uint32_t resetting;          /* the platform's status, which is not yet 0; 0: it is */
	bool told;                   /* that it broke, since the guest began */
	uint32_t called;             /* by the platform's, whose interrupt is claimed; atomic */
	uint64_t put_off; /* claimed, and not heard before this time; 0: it is (devices.c) */
	struct queue queue[QUEUES_MOST];
};

/* The device is this guest's from now on; or why it cannot be mediated, and stays nobody's. */
const char *virtio_create(struct virtio_device *d, struct vm *vm, unsigned number,
			  const struct port *port);

/* As when a guest begins or has ended: the platform's device accesses no memory any more. */
void virtio_reset(struct virtio_device *d);

/* A guest's access to its registers, aligned; false: there is nothing. */
bool virtio_read(struct virtio_device *d, uint64_t offset, unsigned size, uint64_t *value);
bool virtio_write(struct virtio_device *d, uint64_t offset, unsigned size, uint64_t value);

/* The platform's device has interrupted. */
void virtio_serve(struct virtio_device *d);

/* Without the lock, on any hart: does it interrupt? */
static inline bool virtio_calls(const struct virtio_device *d)
{
	return port_read(&d->port, VIRTIO_INTERRUPT_STATUS);
}

/* The level of the interrupt line. */
static inline bool virtio_irq(const struct virtio_device *d)
{
	return d->interrupts;
}

#endif
