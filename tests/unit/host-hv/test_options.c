/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

#include "hm_abi.h"
#include "boot/options.h"
#include "core/policy.h"

static struct options parse(const char *line)
{
	struct options o;

	options_parse(&o, line);
	return o;
}

static void has_defaults(void **state)
{
	struct options o = parse("");

	(void)state;
	assert_int_equal(o.memory, 512 * MIB);
	assert_int_equal(o.vcpus, 1);
	assert_int_equal(o.policy, HM_POLICY_ALL);
	assert_int_equal(o.satp_mode, 8);
	assert_true(o.svvptc);
	assert_false(o.marks);
	assert_false(o.restart);
	assert_false(o.all_bytes);
	assert_false(o.quiet);
}

static void reads_all_options(void **state)
{
	struct options o = parse(" mem=2G vcpus=4  hm=satp,fill width=sv57 svvptc=0 marks=1 reboot=restart console=all log=quiet ");

	(void)state;
	assert_int_equal(o.memory, 2 * GIB);
	assert_int_equal(o.vcpus, 4);
	assert_int_equal(o.policy, HM_POLICY_SATP | HM_POLICY_FILL);
	assert_int_equal(o.satp_mode, 10);
	assert_false(o.svvptc);
	assert_true(o.marks);
	assert_true(o.restart);
	assert_true(o.all_bytes);
	assert_true(o.quiet);
}

static void an_empty_list_is_no_policy(void **state)
{
	(void)state;
	assert_int_equal(parse("hm=").policy, 0);
}

static void tsp_is_chosen_beside_the_policy(void **state)
{
	(void)state;
	assert_int_equal(parse("shadow=tsp").tsp, POLICY_TSP);
	assert_int_equal(parse("shadow=tsp-in-step").tsp, POLICY_TSP_IN_STEP);
	assert_false(parse("shadow=ssp").tsp);
	assert_false(parse("").tsp);
}

static void refuses(const char *line, const char *message)
{
	expect_fail(message, parse(line));
}

static void refuses_what_it_does_not_know(void **state)
{
	(void)state;
	refuses("memory=1G", "unknown option memory: there are mem=");
	refuses("mem", "mem= takes");
	refuses("mem=1M", "multiple of 2M");
	refuses("mem=2MB", "multiple of 2M");
	refuses("mem=99999999999999999999G", "multiple of 2M");
	refuses("mem=17179869185G", "multiple of 2M");		/* 1G, if it wrapped around */
	refuses("vcpus=0", "1 to 16");
	refuses("vcpus=17", "1 to 16");
	refuses("hm=satp,walk", "inject,satp,flush,fill");
	refuses("shadow=none", "ssp, tsp or tsp-in-step");
	refuses("width=sv32", "sv39, sv48 or sv57");
	refuses("svvptc=yes", "0 or 1");
	refuses("reboot=never", "restart or end");
	refuses("console=raw", "records or all");
	refuses("log=loud", "info or quiet");
}

static void refuses_a_line_without_end(void **state)
{
	static char line[1000];

	(void)state;
	memset(line, ' ', sizeof(line) - 1);
	refuses(line, "longer than");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(reads_all_options),
		cmocka_unit_test(an_empty_list_is_no_policy),
		cmocka_unit_test(tsp_is_chosen_beside_the_policy),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(refuses_a_line_without_end),
	};

	return RUN(tests);
}
