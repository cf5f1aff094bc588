/* SPDX-License-Identifier: BSD-2-Clause */
/* seeds.h - one random run a seed; seeds.c has main(), and a test the rest. */
#ifndef TEST_SEEDS_H
#define TEST_SEEDS_H

#include <stdint.h>

extern const uint64_t default_seeds;

void run(uint64_t seed);

/* After the last run: what all of them met, and that it is what they are there to test. */
void report(void);

#endif
