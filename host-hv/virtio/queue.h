/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - a split virtqueue of a guest's, and the device's ring that stands for it.
 *
 *	guest's avail --queue_take--> descriptors, read once, translated, checked --> our ring
 *	guest's used  <--queue_give-- the guest's head, and the length              <-- our ring
 *
 * The guest may write to all three parts of its queue at any time.  So each field is read once, and
 * what was checked is the copy.  The parts themselves may lie over each other or over data: they
 * are the guest's own RAM.  Nothing here follows a guest for more than RING_MOST descriptors a
 * call.
 *
 * A guest's RAM is one range of HPAs, so a buffer of the guest's is one buffer of the device's.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include "core/vm.h"
#include "virtio/ring.h"
#include "virtio/types.h"

struct queue {
	const struct virtio_type *type;

	/* As the guest's driver wrote it. */
	unsigned size;
	uint64_t descriptor_at, driver_at, device_at; /* GPAs */

	/* Checked when it became ready, and constant as long as it is. */
	bool ready;
	uint64_t features; /* what of FEATURE_* the driver took */
	const struct descriptor *descriptor;
	struct avail_ring *avail;
	struct used_ring *used;

	uint16_t taken, given; /* indices of avail and used */
	bool waits;            /* the next chain did not fit ... */
	uint16_t room;         /* ... into so many free descriptors of the ring */
	struct ring ring;
};

/* What a call came to: what is wrong with the queue, in words; NULL: nothing. */
typedef const char *queue_fault;

/* The driver says that its queue may be used. */
queue_fault queue_start(struct queue *q, const struct vm *vm, uint64_t features);

/* Gives the device what is available and has room; *notify: the device is to be told. */
queue_fault queue_take(struct queue *q, const struct vm *vm, bool *notify);

/* Gives the guest what the device has used; *interrupt: its driver wants to be told. */
queue_fault queue_give(struct queue *q, bool *interrupt);

#endif
