// SPDX-License-Identifier: BSD-2-Clause
/* tree.c - what the device tree says, and where all of it lies, for tests to look at. */
#include "payload.h"

/* As numbers of 64 bits. */
static void note_property(const char *name)
{
	uint64_t value[8] = { 0 };
	size_t size = 0;
	const char *from = payload_property(name, &size);

	if (!from)
		return;
	for (size_t i = 0; i < size && i < sizeof(value); i++)
		value[i / 8] = value[i / 8] << 8 | (uint8_t)from[i];
	note_values(name, value, (unsigned int)(size < sizeof(value) ? (size + 7) / 8 : 8));
}

static void note_text(const char *name)
{
	static char line[256];
	size_t size, at = 0;
	const char *from = payload_property(name, &size);

	if (!from)
		return;
	while (*name)
		line[at++] = *name++;
	line[at++] = ' ';
	for (; size-- && *from && at < sizeof(line) - 1; at++)
		line[at] = *from++;
	line[at] = 0;
	note(line);
}

void payload(uint64_t hart)
{
	size_t size;

	(void)hart;
	note_value("tree", payload_tree());
	fact(payload_property("timebase-frequency", &size) && size == 4,
	     "the tree has a time base");
	note_text("bootargs");
	note_property("rng-seed");
	note_property("linux,initrd-start");
	note_property("linux,initrd-end");
}
