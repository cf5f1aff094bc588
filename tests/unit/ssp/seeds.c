/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seeds.c - random guests against the specification.
 *
 *	random                     default_seeds runs
 *	random SEED [COUNT]        only these: to see a failure again
 *
 * A failure names its seed and step; the same seed always makes the same run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "seeds.h"

static uint64_t first_seed = 1, seeds;

static void random_guests_see_what_the_specification_allows(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++)
		run(seed);
	report();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_guests_see_what_the_specification_allows),
	};

	seeds = default_seeds;
	if (argc > 1) {
		first_seed = strtoull(argv[1], NULL, 0);
		seeds = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	}
	return cmocka_run_group_tests_name("random guests", tests, NULL, NULL);
}
