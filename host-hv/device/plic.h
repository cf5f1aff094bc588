/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plic.h - a platform-level interrupt controller (RISC-V PLIC specification
 * 1.0.0) with the shape of QEMU's virt machine: hart h has context 2h for
 * M-mode, which a guest's harts do not have, and 2h + 1 for S-mode.
 */
#ifndef PLIC_H
#define PLIC_H

#include "core/lib.h"

#define PLIC_SOURCES         96 /* source 0 does not exist */
#define PLIC_WORDS           (PLIC_SOURCES / 32)
#define PLIC_MAX_HARTS       16
#define PLIC_S_CONTEXT(hart) (2 * (hart) + 1)

struct plic {
	unsigned harts;
	uint8_t priority[PLIC_SOURCES];
	uint32_t line[PLIC_WORDS]; /* levels of the sources' lines */
	uint32_t pending[PLIC_WORDS];
	uint32_t in_service[PLIC_WORDS]; /* claimed, not completed: the gateway is shut */
	struct {
		uint32_t enable[PLIC_WORDS];
		uint8_t threshold;
	} hart[PLIC_MAX_HARTS]; /* of its S context */
};

/* A 4-byte register access at an offset in bytes; false: there is no such register. */
bool plic_read(struct plic *p, uint64_t offset, uint32_t *value);
bool plic_write(struct plic *p, uint64_t offset, uint32_t value);

/* The level of a device's line; false: it was the same before. */
bool plic_set_line(struct plic *p, unsigned source, bool level);

/* Is the external interrupt of this hart's S-mode pending? */
bool plic_asserts(const struct plic *p, unsigned hart);

#endif
