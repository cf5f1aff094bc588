// SPDX-License-Identifier: BSD-2-Clause
/*
 * gups.c - updates at random places of a table, after HPC Challenge's RandomAccess.
 *
 *	gups BITS UPDATES
 *
 * The table has 2^BITS bytes.  The same updates are made twice: the second time undoes the first,
 * since each is an exclusive or, and the table must be as before.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t next(uint64_t x)
{
	return x << 1 ^ (x >> 63 ? 7 : 0);
}

static void update(uint64_t *table, uint64_t mask, uint64_t updates)
{
	uint64_t x = 1;

	for (uint64_t i = 0; i < updates; i++) {
		x = next(x);
		table[x >> 20 & mask] ^= x;
	}
}

int main(int count, char **words)
{
	uint64_t entries = count == 3 ? (1ull << atoi(words[1])) / sizeof(uint64_t) : 0;
	uint64_t updates = count == 3 ? strtoull(words[2], NULL, 10) : 0;
	uint64_t *table = entries ? malloc(entries * sizeof(*table)) : NULL;
	uint64_t wrong = 0, sum = 0;

	if (!table) {
		fprintf(stderr, "usage: gups BITS UPDATES\n");
		return 2;
	}
	for (uint64_t i = 0; i < entries; i++)
		table[i] = i;
	update(table, entries - 1, updates);
	for (uint64_t i = 0; i < entries; i++)
		sum += table[i] ^ i;
	update(table, entries - 1, updates);
	for (uint64_t i = 0; i < entries; i++)
		wrong += table[i] != i;
	printf("%" PRIu64 " updates, sum %" PRIx64 ", %" PRIu64 " wrong\n", updates, sum, wrong);
	return wrong != 0;
}
