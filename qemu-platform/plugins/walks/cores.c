// SPDX-License-Identifier: GPL-2.0-or-later
/* cores.c - the cores that one stream of accesses is shown to: their options, and their counts. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cores.h"

static struct core {
	char name[32];
	struct model model;
} cores[MOST_CORES];
static unsigned int count;
static uint64_t same_page;

/* Of "KEY=NUMBER", what follows "=", and which key it is; NULL: it is none. */
static const char *key_of(const char *word, unsigned int *key)
{
	for (*key = 0; *key < GEOMETRY_KEYS; ++*key) {
		size_t length = strlen(geometry_names[*key]);

		if (!strncmp(word, geometry_names[*key], length) && word[length] == '=')
			return word + length + 1;
	}
	return NULL;
}

static const char *take_keys(struct core *core, char *words)
{
	bool given[GEOMETRY_KEYS] = { false };
	unsigned int key, taken = 0;

	for (char *word = strtok(words, ":"); word; word = strtok(NULL, ":")) {
		const char *number = key_of(word, &key);
		char *end;

		if (!number || given[key])
			return "a key of a core is unknown, or given twice";
		core->model.geometry[key] = strtoul(number, &end, 10);
		if (end == number || *end)
			return "a key of a core needs a number";
		given[key] = true;
		taken++;
	}
	return taken == GEOMETRY_KEYS ? NULL : "a core lacks a key";
}

const char *cores_add(const char *text)
{
	size_t name = strcspn(text, ":");
	struct core *core = &cores[count];
	const char *why;
	char *words;

	if (count == MOST_CORES)
		return "there are too many cores";
	if (!name || name >= sizeof(core->name) || strcspn(text, "\"\\") < name)
		return "a core has no name, or one that is too long";
	memcpy(core->name, text, name);
	words = strdup(text + name);
	if (!words)
		return "there is no memory";
	why = take_keys(core, words);
	free(words);
	count += !why;
	return why;
}

const char *cores_start(read_entry *read, void *memory)
{
	const char *why = NULL;

	for (unsigned int i = 0; !why && i < count; i++)
		why = model_make(&cores[i].model, read, memory);
	return why;
}

unsigned int cores_count(void)
{
	return count;
}

uint64_t cores_access(enum access access, const struct space *space, uint64_t va)
{
	uint64_t first = model_access(&cores[0].model, access, space, va);

	for (unsigned int i = 1; i < count; i++)
		model_access(&cores[i].model, access, space, va);
	return first;
}

void cores_same_page(void)
{
	same_page++;
}

void cores_fence(enum fence fence, const struct scope *scope)
{
	for (unsigned int i = 0; i < count; i++)
		model_fence(&cores[i].model, fence, scope);
}

void cores_switch(const struct space *old, const struct space *now)
{
	for (unsigned int i = 0; i < count; i++)
		model_switch(&cores[i].model, old, now);
}

void cores_begin(void)
{
	same_page = 0;
	for (unsigned int i = 0; i < count; i++)
		memset(cores[i].model.counts, 0, sizeof(cores[i].model.counts));
}

static void report(FILE *out, const struct core *core)
{
	fprintf(out, "\"%s\":{", core->name);
	for (unsigned int i = 0; i < COUNT_NUMBER; i++)
		fprintf(out, "%s\"%s\":%" PRIu64, i ? "," : "", count_names[i],
			core->model.counts[i] + (i == data ? same_page : 0));
	fputs("}", out);
}

void cores_report(FILE *out)
{
	fputs("{", out);
	for (unsigned int i = 0; i < count; i++) {
		fputs(i ? "," : "", out);
		report(out, &cores[i]);
	}
	fputs("}", out);
}
