/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixture.h - a guest in a few words, for tests that state one fact.
 *
 * Its hart uses whatever it has cached, always, so that what is seen fresh was
 * fenced.  After every step the engine's invariants hold, or the test fails.
 */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "caller.h"
#include "memory.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

#define RAM_DELTA 0x4000000000ull /* congruent for any superpage */
#define LEAF      (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define LINK      PTE_V
#define PAGE(n)   (RAM_GPA + 0x200000 + (n)*PAGE_SIZE) /* guest frames to map */

struct fixture {
	struct choices choices;
	struct ssp_space space;
	struct hart hart;
	struct caller caller;
	struct ssp_result result; /* of the last call of the engine */
	unsigned int calls;       /* of the engine, by the last access */
	uint64_t hpa;             /* where the last access went */
};

extern struct fixture f;

/* Start over: delta of the RAM slot, shadow tables, whether the hart lacks Svvptc. */
void start_with(uint64_t delta, uint32_t tables, bool fence_after_fill);
int start(void **state);

/* The guest's store of a gPTE; `to` is a GPA. */
void put(unsigned int table, unsigned int index, uint64_t to, uint64_t bits);

/* The guest's tables 0, 1, 2 ...: table `first` and the ones after it lead to VA 0 to 2 MiB. */
void put_path(unsigned int first, unsigned int levels);

void satp(unsigned int mode, uint64_t asid, unsigned int table);
void bare(void);

/* Sv39, ASID 1, VA page n at frame n for n < 8; tables 0, 1, 2. */
void simple_guest(void);

/* An access, again and again until it is let through (SSP_ALLOWED) or is not a hidden fault. */
enum ssp_verdict touch(uint64_t va, enum ssp_access access, unsigned int state);
enum ssp_verdict load(uint64_t va);
enum ssp_verdict store(uint64_t va);

/* load() is let through and goes to this GPA. */
#define assert_maps(va, gpa)                                             \
	do {                                                             \
		assert_int_equal(load(va), SSP_ALLOWED);                 \
		assert_int_equal(f.hpa, (gpa) + f.space.slots[0].delta); \
	} while (0)

void fence_va(uint64_t va);
void fence_va_asid(uint64_t va, uint64_t asid);
void fence_pages(uint64_t va, uint64_t pages);
void fence_pages_asid(uint64_t va, uint64_t pages, uint64_t asid);
void fence_asid(uint64_t asid);
void fence_all(void);

/* Level of the shadow's leaf for va, -1 if there is none. */
int shadow_level(uint64_t va);

void check(void);

#endif
