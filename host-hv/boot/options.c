/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot/options.h"

#include "core/console.h"
#include "core/policy.h"
#include "core/vm.h"
#include "core/words.h"

/*
 * Decimal with an optional K, M or G; 0 is no valid number anywhere here, and what 64 bits do not
 * hold is none.
 */
static uint64_t parse_size(const char *s)
{
	unsigned shift = 0;
	uint64_t n = 0;

	if (*s < '0' || *s > '9')
		return 0;
	for (; *s >= '0' && *s <= '9' && n < 1UL << 50; s++)
		n = 10 * n + (*s - '0');
	switch (*s) {
	case 'G':
	case 'g':
		shift += 10;
		/* fall through */
	case 'M':
	case 'm':
		shift += 10;
		/* fall through */
	case 'K':
	case 'k': shift += 10; s++;
	}
	return *s || (n << shift >> shift) != n ? 0 : n << shift;
}

static bool set_mem(struct options *o, char *value)
{
	o->memory = parse_size(value);
	return o->memory && o->memory % (2 * MIB) == 0;
}

static bool set_vcpus(struct options *o, char *value)
{
	uint64_t vcpus = parse_size(value);

	o->vcpus = vcpus;
	return vcpus && vcpus <= MAX_VCPUS;
}

static bool set_policy(struct options *o, char *value)
{
	o->given.policy = true;
	return policy_parse(value, &o->policy);
}

/* An empty list was how the launcher spelled none. */
static bool set_hm(struct options *o, char *value)
{
	o->given.hm = true;
	o->given.events = 0;
	return !*value || policy_parse_events(value, &o->given.events);
}

static bool set_shadow(struct options *o, char *value)
{
	static const char *const names[] = { "ssp", "tsp", "tsp-in-step" };
	static const uint64_t policies[] = { 0, POLICY_TSP, POLICY_TSP_IN_STEP };
	int i = find_word(value, names, ARRAY_SIZE(names));

	o->given.shadow = true;
	if (i >= 0)
		o->given.tsp = policies[i];
	return i >= 0;
}

static bool set_width(struct options *o, char *value)
{
	static const char *const names[] = { "sv39", "sv48", "sv57" };
	int i = find_word(value, names, ARRAY_SIZE(names));

	o->satp_mode = 8 + i;
	return i >= 0;
}

static bool set_svvptc(struct options *o, char *value)
{
	o->svvptc = *value == '1';
	return !strcmp(value, "0") || !strcmp(value, "1");
}

static bool set_svadu(struct options *o, char *value)
{
	static const char *const names[] = { "0", "1", "fwft" };
	int i = find_word(value, names, ARRAY_SIZE(names));

	o->svadu = SVADU_NEVER + i;
	return i >= 0;
}

static bool set_roots(struct options *o, char *value)
{
	uint64_t roots = parse_size(value);

	o->given.roots = true;
	o->roots = roots;
	return roots && roots <= HM_ROOTS;
}

static bool set_marks(struct options *o, char *value)
{
	o->marks = *value == '1';
	return !strcmp(value, "0") || !strcmp(value, "1");
}

static bool set_reboot(struct options *o, char *value)
{
	o->restart = !strcmp(value, "restart");
	return o->restart || !strcmp(value, "end");
}

static bool set_console(struct options *o, char *value)
{
	o->all_bytes = !strcmp(value, "all");
	return o->all_bytes || !strcmp(value, "records");
}

static bool set_hostpages(struct options *o, char *value)
{
	o->given.hostpages = true;
	o->small_pages = !strcmp(value, "4k");
	return o->small_pages || !strcmp(value, "max");
}

/* A guest's number, or none. */
static bool parse_owner(const char *word, int8_t *guest)
{
	*guest = OWNER_NOBODY;
	if (!strcmp(word, "none"))
		return true;
	*guest = *word - '0';
	return *word >= '0' && *word < '0' + MAX_GUESTS && !word[1];
}

static bool set_devices(struct options *o, char *value)
{
	struct bus_owners *of = &o->devices;
	char *word;

	for (of->count = 0; (word = next_word(&value, ',')); of->count++)
		if (of->count == MAX_VIRTIO || !parse_owner(word, &of->guest[of->count]))
			return false;
	return true;
}

static bool set_log(struct options *o, char *value)
{
	o->quiet = !strcmp(value, "quiet");
	return o->quiet || !strcmp(value, "info");
}

#define MODE_NAME(name, policy) name ", "

static const struct {
	const char *name;
	bool (*set)(struct options *o, char *value);
	const char *values;
} table[] = {
	{ "mem", set_mem, "a multiple of 2M, as in 512M" },
	{ "vcpus", set_vcpus, "1 to 16" },
	{ "policy", set_policy, POLICY_MODES(MODE_NAME) POLICY_EVENTS ", or none" },
	{ "hm", set_hm, POLICY_EVENTS ", or none" },
	{ "shadow", set_shadow, "ssp, tsp or tsp-in-step" },
	{ "width", set_width, "sv39, sv48 or sv57" },
	{ "svvptc", set_svvptc, "0 or 1" },
	{ "svadu", set_svadu, "0, 1 or fwft" },
	{ "roots", set_roots, "1 to 16" },
	{ "marks", set_marks, "0 or 1" },
	{ "reboot", set_reboot, "restart or end" },
	{ "console", set_console, "records or all" },
	{ "hostpages", set_hostpages, "4k or max" },
	{ "devices", set_devices, "numbers of guests, or none, for up to 8 devices" },
	{ "log", set_log, "info or quiet" },
};

static void parse_option(struct options *o, char *option)
{
	char *value = option, *name = next_word(&value, '=');

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(name, table[i].name))
			continue;
		if (!value || !table[i].set(o, value))
			fail("option %s= takes %s", name, table[i].values);
		return;
	}
	fail("unknown option %s: there are mem= vcpus= policy= width= svvptc= svadu= roots= marks= reboot= console= hostpages= devices= log=, and the former hm= shadow=",
	     name);
}

static void print_replaced(const char *former, uint64_t policy)
{
	print_begin();
	print_more("host-hv: option %s= is replaced by policy=, here policy=", former);
	policy_print(policy);
	print_more("\n");
	print_end();
}

/* What the former options ask for, in either order. */
static void apply_former(struct options *o)
{
	if (!o->given.hm && !o->given.shadow)
		return;
	if (o->given.policy)
		fail("option policy= replaces hm= and shadow=: leave these out");
	o->policy = o->given.tsp ? o->given.tsp : policy_of(o->given.events);
	if (o->given.hm)
		print_replaced("hm", o->policy);
	if (o->given.shadow)
		print_replaced("shadow", o->policy);
}

static void must_go_with_hap(const struct options *o)
{
	if (o->svadu != SVADU_NEVER)
		fail("option svadu= does not go with policy=hap: the guest sets A and D there");
}

void options_parse(struct options *o, const char *command_line)
{
	static char copy[512];
	char *rest = copy, *word;

	*o = (struct options){
		.memory = 512 * MIB,
		.vcpus = 1,
		.policy = HM_POLICY_ALL,
		.satp_mode = 8,
		.svvptc = true,
		.roots = HM_ROOTS,
		.given.events = HM_POLICY_ALL,
	};
	if (strlen(command_line) >= sizeof(copy))
		fail("the command line is longer than %lu bytes", sizeof(copy) - 1);
	memcpy(copy, command_line, strlen(command_line) + 1);
	while ((word = next_word(&rest, ' ')))
		if (*word)
			parse_option(o, word);
	apply_former(o);
	if (o->policy == POLICY_HAP)
		must_go_with_hap(o);
	else if (o->given.hostpages)
		fail("option hostpages= goes with policy=hap alone");
	if (o->given.roots && (o->policy == POLICY_HAP || policy_is(o->policy, POLICY_TSP)))
		fail("option roots= does not go with policy=hap, tsp or tsp-in-step");
}
