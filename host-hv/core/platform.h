/* SPDX-License-Identifier: BSD-2-Clause */
/* platform.h - what the machine's device tree says about the machine. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "core/lib.h"

#define MAX_HARTS  16
#define MAX_VIRTIO 8

struct platform {
	const void *fdt;
	int chosen; /* node offsets in fdt */
	int boot_cpu;
	unsigned hart_count;
	uint64_t hart_id[MAX_HARTS]; /* [0] is the boot hart */
	uint64_t timebase_hz;
	uint32_t zero_block; /* bytes that cbo.zero clears, where there is one */

	struct range uart; /* a 16550; size 0: none known */
	/* a register is 1 << shift bytes from the next, and accessed as so many */
	uint32_t uart_shift, uart_width;
	uint32_t uart_irq;
	struct range rtc; /* a google,goldfish-rtc that interrupts; size 0: none known */
	uint32_t rtc_irq;
	/* virtio-mmio, with or without a device behind it; by its address */
	struct {
		struct range where;
		uint32_t irq;
	} virtio[MAX_VIRTIO];
	unsigned virtio_count;
	struct range plic;
	uint32_t plic_context;   /* the boot hart's M-mode context ... */
	uint32_t plic_s_context; /* ... and its S-mode one */
};

#endif
