/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * types.h - the types of virtio devices that may be mediated: nothing of what their drivers send
 * holds an address, so that the descriptors name all memory that the device is to reach.
 */
#ifndef TYPES_H
#define TYPES_H

#include "core/lib.h"

struct virtio_type {
	uint32_t id;
	const char *name;
	unsigned queues;       /* how many it has at most */
	uint64_t chain_bytes;  /* of a request: what drivers ask for, and not much more */
	uint64_t flight_bytes; /* of all that the device has of a queue; others wait */
	uint64_t features;     /* those of its own that change nothing of the above */
	uint64_t segments;     /* of these, by which a request has as many buffers as is told ... */
	unsigned segments_at;  /* ... there in its configuration, and two more */
	struct range writable; /* of its configuration */
	uint64_t writable_by;  /* the feature that a driver needs for that */
};

/* NULL: another type, which no guest gets. */
const struct virtio_type *virtio_type_of(uint32_t id);

#endif
