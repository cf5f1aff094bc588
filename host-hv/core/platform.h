/* SPDX-License-Identifier: BSD-2-Clause */
/* platform.h - what the machine's device tree says about the machine. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "core/lib.h"

#define MAX_HARTS	16

struct platform {
	const void *fdt;
	int chosen;			/* node offsets in fdt */
	int boot_cpu;
	unsigned hart_count;
	uint64_t hart_id[MAX_HARTS];	/* [0] is the boot hart */
	uint64_t timebase_hz;
	uint32_t zero_block;		/* bytes that cbo.zero clears, where there is one */

	struct range uart;		/* a 16550; size 0: none known */
	uint32_t uart_shift, uart_width;	/* a register is 1 << shift bytes from the next, and accessed as so many */
	uint32_t uart_irq;
	struct range rtc;		/* a google,goldfish-rtc that interrupts; size 0: none known */
	uint32_t rtc_irq;
	struct range plic;
	uint32_t plic_context;		/* the boot hart's M-mode context */
};

/* Fills p; ends the machine with a message if a part that is needed is missing. */
void platform_read(struct platform *p, const void *fdt, uint64_t boot_hart);

/*
 * The reg property's entry number i of a node, in bytes; false if there is
 * none.
 */
bool fdt_reg(const void *fdt, int node, int i, struct range *out);

/* A cell or a two-cell number, or otherwise if the property is absent. */
uint64_t fdt_number(const void *fdt, int node, const char *name, uint64_t otherwise);

#endif
