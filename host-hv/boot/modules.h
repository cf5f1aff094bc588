/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * modules.h - which guests the machine's device tree describes, in either of
 * two forms:
 *
 * QEMU's guest loader: /chosen/module@A nodes that are compatible with
 * multiboot,module and with multiboot,kernel or multiboot,ramdisk.  There is
 * no order among nodes, so a ramdisk belongs to the nearest kernel below it
 * in memory.  A ramdisk that is a device tree is the guest's own one: the loader
 * has no other word for it.
 *
 * Xen's dom0less: a /chosen/NAME node per guest, compatible with xen,domain,
 * with memory (KiB), cpus, and the modules as its children, multiboot,device-tree
 * among them.
 */
#ifndef MODULES_H
#define MODULES_H

#include "boot/options.h"
#include "core/platform.h"
#include "guest/create.h"

/*
 * Fills out[], lowest kernel first, and returns how many there are; ends the machine if there is
 * none.
 */
unsigned guests_find(const struct platform *p, const struct options *defaults,
		     struct guest_config out[MAX_GUESTS]);

#endif
