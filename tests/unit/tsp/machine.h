/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h - a guest of one or two vCPUs, its harts, and what host-hv does
 * around tsp/: faults, emulated stores, root buffers, fences here and elsewhere.
 *
 * The harts use whatever they have cached, always, until a fence covers it.  A
 * store that they let through to a page that is a table breaks the machine at once.
 */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include "hart.h"
#include "memory.h"
#include "tsp/tsp.h"

#define VCPUS    2
#define POOL_TSP 96 /* shadow tables at most */
#define SLOTS    3

struct machine_vcpu {
	struct tsp_vcpu tsp;
	struct ssp_space guest; /* the machine's slots, and who sets A and D for this one */
	struct hart hart;
	uint64_t gsatp;
	uint64_t generation[TSP_ROOTS]; /* of the roots that the hart has cached */
	bool tells; /* its fences come to tsp_fence(), as it was when it entered the guest */
};

struct machine {
	struct choices choices;
	bool lets_go; /* leaf tables may go out of step; for machine_init() */
	struct ssp_space guest;
	struct tsp tsp;
	unsigned int vcpus;
	struct machine_vcpu vcpu[VCPUS];
	struct tsp_result result;   /* of the last call */
	uint64_t faults, pt_writes; /* calls of tsp_fault() that filled, stores to tables */
	uint64_t flushes;           /* fences that came to tsp_fence() */
	/* whose access the last fault was of: its first and last byte */
	unsigned int accessing;
	enum ssp_access access;
	unsigned int state;
	uint64_t first, last;
	const char *broken;
};

/* Memory starts as zeroes: delta of the RAM slot, shadow tables, vCPUs. */
void machine_init(struct machine *m, uint64_t delta, uint32_t tables, unsigned int vcpus,
		  bool fence_after_fill);

/* After everything was forgotten or slots changed: tables and roots anew. */
void machine_slot(struct machine *m, unsigned int n, struct ssp_slot slot);

/* Who sets A and D for a vCPU: ssp_set_ad(). */
void machine_set_ad(struct machine *m, unsigned int v, bool on);

/* Is the frame at hpa a guest table that may not be stored to unseen? */
bool machine_is_table(const struct machine *m, uint64_t hpa);

/* What became of an access. */
enum machine_outcome {
	DONE,
	PAGE_FAULT_AT,
	ACCESS_FAULT_AT,
	OUTSIDE_AT,
	MISALIGNED,
	TO_TABLE,
	STUCK
};

struct machine_access {
	enum machine_outcome outcome;
	uint64_t address; /* DONE: HPA; OUTSIDE_AT: GPA; faults: VA */
	uint64_t loaded;  /* by an AMO; SC: 1 if it failed */
};

/* An access without contents; TO_TABLE: a store that would have to be emulated. */
struct machine_access machine_load(struct machine *m, unsigned int v, uint64_t va,
				   enum ssp_access access, unsigned int state);

/* Kinds of stores; the AMOs in the order of enum store_op. */
enum machine_store {
	SB,
	SH,
	SW,
	SD,
	C_SD,
	AMOSWAP,
	AMOADD,
	AMOXOR,
	AMOAND,
	AMOOR,
	AMOMIN,
	AMOMAX,
	AMOMINU,
	AMOMAXU,
	AMOSWAP_W,
	AMOADD_W,
	AMOXOR_W,
	AMOAND_W,
	AMOOR_W,
	AMOMIN_W,
	AMOMAX_W,
	AMOMINU_W,
	AMOMAXU_W,
	CAS_W,
	FSW,
	CAS,
	FSD,
	C_FSD,
	CBO_ZERO,
	SC,
	STORES
};

#define CAS_EXPECTS 0x1234ull /* a compare-and-swap stores if this was there */

/* What the floating-point registers hold. */
extern uint64_t machine_fp;

unsigned int machine_store_size(enum machine_store kind);

/* What a store of this kind leaves where `old` was, by the specification. */
uint64_t machine_store_result(enum machine_store kind, uint64_t old, uint64_t value);

struct machine_access machine_store(struct machine *m, unsigned int v, uint64_t va,
				    enum machine_store kind, uint64_t value, unsigned int state);

/* satp and SFENCE.VMA of the guest; NULL stands for x0. */
void machine_satp(struct machine *m, unsigned int v, uint64_t satp);
void machine_fence(struct machine *m, unsigned int v, const uint64_t *va, const uint16_t *asid);

/* Everything is forgotten, as for a change of policy. */
void machine_reset(struct machine *m);

/* The invariants; sets broken. */
void machine_check(struct machine *m);

#endif
