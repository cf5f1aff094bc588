/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port.h - a virtio device of the platform, as its driver sees it: the registers of virtio-mmio
 * (virtio 1.2, 4.2.2), which the guests' devices have as well.
 */
#ifndef PORT_H
#define PORT_H

#include "core/lib.h"

enum {
	VIRTIO_MAGIC = 0x000,
	VIRTIO_VERSION = 0x004,
	VIRTIO_TYPE = 0x008,
	VIRTIO_VENDOR = 0x00c,
	VIRTIO_DEVICE_FEATURES = 0x010,
	VIRTIO_DEVICE_FEATURES_SEL = 0x014,
	VIRTIO_DRIVER_FEATURES = 0x020,
	VIRTIO_DRIVER_FEATURES_SEL = 0x024,
	VIRTIO_QUEUE_SEL = 0x030,
	VIRTIO_QUEUE_NUM_MAX = 0x034,
	VIRTIO_QUEUE_NUM = 0x038,
	VIRTIO_QUEUE_READY = 0x044,
	VIRTIO_QUEUE_NOTIFY = 0x050,
	VIRTIO_INTERRUPT_STATUS = 0x060,
	VIRTIO_INTERRUPT_ACK = 0x064,
	VIRTIO_STATUS = 0x070,
	VIRTIO_QUEUE_DESC = 0x080, /* low half; the high one is behind it */
	VIRTIO_QUEUE_DRIVER = 0x090,
	VIRTIO_QUEUE_DEVICE = 0x0a0,
	VIRTIO_SHM_LEN = 0x0b0, /* up to SHM_END: of shared memory, which no device here has */
	VIRTIO_SHM_END = 0x0c0,
	VIRTIO_CONFIG_GENERATION = 0x0fc,
	VIRTIO_CONFIG = 0x100,
};

#define VIRTIO_MAGIC_VALUE 0x74726976 /* "virt" */
#define VIRTIO_BYTES       0x200      /* of registers */

/* The device status field (2.1). */
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u
#define STATUS_FAILED      128u

/* Of InterruptStatus. */
#define INTERRUPT_USED   1u /* the device has used buffers */
#define INTERRUPT_CONFIG 2u /* its configuration has changed, or it needs a reset */

/* Feature bits of all types (6). */
#define FEATURE_INDIRECT  (1ULL << 28)
#define FEATURE_EVENT_IDX (1ULL << 29)
#define FEATURE_VERSION_1 (1ULL << 32)

struct port {
	uint64_t base; /* 0: none */
	uint32_t irq;
	uint32_t type, version;
	const struct virtio_type *known; /* types.h; NULL as well: not of this version */
};

static inline uint32_t port_read(const struct port *p, unsigned reg)
{
	return *(volatile uint32_t *)(p->base + reg);
}

static inline void port_write(const struct port *p, unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(p->base + reg) = value;
}

/* Is there a device, of whatever version?  Then type, version and known are in the port. */
bool port_probe(struct port *p);

/* All of its features, and those that its driver takes. */
uint64_t port_features(const struct port *p);
void port_take_features(const struct port *p, uint64_t features);

/* The device forgets all and is quiet: it accesses no memory any more (2.4). False: it is not. */
bool port_reset(const struct port *p);

/* The same within a bounded time; false: it is over only when the status reads as 0. */
bool port_begin_reset(const struct port *p);

/* Adds bits to the status, and returns what it is then. */
uint32_t port_add_status(const struct port *p, uint32_t bits);

/* Of its configuration, 1, 2 or 4 bytes at an offset that is a multiple. */
uint32_t port_config_read(const struct port *p, unsigned offset, unsigned size);
void port_config_write(const struct port *p, unsigned offset, unsigned size, uint32_t value);

#endif
