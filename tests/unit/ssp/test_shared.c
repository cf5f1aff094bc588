/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decisions that firmware and host share as inline functions: fetching, sstatus, causes, fences by
 * range, ranges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch.h"
#include "range.h"
#include "sstatus.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- fetching ---- */

/* A page of code, and another one that lies elsewhere. */
static struct code {
	uint16_t page[PAGE_SIZE / 2] __attribute__((aligned(PAGE_SIZE))), behind[PAGE_SIZE / 2];
	uint64_t forbidden; /* page that cannot be fetched */
	unsigned int finds, loads;
} code;

#define NOWHERE (~0ull)
#define PAGE_VA 0x40000000ull
#define NOP     0x0001u
#define LOW     0x2503u /* of a load: its low bits are 11 */
#define HIGH    0x0045u

static uint64_t find(void *caller, uint64_t va)
{
	struct code *c = caller;
	uint16_t *page = va - PAGE_VA < PAGE_SIZE ? c->page : c->behind;

	c->finds++;
	return (va & -PAGE_SIZE) == c->forbidden ? 0 : (uint64_t)page + va % PAGE_SIZE;
}

static uint16_t load(uint64_t hpa)
{
	code.loads++;
	return *(const uint16_t *)hpa;
}

static unsigned int fetch(uint64_t pc, uint64_t forbidden, uint64_t *insn)
{
	for (unsigned int i = 0; i < PAGE_SIZE / 2; i++)
		code.page[i] = code.behind[i] = 0xdead & ~3u;
	code.forbidden = forbidden;
	code.finds = code.loads = 0;
	code.page[0] = NOP;
	code.page[8] = LOW;
	code.page[9] = HIGH;
	code.page[PAGE_SIZE / 2 - 1] = LOW;
	code.behind[0] = HIGH;
	return insn_fetch(find, load, &code, pc, insn);
}

static void two_bytes_are_one_load(void **state)
{
	uint64_t insn;

	(void)state;
	assert_int_equal(fetch(PAGE_VA, NOWHERE, &insn), 2);
	assert_int_equal(insn, NOP);
	assert_int_equal(code.finds, 1);
	assert_int_equal(code.loads, 1);
}

static void four_bytes_of_a_page_are_looked_for_once(void **state)
{
	uint64_t insn;

	(void)state;
	assert_int_equal(fetch(PAGE_VA + 16, NOWHERE, &insn), 4);
	assert_int_equal(insn, HIGH << 16 | LOW);
	assert_int_equal(code.finds, 1);
	assert_int_equal(code.loads, 2);
}

static void the_second_half_may_lie_on_another_page(void **state)
{
	uint64_t insn;

	(void)state;
	assert_int_equal(fetch(PAGE_VA + PAGE_SIZE - 2, NOWHERE, &insn), 4);
	assert_int_equal(insn, HIGH << 16 | LOW);
	assert_int_equal(code.finds, 2);
}

static void code_that_cannot_be_fetched_is_not_read(void **state)
{
	uint64_t insn;

	(void)state;
	assert_false(fetch(PAGE_VA + 16, PAGE_VA, &insn));
	assert_int_equal(code.loads, 0);
	assert_false(fetch(PAGE_VA + PAGE_SIZE - 2, PAGE_VA + PAGE_SIZE, &insn));
	assert_int_equal(code.loads, 1);
	assert_true(fetch(PAGE_VA, PAGE_VA + PAGE_SIZE, &insn));
}

/* ---- sstatus and causes ---- */

static void an_exception_closes_interrupts_and_says_where_it_came_from(void **state)
{
	const uint64_t others = ~(STATUS_SIE | STATUS_SPIE | STATUS_SPP);

	(void)state;
	assert_int_equal(status_after_exception(STATUS_SIE, 0), STATUS_SPIE);
	assert_int_equal(status_after_exception(STATUS_SPIE | STATUS_SPP, 0), 0);
	assert_int_equal(status_after_exception(0, STATUS_SPP), STATUS_SPP);
	assert_int_equal(status_after_exception(~0ull, 0), others | STATUS_SPIE);
	assert_int_equal(stvec_base(0x80000001), 0x80000000);
}

static void an_access_has_the_rights_of_who_makes_it(void **state)
{
	(void)state;
	assert_int_equal(ssp_access_state(0, 0), 0);
	assert_int_equal(ssp_access_state(0, SSP_USER), SSP_USER);
	assert_int_equal(ssp_access_state(STATUS_SUM, 0), SSP_SUM);
	assert_int_equal(ssp_access_state(STATUS_MXR, 0), SSP_MXR);
	assert_int_equal(ssp_access_state(~(STATUS_SUM | STATUS_MXR), 0), 0);
}

static void only_what_the_tables_forbid_is_a_page_fault(void **state)
{
	(void)state;
	assert_int_equal(ssp_fault_cause(SSP_TRUE_FAULT, SSP_FETCH), 12);
	assert_int_equal(ssp_fault_cause(SSP_TRUE_FAULT, SSP_LOAD), 13);
	assert_int_equal(ssp_fault_cause(SSP_TRUE_FAULT, SSP_STORE), 15);
	assert_int_equal(ssp_fault_cause(SSP_ACCESS_FAULT, SSP_FETCH), 1);
	assert_int_equal(ssp_fault_cause(SSP_OUTSIDE, SSP_LOAD), 5);
	assert_int_equal(ssp_fault_cause(SSP_ACCESS_FAULT, SSP_STORE), 7);
}

/* ---- ranges ---- */

static void a_fence_has_the_pages_that_it_touches(void **state)
{
	static const struct {
		uint64_t start, size, most, pages;
	} table[] = {
		{ 0, PAGE_SIZE, 64, 1 },
		{ 0x1000, 1, 64, 1 },
		{ 0x1fff, 2, 64, 2 },
		{ 0x1000, 64 * PAGE_SIZE, 64, 64 },
		{ 0x1001, 64 * PAGE_SIZE, 64, 0 }, /* touches one more */
		{ 0x1000, 64 * PAGE_SIZE + 1, 64, 0 },
		{ 0x1000, 5 * PAGE_SIZE, 4, 0 },
		{ 0, 0, 64, 0 },
		{ 0x1000, 0, 64, 0 },
		{ 0x1000, ~0ull, 64, 0 },
		{ -PAGE_SIZE, PAGE_SIZE, 64, 1 },
		{ -PAGE_SIZE, PAGE_SIZE + 1, 64, 0 }, /* wraps around */
	};

	(void)state;
	for (unsigned int i = 0; i < COUNT(table); i++)
		assert_int_equal(ssp_fence_pages(table[i].start, table[i].size, table[i].most),
				 table[i].pages);
}

static void a_range_holds_what_is_in_it_alone(void **state)
{
	const struct range r = { 0x1000, 0x1000 };

	(void)state;
	assert_true(range_holds(r, r));
	assert_true(range_holds(r, (struct range){ 0x2000, 0 }));
	assert_false(range_holds(r, (struct range){ 0xfff, 1 }));
	assert_false(range_holds(r, (struct range){ 0x1fff, 2 }));
	assert_false(range_holds(r, (struct range){ 0x2001, 0 }));
	assert_false(range_holds(r, (struct range){ 0x1800, ~0ull }));
}

static void ranges_overlap_that_have_a_byte_in_common(void **state)
{
	const struct range r = { 0x1000, 0x1000 };

	(void)state;
	assert_true(ranges_overlap(r, (struct range){ 0x1fff, 1 }));
	assert_true(ranges_overlap((struct range){ 0, 0x1001 }, r));
	assert_false(ranges_overlap(r, (struct range){ 0x2000, 1 }));
	assert_false(ranges_overlap(r, (struct range){ 0, 0x1000 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_bytes_are_one_load),
		cmocka_unit_test(four_bytes_of_a_page_are_looked_for_once),
		cmocka_unit_test(the_second_half_may_lie_on_another_page),
		cmocka_unit_test(code_that_cannot_be_fetched_is_not_read),
		cmocka_unit_test(an_exception_closes_interrupts_and_says_where_it_came_from),
		cmocka_unit_test(an_access_has_the_rights_of_who_makes_it),
		cmocka_unit_test(only_what_the_tables_forbid_is_a_page_fault),
		cmocka_unit_test(a_fence_has_the_pages_that_it_touches),
		cmocka_unit_test(a_range_holds_what_is_in_it_alone),
		cmocka_unit_test(ranges_overlap_that_have_a_byte_in_common),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
