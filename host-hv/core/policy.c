/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy.h"

#include "core/console.h"
#include "core/words.h"

static const char *const rung_names[] = { "inject", "satp", "flush", "fill" };

static const struct {
	const char *name;
	uint64_t policy;
} modes[] = {
	{ "tsp", POLICY_TSP },
	{ "tsp-in-step", POLICY_TSP_IN_STEP },
	{ "ssp", HM_POLICY_SATP | POLICY_SSP_TABLES },
	{ "ssp-hm", HM_POLICY_ALL },
};

bool policy_parse_rungs(char *list, uint64_t *rungs)
{
	char *word;
	int bit;

	*rungs = 0;
	if (!strcmp(list, "none"))
		return true;
	while ((word = next_word(&list, ','))) {
		bit = find_word(word, rung_names, ARRAY_SIZE(rung_names));
		if (bit < 0 && *word)
			return false;
		if (bit >= 0)
			*rungs |= 1u << bit;
	}
	return true;
}

uint64_t policy_of(uint64_t rungs)
{
	return rungs & (HM_POLICY_FILL | HM_POLICY_FLUSH) ? rungs : rungs | POLICY_SSP_TABLES;
}

bool policy_parse(char *text, uint64_t *policy)
{
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!strcmp(text, modes[i].name)) {
			*policy = modes[i].policy;
			return true;
		}
	}
	if (!policy_parse_rungs(text, policy))
		return false;
	*policy = policy_of(*policy);
	return true;
}

void policy_print(uint64_t policy)
{
	const char *comma = "";

	if (policy_is(policy, POLICY_ASIDE))
		policy |= POLICY_TSP;
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		if (policy == modes[i].policy) {
			print_more("%s", modes[i].name);
			return;
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(rung_names); i++) {
		if (!(policy >> i & 1))
			continue;
		print_more("%s%s", comma, rung_names[i]);
		comma = ",";
	}
	if (!(policy & HM_POLICY_ALL))
		print_more("none");
}

void policy_print_modes(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++)
		print_more("%s%s", i ? " " : "", modes[i].name);
}
