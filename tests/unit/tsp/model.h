/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - random guests on the machine, against the specification.
 *
 *	choices --> guest's action --> machine: harts, host, shadow
 *	                |                            |
 *	         an oracle each vCPU <-- compare ----+
 *
 * All stores to tables are made by the machine, through whatever maps them.
 */
#ifndef TEST_TSP_MODEL_H
#define TEST_TSP_MODEL_H

#include "guest.h"
#include "machine.h"
#include "oracle.h"

#define MODEL_RECENT 8

struct model {
	struct machine m;
	struct oracle oracle[VCPUS];
	unsigned int mode, shape;                         /* what satp mostly is */
	struct access recent[GUEST_TABLES][MODEL_RECENT]; /* let through, by top table */
	uint64_t checks, mapped, stored;
	uint64_t marked, contended; /* A and D: set, and not, since another hart was faster */
	uint64_t in_u, with_sum, with_mxr; /* of those let through */
};

/* A machine of random shape with random guest tables; model->m.choices is set already. */
void model_init(struct model *model);

/* One action, and what must hold after it; model->m.broken says what does not. */
void model_step(struct model *model);

#endif
