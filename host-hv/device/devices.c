/* SPDX-License-Identifier: BSD-2-Clause */
#include "device/devices.h"

#include "core/external.h"
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

/* With the lock: the platform's device may interrupt again. */
static void answer(struct virtio_device *d)
{
	if (__atomic_exchange_n(&d->called, false, __ATOMIC_ACQ_REL))
		external_done(d->port.irq);
}

/* What it uses behind virtio_serve() interrupts again: it has been acknowledged before. */
void devices_serve(struct vm *vm)
{
	struct devices *of = vm->devices;

	spin_lock(&of->lock);
	for (unsigned i = 0; i < of->virtio_count; i++) {
		struct virtio_device *d = of->virtio[i];

		if (!__atomic_load_n(&d->called, __ATOMIC_ACQUIRE))
			continue;
		virtio_serve(d);
		vm_virtio_changed(vm, d);
		answer(d);
	}
	spin_unlock(&of->lock);
}

/* That resumes a vCPU that is suspended, whatever it waits for: so such a one is asked last. */
static void ask_one_to_serve(struct vm *vm)
{
	for (unsigned suspended = 0; suspended < 2; suspended++)
		for (unsigned i = 0; i < vm->vcpu_count; i++) {
			struct vcpu *v = &vm->vcpu[i];

			if ((suspended || vcpu_state(v) != VCPU_SUSPENDED) && vcpu_ask_to_serve(v))
				return;
		}
}

/*
 * The platform's device interrupts, on the boot hart, whoever runs there.  How much there is to do
 * is up to its guest, so it is left to one of that one's vCPUs, and the device interrupts no more
 * until then.  Where all have stopped it is left to the next one that starts: that one sees the
 * call, as it starts after it was found stopped here.
 */
static bool call(struct virtio_device *d)
{
	if (!virtio_calls(d))
		return true;
	__atomic_store_n(&d->called, true, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ask_one_to_serve(d->vm);
	return false;
}

/*
 * What a device's interrupt costs the boot hart, whoever runs there pays.  So a guest's devices may
 * interrupt so many times in a period, all together; one that does it again is put off until the
 * period is over, and stays claimed.  32 in 0.75 ms are 42,667 in a second.
 */
#define PERIODS_PER_SECOND 1333
#define CALLS_PER_PERIOD   32

static uint64_t period_ticks;
static struct devices devices[MAX_GUESTS];

void devices_init(uint64_t timebase_hz)
{
	period_ticks = timebase_hz / PERIODS_PER_SECOND;
}

/* Counts a call. */
static bool calls_too_often(struct devices *of)
{
	uint64_t now = csr_read(time);

	if (now >= of->period_end) {
		of->period_end = now + period_ticks;
		of->calls = 0;
	}
	return of->calls++ >= CALLS_PER_PERIOD;
}

static bool called_by_virtio(void *device)
{
	struct virtio_device *d = device;
	struct devices *of = d->vm->devices;
	struct hart *h = this_hart();

	if (!calls_too_often(of))
		return call(d);
	d->put_off = of->period_end;
	if (!h->devices_look || d->put_off < h->devices_look)
		h->devices_look = d->put_off;
	h->shared = true;
	return false;
}

/* When it is to be heard, if it is put off and it is not time. */
static uint64_t hear(struct virtio_device *d, uint64_t now)
{
	if (!d->put_off)
		return FOREVER;
	if (now < d->put_off)
		return d->put_off;
	d->put_off = 0;
	/* One of the first of the period that begins. */
	calls_too_often(d->vm->devices);
	if (call(d))
		external_done(d->port.irq);
	return FOREVER;
}

uint64_t devices_hear(struct hart *h)
{
	uint64_t now = csr_read(time), next = FOREVER;

	if (now < h->devices_look)
		return h->devices_look;
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++)
		for (unsigned j = 0; j < devices[i].virtio_count; j++)
			next = min_u64(next, hear(devices[i].virtio[j], now));
	h->devices_look = next == FOREVER ? 0 : next;
	return next;
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
	for (unsigned i = 0; i < d->virtio_count; i++) {
		virtio_reset(d->virtio[i]);
		answer(d->virtio[i]);
	}
}

_Static_assert(MAX_VCPUS == PLIC_MAX_HARTS, "each vCPU has its context");

void devices_create(struct vm *vm)
{
	struct devices *d = &devices[vm->id];

	vm->devices = d;
	d->virtio_count = bus_deal(vm, called_by_virtio, d->virtio);
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
