// SPDX-License-Identifier: BSD-2-Clause
/*
 * hmwork - runs workloads, verifies them, and marks where measuring begins and ends.
 *
 *   hmwork list              the names
 *   hmwork NAME[,NAME...]    run some, `all` runs every one; stale.c has more
 *
 * As a guest's first process it takes the names from `hmwork=` on the kernel's
 * command line, and powers the machine off afterwards.  Without names it is a shell.
 */
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <termios.h>
#include <unistd.h>

#include "workload.h"

#define WORKLOAD(name) extern const struct workload workload_##name;
#include "list.h"
#undef WORKLOAD

/* `boot` ends when the first process starts: all its work is the kernel's. */
const struct workload workload_boot = { 0 };

static const struct entry {
	const char *name;
	const struct workload *workload;
} table[] = {
#define WORKLOAD(name) { #name, &workload_##name },
#include "list.h"
#undef WORKLOAD
};

#define COUNT (sizeof(table) / sizeof(table[0]))

#include "settle.h"

static const char *measure(unsigned int number, const struct workload *w)
{
	uint64_t before[RING_COUNTERS], after[RING_COUNTERS];
	const char *why = w->prepare ? w->prepare() : NULL;
	bool counted;

	if (!why)
		why = w->run(w->warm);
	if (why)
		return why;
	settle();
	counted = ring_read(before);
	await_tick();
	mark_begin(number);
	why = w->run(w->rounds);
	mark_end(number, !why);
	if (counted && ring_read(after))
		ring_report(table[number].name, before, after);
	return why;
}

static bool run_one(unsigned int number)
{
	const struct workload *w = table[number].workload;
	const char *why;

	if (!w->run)
		return true;
	why = measure(number, w);
	if (w->finish)
		w->finish();
	if (why)
		printf("hmwork: %s FAILED: %s\n", table[number].name, why);
	else
		printf("hmwork: %s ok%s\n", table[number].name,
		       mark_works() ? "" : " (not measured)");
	/* The console must be idle before the next measurement begins. */
	tcdrain(STDOUT_FILENO);
	return !why;
}

static int find(const char *name)
{
	for (unsigned int i = 0; i < COUNT; i++)
		if (!strcmp(table[i].name, name))
			return i;
	return -1;
}

static bool run_all(void)
{
	bool ok = true;

	for (unsigned int i = 0; i < COUNT; i++)
		ok &= run_one(i);
	return ok;
}

/* Run a comma list of names; true if every one is known and passed. */
static bool run_list(const char *names)
{
	char copy[256], *save, *name;
	bool ok = true;

	if (!strcmp(names, "all"))
		return run_all();
	snprintf(copy, sizeof(copy), "%s", names);
	for (name = strtok_r(copy, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		int number = find(name);

		ok &= number >= 0 ? run_one(number) : stale_run(name);
	}
	return ok;
}

static void print_names(void)
{
	for (unsigned int i = 0; i < COUNT; i++)
		puts(table[i].name);
}

/* Addresses decide how many page tables there are: run again without their randomization. */
static void fix_addresses(char **argv)
{
	int now = personality(0xffffffff);

	if (now >= 0 && !(now & ADDR_NO_RANDOMIZE) && personality(now | ADDR_NO_RANDOMIZE) >= 0)
		execv("/proc/self/exe", argv);
}

static int run_as_init(char **argv)
{
	const char *request;

	/* The second time we come here addresses are fixed, and the boot is over. */
	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
		mark_end(NUMBER_BOOT, true);
		init_mount();
		fix_addresses(argv);
	}
	request = init_request();
	if (!request) {
		init_shell();
	} else {
		ring_init();
		if (!init_put_off_upkeep())
			printf("hmwork: the kernel's upkeep falls into what is measured\n");
		printf("hmwork: %s\n", run_list(request) ? "all ok" : "FAILED");
	}
	tcdrain(STDOUT_FILENO);
	init_poweroff();
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	mark_init();
	if (argc == 3 && !strcmp(argv[1], "--exec-child"))
		return exec_child(argv[2]);
	if (getpid() == 1)
		return run_as_init(argv);
	if (argc != 2) {
		fprintf(stderr, "usage: hmwork list | all | NAME[,NAME...]\n");
		return 2;
	}
	if (!strcmp(argv[1], "list")) {
		print_names();
		return 0;
	}
	fix_addresses(argv);
	return run_list(argv[1]) ? 0 : 1;
}
