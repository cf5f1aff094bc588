/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_random.c - random guests against the specification.
 *
 *	test_random                     SEEDS runs of STEPS steps
 *	test_random SEED [COUNT]        only these: to see a failure again
 *
 * A failure names its seed and step; the same seed always makes the same run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model.h"

#define SEEDS	800
#define STEPS	3000

static struct model model;
static uint64_t first_seed = 1, seeds = SEEDS;
static struct { uint64_t steps, checks, mapped, filled, recycled, entries, hints; } total;

static void run(uint64_t seed)
{
	model.choices = (struct choices){ .state = seed };
	model_init(&model);
	for (unsigned int step = 0; step < STEPS; step++) {
		model_step(&model);
		if (model.broken)
			fail_msg("seed %lu, step %u: %s", seed, step, model.broken);
	}
	total.steps += STEPS;
	total.checks += model.checks;
	total.mapped += model.mapped;
	total.filled += model.filled;
	total.recycled += model.space.tables_recycled;
	total.entries += model.space.ring.entries;
	total.hints += model.space.ring.hints_used;
}

static void random_guests_see_what_the_specification_allows(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++)
		run(seed);
	print_message("%lu steps, %lu outcomes checked: %lu accesses let through, "
		      "%lu hidden faults, %lu tables recycled, %lu ring entries, %lu hints used\n",
		      total.steps, total.checks, total.mapped, total.filled, total.recycled,
		      total.entries, total.hints);
	/* The runs must have met what they are there to test. */
	assert_true(total.mapped > total.checks / 4 && total.filled > total.steps / 16);
	assert_true(total.entries > total.steps / 32 && total.hints > total.steps / 2048);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_guests_see_what_the_specification_allows),
	};

	if (argc > 1) {
		first_seed = strtoull(argv[1], NULL, 0);
		seeds = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	}
	return cmocka_run_group_tests_name("random guests", tests, NULL, NULL);
}
