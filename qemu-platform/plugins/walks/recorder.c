// SPDX-License-Identifier: GPL-2.0-or-later
/* recorder.c - the stream of accesses as a text. */
#include <inttypes.h>
#include <stdio.h>

#include <glib.h>

#include "recorder.h"

static FILE *out;
static bool is_on;
static uint64_t left;
static GHashTable *told; /* physical address -> value */
static struct model uncached;
static read_entry *memory;

bool recorder_open(const char *path, uint64_t most_accesses)
{
	out = fopen(path, "w");
	left = most_accesses;
	return out;
}

static uint64_t read_and_tell(void *unused, uint64_t physical)
{
	uint64_t value = memory(unused, physical);
	gpointer key = GSIZE_TO_POINTER(physical), before;

	if (!g_hash_table_lookup_extended(told, key, NULL, &before) ||
	    GPOINTER_TO_SIZE(before) != value) {
		g_hash_table_insert(told, key, GSIZE_TO_POINTER(value));
		fprintf(out, "m %" PRIx64 " %" PRIx64 "\n", physical, value);
	}
	return value;
}

void recorder_begin(read_entry *read, const struct space spaces[2])
{
	if (!out || is_on || !left)
		return;
	is_on = true;
	memory = read;
	told = g_hash_table_new(NULL, NULL);
	model_make(&uncached, read_and_tell, NULL);
	recorder_switch(&spaces[0]);
	recorder_switch(&spaces[1]);
}

void recorder_access(enum access access, const struct space *space, uint64_t va)
{
	if (!is_on)
		return;
	model_access(&uncached, access, space, va);
	fprintf(out, "a %d %d %" PRIx64 "\n", access, space->guest, va);
	if (!--left) {
		is_on = false;
		fflush(out);
	}
}

void recorder_switch(const struct space *space)
{
	if (is_on)
		fprintf(out, "r %d %" PRIx64 " %" PRIx64 "\n", space->guest, space->satp,
			space->hgatp);
}

static void tell(bool given, uint64_t value)
{
	if (given)
		fprintf(out, " %" PRIx64, value);
	else
		fputs(" -", out);
}

void recorder_fence(enum fence fence, const struct scope *scope)
{
	if (!is_on)
		return;
	fprintf(out, "f %d %d", fence, scope->guest);
	tell(scope->has_page, scope->page);
	tell(scope->has_asid, scope->asid);
	tell(scope->has_vmid, scope->vmid);
	fputs("\n", out);
}
