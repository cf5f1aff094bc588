// SPDX-License-Identifier: BSD-2-Clause
/*
 * chase.c - follows a chain of pointers through memory in an order of chance.
 *
 *	chase KIB STEPS
 *
 * One pointer lies in each 64 bytes of KIB KiB, and the chain is one circle of all: after as many
 * steps as it has pointers it is at its beginning again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE 64

struct link {
	struct link *next;
	char rest[LINE - sizeof(struct link *)];
};

static uint64_t seed = 1;

static uint64_t below(uint64_t limit)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % limit;
}

/* One circle of all, by Sattolo's way to shuffle. */
static void tie(struct link *links, uint32_t *order, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		order[i] = i;
	for (uint64_t i = count - 1; i; i--) {
		uint64_t j = below(i);
		uint32_t other = order[i];

		order[i] = order[j];
		order[j] = other;
	}
	for (uint64_t i = 0; i < count; i++)
		links[i].next = &links[order[i]];
}

int main(int words_count, char **words)
{
	uint64_t count = words_count == 3 ? strtoull(words[1], NULL, 10) * 1024 / LINE : 0;
	uint64_t steps = words_count == 3 ? strtoull(words[2], NULL, 10) : 0;
	struct link *links = count ? aligned_alloc(4096, count * sizeof(*links)) : NULL;
	uint32_t *order = count ? malloc(count * sizeof(*order)) : NULL;
	struct link *at = links;

	if (!links || !order) {
		fprintf(stderr, "usage: chase KIB STEPS\n");
		return 2;
	}
	tie(links, order, count);
	for (uint64_t i = 0; i < steps; i++)
		at = at->next;
	printf("at %td of %lu\n", at - links, (unsigned long)count);
	for (uint64_t i = steps % count; i && i < count; i++)
		at = at->next;
	return at != links;
}
