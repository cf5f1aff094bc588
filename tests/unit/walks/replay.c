// SPDX-License-Identifier: BSD-2-Clause
/* replay.c - replay CORE... < STREAM: what the cores count of a recorded stream (recorder.h). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores.h"

#define WORDS (1u << 16) /* more than a stream has of memory */

static struct word {
	uint64_t physical, value;
} words[WORDS];

static struct word *find(uint64_t physical)
{
	unsigned int at = physical / 8 * 0x9e3779b1u % WORDS;

	while (words[at].physical && words[at].physical != physical)
		at = (at + 1) % WORDS;
	return &words[at];
}

static uint64_t read_word(void *unused, uint64_t physical)
{
	(void)unused;
	return find(physical)->value;
}

static bool take(const char *text, uint64_t *value)
{
	bool is_given = strcmp(text, "-");

	*value = is_given ? strtoull(text, NULL, 16) : 0;
	return is_given;
}

static struct space spaces[] = { { .guest = false }, { .guest = true } };

static void take_registers(const char *line)
{
	int guest;
	struct space now;

	if (sscanf(line, "r %d %" SCNx64 " %" SCNx64, &guest, &now.satp, &now.hgatp) != 3)
		exit(2);
	now.guest = guest;
	cores_switch(&spaces[guest], &now);
	spaces[guest] = now;
}

static void take_fence(const char *line)
{
	struct scope scope = { 0 };
	char page[20], asid[20], vmid[20];
	uint64_t value;
	int fence, guest;

	if (sscanf(line, "f %d %d %19s %19s %19s", &fence, &guest, page, asid, vmid) != 5)
		exit(2);
	scope.guest = guest;
	scope.has_page = take(page, &scope.page);
	scope.has_asid = take(asid, &value);
	scope.asid = value;
	scope.has_vmid = take(vmid, &value);
	scope.vmid = value;
	cores_fence(fence, &scope);
}

static void take_line(const char *line)
{
	uint64_t where, value;
	int access, guest;

	if (line[0] == 'r') {
		take_registers(line);
	} else if (line[0] == 'f') {
		take_fence(line);
	} else if (sscanf(line, "m %" SCNx64 " %" SCNx64, &where, &value) == 2) {
		*find(where) = (struct word){ where, value };
	} else if (sscanf(line, "a %d %d %" SCNx64, &access, &guest, &where) == 3) {
		cores_access(access, &spaces[guest], where);
	} else {
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const char *why = NULL;
	char line[128];

	for (int i = 1; i < argc && !why; i++)
		why = cores_add(argv[i]);
	if (!why)
		why = cores_start(read_word, NULL);
	if (why) {
		fprintf(stderr, "replay: %s\n", why);
		return 2;
	}
	while (fgets(line, sizeof(line), stdin))
		take_line(line);
	cores_report(stdout);
	return 0;
}
