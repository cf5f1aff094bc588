/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/device.h"

#include "core/console.h"

/* What host-hv does itself, and the device hears nothing of. */
#define FEATURES_OURS (FEATURE_INDIRECT | FEATURE_EVENT_IDX)

#define STATUS_WRITABLE \
	(STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK | STATUS_FEATURES_OK | STATUS_FAILED)

#define NO_SHARED_MEMORY UINT32_MAX /* 4.2.2: the length of a region that does not exist */

/* -- its life -- */

/*
 * Of a request, which is one chain; the two more are its head and its status (5.2.6).  To be read
 * only where the feature is offered (2.5.1).
 */
static uint64_t buffers_most(const struct port *p)
{
	return port_config_read(p, p->known->segments_at, sizeof(uint32_t)) + 2ULL;
}

const char *virtio_create(struct virtio_device *d, struct vm *vm, unsigned number,
			  const struct port *port)
{
	uint64_t has;

	*d = (struct virtio_device){ .vm = vm, .number = number, .port = *port };
	if (!port_reset(&d->port))
		return "it cannot be reset";
	has = port_features(&d->port);
	d->offered = (has & (port->known->features | FEATURE_VERSION_1)) | FEATURES_OURS;
	for (unsigned i = 0; i < port->known->queues; i++) {
		d->queue[i].type = port->known;
		if (!ring_create(&d->queue[i].ring, &d->port, i))
			return "there is no memory for its queues";
		if (d->offered & port->known->segments &&
		    buffers_most(port) > d->queue[i].ring.size)
			d->offered &= ~port->known->segments;
	}
	return has & FEATURE_VERSION_1 ? NULL : "it has no VERSION_1";
}

/* What the driver has set up is forgotten. */
static void forget(struct virtio_device *d)
{
	d->accepted = 0;
	d->device_half = d->driver_half = d->queue_number = 0;
	d->status = d->interrupts = d->resetting = 0;
	for (unsigned i = 0; i < QUEUES_MOST; i++) {
		struct queue *q = &d->queue[i];

		q->ready = q->ring.live = false;
		q->size = 0;
		q->descriptor_at = q->driver_at = q->device_at = 0;
	}
}

/* A device that does not become quiet may write to the guest's memory for ever: all ends here. */
void virtio_reset(struct virtio_device *d)
{
	if (!port_reset(&d->port))
		fail("the %s device at 0x%lx cannot be reset", d->port.known->name, d->port.base);
	forget(d);
	d->told = false;
}

/*
 * By the driver.  A device that takes long to become quiet shows that by its status, and all that
 * is written to it meanwhile is lost.
 */
static void begin_reset(struct virtio_device *d)
{
	forget(d);
	if (!port_begin_reset(&d->port))
		d->resetting = port_read(&d->port, VIRTIO_STATUS);
}

static uint32_t still_resetting(struct virtio_device *d)
{
	if (d->resetting)
		d->resetting = port_read(&d->port, VIRTIO_STATUS);
	return d->resetting;
}

/* -- what goes wrong -- */

static bool is_broken(const struct virtio_device *d)
{
	return d->status & STATUS_NEEDS_RESET;
}

/* Told once, since a guest can do this as often as it likes. */
static void break_device(struct virtio_device *d, unsigned queue, queue_fault fault)
{
	if (!d->told)
		print("vm%d: its %s device needs a reset: queue %u: %s\n", d->vm->id,
		      d->port.known->name, queue, fault);
	d->told = true;
	d->status |= STATUS_NEEDS_RESET;
	if (d->status & STATUS_DRIVER_OK)
		d->interrupts |= INTERRUPT_CONFIG;
}

/* -- queues -- */

static bool is_running(const struct virtio_device *d, const struct queue *q)
{
	return d->status & STATUS_DRIVER_OK && !is_broken(d) && q->ready;
}

static void take(struct virtio_device *d, unsigned number)
{
	struct queue *q = &d->queue[number];
	bool notify;
	queue_fault fault;

	if (!is_running(d, q))
		return;
	fault = queue_take(q, d->vm, &notify);
	if (notify)
		port_write(&d->port, VIRTIO_QUEUE_NOTIFY, number);
	if (fault)
		break_device(d, number, fault);
}

static void give(struct virtio_device *d, unsigned number)
{
	struct queue *q = &d->queue[number];
	bool interrupt;
	queue_fault fault;

	if (!is_running(d, q))
		return;
	fault = queue_give(q, &interrupt);
	if (interrupt)
		d->interrupts |= INTERRUPT_USED;
	if (fault)
		break_device(d, number, fault);
}

/* Acknowledged first: what the device uses from here on interrupts again. */
void virtio_serve(struct virtio_device *d)
{
	uint32_t why = port_read(&d->port, VIRTIO_INTERRUPT_STATUS);

	port_write(&d->port, VIRTIO_INTERRUPT_ACK, why);
	fence_io();
	for (unsigned i = 0; i < QUEUES_MOST && why & INTERRUPT_USED; i++) {
		give(d, i);
		take(d, i); /* what had no room */
	}
	if (!(why & INTERRUPT_CONFIG) || !(d->status & STATUS_DRIVER_OK))
		return;
	d->interrupts |= INTERRUPT_CONFIG;
	d->status |= port_read(&d->port, VIRTIO_STATUS) & STATUS_NEEDS_RESET;
}

static struct queue *selected(struct virtio_device *d)
{
	struct queue *q;

	if (d->queue_number >= QUEUES_MOST)
		return NULL;
	q = &d->queue[d->queue_number];
	return q->ring.size ? q : NULL;
}

/* Queues begin between the choice of features and DRIVER_OK (3.1.1), once until a reset. */
static void start_queue(struct virtio_device *d, struct queue *q)
{
	queue_fault fault = "it begins while the device has one";

	if (q->ready)
		return;
	if (!(d->status & STATUS_FEATURES_OK) || d->status & STATUS_DRIVER_OK)
		fault = "it begins at the wrong time";
	else if (!q->ring.live)
		fault = queue_start(q, d->vm, d->accepted);
	if (fault)
		break_device(d, d->queue_number, fault);
	else
		ring_start(&q->ring, &d->port, d->queue_number);
}

/* -- features and status -- */

static bool features_will_do(const struct virtio_device *d)
{
	return d->accepted & FEATURE_VERSION_1 && !(d->accepted & ~d->offered);
}

/* FEATURES_OK stays clear where the driver cannot have what it takes (2.2). */
static void settle_features(struct virtio_device *d)
{
	if (!features_will_do(d))
		return;
	port_take_features(&d->port, d->accepted & ~FEATURES_OURS);
	if (port_add_status(&d->port, STATUS_FEATURES_OK) & STATUS_FEATURES_OK)
		d->status |= STATUS_FEATURES_OK;
}

/* The driver adds bits (2.1.1), and takes away all of them by a reset. */
static void write_status(struct virtio_device *d, uint32_t value)
{
	uint32_t added = value & STATUS_WRITABLE & ~d->status;

	if (!value) {
		begin_reset(d);
		return;
	}
	if (added & STATUS_FEATURES_OK)
		settle_features(d);
	added &= ~STATUS_FEATURES_OK;
	if (!(d->status & STATUS_FEATURES_OK))
		added &= ~STATUS_DRIVER_OK;
	d->status |= added;
	port_add_status(&d->port, added);
}

static void write_features(struct virtio_device *d, uint32_t value)
{
	unsigned shift = 32 * d->driver_half;

	if (d->driver_half > 1 || d->status & STATUS_FEATURES_OK)
		return;
	d->accepted = (d->accepted & ~(0xffffffffULL << shift)) | (uint64_t)value << shift;
}

/* -- registers -- */

static uint32_t read_register(struct virtio_device *d, unsigned reg)
{
	struct queue *q = selected(d);

	if (reg >= VIRTIO_SHM_LEN && reg < VIRTIO_SHM_END)
		return NO_SHARED_MEMORY;
	switch (reg) {
	case VIRTIO_MAGIC: return VIRTIO_MAGIC_VALUE;
	case VIRTIO_VERSION: return 2;
	case VIRTIO_TYPE: return d->port.type;
	case VIRTIO_VENDOR: return port_read(&d->port, VIRTIO_VENDOR);
	case VIRTIO_DEVICE_FEATURES:
		return d->device_half > 1 ? 0 : d->offered >> 32 * d->device_half;
	case VIRTIO_QUEUE_NUM_MAX: return q ? q->ring.size : 0;
	case VIRTIO_QUEUE_READY: return q && q->ready;
	case VIRTIO_INTERRUPT_STATUS: return d->interrupts;
	case VIRTIO_STATUS: return d->status | still_resetting(d);
	case VIRTIO_CONFIG_GENERATION: return port_read(&d->port, VIRTIO_CONFIG_GENERATION);
	default: return 0;
	}
}

static void set_low(uint64_t *n, uint32_t low)
{
	*n = (*n >> 32 << 32) | low;
}

static void set_high(uint64_t *n, uint32_t high)
{
	*n = (uint32_t)*n | (uint64_t)high << 32;
}

/*
 * Of a queue that is ready nothing changes (4.2.2.2) but that.  The device keeps the chains that it
 * has of one that is stopped, until a reset.
 */
static void write_queue(struct virtio_device *d, struct queue *q, unsigned reg, uint32_t value)
{
	if (reg == VIRTIO_QUEUE_READY) {
		if (value & 1)
			start_queue(d, q);
		else
			q->ready = false;
		return;
	}
	if (q->ready)
		return;
	switch (reg) {
	case VIRTIO_QUEUE_NUM: q->size = value; break;
	case VIRTIO_QUEUE_DESC: set_low(&q->descriptor_at, value); break;
	case VIRTIO_QUEUE_DESC + 4: set_high(&q->descriptor_at, value); break;
	case VIRTIO_QUEUE_DRIVER: set_low(&q->driver_at, value); break;
	case VIRTIO_QUEUE_DRIVER + 4: set_high(&q->driver_at, value); break;
	case VIRTIO_QUEUE_DEVICE: set_low(&q->device_at, value); break;
	case VIRTIO_QUEUE_DEVICE + 4: set_high(&q->device_at, value); break;
	}
}

static void write_register(struct virtio_device *d, unsigned reg, uint32_t value)
{
	struct queue *q = selected(d);

	if (still_resetting(d))
		return;
	switch (reg) {
	case VIRTIO_DEVICE_FEATURES_SEL: d->device_half = value; break;
	case VIRTIO_DRIVER_FEATURES_SEL: d->driver_half = value; break;
	case VIRTIO_DRIVER_FEATURES: write_features(d, value); break;
	case VIRTIO_QUEUE_SEL: d->queue_number = value; break;
	case VIRTIO_QUEUE_NOTIFY:
		if (value < QUEUES_MOST)
			take(d, value);
		break;
	case VIRTIO_INTERRUPT_ACK: d->interrupts &= ~value; break;
	case VIRTIO_STATUS: write_status(d, value); break;
	default:
		if (q)
			write_queue(d, q, reg, value);
	}
}

/* -- accesses -- */

/* Registers are words (4.2.2.2); an access of another width reads as 0 and is ignored. */
bool virtio_read(struct virtio_device *d, uint64_t offset, unsigned size, uint64_t *value)
{
	*value = 0;
	if (offset + size > VIRTIO_BYTES)
		return false;
	if (offset >= VIRTIO_CONFIG && size <= 4)
		*value = port_config_read(&d->port, offset - VIRTIO_CONFIG, size);
	else if (offset < VIRTIO_CONFIG && size == 4)
		*value = read_register(d, offset);
	return true;
}

static bool may_write_config(const struct virtio_device *d, struct range where)
{
	const struct virtio_type *type = d->port.known;

	return d->status & STATUS_FEATURES_OK && d->accepted & type->writable_by &&
	       range_holds(type->writable, where);
}

bool virtio_write(struct virtio_device *d, uint64_t offset, unsigned size, uint64_t value)
{
	uint64_t config = offset - VIRTIO_CONFIG;

	if (offset + size > VIRTIO_BYTES)
		return false;
	if (offset < VIRTIO_CONFIG && size == 4)
		write_register(d, offset, value);
	else if (offset >= VIRTIO_CONFIG && may_write_config(d, (struct range){ config, size }))
		port_config_write(&d->port, config, size, value);
	return true;
}
