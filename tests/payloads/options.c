// SPDX-License-Identifier: BSD-2-Clause
/* options.c - words NAME=NUMBER of the kernel's command line (bootargs in /chosen). */
#include "payload.h"

/* The flattened device tree ("Devicetree Specification", chapter 5): big endian, 32-bit words. */
enum { FDT_MAGIC = 0xd00dfeedu, FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4 };
enum { HEADER_STRUCT = 2, HEADER_STRINGS = 3 };

/* A copy: the tree's memory may serve for something else later. */
static char words[1024];
static uint64_t tree;

static uint32_t big_endian(const uint32_t *word)
{
	const volatile uint8_t *byte = (const volatile uint8_t *)word;

	return (uint32_t)byte[0] << 24 | byte[1] << 16 | byte[2] << 8 | byte[3];
}

static size_t length(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

static bool begins(const char *text, const char *with)
{
	while (*with && *text == *with)
		text++, with++;
	return !*with;
}

static const uint32_t *after(const uint32_t *at, size_t bytes)
{
	return at + (bytes + 3) / 4;
}

/* The value of the first property of that name, at most one of all nodes; NULL: there is none. */
static const char *property(const uint32_t *fdt, const char *name, size_t *size)
{
	const char *strings = (const char *)fdt + big_endian(&fdt[HEADER_STRINGS]);
	const uint32_t *at = after(fdt, big_endian(&fdt[HEADER_STRUCT]));

	for (;;) {
		switch (big_endian(at++)) {
		case FDT_BEGIN_NODE: at = after(at, length((const char *)at) + 1); break;
		case FDT_PROP:
			if (begins(strings + big_endian(&at[1]), name)) {
				*size = big_endian(&at[0]);
				return (const char *)&at[2];
			}
			at = after(at + 2, big_endian(&at[0]));
			break;
		case FDT_END_NODE:
		case FDT_NOP: break;
		default: return NULL;
		}
	}
}

const char *payload_property(const char *name, size_t *size)
{
	if (!tree || (tree & 3) || big_endian((const uint32_t *)tree) != FDT_MAGIC)
		return NULL;
	return property((const uint32_t *)tree, name, size);
}

void options_read(uint64_t fdt)
{
	const char *from;
	size_t size;

	tree = fdt;
	from = payload_property("bootargs", &size);
	for (size_t n = 0; from && from[n] && n < sizeof(words) - 1; n++)
		words[n] = from[n];
}

uint64_t payload_tree(void)
{
	return tree;
}

/* Decimal, or hexadecimal behind 0x; it ends at the first character that is no digit. */
static uint64_t number(const char *text)
{
	unsigned int base = begins(text, "0x") ? 16 : 10;
	uint64_t value = 0;

	for (text += base == 16 ? 2 : 0;; text++) {
		unsigned int digit = *text >= 'a' ? *text - 'a' + 10u : *text - '0' + 0u;

		if (digit >= base)
			return value;
		value = value * base + digit;
	}
}

uint64_t payload_option(const char *name, uint64_t otherwise)
{
	size_t size = length(name);

	for (const char *word = words; *word;) {
		if (begins(word, name) && word[size] == '=')
			return number(word + size + 1);
		while (*word && *word != ' ')
			word++;
		while (*word == ' ')
			word++;
	}
	return otherwise;
}
