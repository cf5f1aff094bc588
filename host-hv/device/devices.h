/* SPDX-License-Identifier: BSD-2-Clause */
/* devices.h - the devices of a guest, and their interrupt lines through its PLIC to its vCPUs. */
#ifndef DEVICES_H
#define DEVICES_H

#include "core/hart.h"
#include "core/platform.h"
#include "core/vm.h"
#include "device/plic.h"
#include "device/rtc.h"
#include "device/typed.h"
#include "device/uart.h"
#include "virtio/device.h"

struct devices {
	struct spinlock lock; /* guards all of them */
	struct uart uart;
	struct typed typed;
	struct plic plic;
	struct rtc rtc;
	struct virtio_device *virtio[MAX_VIRTIO];
	unsigned virtio_count;

	/* The boot hart's own, without the lock: how often virtio devices have interrupted it. */
	uint64_t period_end;
	unsigned calls;
};

void devices_init(uint64_t timebase_hz);

/* Gives a new guest, one of so many, its devices. */
void devices_create(struct vm *vm);

/* As they are when a guest starts, but for what was typed and not yet read. */
void devices_reset(struct vm *vm);

/*
 * Of a guest that has ended: takes back its alarm, which would interrupt the boot hart for no one,
 * and resets its virtio devices, which reach its memory no more.
 */
void devices_stop(struct vm *vm);

/* A character that was typed for the guest; false: it is dropped, and that is to be said. */
bool devices_type(struct vm *vm, uint8_t c);

/* Up to size characters that were typed; how many there were. */
uint64_t devices_read_typed(struct vm *vm, uint8_t *to, uint64_t size);

/*
 * With the lock held: the PLIC, the UART, the clock or a virtio device may want to interrupt now or
 * not any more; a UART that has room gets what was typed for it.
 */
void vm_plic_changed(struct vm *vm);
void vm_uart_changed(struct vm *vm);
void vm_rtc_changed(struct vm *vm);
void vm_virtio_changed(struct vm *vm, const struct virtio_device *d);

/*
 * Without it: the platform's devices have interrupted that the guest's stand for.  Their buffers
 * go to and fro on the hart of a vCPU of the guest, which so pays for them.
 */
void devices_serve(struct vm *vm);

/*
 * Without it: this hart hears those devices that it has put off, if it is time; gives the time at
 * which to call again.
 */
uint64_t devices_hear(struct hart *h);

static inline uint64_t devices_next_look(const struct hart *h)
{
	return h->devices_look ? h->devices_look : FOREVER;
}

static inline uint64_t devices_hear_if_due(struct hart *h)
{
	return h->devices_look ? devices_hear(h) : FOREVER;
}

/* Without it: the time has come that the clock of guest number id was set to. */
void devices_ring(unsigned id);

#endif
