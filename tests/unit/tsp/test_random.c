/* SPDX-License-Identifier: BSD-2-Clause */
/* test_random.c - random guests of traditional shadow paging (seeds.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model.h"
#include "seeds.h"

#define STEPS 2000

const uint64_t default_seeds = 100;

static struct model model;
static struct {
	uint64_t steps, in_u, with_sum, with_mxr, checks, mapped, stored, pt_writes, zapped, let_go,
		flushes, marked, contended;
} total;

void run(uint64_t seed)
{
	model.m.choices = (struct choices){ .state = seed };
	model_init(&model);
	for (unsigned int step = 0; step < STEPS; step++) {
		model_step(&model);
		if (model.m.broken)
			fail_msg("seed %lu, step %u: %s", seed, step, model.m.broken);
	}
	total.steps += STEPS;
	total.checks += model.checks;
	total.mapped += model.mapped;
	total.in_u += model.in_u;
	total.with_sum += model.with_sum;
	total.with_mxr += model.with_mxr;
	total.stored += model.stored;
	total.marked += model.marked;
	total.contended += model.contended;
	total.pt_writes += model.m.pt_writes;
	total.zapped += model.m.tsp.zapped;
	total.let_go += model.m.tsp.let_go;
	total.flushes += model.m.flushes;
}

void report(void)
{
	print_message(
		"%lu steps, %lu outcomes checked: %lu accesses let through, %lu stores to "
		"tables' pages, %lu of them emulated, %lu tables zapped, %lu let go, %lu fences told, "
		"A or D set %lu times and %lu times too late\n",
		total.steps, total.checks, total.mapped, total.stored, total.pt_writes,
		total.zapped, total.let_go, total.flushes, total.marked, total.contended);
	assert_true(total.in_u > total.mapped / 16 && total.with_sum > total.mapped / 16 &&
		    total.with_mxr > total.mapped / 16);
	assert_true(total.mapped > total.checks / 4 && total.pt_writes > total.steps / 64);
	/* A few guests alone may have none that lets go. */
	assert_true(total.steps < 8 * STEPS ||
		    (total.let_go > total.steps / 64 && total.flushes > total.steps / 64 &&
		     total.marked > total.steps / 64 && total.contended));
}
