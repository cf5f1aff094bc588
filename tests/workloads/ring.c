// SPDX-License-Identifier: BSD-2-Clause
/* ring.c - the counters that a patched kernel keeps of its flush rings. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "workload.h"

#define FOLDER "/sys/kernel/debug/riscv_hm/"

static const char *const names[RING_COUNTERS] = {
	"entries", "hints", "hints_lost", "commits", "commits_saved", "flush_calls",
};

static bool present;

/* Other kernels have no such folder, and shall not do more work than before. */
void ring_init(void)
{
	struct utsname kernel;

	if (uname(&kernel) || !strstr(kernel.release, "hmode"))
		return;
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	present = !access(FOLDER, X_OK);
}

/* Each is opened anew: such files cannot be rewound. */
static bool read_counter(const char *name, uint64_t *counter)
{
	char path[64], text[32];
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), FOLDER "%s", name);
	file = open(path, O_RDONLY);
	if (file < 0)
		return false;
	length = read(file, text, sizeof(text) - 1);
	close(file);
	text[length > 0 ? length : 0] = 0;
	*counter = strtoull(text, NULL, 10);
	return length > 0;
}

bool ring_read(uint64_t counter[RING_COUNTERS])
{
	for (unsigned int i = 0; i < RING_COUNTERS; i++)
		if (!present || !read_counter(names[i], &counter[i]))
			return false;
	return true;
}

/* What was counted between the two readings, on a line of its own. */
void ring_report(const char *name, const uint64_t *before, const uint64_t *after)
{
	printf("hmwork: %s ring:", name);
	for (unsigned int i = 0; i < RING_COUNTERS; i++)
		printf(" %s=%llu", names[i], (unsigned long long)(after[i] - before[i]));
	putchar('\n');
}
