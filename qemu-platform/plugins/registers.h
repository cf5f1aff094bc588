/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registers.h - what both plugins need of a hart's registers. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <string.h>

#include <qemu-plugin.h>

/* NULL: this QEMU does not show a register of this name. */
static inline struct qemu_plugin_register *find_register(const GArray *all, const char *name)
{
	for (unsigned int i = 0; i < all->len; i++) {
		qemu_plugin_reg_descriptor *one =
			&g_array_index(all, qemu_plugin_reg_descriptor, i);

		if (!strcmp(one->name, name))
			return one->handle;
	}
	return NULL;
}

static inline uint64_t read_register(struct qemu_plugin_register *which)
{
	GByteArray *bytes = g_byte_array_new();
	uint64_t value = 0;

	if (qemu_plugin_read_register(which, bytes) > 0)
		memcpy(&value, bytes->data, bytes->len < 8 ? bytes->len : 8);
	g_byte_array_free(bytes, true);
	return value;
}

#endif
