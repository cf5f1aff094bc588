/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace - every event that the firmware writes into its rings, in a file.
 *
 * A TCG plugin for the build of hmcode with a trace (hmcode/include/hm_trace.h).  The firmware keeps the last events of each
 * hart; this takes each one as it is stored, at no instruction of the machine's.
 *
 *   -plugin trace.so,out=FILE,code=START-END,rings=START-END[,most=N]
 *
 * code= is the firmware's, rings= its rings, both physical.  Kept are the last N (1000000) events.  At the end FILE has
 * a line of text such as
 *   hmode-trace 3 0
 * with the number of events that follow and of those that came before and were dropped.  An event is five
 * numbers of 64 bits, little endian: hart, kind, time, value, detail.
 *
 * Who stores is told by the address, not by the number that QEMU gives the hart: where several harts take turns in
 * one thread, QEMU 10.0 names the one that a block was translated for.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qemu-plugin.h>

#include "hm_trace.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define MAX_RINGS 16

static const char *const usage =
	"trace: -plugin trace.so,out=FILE,code=START-END,rings=START-END[,most=N]\n";

struct event {
	uint64_t hart, kind, time, value, detail;
};

static const char *path;
static struct range {
	uint64_t start, end;
} code, rings;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct event *events; /* a ring */
static uint64_t most = 1000000, count;
static struct event begun[MAX_RINGS]; /* of which each hart has yet to store the time */

static bool is_in(const struct range *range, uint64_t address)
{
	return address >= range->start && address < range->end;
}

/* A program below M-mode may have the same address, for other memory. */
static bool is_physical(qemu_plugin_meminfo_t info, uint64_t va)
{
	struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, va);

	return where && !qemu_plugin_hwaddr_is_io(where) &&
	       qemu_plugin_hwaddr_phys_addr(where) == va;
}

static void on_store(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *unused)
{
	uint64_t hart = (va - rings.start) >> HM_TRACE_RING_SHIFT;
	unsigned int word = va % (1 << HM_TRACE_SLOT_SHIFT) / 8;
	uint64_t stored;

	(void)vcpu;
	(void)unused;
	if (!is_in(&rings, va) || qemu_plugin_mem_size_shift(info) != 3 || !is_physical(info, va))
		return;
	stored = qemu_plugin_mem_get_value(info).data.u64;
	pthread_mutex_lock(&lock);
	if (!word)
		begun[hart].value = stored;
	else if (word == HM_TRACE_DETAIL)
		begun[hart].detail = stored;
	else if (stored) /* the firmware clears its memory when it starts */
		events[count++ % most] = (struct event){ hart, word - 1, stored, begun[hart].value,
							 begun[hart].detail };
	pthread_mutex_unlock(&lock);
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	(void)id;
	if (!is_in(&code, qemu_plugin_tb_vaddr(block)))
		return;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++)
		qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(block, i), on_store,
						 QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W, NULL);
}

/* Whoever reads it sees by its size that it is whole. */
static void on_end(qemu_plugin_id_t id, void *unused)
{
	uint64_t kept = count < most ? count : most, first = count - kept;
	FILE *out = fopen(path, "w");
	bool good = out;

	(void)id;
	(void)unused;
	good = good && fprintf(out, "hmode-trace %" PRIu64 " %" PRIu64 "\n", kept, first) > 0;
	for (uint64_t i = first; good && i < count; i++)
		good = fwrite(&events[i % most], sizeof(*events), 1, out) == 1;
	if (out && fclose(out))
		good = false;
	if (!good)
		perror(path);
}

static bool take_range(const char *text, const char *name, struct range *range)
{
	size_t length = strlen(name);

	return !strncmp(text, name, length) &&
	       sscanf(text + length, "%" SCNi64 "-%" SCNi64, (int64_t *)&range->start,
		      (int64_t *)&range->end) == 2 &&
	       range->start < range->end;
}

static bool take_option(const char *option)
{
	if (!strncmp(option, "out=", 4))
		return (path = strdup(option + 4));
	if (!strncmp(option, "most=", 5))
		return (most = strtoul(option + 5, NULL, 10));
	return take_range(option, "code=", &code) || take_range(option, "rings=", &rings);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
					   char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!take_option(argv[i])) {
			fprintf(stderr, "trace: cannot take '%s'\n%s", argv[i], usage);
			return -1;
		}
	}
	if (strcmp(info->target_name, "riscv64") || !info->system_emulation) {
		fputs("trace: for a riscv64 machine\n", stderr);
		return -1;
	}
	if (!path || !code.end || !rings.end ||
	    (rings.end - rings.start) >> HM_TRACE_RING_SHIFT > MAX_RINGS) {
		fputs(usage, stderr);
		return -1;
	}
	events = calloc(most, sizeof(*events));
	if (!events) {
		fputs("trace: out of memory\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
