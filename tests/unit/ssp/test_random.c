/* SPDX-License-Identifier: BSD-2-Clause */
/* test_random.c - random guests of the engine (seeds.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model.h"
#include "ring.h"
#include "seeds.h"

#define STEPS 3000

const uint64_t default_seeds = 800;

static struct model model;
static struct {
	uint64_t steps, in_u, with_sum, with_mxr, checks, mapped, filled, recycled, entries, hints,
		marked, contended;
} total;

void run(uint64_t seed)
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
	total.in_u += model.in_u;
	total.with_sum += model.with_sum;
	total.with_mxr += model.with_mxr;
	total.filled += model.filled;
	total.marked += model.marked;
	total.contended += model.contended;
	total.recycled += model.space.tables_recycled;
	total.entries += ssp_ring_entries(&model.space.ring);
	total.hints += model.space.ring.hints_used;
}

void report(void)
{
	print_message("%lu steps, %lu outcomes checked: %lu accesses let through, "
		      "%lu hidden faults, %lu tables recycled, %lu ring entries, %lu hints used, "
		      "%lu pages marked, %lu contended\n",
		      total.steps, total.checks, total.mapped, total.filled, total.recycled,
		      total.entries, total.hints, total.marked, total.contended);
	assert_true(total.in_u > total.mapped / 16 && total.with_sum > total.mapped / 16 &&
		    total.with_mxr > total.mapped / 16);
	assert_true(total.mapped > total.checks / 4 && total.filled > total.steps / 16);
	assert_true(total.entries > total.steps / 32 && total.hints > total.steps / 2048);
	assert_true(total.marked > total.steps / 512 && total.contended > total.steps / 4096);
}
