/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy.h"

#include "core/console.h"
#include "core/words.h"

static const char *const event_names[] = { "inject", "satp", "flush", "fill" };

static const struct {
	const char *name;
	uint64_t policy;
} modes[] = {
#define MODE(name, policy) { name, policy },
	POLICY_MODES(MODE)
#undef MODE
};

bool policy_parse_events(char *list, uint64_t *events)
{
	char *word;
	int bit;

	*events = 0;
	if (!strcmp(list, "none"))
		return true;
	while ((word = next_word(&list, ','))) {
		bit = find_word(word, event_names, ARRAY_SIZE(event_names));
		if (bit < 0)
			return false;
		*events |= 1u << bit;
	}
	return true;
}

uint64_t policy_of(uint64_t events)
{
	return events & (HM_POLICY_FILL | HM_POLICY_FLUSH) ? events : events | POLICY_SSP_TABLES;
}

bool policy_parse(char *text, uint64_t *policy)
{
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!strcmp(text, modes[i].name)) {
			*policy = modes[i].policy;
			return true;
		}
	}
	if (!policy_parse_events(text, policy))
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
	for (unsigned i = 0; i < ARRAY_SIZE(event_names); i++) {
		if (!(policy >> i & 1))
			continue;
		print_more("%s%s", comma, event_names[i]);
		comma = ",";
	}
	if (!(policy & HM_POLICY_ALL))
		print_more("none");
}

void policy_print_modes(void)
{
	const char *blank = "";

	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		if (modes[i].policy == POLICY_HAP)
			continue;
		print_more("%s%s", blank, modes[i].name);
		blank = " ";
	}
}
