/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_ssp.c - a fuzzer's bytes decide what a guest does to the shadow engine.
 *
 * The model is that of tests/unit/ssp/test_random.c: any broken rule aborts.
 * Two bytes seed the machine's shape and the guest's first tables, so that few
 * bytes make a rich guest; each further byte is a decision.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

#define MAX_STEPS 4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long all_steps;

__attribute__((destructor)) static void say_steps(void)
{
	fprintf(stderr, "steps: %lu\n", all_steps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model model;

	if (size < 2)
		return 0;
	model.choices = (struct choices){ .state = data[0] | data[1] << 8 };
	model_init(&model);
	model.choices = (struct choices){ .bytes = data + 2, .left = size - 2 };
	for (unsigned int step = 0; step < MAX_STEPS && !used_up(&model.choices); step++) {
		model_step(&model);
		all_steps++;
		if (model.broken) {
			fprintf(stderr, "step %u: %s\n", step, model.broken);
			abort();
		}
	}
	return 0;
}
