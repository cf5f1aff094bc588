/* SPDX-License-Identifier: BSD-2-Clause */
/* stats.h - the result record of a measurement. */
#ifndef STATS_H
#define STATS_H

#include "core/vm.h"

/* A guest begins, perhaps anew: it has marked nothing. */
void stats_start(struct vm *vm);
/* The markers of a measurement. */
void stats_begin(struct vm *vm);
void stats_print(struct vm *vm, unsigned workload, bool ok);
/* What the record would say by now, in a line for people. */
void stats_summary(struct vm *vm);

#endif
