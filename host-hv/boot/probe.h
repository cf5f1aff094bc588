/* SPDX-License-Identifier: BSD-2-Clause */
/* probe.h - reads the machine's device tree. */
#ifndef PROBE_H
#define PROBE_H

#include "core/platform.h"

/* Fills p; ends the machine with a message if a part that is needed is missing. */
void platform_read(struct platform *p, const void *fdt, uint64_t boot_hart);

#endif
