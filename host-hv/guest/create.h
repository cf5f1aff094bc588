/* SPDX-License-Identifier: BSD-2-Clause */
/* create.h - guests, made and started. */
#ifndef CREATE_H
#define CREATE_H

#include "core/platform.h"
#include "core/vm.h"

struct guest_config {
	struct range kernel;       /* files in the machine's RAM */
	struct range initrd, tree; /* of size 0 where there is none */
	const char *bootargs;
	uint64_t memory; /* bytes */
	unsigned vcpus;
};

/* What all guests are made from; hm is the firmware's description of itself. */
struct vm_defaults {
	const struct platform *platform;
	const struct hm_info *hm;
	unsigned long table_pages;     /* of shadow tables for each vCPU, the firmware's ... */
	unsigned long own_table_pages; /* ... and ours */
	uint64_t policy;               /* HM_POLICY_* */
	unsigned satp_mode;            /* the widest that guests are told of */
	bool svvptc;                   /* offered, whether or not the hart has it */
	enum svadu svadu;              /* struct vm has the same */
	unsigned roots;                /* likewise */
	bool marks, restarts;          /* struct vm has the same */
	bool quiet;
	bool small_pages; /* hap: G-stage leaves of 4 KiB alone */
};

/*
 * Loads a guest and gives its vCPUs to harts; ends the machine if it cannot be started.  config
 * stays.
 */
void vm_create(const struct guest_config *config, const struct vm_defaults *defaults);

/* Puts what the guest's modules have there into a part of its RAM, which is zero so far. */
void vm_load(const struct vm *vm, struct range part);

/*
 * All that was loaded, and is scrubbed otherwise, begins: devices, vCPUs, the firmware's side of
 * it.
 */
void vm_start(struct vm *vm);

#endif
