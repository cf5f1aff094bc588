/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/bus.h"

#include "core/console.h"
#include "core/external.h"

static struct {
	struct port port[MAX_VIRTIO];
	int8_t owner[MAX_VIRTIO];
	unsigned count;
	struct virtio_device device[MAX_VIRTIO];
} bus;

static const char *why_nobodys(const struct port *port)
{
	if (port->version != 2)
		return "it has an old interface";
	return port->known ? "it does not interrupt" : "its data may hold addresses";
}

/* Whoever started host-hv may have left one at work: all are reset, before there is a guest. */
void bus_init(const struct platform *p)
{
	for (unsigned i = 0; i < p->virtio_count; i++) {
		struct port port = { .base = p->virtio[i].where.base, .irq = p->virtio[i].irq };

		if (!port_probe(&port))
			continue;
		if (!port_reset(&port))
			fail("the virtio device at 0x%lx cannot be reset", port.base);
		if (port.known && port.irq)
			bus.port[bus.count++] = port;
		else
			print("virtio device of type %u at 0x%lx: no guest gets it, as %s\n",
			      port.type, port.base, why_nobodys(&port));
	}
}

static int chosen_owner(const struct bus_owners *owners, unsigned device, unsigned guests)
{
	int guest = device < owners->count ? owners->guest[device] : OWNER_NOBODY;

	if (guest >= (int)guests)
		fail("devices= gives a device to guest %d, and there are %u guests", guest, guests);
	return guest;
}

void bus_assign(const struct bus_owners *owners, unsigned guests)
{
	if (owners->count > bus.count)
		fail("devices= names owners of %u devices, and guests may have %u", owners->count,
		     bus.count);
	for (unsigned i = 0; i < bus.count; i++)
		bus.owner[i] = owners->count ? chosen_owner(owners, i, guests) : (int)(i % guests);
}

unsigned bus_deal(struct vm *vm, bool (*serve)(void *device), struct virtio_device *to[MAX_VIRTIO])
{
	unsigned count = 0;

	for (unsigned i = 0; i < bus.count; i++) {
		struct virtio_device *d = &bus.device[i];
		const char *why;

		if (bus.owner[i] != vm->id)
			continue;
		why = virtio_create(d, vm, count, &bus.port[i]);
		if (!why && !external_listen(d->port.irq, serve, d))
			why = "its interrupt has no controller";
		if (why) {
			print("vm%d: the %s device at 0x%lx cannot be driven: %s\n", vm->id,
			      d->port.known->name, d->port.base, why);
			continue;
		}
		to[count++] = d;
	}
	return count;
}
