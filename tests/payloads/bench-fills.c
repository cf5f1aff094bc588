// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pages whose faults and fences the record counts, on a hart whose TLB keeps all that it may:
 * a fence that comes with a fill, or before a look at the tables, saves a trap or an exit.
 *
 * Options, each a number of pages: absent= are stored to, where the hart knows that
 * nothing was there; upgraded= are read, and stored to once they are dirty; unmapped= are
 * fenced one after another once all of them are gone.
 */
#include "payload.h"

#define MOST 512ul

static const struct mode *mode;
static uint64_t root;
static uint64_t frames[MOST];

static uint64_t va_of(uint64_t n)
{
	return TEST_VA + n * PAGE;
}

/* A hart may remember what was there before; then the fence makes it forget. */
static bool stores(uint64_t va, uint64_t value)
{
	if (try_store(va, value).cause == CAUSE_NONE)
		return true;
	fence_page(va);
	return try_store(va, value).cause == CAUSE_NONE;
}

static void map_all(uint64_t pages, uint64_t flags)
{
	for (uint64_t n = 0; n < pages; n++)
		map_page(mode, root, va_of(n), frames[n], flags);
	fence_all();
}

static void absent(uint64_t pages)
{
	uint64_t good = 0;

	map_all(pages, PTE_RW);
	for (uint64_t n = 0; n < pages; n++)
		good += stores(va_of(n), n);
	for (uint64_t n = 0; n < pages; n++)
		good += read64(frames[n]) == n;
	fact_equal(good, 2 * pages, "pages that were absent are stored to");
}

static void upgraded(uint64_t pages)
{
	uint64_t good = 0;

	map_all(pages, PTE_RW & ~PTE_D);
	for (uint64_t n = 0; n < pages; n++)
		good += load_cause(va_of(n)) == CAUSE_NONE;
	for (uint64_t n = 0; n < pages; n++) {
		*pte_of(mode, root, va_of(n), 0) |= PTE_D;
		good += stores(va_of(n), ~n);
	}
	for (uint64_t n = 0; n < pages; n++)
		good += read64(frames[n]) == ~n;
	fact_equal(good, 3 * pages, "pages that become dirty are stored to");
}

static void unmapped(uint64_t pages)
{
	uint64_t good = 0;

	map_all(pages, PTE_RW);
	for (uint64_t n = 0; n < pages; n++)
		good += stores(va_of(n), n);
	for (uint64_t n = 0; n < pages; n++)
		*pte_of(mode, root, va_of(n), 0) = 0;
	/*
	 * Until the fence a hart may have them still; where it does, it has them for certain now.
	 */
	for (uint64_t n = 0; n < pages; n++)
		(void)load_cause(va_of(n));
	for (uint64_t n = 0; n < pages; n++)
		fence_page(va_of(n));
	for (uint64_t n = 0; n < pages; n++)
		good += load_cause(va_of(n)) == CAUSE_LOAD_PAGE;
	fact_equal(good, 2 * pages, "pages that are gone and fenced are not read");
}

void payload(uint64_t hart)
{
	(void)hart;
	root = root_in_first_mode(&mode);
	for (uint64_t n = 0; n < MOST; n++)
		frames[n] = page_alloc();
	satp_load(mode, root, 0);
	fence_all();
	absent(payload_option("absent", 0));
	upgraded(payload_option("upgraded", 0));
	unmapped(payload_option("unmapped", 0));
	csr_write(satp, 0);
}
