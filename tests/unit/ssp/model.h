/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - guest, caller, engine, hart and oracle together, driven by choices.
 *
 *	choices --> guest's action --> caller --> engine --> shadow tables
 *	                |                                        |
 *	              oracle <------ compare ------ hart <-------+
 */
#ifndef TEST_MODEL_H
#define TEST_MODEL_H

#include "caller.h"
#include "guest.h"
#include "oracle.h"
#include "producer.h"

#define MODEL_RECENT 8

struct model {
	struct choices choices;
	struct ssp_space space;
	struct hart hart;
	struct caller caller;
	struct oracle oracle;
	unsigned int mode, shape;                         /* what satp mostly is */
	struct access recent[GUEST_TABLES][MODEL_RECENT]; /* let through, by top table */
	struct {
		uint64_t va, pages, asid;
		unsigned int op;
	} pushed[HM_RING_ENTRIES];
	unsigned int pending;              /* flushes pushed and not known to be effective */
	uint64_t checks;                   /* outcomes compared with the oracle */
	uint64_t mapped, filled;           /* accesses let through, hidden faults */
	uint64_t in_u, with_sum, with_mxr; /* of those let through */
	const struct access *accessing;    /* for which the engine may set A and D */
	unsigned int contended; /* attempts to do so that another hart of the guest foiled */
	bool full;              /* it failed because the oracle has no room */
	uint64_t marked;        /* it did */
	const char *broken;
};

/* A machine of random shape with random guest tables; model->choices is set already. */
void model_init(struct model *model);

/* One action of the guest or its host; the first rule broken stands in model->broken. */
void model_step(struct model *model);

#endif
