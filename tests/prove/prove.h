/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prove.h - what a harness is written in.  CBMC takes any() for any value at all, and looks for one
 * that breaks a PROVE(); as an ordinary test (random.c) it draws values, and tries many times.
 *
 * A harness includes the text that it proves, after the sizes that it needs.
 */
#ifndef PROVE_H
#define PROVE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef PROVE_ALL

uint64_t nondet_any(void); /* no body: any value */

#define any()                  nondet_any()
#define ASSUME(condition)      __CPROVER_assume(condition)
#define PROVE(condition, what) __CPROVER_assert(condition, what)

#else

uint64_t any(void);
_Noreturn void prove_skip(void);
_Noreturn void prove_failed(const char *file, int line, const char *what);

#define ASSUME(condition)             \
	do {                          \
		if (!(condition))     \
			prove_skip(); \
	} while (0)
#define PROVE(condition, what)                                  \
	do {                                                    \
		if (!(condition))                               \
			prove_failed(__FILE__, __LINE__, what); \
	} while (0)

#endif

static inline bool any_bool(void)
{
	return any() & 1;
}

static inline uint64_t any_below(uint64_t n)
{
	uint64_t value = any();

#ifdef PROVE_ALL
	__CPROVER_assume(value < n);
	return value;
#else
	return value % n; /* an ASSUME() would hardly ever hold */
#endif
}

#endif
