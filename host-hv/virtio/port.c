/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/port.h"

#include "virtio/types.h"

/*
 * A reset takes as long as what the device is at; QEMU's is over when the write is.  A guest that
 * waits for it does so by accesses of its own.
 */
#define RESET_READS       1000000
#define BEGIN_RESET_READS 16

bool port_probe(struct port *p)
{
	if (port_read(p, VIRTIO_MAGIC) != VIRTIO_MAGIC_VALUE)
		return false;
	p->type = port_read(p, VIRTIO_TYPE);
	p->version = port_read(p, VIRTIO_VERSION);
	p->known = p->version == 2 ? virtio_type_of(p->type) : NULL;
	return p->type;
}

uint64_t port_features(const struct port *p)
{
	uint64_t features;

	port_write(p, VIRTIO_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)port_read(p, VIRTIO_DEVICE_FEATURES) << 32;
	port_write(p, VIRTIO_DEVICE_FEATURES_SEL, 0);
	return features | port_read(p, VIRTIO_DEVICE_FEATURES);
}

void port_take_features(const struct port *p, uint64_t features)
{
	for (unsigned half = 0; half < 2; half++) {
		port_write(p, VIRTIO_DRIVER_FEATURES_SEL, half);
		port_write(p, VIRTIO_DRIVER_FEATURES, features >> 32 * half);
	}
}

static bool reset_within(const struct port *p, unsigned reads)
{
	port_write(p, VIRTIO_STATUS, 0);
	for (unsigned i = 0; i < reads; i++) {
		hart_pause();
		if (!port_read(p, VIRTIO_STATUS))
			return true;
	}
	return false;
}

bool port_reset(const struct port *p)
{
	return reset_within(p, RESET_READS);
}

bool port_begin_reset(const struct port *p)
{
	return reset_within(p, BEGIN_RESET_READS);
}

uint32_t port_add_status(const struct port *p, uint32_t bits)
{
	port_write(p, VIRTIO_STATUS, port_read(p, VIRTIO_STATUS) | bits);
	return port_read(p, VIRTIO_STATUS);
}

uint32_t port_config_read(const struct port *p, unsigned offset, unsigned size)
{
	uint64_t at = p->base + VIRTIO_CONFIG + offset;

	switch (size) {
	case 1: return *(volatile uint8_t *)at;
	case 2: return *(volatile uint16_t *)at;
	default: return *(volatile uint32_t *)at;
	}
}

void port_config_write(const struct port *p, unsigned offset, unsigned size, uint32_t value)
{
	uint64_t at = p->base + VIRTIO_CONFIG + offset;

	switch (size) {
	case 1: *(volatile uint8_t *)at = value; break;
	case 2: *(volatile uint16_t *)at = value; break;
	default: *(volatile uint32_t *)at = value; break;
	}
}
