/* SPDX-License-Identifier: BSD-2-Clause */
/* random.c - a harness as an ordinary test: ENTRY() again and again, with values drawn at random. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "prove.h"

void ENTRY(void);

static uint64_t state;
static jmp_buf next_round;

static uint64_t draw(void) /* splitmix64 */
{
	uint64_t x = state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* Of every length, and numbers of which most bits are 0 or most are 1: they are what words are made of. */
uint64_t any(void)
{
	uint64_t value = draw(), kind = draw();

	switch (kind % 4) {
	case 0: return value & draw() & draw();
	case 1: return value | draw() | draw();
	case 2: return value;
	}
	return value >> (kind >> 32) % 64;
}

void prove_skip(void)
{
	longjmp(next_round, 1);
}

void prove_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	exit(1);
}

int main(int argc, char **argv)
{
	volatile unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000, kept = 0;

	for (volatile unsigned long n = 0; n < rounds; n++) {
		state = n;
		if (setjmp(next_round))
			continue;
		ENTRY();
		kept++;
	}
	printf("%lu of %lu rounds\n", kept, rounds);
	return !kept;
}
