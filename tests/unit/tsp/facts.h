/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts.h - the guest of the tests that state one fact each: table 0 is a root,
 * 1 and 2 lead from it to VA 0 to 2 MiB, where page WINDOW + n is guest table n and
 * page n < 32 is FRAME(n).  Tables 10, 11, 12 are the same for a second address space.
 */
#ifndef TEST_TSP_FACTS_H
#define TEST_TSP_FACTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"
#include "ssp_port.h"

#define DELTA        0x4000000000ull /* congruent for any superpage */
#define LEAF         (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define LINK         PTE_V
#define FRAME(n)     (RAM_GPA + 0x200000 + (n)*PAGE_SIZE) /* guest frames to map */
#define VA(n)        ((uint64_t)(n) << PAGE_SHIFT)
#define WINDOW       100
#define TABLE_VA(n)  VA(WINDOW + (n))
#define PTE_VA(n, i) (TABLE_VA(n) + 8 * (i))

static struct machine m;

static inline void check(void)
{
	machine_check(&m);
	if (m.broken)
		fail_msg("%s", m.broken);
}

static inline void put(unsigned int table, unsigned int index, uint64_t to, uint64_t bits)
{
	memory.guest[table][index] = pte_make(to, bits);
}

static inline void put_path(unsigned int first)
{
	put(first, 0, guest_table(first + 1), LINK);
	put(first + 1, 0, guest_table(first + 2), LINK);
	for (unsigned int n = 0; n < GUEST_TABLES; n++)
		put(first + 2, WINDOW + n, guest_table(n), LEAF);
	for (unsigned int n = 0; n < 32; n++)
		put(first + 2, n, FRAME(n), LEAF);
}

static inline uint64_t satp_of(unsigned int mode, uint64_t asid, unsigned int table)
{
	return (uint64_t)mode << SATP_MODE_SHIFT | asid << SATP_ASID_SHIFT |
	       guest_table(table) >> PAGE_SHIFT;
}

static inline void space(unsigned int v, unsigned int first)
{
	machine_satp(&m, v, satp_of(SATP_SV39, first, first));
	check();
}

static inline void start_with(uint64_t delta, uint32_t tables, unsigned int vcpus,
			      bool fence_after_fill)
{
	m.choices = (struct choices){ .bytes = (const uint8_t *)"" };
	machine_init(&m, delta, tables, vcpus, fence_after_fill);
	put_path(0);
	put_path(10);
	for (unsigned int v = 0; v < vcpus; v++)
		space(v, 0);
}

static inline int start(void **state)
{
	(void)state;
	start_with(DELTA, POOL_TSP, 1, false);
	return 0;
}

static inline int start_two(void **state)
{
	(void)state;
	start_with(DELTA, POOL_TSP, 2, false);
	return 0;
}

static inline struct machine_access load_on(unsigned int v, uint64_t va)
{
	struct machine_access access = machine_load(&m, v, va, SSP_LOAD, 0);

	check();
	return access;
}

static inline struct machine_access load(uint64_t va)
{
	return load_on(0, va);
}

static inline struct machine_access store_kind(unsigned int v, uint64_t va, enum machine_store kind,
					       uint64_t value)
{
	struct machine_access access = machine_store(&m, v, va, kind, value, 0);

	check();
	return access;
}

static inline void store(uint64_t va, uint64_t value)
{
	assert_int_equal(store_kind(0, va, SD, value).outcome, DONE);
}

static inline void store_pte(unsigned int table, unsigned int index, uint64_t to, uint64_t bits)
{
	store(PTE_VA(table, index), pte_make(to, bits));
	assert_int_equal(memory.guest[table][index], pte_make(to, bits));
}

#define assert_maps(va, gpa)                                                      \
	do {                                                                      \
		struct machine_access access = load(va);                          \
		assert_int_equal(access.outcome, DONE);                           \
		assert_int_equal(access.address, (gpa) + m.guest.slots[0].delta); \
	} while (0)

/* How often what is done next faults, and stores to tables. */
#define counted(counter, expression)          \
	({                                    \
		uint64_t before_ = m.counter; \
		expression;                   \
		m.counter - before_;          \
	})

static inline bool protected(unsigned int table)
{
	for (uint32_t n = m.tsp.oldest; n != TSP_NONE; n = m.tsp.tables[n].newer)
		if (m.tsp.tables[n].gfn == guest_table(table) >> PAGE_SHIFT &&
		    !m.tsp.tables[n].role)
			return true;
	return false;
}

/* The shadow's leaf for va on the current root, or 0; its level in *level. */
static inline uint64_t shadow_leaf(uint64_t va, int *level)
{
	uint64_t table = (m.vcpu[0].hart.satp & SATP_PPN_MASK) << PAGE_SHIFT;

	for (*level = satp_modes[satp_mode(m.vcpu[0].hart.satp)].levels - 1;; --*level) {
		uint64_t entry = ssp_port_table(table)[pte_index(va, *level)];

		if (!(entry & PTE_V) || pte_is_leaf(entry))
			return entry;
		table = pte_address(entry);
	}
}

static inline int level_of(uint64_t va)
{
	int level;

	return shadow_leaf(va, &level) ? level : -1;
}

#endif
