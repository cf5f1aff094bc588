/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - a split virtqueue of host-hv's own (virtio 1.2, 2.7), the only one that a device of the
 * platform sees.  Its addresses are HPAs.
 *
 * Chains are taken from a list of free descriptors, in the list's order.  The list is in memory
 * that the device does not have: what it writes into its own is checked.
 */
#ifndef RING_H
#define RING_H

#include "virtio/port.h"

#define RING_MOST 256 /* descriptors; what a guest's queue may have as well */

#define DESC_NEXT     1u
#define DESC_WRITE    2u /* by the device */
#define DESC_INDIRECT 4u

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

struct avail_ring {
	uint16_t flags, index;
	uint16_t head[]; /* behind the last one: used_event */
};

struct used_ring {
	uint16_t flags, index;
	struct used_element {
		uint32_t head, length;
	} element[]; /* behind the last one: avail_event */
};

#define AVAIL_NO_INTERRUPT 1u
#define USED_NO_NOTIFY     1u

struct ring {
	unsigned size; /* a power of two; 0: there is no such queue */
	struct descriptor *descriptor;
	struct avail_ring *avail;
	struct used_ring *used;

	bool live;             /* the device has it, until it is reset */
	uint16_t pushed, seen; /* indices of avail and used */
	uint16_t free, free_count;
	uint64_t bytes; /* of all chains that the device has */
	uint16_t next[RING_MOST];
	struct {
		uint16_t count; /* of descriptors; 0: the device has no chain with this head */
		uint16_t tail, guest_head;
		uint32_t bytes;
	} chain[RING_MOST]; /* by its head here */
};

/* A chain that is being made: nothing of the ring has changed until ring_push(). */
struct chain {
	uint16_t at, tail, count;
	uint32_t bytes;
};

/* Memory for a queue of the device; no such queue: size is 0.  False: there is no memory. */
bool ring_create(struct ring *r, const struct port *p, unsigned number);

/* Gives an empty ring to the device. */
void ring_start(struct ring *r, const struct port *p, unsigned number);

static inline struct chain chain_begin(const struct ring *r)
{
	return (struct chain){ .at = r->free };
}

/* A further descriptor; false: none is free. */
static inline bool chain_add(struct ring *r, struct chain *c, uint64_t hpa, uint32_t length,
			     uint16_t flags)
{
	if (c->count == r->free_count)
		return false;
	r->descriptor[c->at] =
		(struct descriptor){ hpa, length, flags | DESC_NEXT, r->next[c->at] };
	c->tail = c->at;
	c->at = r->next[c->at];
	c->bytes += length;
	c->count++;
	return true;
}

/* The chain, which has a descriptor, goes to the device with the next notification. */
void ring_push(struct ring *r, const struct chain *c, uint16_t guest_head);

/* The device sees what was pushed, and is to be notified. */
bool ring_publish(struct ring *r);

enum ring_pull {
	RING_EMPTY,
	RING_PULLED,
	RING_WRONG, /* the device speaks of a chain that it has not */
};

/* Takes back what the device has used next. */
enum ring_pull ring_pull(struct ring *r, struct used_element *used);

#endif
