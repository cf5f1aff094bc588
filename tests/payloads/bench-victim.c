// SPDX-License-Identifier: BSD-2-Clause
/*
 * A neighbour: the same work in rounds=5, how long each took, and the longest time without the
 * hart.
 */
#include "payload.h"

#define STEPS 20000

static uint64_t now(void)
{
	return csr_read(time);
}

static uint64_t longest_gap(void)
{
	uint64_t longest = 0, last = now(), t;

	for (unsigned int i = 0; i < STEPS; i++) {
		for (unsigned int j = 0; j < 100; j++)
			__asm__ volatile("");
		t = now();
		if (t - last > longest)
			longest = t - last;
		last = t;
	}
	return longest;
}

void payload(uint64_t hart)
{
	uint64_t rounds = payload_option("rounds", 5);

	(void)hart;
	for (unsigned int i = 0; i < rounds; i++) {
		uint64_t begin = now(), gap = longest_gap();

		note_count("ticks of work", now() - begin);
		note_count("ticks without the hart", gap);
	}
}
