// SPDX-License-Identifier: BSD-2-Clause
/*
 * graph.c - a breadth-first search through a graph of random edges, after Graph500.
 *
 *	graph SCALE EDGES
 *
 * The graph has 2^SCALE vertices and EDGES edges from each.  Of the tree that is found each edge must
 * be one of the graph, from a vertex one level above.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define NONE UINT32_MAX

static uint32_t vertices, degree;
static uint32_t *edges;  /* of vertex v from v * degree on */
static uint32_t *parent; /* NONE: not found */
static uint32_t *level, *queue;

static uint64_t next(uint64_t x)
{
	return x * 6364136223846793005ull + 1442695040888963407ull;
}

/* Ends of edges are not alike: some vertices have many. */
static void make(void)
{
	uint64_t x = 1;

	for (uint64_t i = 0; i < (uint64_t)vertices * degree; i++) {
		x = next(x);
		edges[i] = (x >> 33) % (((x >> 20) & 3) ? vertices : vertices / 16);
	}
}

static uint32_t search(uint32_t root)
{
	uint32_t first = 0, last = 0;

	for (uint32_t v = 0; v < vertices; v++)
		parent[v] = NONE;
	parent[root] = root;
	level[root] = 0;
	queue[last++] = root;
	while (first < last) {
		uint32_t v = queue[first++];

		for (uint32_t i = 0; i < degree; i++) {
			uint32_t to = edges[(uint64_t)v * degree + i];

			if (parent[to] != NONE)
				continue;
			parent[to] = v;
			level[to] = level[v] + 1;
			queue[last++] = to;
		}
	}
	return last;
}

static uint32_t wrong(uint32_t root)
{
	uint32_t found = 0;

	for (uint32_t v = 0; v < vertices; v++) {
		uint32_t i = 0;

		if (v == root || parent[v] == NONE)
			continue;
		while (i < degree && edges[(uint64_t)parent[v] * degree + i] != v)
			i++;
		found += i == degree || level[v] != level[parent[v]] + 1;
	}
	return found;
}

int main(int count, char **words)
{
	uint32_t bad = 0;

	vertices = count == 3 ? 1u << atoi(words[1]) : 0;
	degree = count == 3 ? atoi(words[2]) : 0;
	if (vertices < 16 || !degree) {
		fprintf(stderr, "usage: graph SCALE EDGES, with 16 vertices at least\n");
		return 2;
	}
	edges = malloc((uint64_t)vertices * degree * sizeof(*edges));
	parent = malloc(vertices * sizeof(*parent));
	level = malloc(vertices * sizeof(*level));
	queue = malloc(vertices * sizeof(*queue));
	if (!edges || !parent || !level || !queue)
		return 1;
	make();
	for (uint32_t root = 0; root < 4; root++) {
		uint32_t reached = search(root);

		printf("from %u: %u vertices, the last at level %u\n", root, reached,
		       level[queue[reached - 1]]);
		bad += wrong(root);
	}
	printf("%u wrong\n", bad);
	return bad != 0;
}
