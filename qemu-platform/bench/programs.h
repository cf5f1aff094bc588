/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs that HSPT is measured and tested with, and what they share. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <stddef.h>
#include <stdint.h>

/*
 * A program computes something and returns a number that stands for all of
 * it: contents of memory, signals, exit statuses.  Two machines that differ
 * only in speed give the same numbers.
 */
struct program {
	const char *name;
	/* memory: bound by accesses, churn: by faults and fences, check: neither */
	const char *group;
	uint64_t (*run)(void);
};

extern const struct program memory_programs[], churn_programs[], check_programs[];

/* A small fixed generator: the same numbers in every run. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline uint64_t mix(uint64_t sum, uint64_t value)
{
	return (sum ^ value) * 0x9e3779b97f4a7c15ull + (sum >> 32);
}

void *pages(size_t size);   /* fresh private memory */
void die(const char *what); /* the program could not do its work: ends the machine */

#endif
