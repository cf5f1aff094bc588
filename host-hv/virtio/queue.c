/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/queue.h"

/* No fault: the chain has to wait until others are used. */
static const char ring_full[] = "its device has no room";

/* The driver's and the device's part, with the event index that each has behind its ring (2.7). */
#define AVAIL_BYTES(size) (6 + 2 * (uint64_t)(size))
#define USED_BYTES(size)  (6 + 8 * (uint64_t)(size))

/* Of a part whose address is to be a multiple; NULL: it is not, or is not all RAM. */
static void *part(const struct vm *vm, uint64_t gpa, uint64_t bytes, unsigned align)
{
	return gpa % align ? NULL : vm_memory(vm, gpa, bytes);
}

queue_fault queue_start(struct queue *q, const struct vm *vm, uint64_t features)
{
	unsigned size = q->size;

	if (!size || size > q->ring.size || size & (size - 1))
		return "its size is no power of two that there is";
	q->descriptor = part(vm, q->descriptor_at, size * sizeof(struct descriptor), 16);
	q->avail = part(vm, q->driver_at, AVAIL_BYTES(size), 2);
	q->used = part(vm, q->device_at, USED_BYTES(size), 4);
	if (!q->descriptor || !q->avail || !q->used)
		return "it is not in RAM, or not aligned";
	q->features = features;
	q->taken = q->given = 0;
	q->waits = false;
	q->ready = true;
	return NULL;
}

/* -- from the guest to the device -- */

/* A guest's table of descriptors: its queue's, or one that a descriptor of that points to. */
struct table {
	const struct descriptor *descriptor;
	unsigned entries;
	bool indirect;
};

/* Two loads, each done once: what is checked is what the device gets. */
static struct descriptor read_descriptor(const struct descriptor *at)
{
	const uint64_t *words = (const uint64_t *)at;
	uint64_t first = __atomic_load_n(&words[0], __ATOMIC_RELAXED);
	uint64_t second = __atomic_load_n(&words[1], __ATOMIC_RELAXED);

	return (struct descriptor){ first, second, second >> 32, second >> 48 };
}

/* An indirect table ends the chain of its queue and has no other one in it (2.7.5.3). */
static queue_fault enter_table(const struct queue *q, const struct vm *vm,
			       const struct descriptor *d, struct table *table)
{
	if (table->indirect || !(q->features & FEATURE_INDIRECT) || d->flags & DESC_NEXT)
		return "an indirect table where none may be";
	if (!d->length || d->length % sizeof(struct descriptor) ||
	    d->length > RING_MOST * sizeof(struct descriptor))
		return "an indirect table of a wrong size";
	table->descriptor = part(vm, d->address, d->length, sizeof(uint64_t));
	if (!table->descriptor)
		return "an indirect table that is not in RAM, or not aligned";
	table->entries = d->length / sizeof(struct descriptor);
	table->indirect = true;
	return NULL;
}

/* What the device is to write comes last (2.7.4.2); a chain is of the size of its type's. */
static queue_fault add_buffer(struct queue *q, const struct vm *vm, const struct descriptor *d,
			      struct chain *chain, bool *written)
{
	void *memory = vm_memory(vm, d->address, d->length);
	bool writes = d->flags & DESC_WRITE;

	if (!memory)
		return "a buffer that is not in RAM";
	if (!d->length)
		return "a buffer without a byte";
	if (*written && !writes)
		return "a buffer to read behind one to write";
	*written = writes;
	if (d->length > q->type->chain_bytes - chain->bytes)
		return "a chain of more bytes than there are for its type";
	if (chain->count == q->ring.size)
		return "a chain that is too long, or a loop";
	if (!chain_add(&q->ring, chain, (uint64_t)memory, d->length, writes ? DESC_WRITE : 0))
		return ring_full;
	return NULL;
}

static queue_fault take_chain(struct queue *q, const struct vm *vm, uint16_t head)
{
	struct table table = { q->descriptor, q->size, false };
	struct chain chain = chain_begin(&q->ring);
	struct descriptor d = { .flags = DESC_NEXT, .next = head };
	bool written = false;
	queue_fault fault;

	while (d.flags & DESC_NEXT) {
		if (d.next >= table.entries)
			return "a descriptor that is not in its table";
		d = read_descriptor(&table.descriptor[d.next]);
		if (d.flags & DESC_INDIRECT) {
			fault = enter_table(q, vm, &d, &table);
			d = (struct descriptor){ .flags = DESC_NEXT, .next = 0 };
		} else {
			fault = add_buffer(q, vm, &d, &chain, &written);
		}
		if (fault)
			return fault;
	}
	if (chain.bytes > q->type->flight_bytes - q->ring.bytes)
		return ring_full;
	ring_push(&q->ring, &chain, head);
	return NULL;
}

/* By the last chain: at which index of avail the driver is to notify again (2.7.10). */
static void ask_for_notification(struct queue *q)
{
	uint16_t *avail_event = (uint16_t *)&q->used->element[q->size];

	__atomic_store_n(avail_event, q->taken, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static uint16_t available(const struct queue *q)
{
	return (uint16_t)(__atomic_load_n(&q->avail->index, __ATOMIC_ACQUIRE) - q->taken);
}

/* All that is available or has room, and at most RING_MOST chains. */
static queue_fault take_chains(struct queue *q, const struct vm *vm)
{
	for (unsigned i = 0; i < RING_MOST; i++) {
		uint16_t count = available(q), head;
		queue_fault fault;

		if (!count && q->features & FEATURE_EVENT_IDX) {
			ask_for_notification(q);
			count = available(q);
		}
		if (!count)
			return NULL;
		if (count > q->size)
			return "more chains are available than it has room for";
		head = __atomic_load_n(&q->avail->head[q->taken % q->size], __ATOMIC_RELAXED);
		fault = take_chain(q, vm, head);
		if (fault)
			return fault;
		q->taken++;
	}
	return ring_full; /* each chain has a descriptor */
}

/* A chain that did not fit is not looked at again before there is more room. */
queue_fault queue_take(struct queue *q, const struct vm *vm, bool *notify)
{
	uint16_t before = q->ring.pushed;
	queue_fault fault;

	*notify = false;
	if (q->waits && q->ring.free_count <= q->room)
		return NULL;
	fault = take_chains(q, vm);
	q->waits = fault == ring_full;
	q->room = q->ring.free_count;
	*notify = q->ring.pushed != before && ring_publish(&q->ring);
	return q->waits ? NULL : fault;
}

/* -- and back -- */

/* Has the driver asked to be told of one of those from `old` to before `given` (2.7.7)? */
static bool wants_interrupt(const struct queue *q, uint16_t old)
{
	uint16_t event;

	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* it reads our index after it has asked */
	if (!(q->features & FEATURE_EVENT_IDX))
		return !(__atomic_load_n(&q->avail->flags, __ATOMIC_RELAXED) & AVAIL_NO_INTERRUPT);
	event = __atomic_load_n(&q->avail->head[q->size], __ATOMIC_RELAXED);
	return (uint16_t)(q->given - event - 1) < (uint16_t)(q->given - old);
}

queue_fault queue_give(struct queue *q, bool *interrupt)
{
	uint16_t old = q->given;
	struct used_element used;
	enum ring_pull pull = RING_EMPTY;

	for (unsigned i = 0; i < RING_MOST; i++) {
		pull = ring_pull(&q->ring, &used);
		if (pull != RING_PULLED)
			break;
		q->used->element[q->given++ % q->size] = used;
	}
	*interrupt = false;
	if (q->given != old) {
		__atomic_store_n(&q->used->index, q->given, __ATOMIC_RELEASE);
		*interrupt = wants_interrupt(q, old);
	}
	return pull == RING_WRONG ? "the platform's device used what it had not got" : NULL;
}
