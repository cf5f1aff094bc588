/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - host-hv's own command line, /chosen/bootargs of the machine:
 *
 *   mem=512M              RAM of a guest that does not say itself
 *   vcpus=1               likewise its harts
 *   hm=inject,satp,...    what the firmware finishes itself (HM_POLICY_*)
 *   shadow=ssp|tsp|tsp-in-step  whether shadow tables follow fences or, write-protecting the guest's, its stores;
 *                         leaf tables then go out of step until a fence (tsp/step.c), or not.  For
 *                         either tsp the firmware has but fences, whatever hm=
 *   width=sv39|sv48|sv57  the mmu-type that guests are told
 *   svvptc=0|1            withhold or offer Svvptc
 *   marks=0|1             whether the measurement marker gives records; else it is an illegal instruction
 *   reboot=restart|end    whether a guest that reboots is started anew from its modules, or is over
 *   console=records|all   whether the byte that begins a record, 0x1E, is host-hv's alone, or guests' as well
 *   log=info|quiet        whether to say what is done
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "core/lib.h"

struct options {
	uint64_t memory;	/* bytes */
	unsigned vcpus;
	uint64_t policy;	/* HM_POLICY_*, of the events */
	uint64_t tsp;		/* POLICY_TSP or _TSP_IN_STEP, instead of it; 0: neither */
	unsigned satp_mode;	/* satp.MODE of width */
	bool svvptc;
	bool marks;
	bool restart;
	bool all_bytes;
	bool quiet;
};

/* Ends the machine with a message if it cannot be understood. */
void options_parse(struct options *o, const char *command_line);

#endif
