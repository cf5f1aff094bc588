/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * string.c - OpenSBI's memset and memcpy go byte by byte; what is aligned goes by
 * words here (the linker's --wrap).  The compiler calls them too, for structures.
 *
 * volatile: it would take the loops for what they replace, and call them.
 */
#include <sbi/sbi_types.h>

#define WORD sizeof(u64)

void *__wrap_sbi_memset(void *to, int value, size_t size);
void *__wrap_sbi_memset(void *to, int value, size_t size)
{
	volatile u8 *byte = to;
	u64 fill = (u8)value * 0x0101010101010101ull;

	for (; size && (u64)byte % WORD; size--)
		*byte++ = value;
	for (; size >= 8 * WORD; size -= 8 * WORD, byte += 8 * WORD) {
		volatile u64 *word = (volatile u64 *)byte;

		word[0] = word[1] = word[2] = word[3] = fill;
		word[4] = word[5] = word[6] = word[7] = fill;
	}
	for (; size >= WORD; size -= WORD, byte += WORD)
		*(volatile u64 *)byte = fill;
	for (; size; size--)
		*byte++ = value;
	return to;
}

void *__wrap_sbi_memcpy(void *to, const void *from, size_t size);
void *__wrap_sbi_memcpy(void *to, const void *from, size_t size)
{
	volatile u8 *byte = to;
	const u8 *source = from;

	if (!(((u64)byte | (u64)source) % WORD))
		for (; size >= WORD; size -= WORD, byte += WORD, source += WORD)
			*(volatile u64 *)byte = *(const u64 *)source;
	for (; size; size--)
		*byte++ = *source++;
	return to;
}
