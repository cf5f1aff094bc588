/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.h - HM_POLICY_* in words: a policy is a list of the events that the
 * firmware finishes itself, and some lists have a mode's name.
 */
#ifndef POLICY_H
#define POLICY_H

#include "hm_abi.h"
#include "core/lib.h"

/*
 * Traditional shadow paging: no policy of the ladder, since the firmware has but fences, and those
 * while no table is out of step.
 */
#define POLICY_TSP (HM_POLICY_FLUSH | HM_POLICY_HOST_TABLES)

/*
 * For one instruction in place of POLICY_TSP (tsp_handler.c): ssp_handler.c's tables, and each
 * event exits.
 */
#define POLICY_ASIDE HM_POLICY_HOST_TABLES

/*
 * With either of them: no table goes out of step.  host-hv's own, unknown to the firmware.  No
 * policy is 0.
 */
#define POLICY_IN_STEP     (1ul << 32)
#define POLICY_TSP_IN_STEP (POLICY_TSP | POLICY_IN_STEP)

/* No policy at all: the hart translates (hap/). */
#define POLICY_HAP (1ul << 33)

/* The host's tables, and ssp_handler.c in charge of them. */
#define POLICY_SSP_TABLES (HM_POLICY_HOST_TABLES | HM_POLICY_LOG_FENCES)

/* The modes: name, policy.  The launcher has the same names (qemu-platform/hmode/modes.py). */
#define POLICY_MODES(MODE)                              \
	MODE("tsp", POLICY_TSP)                         \
	MODE("tsp-in-step", POLICY_TSP_IN_STEP)         \
	MODE("ssp", HM_POLICY_SATP | POLICY_SSP_TABLES) \
	MODE("ssp-hm", HM_POLICY_ALL)                   \
	MODE("hap", POLICY_HAP)

#define POLICY_EVENTS "a list of inject,satp,flush,fill"

/* A comma list of events, or `none`; false: there is another word in it, or an empty one. */
bool policy_parse_events(char *list, uint64_t *events);

/* The policy of a mode's name or of a list of events. */
bool policy_parse(char *text, uint64_t *policy);

/*
 * Events and whose tables they are: whoever fills and flushes has them, and the firmware if it does
 * either.
 */
uint64_t policy_of(uint64_t events);

/* One of tsp_handler.c's, whose tables or whose one instruction it is for. */
static inline bool policy_is(uint64_t policy, uint64_t tsp_or_aside)
{
	return (policy & ~POLICY_IN_STEP) == tsp_or_aside;
}

/*
 * For print_more(): the policy as policy_parse() takes it, and the names of the modes that a
 * running guest may change to.
 */
void policy_print(uint64_t policy);
void policy_print_modes(void);

#endif
