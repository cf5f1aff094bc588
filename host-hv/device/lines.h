/* SPDX-License-Identifier: BSD-2-Clause */
/* lines.h - the interrupt lines of a guest's devices, through its PLIC to its vCPUs. */
#ifndef LINES_H
#define LINES_H

#include "core/vm.h"

/*
 * With vm->lock held: the PLIC, the UART, or the clock may want to interrupt now or not any more; a UART
 * that has room gets what was typed for it.
 */
void vm_plic_changed(struct vm *vm);
void vm_uart_changed(struct vm *vm);
void vm_rtc_changed(struct vm *vm);

/* Without it: the time has come that the guest's clock was set to. */
void vm_alarm(struct vm *vm);

/* With it: no alarm is set, and the clock is as it was made. */
void lines_reset_clock(struct vm *vm);

#endif
