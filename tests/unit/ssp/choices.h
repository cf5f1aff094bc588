/* SPDX-License-Identifier: BSD-2-Clause */
/* choices.h - where a run's decisions come from: a seed, or a fuzzer's bytes. */
#ifndef TEST_CHOICES_H
#define TEST_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choices {
	uint64_t state; /* of the generator, if there are no bytes */
	const uint8_t *bytes;
	size_t left;
};

/* A number below n <= 65536; 0 once the bytes are used up. */
static inline uint32_t choose(struct choices *choices, uint32_t n)
{
	uint64_t x = 0;

	if (!choices->bytes) { /* splitmix64 */
		x = choices->state += 0x9e3779b97f4a7c15ull;
		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
		x = (x ^ x >> 27) * 0x94d049bb133111ebull;
		return (x >> 32) * n >> 32;
	}
	for (uint32_t range = n - 1; range && choices->left; range >>= 8) {
		x = x << 8 | *choices->bytes++;
		choices->left--;
	}
	return x % n;
}

static inline bool one_in(struct choices *choices, uint32_t n)
{
	return choose(choices, n) == n - 1;
}

static inline bool used_up(const struct choices *choices)
{
	return choices->bytes && !choices->left;
}

#endif
