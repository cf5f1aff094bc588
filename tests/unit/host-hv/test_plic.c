/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

#include "device/plic.h"

#define PRIORITY(s)  (4 * (s))
#define PENDING      0x1000
#define ENABLE(c)    (0x2000 + 0x80 * (c))
#define THRESHOLD(c) (0x200000 + 0x1000 * (c))
#define CLAIM(c)     (0x200004 + 0x1000 * (c))

static void set(struct plic *p, uint64_t offset, uint32_t value)
{
	assert_true(plic_write(p, offset, value));
}

static uint32_t get(struct plic *p, uint64_t offset)
{
	uint32_t value;

	assert_true(plic_read(p, offset, &value));
	return value;
}

/* Two harts; source 10 and 11 enabled for hart 0's S-mode. */
static struct plic example(void)
{
	struct plic p = { .harts = 2 };

	set(&p, PRIORITY(10), 1);
	set(&p, PRIORITY(11), 2);
	set(&p, ENABLE(PLIC_S_CONTEXT(0)), 1 << 10 | 1 << 11);
	return p;
}

static void follows_the_line_until_claimed(void **state)
{
	struct plic p = example();

	(void)state;
	plic_set_line(&p, 10, true);
	assert_true(plic_asserts(&p, 0));
	assert_false(plic_asserts(&p, 1));
	assert_int_equal(get(&p, PENDING), 1 << 10);
	plic_set_line(&p, 10, false);
	assert_false(plic_asserts(&p, 0));
}

static void forwards_once_until_completed(void **state)
{
	struct plic p = example();

	(void)state;
	plic_set_line(&p, 10, true);
	assert_int_equal(get(&p, CLAIM(1)), 10);
	assert_false(plic_asserts(&p, 0));
	assert_int_equal(get(&p, CLAIM(1)), 0);
	set(&p, CLAIM(1), 10);
	assert_true(plic_asserts(&p, 0));
	plic_set_line(&p, 10, false);
	assert_false(plic_asserts(&p, 0));
}

static void claims_the_highest_priority_first(void **state)
{
	struct plic p = example();

	(void)state;
	plic_set_line(&p, 10, true);
	plic_set_line(&p, 11, true);
	assert_int_equal(get(&p, CLAIM(1)), 11);
	assert_int_equal(get(&p, CLAIM(1)), 10);
}

static void breaks_ties_by_the_lowest_number(void **state)
{
	struct plic p = example();

	(void)state;
	set(&p, PRIORITY(10), 2);
	plic_set_line(&p, 11, true);
	plic_set_line(&p, 10, true);
	assert_int_equal(get(&p, CLAIM(1)), 10);
}

static void threshold_and_priority_0_mask(void **state)
{
	struct plic p = example();

	(void)state;
	plic_set_line(&p, 10, true);
	set(&p, THRESHOLD(1), 1);
	assert_false(plic_asserts(&p, 0));
	set(&p, THRESHOLD(1), 0);
	set(&p, PRIORITY(10), 0);
	assert_false(plic_asserts(&p, 0));
}

static void ignores_a_completion_of_what_is_not_enabled(void **state)
{
	struct plic p = example();

	(void)state;
	plic_set_line(&p, 10, true);
	assert_int_equal(get(&p, CLAIM(1)), 10);
	set(&p, CLAIM(3), 10);
	set(&p, CLAIM(1), 0);
	set(&p, CLAIM(1), 0xffffffff);
	assert_false(plic_asserts(&p, 0));
}

static void m_contexts_read_as_zero(void **state)
{
	struct plic p = example();

	(void)state;
	set(&p, ENABLE(0), 0xffffffff);
	assert_int_equal(get(&p, ENABLE(0)), 0);
	plic_set_line(&p, 10, true);
	assert_int_equal(get(&p, CLAIM(0)), 0);
}

static void source_0_does_not_exist(void **state)
{
	struct plic p = example();

	(void)state;
	set(&p, PRIORITY(0), 7);
	set(&p, ENABLE(1), 0xffffffff);
	assert_int_equal(get(&p, PRIORITY(0)), 0);
	assert_int_equal(get(&p, ENABLE(1)), 0xfffffffe);
}

/* Any aligned offset answers; nothing beyond the map or unaligned does. */
static void takes_any_offset(void **state)
{
	struct plic p = { .harts = PLIC_MAX_HARTS };
	uint32_t value;

	(void)state;
	for (uint64_t offset = 0; offset < 0x600000; offset += 4) {
		assert_true(plic_write(&p, offset, 0xffffffff));
		assert_true(plic_read(&p, offset, &value));
	}
	assert_int_equal(p.harts, PLIC_MAX_HARTS);
	assert_false(plic_read(&p, 0x600000, &value));
	assert_false(plic_write(&p, UINT64_MAX - 3, 1));
	assert_false(plic_read(&p, 2, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_line_until_claimed),
		cmocka_unit_test(forwards_once_until_completed),
		cmocka_unit_test(claims_the_highest_priority_first),
		cmocka_unit_test(breaks_ties_by_the_lowest_number),
		cmocka_unit_test(threshold_and_priority_0_mask),
		cmocka_unit_test(ignores_a_completion_of_what_is_not_enabled),
		cmocka_unit_test(m_contexts_read_as_zero),
		cmocka_unit_test(source_0_does_not_exist),
		cmocka_unit_test(takes_any_offset),
	};

	return RUN(tests);
}
