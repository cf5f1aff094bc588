/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmio.c - guest accesses outside RAM: decode, find the device, perform.  What
 * no device answers is an access fault, as on a bus without a device there.
 */
#include "console.h"
#include "decode.h"
#include "dtb.h"
#include "vcpu.h"

#define CAUSE_LOAD_ACCESS	5
#define CAUSE_STORE_ACCESS	7
#define CAUSE_STORE_PAGE_FAULT	15

#define SSTATUS_UXL_SHIFT	32
#define UXL_32			1

/* Performs an access of a->size bytes at an offset into the device. */
typedef bool device_access(struct vm *vm, uint64_t offset, const struct access *a,
			   uint64_t *value);

static bool uart_access(struct vm *vm, uint64_t offset, const struct access *a, uint64_t *value)
{
	int sent = -1;

	if (a->size != 1 || offset >= 8)
		return false;
	if (a->store)
		sent = uart_write(&vm->uart, offset, *value);
	else
		*value = uart_read(&vm->uart, offset);
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
		ok = plic_write(&vm->plic, offset, word);
	else
		ok = plic_read(&vm->plic, offset, &word);
	*value = word;
	vm_plic_changed(vm);
	return ok;
}

static const struct {
	struct range where;
	device_access *access;
} devices[] = {
	{ GUEST_UART, uart_access },
	{ GUEST_PLIC, plic_access },
};

static bool perform(struct vm *vm, uint64_t gpa, const struct access *a, uint64_t *value)
{
	bool ok = false;

	spin_lock(&vm->lock);
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++)
		if (range_holds(devices[i].where, gpa, a->size))
			ok = devices[i].access(vm, gpa - devices[i].where.base, a, value);
	spin_unlock(&vm->lock);
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

/*
 * Devices take aligned accesses, which lie in one page.  Others are refused before
 * anything of them is done, also where they begin or end in RAM, as a bus may.
 */
void mmio_serve(struct vcpu *v)
{
	struct hm_run *run = v->run;
	uint64_t begin, value;
	struct access a;

	if (!decode_access(run->exit_insn, run->exit_insn_len, &a)) {
		inject_access_fault(v);
		return;
	}
	begin = begin_of(run, &a);
	if (a.store != is_store(run) || run->exit_value - begin >= a.size) {
		run->flags |= HM_RUN_FENCE_I;	/* the code has changed since: let it run again, as it is now */
		return;
	}
	if (begin & (a.size - 1)) {
		inject_access_fault(v);
		return;
	}
	value = a.reg ? run->x[a.reg] : 0;
	if (!perform(v->vm, run->exit_gpa, &a, &value)) {
		inject_access_fault(v);
		return;
	}
	if (!a.store && a.reg)
		run->x[a.reg] = extend_loaded(&a, value);
	run->flags |= HM_RUN_ADVANCE;
}
