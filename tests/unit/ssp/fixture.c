/* SPDX-License-Identifier: BSD-2-Clause */
/* fixture.c - a guest in a few words. */
#include <string.h>

#include "fixture.h"
#include "ssp_port.h"

struct fixture f;

void check(void)
{
	assert_null(ssp_check(&f.space));
	assert_null(f.hart.broken);
	assert_null(memory.broken);
}

void start_with(uint64_t delta, uint32_t tables, bool fence_after_fill)
{
	f = (struct fixture){ .choices = { .bytes = (const uint8_t *)"" } };
	memset(&f.space, 0xa5, sizeof(f.space)); /* nor need the space be */
	memory_reset(delta, tables);
	assert_true(ssp_init(&f.space, POOL_HPA, memory.tables, tables,
			     1u << SATP_SV39 | 1u << SATP_SV48 | 1u << SATP_SV57,
			     fence_after_fill));
	ssp_slot_set(&f.space, 0, (struct ssp_slot){ RAM_GPA, RAM_SIZE, delta, PTE_RWX });
	f.hart.choices = &f.choices;
	caller_init(&f.caller, &f.space, &f.hart, 64);
	check();
}

int start(void **state)
{
	(void)state;
	start_with(RAM_DELTA, POOL_TABLES, false);
	return 0;
}

void put(unsigned int table, unsigned int index, uint64_t to, uint64_t bits)
{
	memory.guest[table][index] = pte_make(to, bits);
}

void put_path(unsigned int first, unsigned int levels)
{
	for (unsigned int n = first; n + 1 < first + levels; n++)
		put(n, 0, guest_table(n + 1), LINK);
}

void satp(unsigned int mode, uint64_t asid, unsigned int table)
{
	caller_satp(&f.caller, (uint64_t)mode << SATP_MODE_SHIFT | asid << SATP_ASID_SHIFT |
				       guest_table(table) >> PAGE_SHIFT);
	check();
}

void bare(void)
{
	caller_satp(&f.caller, 0);
	check();
}

enum ssp_verdict touch(uint64_t va, enum ssp_access access, unsigned int state)
{
	for (f.calls = 0; f.calls < 4; f.calls++) {
		if (hart_access(&f.hart, va, access, state, &f.hpa))
			return SSP_ALLOWED;
		f.result = caller_fault(&f.caller, va, access, state);
		check();
		if (f.result.verdict != SSP_ALLOWED)
			return f.result.verdict;
	}
	fail_msg("the same access faults again and again");
	return SSP_SLOW;
}

enum ssp_verdict load(uint64_t va)
{
	return touch(va, SSP_LOAD, 0);
}

enum ssp_verdict store(uint64_t va)
{
	return touch(va, SSP_STORE, 0);
}

void fence_va(uint64_t va)
{
	caller_fence(&f.caller, &va, NULL);
	check();
}

void fence_va_asid(uint64_t va, uint64_t asid)
{
	caller_fence(&f.caller, &va, &asid);
	check();
}

void fence_pages(uint64_t va, uint64_t pages)
{
	caller_fence_pages(&f.caller, va, pages, NULL);
	check();
}

void fence_pages_asid(uint64_t va, uint64_t pages, uint64_t asid)
{
	caller_fence_pages(&f.caller, va, pages, &asid);
	check();
}

void fence_asid(uint64_t asid)
{
	caller_fence(&f.caller, NULL, &asid);
	check();
}

void fence_all(void)
{
	caller_fence(&f.caller, NULL, NULL);
	check();
}

int shadow_level(uint64_t va)
{
	int level = satp_modes[satp_mode(f.hart.satp)].levels - 1;
	uint64_t table = (f.hart.satp & SATP_PPN_MASK) << PAGE_SHIFT;

	for (; level >= 0; level--) {
		uint64_t entry = ssp_port_table(table)[pte_index(va, level)];

		if (pte_is_leaf(entry))
			return level;
		if (!(entry & PTE_V))
			return -1;
		table = pte_address(entry);
	}
	return -1;
}

void simple_guest(void)
{
	put_path(0, 3);
	for (unsigned int n = 0; n < 8; n++)
		put(2, n, PAGE(n), LEAF);
	satp(SATP_SV39, 1, 0);
}
