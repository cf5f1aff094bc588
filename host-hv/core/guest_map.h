/* SPDX-License-Identifier: BSD-2-Clause */
/* guest_map.h - where a guest finds its RAM and devices. */
#ifndef GUEST_MAP_H
#define GUEST_MAP_H

#include "core/lib.h"

/* The devices of every guest, where QEMU's virt machine has them. */
#define GUEST_RAM_BASE      0x80000000UL
#define GUEST_PLIC          ((struct range){ 0x0c000000, 0x600000 })
#define GUEST_UART          ((struct range){ 0x10000000, 0x100 })
/* "sifive,test": power-off and reboot */
#define GUEST_FINISHER      ((struct range){ 0x100000, 0x1000 })
#define GUEST_UART_IRQ      10
#define GUEST_RTC           ((struct range){ 0x101000, 0x1000 })
#define GUEST_RTC_IRQ       11
/* virtio-mmio: one in each 4 KiB */
#define GUEST_VIRTIO        ((struct range){ 0x10001000, 0x8000 })
#define GUEST_VIRTIO_STRIDE 0x1000
#define GUEST_VIRTIO_IRQ    1 /* of the first, and so on */

#endif
