// SPDX-License-Identifier: BSD-2-Clause
/* chase.c - follow pointers through areas from a cache's size to many pages. */
#include <sys/mman.h>

#include "workload.h"

/* One node a line of cache: following a list is all misses once it is large. */
struct node {
	struct node *next;
	uint64_t number;
	char padding[48];
};

static const size_t sizes[] = { 64 << 10, 512 << 10, 4 << 20, 16 << 20 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))
#define STEPS (1u << 18) /* nodes of the largest: it is followed once round */

static struct node *lists[SIZES];

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Sattolo's shuffle: one cycle through all nodes. */
static void link_cycle(struct node *nodes, uint32_t count)
{
	uint32_t state = 1;

	for (uint32_t i = 0; i < count; i++)
		nodes[i] = (struct node){ .next = &nodes[i], .number = i };
	for (uint32_t i = count - 1; i > 0; i--) {
		uint32_t j = next_random(&state) % i;
		struct node *next = nodes[i].next;

		nodes[i].next = nodes[j].next;
		nodes[j].next = next;
	}
}

static const char *chase_prepare(void)
{
	for (size_t i = 0; i < SIZES; i++) {
		lists[i] = map_pages(sizes[i]);
		REQUIRE(lists[i], "cannot map");
		link_cycle(lists[i], sizes[i] / sizeof(struct node));
	}
	return NULL;
}

/* Each list divides the number of steps: the walk ends where it began, having met all nodes. */
static const char *chase_list(struct node *first, uint64_t count)
{
	uint64_t sum = 0, rounds = STEPS / count;
	struct node *node = first;

	for (uint32_t step = 0; step < STEPS; step++) {
		sum += node->number;
		node = node->next;
	}
	REQUIRE(node == first, "the walk does not come back");
	REQUIRE(sum == rounds * (count * (count - 1) / 2), "the walk missed nodes");
	return NULL;
}

static const char *chase_run(unsigned int rounds)
{
	for (unsigned int round = 0; round < rounds; round++)
		for (size_t i = 0; i < SIZES; i++) {
			const char *why = chase_list(lists[i], sizes[i] / sizeof(struct node));

			REQUIRE(!why, why);
		}
	return NULL;
}

static void chase_finish(void)
{
	for (size_t i = 0; i < SIZES; i++)
		if (lists[i])
			munmap(lists[i], sizes[i]);
}

const struct workload workload_chase = {
	.warm = 1,
	.rounds = 4,
	.prepare = chase_prepare,
	.run = chase_run,
	.finish = chase_finish,
};
