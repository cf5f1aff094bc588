/* SPDX-License-Identifier: BSD-2-Clause */
/* cmocka.h - found before cmocka's: what the model hart asserts ends the fuzzer's run. */
#ifndef FUZZ_CMOCKA_H
#define FUZZ_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define fail_msg(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), abort())
#define assert_true(what)                      \
	do {                                   \
		if (!(what))                   \
			fail_msg("%s", #what); \
	} while (0)
#define assert_int_equal(a, b)     assert_true((a) == (b))
#define assert_int_not_equal(a, b) assert_true((a) != (b))
#define assert_string_equal(a, b)  assert_true(!__builtin_strcmp(a, b))

#endif
