/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/ring.h"

#include "core/memory.h"

/* The largest power of two that is not above n. */
static unsigned power_below(unsigned n)
{
	unsigned power = 1;

	while (power <= n / 2)
		power *= 2;
	return power;
}

/* Where the rings begin in the second page; the descriptors fill the first (2.7.2). */
#define AVAIL_OFFSET PAGE
#define USED_OFFSET  (PAGE + 1024)

_Static_assert(RING_MOST * sizeof(struct descriptor) <= AVAIL_OFFSET, "descriptors have a page");
_Static_assert(6 + 2 * RING_MOST <= USED_OFFSET - AVAIL_OFFSET, "there is room for avail ...");
_Static_assert(USED_OFFSET + 6 + 8 * RING_MOST <= 2 * PAGE, "... and for used");

bool ring_create(struct ring *r, const struct port *p, unsigned number)
{
	uint64_t memory;
	unsigned most;

	*r = (struct ring){ 0 };
	port_write(p, VIRTIO_QUEUE_SEL, number);
	most = port_read(p, VIRTIO_QUEUE_NUM_MAX);
	if (!most)
		return true;
	memory = memory_alloc(2 * PAGE, PAGE);
	if (!memory)
		return false;
	r->size = power_below(min_u64(most, RING_MOST));
	r->descriptor = (struct descriptor *)memory;
	r->avail = (struct avail_ring *)(memory + AVAIL_OFFSET);
	r->used = (struct used_ring *)(memory + USED_OFFSET);
	return true;
}

static void write_address(const struct port *p, unsigned reg, const void *at)
{
	port_write(p, reg, (uint64_t)at);
	port_write(p, reg + 4, (uint64_t)at >> 32);
}

void ring_start(struct ring *r, const struct port *p, unsigned number)
{
	memset(r->descriptor, 0, 2 * PAGE);
	memset(r->chain, 0, sizeof(r->chain));
	r->pushed = r->seen = r->free = 0;
	r->free_count = r->size;
	r->bytes = 0;
	for (unsigned i = 0; i < r->size; i++)
		r->next[i] = (i + 1) % r->size;
	port_write(p, VIRTIO_QUEUE_SEL, number);
	port_write(p, VIRTIO_QUEUE_NUM, r->size);
	write_address(p, VIRTIO_QUEUE_DESC, r->descriptor);
	write_address(p, VIRTIO_QUEUE_DRIVER, r->avail);
	write_address(p, VIRTIO_QUEUE_DEVICE, r->used);
	fence_io();
	port_write(p, VIRTIO_QUEUE_READY, 1);
	r->live = true;
}

void ring_push(struct ring *r, const struct chain *c, uint16_t guest_head)
{
	uint16_t head = r->free;

	r->descriptor[c->tail].flags &= ~DESC_NEXT;
	r->chain[head].count = c->count;
	r->chain[head].tail = c->tail;
	r->chain[head].guest_head = guest_head;
	r->chain[head].bytes = c->bytes;
	r->bytes += c->bytes;
	r->free = c->at;
	r->free_count -= c->count;
	r->avail->head[r->pushed++ % r->size] = head;
}

/* The device reads the index after it has cleared its flag, and we the other way round (2.7.10). */
bool ring_publish(struct ring *r)
{
	__atomic_store_n(&r->avail->index, r->pushed, __ATOMIC_RELEASE);
	fence_io();
	return !(__atomic_load_n(&r->used->flags, __ATOMIC_RELAXED) & USED_NO_NOTIFY);
}

enum ring_pull ring_pull(struct ring *r, struct used_element *used)
{
	uint16_t index = __atomic_load_n(&r->used->index, __ATOMIC_ACQUIRE);
	const struct used_element *at = &r->used->element[r->seen % r->size];
	uint32_t head;

	if (index == r->seen)
		return RING_EMPTY;
	r->seen++;
	/* once each: the device may write to them again */
	head = __atomic_load_n(&at->head, __ATOMIC_RELAXED);
	used->length = __atomic_load_n(&at->length, __ATOMIC_RELAXED);
	if (head >= r->size || !r->chain[head].count)
		return RING_WRONG;
	used->head = r->chain[head].guest_head;
	r->next[r->chain[head].tail] = r->free;
	r->free = head;
	r->free_count += r->chain[head].count;
	r->chain[head].count = 0;
	r->bytes -= r->chain[head].bytes;
	return RING_PULLED;
}
