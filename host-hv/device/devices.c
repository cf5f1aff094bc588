/* SPDX-License-Identifier: BSD-2-Clause */
#include "device/devices.h"

#include "core/guest_map.h"
#include "core/vcpu.h"
#include "device/clock.h"
#include "virtio/bus.h"

void vm_plic_changed(struct vm *vm)
{
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		vcpu_set_external(&vm->vcpu[i], plic_asserts(&vm->devices->plic, i));
}

void vm_uart_changed(struct vm *vm)
{
	typed_refill(&vm->devices->typed, &vm->devices->uart);
	if (plic_set_line(&vm->devices->plic, GUEST_UART_IRQ, uart_irq(&vm->devices->uart)))
		vm_plic_changed(vm);
}

void vm_rtc_changed(struct vm *vm)
{
	clock_wake(vm->id, vm->devices->rtc.due);
	if (plic_set_line(&vm->devices->plic, GUEST_RTC_IRQ, rtc_irq(&vm->devices->rtc)))
		vm_plic_changed(vm);
}

void vm_virtio_changed(struct vm *vm, const struct virtio_device *d)
{
	if (plic_set_line(&vm->devices->plic, GUEST_VIRTIO_IRQ + d->number, virtio_irq(d)))
		vm_plic_changed(vm);
}

/* The platform's device interrupts, on the boot hart. */
static void serve_virtio(void *device)
{
	struct virtio_device *d = device;
	struct devices *of = d->vm->devices;

	spin_lock(&of->lock);
	virtio_serve(d);
	vm_virtio_changed(d->vm, d);
	spin_unlock(&of->lock);
}

void devices_ring(unsigned id)
{
	struct vm *vm = vm_find(id);

	spin_lock(&vm->devices->lock);
	rtc_tick(&vm->devices->rtc, clock_now());
	vm_rtc_changed(vm);
	spin_unlock(&vm->devices->lock);
}

/* -- their life -- */

/* With the lock. */
static void reset_clock(struct vm *vm)
{
	rtc_reset(&vm->devices->rtc);
	clock_wake(vm->id, FOREVER);
}

/* With the lock. */
static void reset_virtio(struct devices *d)
{
	for (unsigned i = 0; i < d->virtio_count; i++)
		virtio_reset(d->virtio[i]);
}

static struct devices devices[MAX_GUESTS];

_Static_assert(MAX_VCPUS == PLIC_MAX_HARTS, "each vCPU has its context");

void devices_create(struct vm *vm, unsigned guests)
{
	struct devices *d = &devices[vm->id];

	vm->devices = d;
	d->virtio_count = bus_deal(vm, guests, serve_virtio, d->virtio);
}

void devices_reset(struct vm *vm)
{
	struct devices *d = vm->devices;

	spin_lock(&d->lock);
	d->uart = (struct uart){ 0 };
	d->plic = (struct plic){ .harts = vm->vcpu_count };
	reset_clock(vm);
	reset_virtio(d);
	typed_refill(&d->typed, &d->uart);
	spin_unlock(&d->lock);
}

void devices_stop(struct vm *vm)
{
	spin_lock(&vm->devices->lock);
	reset_clock(vm);
	reset_virtio(vm->devices);
	spin_unlock(&vm->devices->lock);
}

/* -- what is typed -- */

bool devices_type(struct vm *vm, uint8_t c)
{
	struct devices *d = vm->devices;
	bool kept;

	spin_lock(&d->lock);
	kept = typed_put(&d->typed, c);
	vm_uart_changed(vm);
	spin_unlock(&d->lock);
	return kept;
}

uint64_t devices_read_typed(struct vm *vm, uint8_t *to, uint64_t size)
{
	struct devices *d = vm->devices;
	uint64_t i;

	spin_lock(&d->lock);
	for (i = 0; i < size && d->uart.count; i++) {
		to[i] = uart_pop(&d->uart);
		typed_refill(&d->typed, &d->uart);
	}
	vm_uart_changed(vm);
	spin_unlock(&d->lock);
	return i;
}
