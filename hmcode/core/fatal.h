/* SPDX-License-Identifier: BSD-2-Clause */
/* fatal.h - the end of a machine whose firmware trapped in M-mode. */
#ifndef HM_FATAL_H
#define HM_FATAL_H

#include <sbi/sbi_types.h>

#define HM_FATAL_STACK_SIZE 4096

/* What the first hart to fault was doing; the others only stop. */
struct hm_fatal {
	u64 x[32];            /* x[0] not used */
	u64 cause, pc, value; /* mcause, mepc, mtval */
	u64 hart;             /* mhartid; ~0 as long as there is none */
};

/* The vector for whenever C code runs in M-mode (fatal_vector.S). */
extern const char hm_fatal_vector[];

/* This hart is to do nothing any more if the machine has come to its end. */
void hm_stop_if_fatal(void);

#endif
