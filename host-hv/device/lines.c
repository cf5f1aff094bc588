/* SPDX-License-Identifier: BSD-2-Clause */
#include "device/lines.h"

#include "core/guest_map.h"
#include "core/vcpu.h"
#include "device/clock.h"

void vm_plic_changed(struct vm *vm)
{
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		vcpu_set_external(&vm->vcpu[i], plic_asserts(&vm->plic, i));
}

void vm_uart_changed(struct vm *vm)
{
	typed_refill(&vm->typed, &vm->uart);
	if (plic_set_line(&vm->plic, GUEST_UART_IRQ, uart_irq(&vm->uart)))
		vm_plic_changed(vm);
}

void vm_rtc_changed(struct vm *vm)
{
	clock_wake(vm->id, vm->rtc.due);
	if (plic_set_line(&vm->plic, GUEST_RTC_IRQ, rtc_irq(&vm->rtc)))
		vm_plic_changed(vm);
}

void vm_alarm(struct vm *vm)
{
	spin_lock(&vm->lock);
	rtc_tick(&vm->rtc, clock_now());
	vm_rtc_changed(vm);
	spin_unlock(&vm->lock);
}

void lines_reset_clock(struct vm *vm)
{
	rtc_reset(&vm->rtc);
	clock_wake(vm->id, FOREVER);
}
