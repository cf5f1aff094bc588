/* SPDX-License-Identifier: BSD-2-Clause */
/* What every file here includes: cmocka, and a way to expect host-hv's fail(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/lib.h"

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

/* stubs.c: where fail() goes, and what it said. */
extern jmp_buf *failed_to;
extern char failed_with[256];

/* Asserts that the statement ends in fail() with a message that contains the text. */
#define expect_fail(text, statement)                                          \
	do {                                                                  \
		jmp_buf here;                                                 \
		failed_to = &here;                                            \
		if (!setjmp(here)) {                                          \
			statement;                                            \
			fail_msg("did not fail: " #statement);                \
		}                                                             \
		failed_to = NULL;                                             \
		if (!strstr(failed_with, text))                               \
			fail_msg("expected '%s' in '%s'", text, failed_with); \
	} while (0)
