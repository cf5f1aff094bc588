/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmio.c - guest accesses outside RAM: decode, find the device, perform.  What
 * no device answers is an access fault, as on a bus without a device there.
 */
#include "device/mmio.h"

#include "arch/cause.h"
#include "core/console.h"
#include "core/guest_map.h"
#include "device/clock.h"
#include "device/devices.h"
#include "device/finisher.h"
#include "ssp/decode.h"

#define SSTATUS_UXL_SHIFT 32
#define UXL_32            1

/* Performs an access of a->size bytes at an offset into the device. */
typedef bool device_access(struct vm *vm, uint64_t offset, const struct access *a, uint64_t *value);

#define UART_BYTES 8 /* of registers */

/* The register's byte is the lowest of the value.  Returns what the guest sends, or -1. */
static int uart_register(struct uart *u, unsigned reg, bool store, uint64_t *value)
{
	if (store)
		return uart_write(u, reg, *value);
	*value = uart_read(u, reg);
	return -1;
}

/* Drivers take the registers byte by byte: what is wider stays out of their way. */
static __attribute__((noinline)) int uart_wide(struct uart *u, unsigned reg, const struct access *a,
					       uint64_t *value)
{
	uint64_t read = 0;
	unsigned size;
	int sent = -1;

	for (unsigned done = 0; done < a->size; done += size) {
		uint64_t piece = *value >> 8 * done;
		int c = uart_register(u, reg + done, a->store, &piece);

		size = 1u << lowest_bit((a->size - done) | (reg + done) | UART_BYTES);
		read |= piece << 8 * done;
		if (c >= 0)
			sent = c;
	}
	*value = read;
	return sent;
}

/*
 * As QEMU's virt machine answers: an access of any width is one of the register at its address.
 * What is not aligned comes in the largest pieces that are.
 */
static bool uart_access(struct vm *vm, uint64_t offset, const struct access *a, uint64_t *value)
{
	struct uart *u = &vm->devices->uart;
	int sent;

	if (offset + a->size > UART_BYTES)
		return false;
	if (a->size == 1)
		sent = uart_register(u, offset, a->store, value);
	else
		sent = uart_wide(u, offset, a, value);
	vm_uart_changed(vm);
	if (sent >= 0)
		console_guest_putc(vm->id, sent);
	return true;
}

static bool plic_access(struct vm *vm, uint64_t offset, const struct access *a, uint64_t *value)
{
	uint32_t word = *value;
	bool ok;

	if (a->size != 4)
		return false;
	if (a->store)
		ok = plic_write(&vm->devices->plic, offset, word);
	else
		ok = plic_read(&vm->devices->plic, offset, &word);
	*value = word;
	vm_plic_changed(vm);
	return ok;
}

static bool rtc_access(struct vm *vm, uint64_t offset, const struct access *a, uint64_t *value)
{
	uint64_t now;

	if (!clock_exists() || a->size != 4 || offset >= RTC_BYTES)
		return false;
	now = clock_now();
	rtc_tick(&vm->devices->rtc, now);
	if (a->store)
		rtc_write(&vm->devices->rtc, offset, *value, now);
	else
		*value = rtc_read(&vm->devices->rtc, offset, now);
	vm_rtc_changed(vm);
	return true;
}

static bool virtio_access(struct vm *vm, uint64_t offset, const struct access *a, uint64_t *value)
{
	unsigned number = offset / GUEST_VIRTIO_STRIDE;
	uint64_t in = offset % GUEST_VIRTIO_STRIDE;
	struct virtio_device *d;
	bool ok;

	if (number >= vm->devices->virtio_count)
		return false;
	d = vm->devices->virtio[number];
	ok = a->store ? virtio_write(d, in, a->size, *value) : virtio_read(d, in, a->size, value);
	vm_virtio_changed(vm, d);
	return ok;
}

/*
 * The test finisher answers accesses of 2 and 4 bytes: it reads as 0, and a store that ends nothing
 * is ignored.
 */
static bool finisher_access(struct vm *vm, uint64_t offset, const struct access *a, uint64_t *value)
{
	uint16_t how = *value;

	if (a->size != 2 && a->size != 4)
		return false;
	*value = 0;
	if (!a->store || offset)
		return true;
	if (how == FINISHER_PASS)
		vm_end(vm, VM_SHUTDOWN);
	else if (how == FINISHER_RESET)
		vm_end(vm, VM_REBOOT);
	else if (how == FINISHER_FAIL)
		vm_end(vm, VM_FAILURE);
	return true;
}

static const struct {
	struct range where;
	device_access *access;
	bool misaligned; /* takes such accesses, too */
} devices[] = {
	{ GUEST_UART, uart_access, true },          { GUEST_PLIC, plic_access, false },
	{ GUEST_FINISHER, finisher_access, false }, { GUEST_RTC, rtc_access, false },
	{ GUEST_VIRTIO, virtio_access, false },
};

static bool access_device(struct vm *vm, uint64_t gpa, const struct access *a, uint64_t *value)
{
	bool aligned = !(gpa & (a->size - 1)), ok = false;

	spin_lock(&vm->devices->lock);
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
		if (!range_holds(devices[i].where, (struct range){ gpa, a->size }))
			continue;
		if (aligned || devices[i].misaligned)
			ok = devices[i].access(vm, gpa - devices[i].where.base, a, value);
		break;
	}
	spin_unlock(&vm->devices->lock);
	return ok;
}

/* The firmware leaves us loads and stores only: to fetch from a device is a fault at once. */
static bool is_store(const struct hm_run *run)
{
	return run->exit_cause == CAUSE_STORE_ACCESS || run->exit_cause == CAUSE_STORE_PAGE_FAULT;
}

static void inject_access_fault(struct vcpu *v)
{
	vcpu_inject(v, is_store(v->run) ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS,
		    v->run->exit_value);
}

/* The address of its first byte: for the hart's value is that of the part which faulted. */
static uint64_t begin_of(const struct hm_run *run, const struct access *a)
{
	uint64_t va = (a->base ? run->x[a->base] : 0) + a->offset;
	bool short_addresses = !run->priv && (run->sstatus >> SSTATUS_UXL_SHIFT & 3) == UXL_32;

	return short_addresses ? (uint32_t)va : va;
}

static bool in_one_page(uint64_t begin, unsigned size)
{
	return begin % PAGE + size <= PAGE;
}

/*
 * An access that crosses pages is refused before anything of it is done, also where it begins or
 * ends in RAM, as a bus may; so is a misaligned one, except by a device that takes it.
 */
static inline __attribute__((always_inline)) enum next
perform(struct vcpu *v, const struct access *a, uint64_t begin)
{
	struct hm_run *run = v->run;
	uint64_t value = a->reg ? run->x[a->reg] : 0;

	if (!in_one_page(begin, a->size) ||
	    !access_device(v->vm, run->exit_gpa - (run->exit_value - begin), a, &value)) {
		inject_access_fault(v);
		return RESUME;
	}
	if (!a->store && a->reg)
		run->x[a->reg] = extend_loaded(a, value);
	run->flags |= HM_RUN_ADVANCE;
	return vm_ended(v->vm) ? YIELD : RESUME;
}

enum next mmio_perform(struct vcpu *v, const struct access *a, uint64_t begin)
{
	return perform(v, a, begin);
}

enum next exit_mmio(struct vcpu *v)
{
	struct hm_run *run = v->run;
	struct access a;
	uint64_t begin;

	if (!decode_access(run->exit_insn, run->exit_insn_len, &a)) {
		inject_access_fault(v);
		return RESUME;
	}
	begin = begin_of(run, &a);
	if (a.store != is_store(run) || run->exit_value - begin >= a.size) {
		/* the code has changed since: let it run again, as it is now */
		run->flags |= HM_RUN_FENCE_I;
		return RESUME;
	}
	return perform(v, &a, begin);
}
