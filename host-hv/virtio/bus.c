/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/bus.h"

#include "core/console.h"
#include "core/external.h"

static struct {
	struct port port[MAX_VIRTIO];
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

unsigned bus_deal(struct vm *vm, unsigned guests, bool (*serve)(void *device),
		  struct virtio_device *to[MAX_VIRTIO])
{
	unsigned count = 0;

	for (unsigned i = vm->id; i < bus.count; i += guests) {
		struct virtio_device *d = &bus.device[i];
		const char *why = virtio_create(d, vm, count, &bus.port[i]);

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
