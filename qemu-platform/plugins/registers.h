/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registers.h - what plugins need of a hart's registers. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdbool.h>
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

/* x0 to x31, which come first in their order; false: this QEMU does not show them. */
static inline bool find_general(const GArray *all, struct qemu_plugin_register *general[32])
{
	unsigned int known = 0;

	for (unsigned int i = 0; i < all->len && known < 32; i++) {
		qemu_plugin_reg_descriptor *one =
			&g_array_index(all, qemu_plugin_reg_descriptor, i);

		if (strstr(one->feature, "riscv.cpu"))
			general[known++] = one->handle;
	}
	return known == 32;
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
