/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - host-hv's own command line, /chosen/bootargs of the machine:
 *
 *   mem=512M              RAM of a guest that does not say itself
 *   vcpus=1               likewise its harts
 *   policy=MODE|LIST      who shadows the guest's tables, and which events the firmware finishes
 *                         itself: a mode's name (POLICY_MODES), a list of
 *                         inject,satp,flush,fill, or none.
 *                         The former hm=LIST and shadow=ssp|tsp|tsp-in-step are taken as well:
 *                         either tsp comes first, whatever hm=
 *   width=sv39|sv48|sv57  the mmu-type that guests are told
 *   svvptc=0|1            withhold or offer Svvptc
 *   svadu=0|1|fwft        who sets A and D in guests' PTEs: the guest (Svade), host-hv or the
 *                         firmware (Svadu), or as each of its harts chooses by SBI's FWFT (both
 *                         are declared)
 *   marks=0|1             whether the measurement marker gives records; else it is an illegal
 *                         instruction
 *   reboot=restart|end    whether a guest that reboots is started anew from its modules, or is over
 *   console=records|all   whether the byte that begins a record, 0x1E, is host-hv's alone, or
 *                         guests' as well
 *   roots=16              how many guest address spaces each vCPU's shadow keeps, 1 to 16; with
 *                         any policy but tsp, tsp-in-step and hap
 *   hostpages=4k|max      policy=hap: whether the guest's memory is mapped by pages of 4 KiB alone,
 *                         or by the largest that it holds
 *   devices=LIST          whose the platform's virtio devices are, by their addresses: a guest's
 *                         number or none for each; those behind are nobody's
 *   log=info|quiet        whether to say what is done
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "core/vm.h"
#include "virtio/bus.h"

struct options {
	uint64_t memory; /* bytes */
	unsigned vcpus;
	uint64_t policy;    /* as policy_parse() gives it */
	unsigned satp_mode; /* satp.MODE of width */
	bool svvptc;
	enum svadu svadu;
	unsigned roots;
	bool marks;
	bool restart;
	bool all_bytes;
	bool quiet;
	bool small_pages;
	struct bus_owners devices;

	/*
	 * For options_parse() alone: which of the three stood there, and what the former two said.
	 */
	struct {
		bool policy, hm, shadow, hostpages, roots;
		uint64_t events; /* hm= */
		uint64_t tsp; /* shadow=: POLICY_TSP or _TSP_IN_STEP, whatever events; 0: neither */
	} given;
};

/* Ends the machine with a message if it cannot be understood. */
void options_parse(struct options *o, const char *command_line);

#endif
