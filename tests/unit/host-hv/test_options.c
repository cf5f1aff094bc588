/* SPDX-License-Identifier: BSD-2-Clause */
/* Before cmocka, whose fail() is a macro. */
#include "core/console.h"

#include "test.h"

#include "hm_abi.h"
#include "boot/options.h"
#include "core/policy.h"

static char printed[1000];

void print_begin(void)
{
}

void print_more(const char *format, ...)
{
	size_t length = strlen(printed);
	va_list args;

	va_start(args, format);
	vsnprintf(printed + length, sizeof(printed) - length, format, args);
	va_end(args);
}

void print_end(void)
{
}

static struct options parse(const char *line)
{
	struct options o;

	printed[0] = 0;
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
	assert_int_equal(o.roots, HM_ROOTS);
	assert_false(o.marks);
	assert_false(o.restart);
	assert_false(o.all_bytes);
	assert_false(o.quiet);
}

static void reads_all_options(void **state)
{
	struct options o = parse(
		" mem=2G vcpus=4  policy=satp,fill width=sv57 svvptc=0 roots=4 marks=1 reboot=restart console=all log=quiet ");

	(void)state;
	assert_int_equal(o.memory, 2 * GIB);
	assert_int_equal(o.vcpus, 4);
	assert_int_equal(o.policy, HM_POLICY_SATP | HM_POLICY_FILL);
	assert_int_equal(o.satp_mode, 10);
	assert_false(o.svvptc);
	assert_int_equal(o.roots, 4);
	assert_true(o.marks);
	assert_true(o.restart);
	assert_true(o.all_bytes);
	assert_true(o.quiet);
}

static void devices_have_owners(void **state)
{
	struct options o = parse("devices=1,none,0,7");

	(void)state;
	assert_int_equal(o.devices.count, 4);
	assert_int_equal(o.devices.guest[0], 1);
	assert_int_equal(o.devices.guest[1], OWNER_NOBODY);
	assert_int_equal(o.devices.guest[2], 0);
	assert_int_equal(o.devices.guest[3], 7);
	assert_int_equal(parse("devices=0,0,0,0,0,0,0,0").devices.count, 8);
	assert_int_equal(parse("").devices.count, 0);
}

static void policy_is_a_mode_or_a_list(void **state)
{
	(void)state;
	assert_int_equal(parse("policy=tsp").policy, POLICY_TSP);
	assert_int_equal(parse("policy=tsp-in-step").policy, POLICY_TSP_IN_STEP);
	assert_int_equal(parse("policy=ssp").policy, HM_POLICY_SATP | POLICY_SSP_TABLES);
	assert_int_equal(parse("policy=ssp-hm").policy, HM_POLICY_ALL);
	assert_int_equal(parse("policy=flush,inject").policy, HM_POLICY_INJECT | HM_POLICY_FLUSH);
	assert_int_equal(parse("policy=inject").policy, HM_POLICY_INJECT | POLICY_SSP_TABLES);
	assert_int_equal(parse("policy=none").policy, POLICY_SSP_TABLES);
	assert_string_equal(printed, "");
}

static void was(const char *former, const char *now)
{
	uint64_t policy = parse(former).policy;

	assert_int_equal(policy, parse(now).policy);
}

static void former_options_mean_what_they_meant(void **state)
{
	(void)state;
	was("hm=satp,fill", "policy=satp,fill");
	was("hm=satp", "policy=ssp");
	was("hm=none", "policy=none");
	was("hm=", "policy=none");
	was("shadow=tsp", "policy=tsp");
	was("shadow=tsp-in-step", "policy=tsp-in-step");
	was("shadow=ssp", "policy=ssp-hm"); /* of all events, as before hm= */
	was("shadow=ssp hm=satp", "policy=ssp");
	was("hm=satp shadow=tsp", "policy=tsp"); /* in either order */
	was("shadow=tsp hm=satp", "policy=tsp");
	was("shadow=tsp hm=satp shadow=ssp", "policy=ssp");
}

static void former_options_say_what_replaces_them(void **state)
{
	(void)state;
	parse("hm=satp mem=1G");
	assert_string_equal(printed,
			    "host-hv: option hm= is replaced by policy=, here policy=ssp\n");
	parse("hm=");
	assert_string_equal(printed,
			    "host-hv: option hm= is replaced by policy=, here policy=none\n");
	parse("shadow=tsp log=quiet hm=fill");
	assert_string_equal(printed,
			    "host-hv: option hm= is replaced by policy=, here policy=tsp\n"
			    "host-hv: option shadow= is replaced by policy=, here policy=tsp\n");
}

static void refuses(const char *line, const char *message)
{
	expect_fail(message, parse(line));
}

static void refuses_what_it_does_not_know(void **state)
{
	(void)state;
	refuses("memory=1G", "unknown option memory: there are mem= vcpus= policy= width=");
	refuses("mem", "mem= takes");
	refuses("mem=1M", "multiple of 2M");
	refuses("mem=2MB", "multiple of 2M");
	refuses("mem=99999999999999999999G", "multiple of 2M");
	refuses("mem=17179869185G", "multiple of 2M"); /* 1G, if it wrapped around */
	refuses("vcpus=0", "1 to 16");
	refuses("vcpus=17", "1 to 16");
	refuses("vcpus=4294967297", "1 to 16");
	refuses("vcpus=4G", "1 to 16");
	refuses("cpus=1", "log=, and the former hm= shadow=");
	refuses("policy",
		"policy= takes tsp, tsp-in-step, ssp, ssp-hm, hap, a list of inject,satp,flush,fill, or none");
	refuses("policy=hap svadu=1", "svadu= does not go with policy=hap");
	refuses("hostpages=4k", "hostpages= goes with policy=hap alone");
	refuses("policy=hap hostpages=8k", "hostpages= takes 4k or max");
	refuses("roots=0", "roots= takes 1 to 16");
	refuses("roots=17", "roots= takes 1 to 16");
	refuses("roots=4294967297", "roots= takes 1 to 16");
	refuses("policy=hap roots=1", "roots= does not go with policy=hap, tsp or tsp-in-step");
	refuses("roots=16 policy=tsp", "roots= does not go with");
	refuses("policy=tsp-in-step roots=1", "roots= does not go with");
	refuses("policy=", "policy= takes tsp");
	refuses("policy=,", "policy= takes tsp");
	refuses("policy=satp,", "policy= takes tsp");
	refuses("policy=satp,walk", "policy= takes tsp");
	refuses("policy=satp,tsp", "policy= takes tsp");
	refuses("policy=native", "policy= takes tsp");
	refuses("hm", "hm= takes a list of inject,satp,flush,fill, or none");
	refuses("hm=satp,walk", "inject,satp,flush,fill");
	refuses("hm=ssp-hm", "inject,satp,flush,fill");
	refuses("shadow=none", "ssp, tsp or tsp-in-step");
	refuses("width=sv32", "sv39, sv48 or sv57");
	refuses("svvptc=yes", "0 or 1");
	refuses("reboot=never", "restart or end");
	refuses("console=raw", "records or all");
	refuses("log=loud", "info or quiet");
	refuses("devices", "devices= takes numbers of guests, or none");
	refuses("devices=", "devices= takes");
	refuses("devices=0,", "devices= takes");
	refuses("devices=8", "devices= takes");
	refuses("devices=00", "devices= takes");
	refuses("devices=vm0", "devices= takes");
	refuses("devices=0,0,0,0,0,0,0,0,0", "devices= takes");
}

static void refuses_new_and_former_together(void **state)
{
	(void)state;
	refuses("policy=ssp hm=satp", "policy= replaces hm= and shadow=: leave these out");
	refuses("hm= policy=none", "policy= replaces hm= and shadow=: leave these out");
	refuses("shadow=tsp policy=tsp", "policy= replaces hm= and shadow=: leave these out");
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
		cmocka_unit_test(devices_have_owners),
		cmocka_unit_test(policy_is_a_mode_or_a_list),
		cmocka_unit_test(former_options_mean_what_they_meant),
		cmocka_unit_test(former_options_say_what_replaces_them),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(refuses_new_and_former_together),
		cmocka_unit_test(refuses_a_line_without_end),
	};

	return RUN(tests);
}
