/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle.h - what the architecture allows, by the specification alone.
 *
 * The oracle keeps what every guest page-table entry was, which satp was
 * active and which fences were made, since the last fence of everything.  An
 * outcome is allowed if some hart could have read, in order and each after
 * the last fence that covers it, entries that lead to it.  Nothing of the
 * engine is used here but names of bits.
 */
#ifndef TEST_ORACLE_H
#define TEST_ORACLE_H

#include "choices.h"
#include "memory.h"

#define ORACLE_VERSIONS 12
#define ORACLE_EVENTS   256

/* The few indices that the guest uses: the VA space is small, so that things meet. */
#define ORACLE_INDICES 6
extern const uint16_t oracle_indices[ORACLE_INDICES];

/* UNMARKED: A, or for a store D, has to be set first, by whoever walks. */
enum outcome_kind { PAGE_FAULT, ACCESS_FAULT, OUTSIDE, MAPPED, UNMARKED };

struct outcome {
	enum outcome_kind kind;
	uint64_t address; /* OUTSIDE, UNMARKED: GPA, MAPPED: HPA */
};

struct access {
	uint64_t va;
	enum ssp_access kind;
	unsigned int state;
};

/* In what state a random access is made: SUM and MXR come with either privilege. */
static inline unsigned int random_state(struct choices *choices)
{
	return (choose(choices, 2) ? SSP_USER : 0) | (choose(choices, 2) ? SSP_SUM : 0) |
	       (choose(choices, 2) ? SSP_MXR : 0);
}

struct oracle {
	uint64_t now;
	struct {
		unsigned int count;
		struct {
			uint64_t from, value;
		} version[ORACLE_VERSIONS];
	} entry[GUEST_TABLES][ORACLE_INDICES];
	unsigned int runs;
	struct {
		uint64_t from, satp;
	} run[ORACLE_EVENTS];
	unsigned int fences;
	struct {
		uint64_t time, first, last;
		uint16_t asid;
		bool any_va, any_asid;
	} fence[ORACLE_EVENTS];
	bool sets_ad; /* Svadu, else Svade */
	unsigned int slot_count;
	struct ssp_slot slot[SSP_MAX_SLOTS];
};

void oracle_reset(struct oracle *oracle, uint64_t satp);

/* The guest stores a gPTE, fences, writes satp.  False: no room, a fence of everything is due. */
bool oracle_write(struct oracle *oracle, unsigned int table, unsigned int index, uint64_t value);
bool oracle_fence(struct oracle *oracle, const uint64_t *va, const uint16_t *asid);
bool oracle_fence_pages(struct oracle *oracle, uint64_t va, uint64_t pages, const uint16_t *asid);
bool oracle_satp(struct oracle *oracle, uint64_t satp);

/* A fence of everything. */
void oracle_fence_all(struct oracle *oracle);

/* What the tables as they are make of an access. */
struct outcome oracle_walk(const struct oracle *oracle, const struct access *access);

/* Whether the architecture allows this outcome. */
bool oracle_allows(const struct oracle *oracle, const struct access *access,
		   struct outcome outcome);

#endif
