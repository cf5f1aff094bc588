/* SPDX-License-Identifier: BSD-2-Clause */
/* test.h - what every file here includes: OpenSBI's types before the C library's, and cmocka. */
#ifndef TEST_H
#define TEST_H

#include <sbi/sbi_types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Each says what differs, in hexadecimal; what: a format and its arguments. */
#define expect(got, want, ...)                                                        \
	do {                                                                          \
		u64 got_ = (got), want_ = (want);                                     \
		if (got_ != want_) {                                                  \
			char what_[160];                                              \
			snprintf(what_, sizeof(what_), __VA_ARGS__);                  \
			fail_msg("%s: %#lx where %#lx is right", what_, got_, want_); \
		}                                                                     \
	} while (0)

#endif
