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

void mmio_serve(struct vcpu *v)
{
	struct hm_run *run = v->run;
	struct access a;
	uint64_t value;

	if (!decode_access(run->exit_insn, run->exit_insn_len, &a)) {
		inject_access_fault(v);
		return;
	}
	if (a.store != is_store(run))
		return;		/* the code has changed since: let it run again */
	value = a.reg ? run->x[a.reg] : 0;
	if (!perform(v->vm, run->exit_gpa, &a, &value)) {
		inject_access_fault(v);
		return;
	}
	if (!a.store && a.reg)
		run->x[a.reg] = extend_loaded(&a, value);
	run->flags |= HM_RUN_ADVANCE;
}
