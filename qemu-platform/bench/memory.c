// SPDX-License-Identifier: BSD-2-Clause
/* Programs bound by memory accesses, each alone in its process. */
#include <stdlib.h>
#include <string.h>
#include "programs.h"

/* A random cycle through SIZE bytes, a pointer in every cache line. */
static uint64_t chase(size_t size, unsigned steps)
{
	size_t n = size / 64;
	uint64_t **line = pages(size);
	uint32_t *order = malloc(n * sizeof(*order));
	uint64_t state = 88172645463325252ull, sum = 0;
	uint64_t **p = line;

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n - 1; i > 0; i--) {
		size_t j = random_next(&state) % i; /* Sattolo: one cycle */
		uint32_t swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	for (size_t i = 0; i < n; i++)
		line[(size_t)i * 8] = (uint64_t *)&line[(size_t)order[i] * 8];
	for (unsigned i = 0; i < steps; i++)
		p = (uint64_t **)*p;
	sum = mix(sum, (size_t)(p - line));
	free(order);
	return sum;
}

static uint64_t chase_16k(void)
{
	return chase(16 << 10, 180000011);
}
static uint64_t chase_1m(void)
{
	return chase(1 << 20, 30000001);
}
static uint64_t chase_32m(void)
{
	return chase(32 << 20, 8000003);
}

/* Quicksort with its comparisons in line: qsort() would measure its calls of compare(). */
static void quicksort(uint32_t *a, size_t n)
{
	while (n > 1) {
		uint32_t pivot = a[(n - 1) / 2];
		size_t i = -1, j = n;

		for (;;) {
			while (a[++i] < pivot)
				;
			while (a[--j] > pivot)
				;
			if (i >= j)
				break;
			uint32_t swap = a[i];

			a[i] = a[j];
			a[j] = swap;
		}
		quicksort(a, j + 1);
		a += j + 1;
		n -= j + 1;
	}
}

static uint64_t sort(void)
{
	size_t n = 4000000;
	uint32_t *a = pages(n * sizeof(*a));
	uint64_t state = 1234567, sum = 0;

	for (size_t i = 0; i < n; i++)
		a[i] = random_next(&state);
	quicksort(a, n);
	for (size_t i = 0; i < n; i++)
		sum = mix(sum, a[i]);
	return sum;
}

static uint64_t hash(void)
{
	size_t n = 1 << 20;
	uint64_t *key = pages(n * sizeof(*key)), *value = pages(n * sizeof(*value));
	uint64_t state = 42, sum = 0;

	memset(key, 0, n * sizeof(*key));
	memset(value, 0, n * sizeof(*value));
	for (unsigned i = 0; i < 12000000; i++) {
		uint64_t k = (random_next(&state) >> 20 & 0x7ffff) + 1;
		size_t at = k * 0x9e3779b97f4a7c15ull >> 44;

		while (key[at] && key[at] != k)
			at = (at + 1) & (n - 1);
		key[at] = k;
		value[at] += i;
	}
	for (size_t i = 0; i < n; i++)
		sum = mix(sum, value[i]);
	return sum;
}

static uint64_t matrix(void)
{
	enum { N = 640 };
	uint64_t(*a)[N] = pages(sizeof(*a) * N), (*b)[N] = pages(sizeof(*b) * N),
	(*c)[N] = pages(sizeof(*c) * N), sum = 0;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			a[i][j] = i + j, b[i][j] = i * j;
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			uint64_t s = 0;

			for (int k = 0; k < N; k++)
				s += a[i][k] * b[k][j];
			c[i][j] = s;
		}
	for (int i = 0; i < N; i++)
		sum = mix(sum, c[i][N - 1 - i]);
	return sum;
}

static uint64_t stream(void)
{
	size_t n = 1 << 20;
	uint64_t *a = pages(n * 8), *b = pages(n * 8), *c = pages(n * 8), sum = 0;

	for (size_t i = 0; i < n; i++)
		b[i] = i, c[i] = 3 * i;
	for (int round = 0; round < 100; round++)
		for (size_t i = 0; i < n; i++)
			a[i] = b[i] + 7 * c[i] + round;
	for (size_t i = 0; i < n; i += 511)
		sum = mix(sum, a[i]);
	return sum;
}

static uint64_t copy(void)
{
	size_t n = 4 << 20;
	unsigned char *a = pages(n), *b = pages(n);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		a[i] = i * 7;
	for (int round = 0; round < 900; round++)
		memcpy(round & 1 ? a : b, round & 1 ? b : a, n - round);
	for (size_t i = 0; i < n; i += 509)
		sum = mix(sum, b[i]);
	return sum;
}

static uint64_t histogram(void)
{
	size_t n = 8 << 20;
	unsigned char *a = pages(n);
	uint32_t *bin = pages(65536 * sizeof(*bin));
	uint64_t state = 7, sum = 0;

	for (size_t i = 0; i + 8 <= n; i += 8)
		*(uint64_t *)(a + i) = random_next(&state);
	for (int round = 0; round < 30; round++)
		for (size_t i = 0; i + 1 < n; i++)
			bin[a[i] << 8 | a[i + 1]]++;
	for (size_t i = 0; i < 65536; i++)
		sum = mix(sum, bin[i]);
	return sum;
}

struct node {
	struct node *child[2];
	uint64_t key;
};

static uint64_t tree(void)
{
	size_t n = 200000;
	struct node *node = pages(n * sizeof(*node)), *root = NULL;
	uint64_t state = 99, sum = 0;

	for (size_t i = 0; i < n; i++) {
		struct node **link = &root;

		node[i].key = random_next(&state);
		while (*link)
			link = &(*link)->child[(*link)->key < node[i].key];
		*link = &node[i];
	}
	for (size_t i = 0; i < 6 * n; i++) {
		struct node *p = root;
		uint64_t key = random_next(&state), depth = 0;

		while (p)
			p = p->child[p->key < key], depth++;
		sum = mix(sum, depth);
	}
	return sum;
}

/* The inner part of an LZ compressor: hash chains and match lengths. */
static uint64_t match(void)
{
	size_t n = 3 << 20;
	unsigned char *text = pages(n + 8);
	uint32_t *head = pages(65536 * sizeof(*head));
	uint64_t state = 5, sum = 0;

	for (size_t i = 0; i < n; i++)
		text[i] = "etaoin shrdlu"[random_next(&state) % 13];
	for (int round = 0; round < 12; round++) {
		memset(head, 0, 65536 * sizeof(*head));
		for (size_t i = 1; i + 64 < n; i++) {
			uint32_t word = text[i] | text[i + 1] << 8 | text[i + 2] << 16;
			uint32_t *h = &head[word * 2654435761u >> 16];
			size_t length = 0;

			while (length < 64 && text[*h + length] == text[i + length])
				length++;
			sum += length + round;
			*h = i;
		}
	}
	return mix(sum, n);
}

static uint64_t sieve(void)
{
	size_t n = 12000000;
	unsigned char *composite = pages(n);
	uint64_t sum = 0;

	for (int round = 0; round < 5; round++) {
		memset(composite, 0, n);
		for (size_t i = 2; i < n; i++) {
			if (composite[i])
				continue;
			sum = mix(sum, i);
			for (size_t j = i * i; j < n; j += i)
				composite[j] = 1;
		}
	}
	return sum;
}

static uint64_t scan(void)
{
	size_t n = 8 << 20;
	char *text = pages(n);
	uint64_t state = 11, sum = 0;

	for (size_t i = 0; i < n; i++)
		text[i] = 'a' + random_next(&state) % 26;
	text[n - 1] = 0;
	for (int round = 0; round < 40; round++)
		for (const char *p = text; *p; p++)
			if (p[0] == 'm' && p[1] == 'm' && p[2] == (char)('a' + round % 26))
				sum = mix(sum, p - text);
	return sum;
}

/* Life on a torus: neighbours above and below are a row apart. */
static uint64_t life(void)
{
	enum { N = 1024 };
	unsigned char *now = pages(N * N), *next = pages(N * N);
	uint64_t state = 3, sum = 0;

	for (size_t i = 0; i < N * N; i++)
		now[i] = random_next(&state) >> 60 & 1;
	for (int round = 0; round < 60; round++) {
		unsigned char *swap = now;

		for (size_t i = 0; i < N * N; i++) {
			size_t up = (i - N) & (N * N - 1), down = (i + N) & (N * N - 1);
			unsigned n = now[up - !!up] + now[up] + now[(up + 1) & (N * N - 1)] +
				     now[i - !!i] + now[(i + 1) & (N * N - 1)] +
				     now[down - !!down] + now[down] + now[(down + 1) & (N * N - 1)];

			next[i] = n == 3 || (n == 2 && now[i]);
		}
		now = next;
		next = swap;
	}
	for (size_t i = 0; i < N * N; i++)
		sum = mix(sum, now[i]);
	return sum;
}

const struct program memory_programs[] = { { "chase-16k", "memory", chase_16k },
					   { "chase-1m", "memory", chase_1m },
					   { "chase-32m", "memory", chase_32m },
					   { "sort", "memory", sort },
					   { "hash", "memory", hash },
					   { "matrix", "memory", matrix },
					   { "stream", "memory", stream },
					   { "copy", "memory", copy },
					   { "histogram", "memory", histogram },
					   { "tree", "memory", tree },
					   { "match", "memory", match },
					   { "sieve", "memory", sieve },
					   { "scan", "memory", scan },
					   { "life", "memory", life },
					   { NULL } };
