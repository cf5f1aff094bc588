// SPDX-License-Identifier: BSD-2-Clause
/*
 * stale.c - the three classic mistakes of a flush that is left out or late.
 * They are not workloads: nothing is measured, they only look.
 *
 *   stale-fork:ROUNDS      fork, then the kernel stores into a page of the parent
 *   stale-unmap:ROUNDS     pages are given back, and their frames used by another mapping
 *   stale-protect:ROUNDS   pages lose the right to be written, then a store follows
 *
 * Those of restart.c, counters.c and init.c are run in the same way.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workload.h"

#define PAGES  4
#define BYTES  (PAGES * PAGE)
#define BEFORE 1
#define AFTER  2

static char *area;

static void fill(char *pages, uint64_t round, uint64_t process)
{
	for (size_t i = 0; i < PAGES; i++)
		page_fill(pages + i * PAGE, pattern(i, round, process));
}

static bool holds(const char *pages, uint64_t round, uint64_t process)
{
	for (size_t i = 0; i < PAGES; i++)
		if (!page_holds(pages + i * PAGE, pattern(i, round, process)))
			return false;
	return true;
}

/* The kernel stores first of all: into the page through which nothing else goes. */
static const char *fork_and_read(int from, int to, unsigned int round)
{
	static char news[PAGE] __attribute__((aligned(4096)));
	int pid;

	page_fill(news, pattern(0, round, AFTER));
	REQUIRE(write(to, news, PAGE) == (ssize_t)PAGE, "cannot write");
	fill(area, round, BEFORE);
	pid = fork();
	if (pid == 0)
		_exit(holds(area, round, BEFORE) ? 0 : 1);
	REQUIRE(read(from, area, PAGE) == (ssize_t)PAGE, "cannot read");
	REQUIRE(page_holds(area, pattern(0, round, AFTER)), "the kernel's store is lost");
	return child_result(pid, "the kernel's store into the parent reached the child");
}

static const char *stale_fork(unsigned int rounds)
{
	const char *why = NULL;
	int ends[2];

	REQUIRE(!pipe(ends), "cannot make a pipe");
	for (unsigned int round = 0; round < rounds && !why; round++)
		why = fork_and_read(ends[0], ends[1], round);
	return why;
}

/* Frames come back last in, first out: the other mapping gets those just given back. */
static const char *stale_unmap(unsigned int rounds)
{
	char *other = map_pages(BYTES);

	REQUIRE(other, "cannot map");
	madvise(other, BYTES, MADV_NOHUGEPAGE);
	for (unsigned int round = 0; round < rounds; round++) {
		fill(area, round, BEFORE);
		REQUIRE(!madvise(area, BYTES, MADV_DONTNEED), "cannot give pages back");
		fill(other, round, AFTER);
		for (size_t i = 0; i < PAGES; i++)
			REQUIRE(page_is_zero(area + i * PAGE), "a page given back is still there");
		fill(area, ~round, BEFORE);
		REQUIRE(holds(other, round, AFTER), "a store reached another page's frame");
		REQUIRE(!madvise(other, BYTES, MADV_DONTNEED), "cannot give pages back");
	}
	return NULL;
}

static volatile unsigned int faults;

static void allow(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if ((char *)info->si_addr < area || (char *)info->si_addr >= area + BYTES) {
		signal(sig, SIG_DFL);
		return;
	}
	faults++;
	mprotect(area, BYTES, PROT_READ | PROT_WRITE);
}

static const char *stale_protect(unsigned int rounds)
{
	struct sigaction action = { .sa_sigaction = allow, .sa_flags = SA_SIGINFO };

	REQUIRE(!sigaction(SIGSEGV, &action, NULL), "cannot catch SIGSEGV");
	for (unsigned int round = 0; round < rounds; round++) {
		unsigned int before = faults;
		size_t page = round % PAGES;

		fill(area, round, BEFORE);
		REQUIRE(!mprotect(area, BYTES, PROT_READ), "cannot withdraw a right");
		page_fill(area + page * PAGE, pattern(page, round, AFTER));
		REQUIRE(faults == before + 1, "a store without the right does not fault");
		REQUIRE(page_holds(area + page * PAGE, pattern(page, round, AFTER)), "wrong page");
	}
	return NULL;
}

static const struct {
	const char *name;
	const char *(*run)(unsigned int rounds);
} table[] = {
	{ "stale-fork", stale_fork },       { "stale-unmap", stale_unmap },
	{ "stale-protect", stale_protect }, { "hotplug", restart_hotplug },
	{ "kexec", restart_kexec },         { "crash", restart_crash },
	{ "counters", counters_read },      { "upkeep", init_upkeep },
};

static const char *run(size_t test, unsigned int rounds)
{
	area = map_pages(BYTES);
	REQUIRE(area, "cannot map");
	madvise(area, BYTES, MADV_NOHUGEPAGE);
	return table[test].run(rounds);
}

bool stale_run(const char *name)
{
	uint64_t before[RING_COUNTERS], after[RING_COUNTERS];
	const char *colon = strchr(name, ':');
	size_t test = 0, length = colon ? (size_t)(colon - name) : 0;
	bool counted;
	const char *why;

	while (test < sizeof(table) / sizeof(table[0]) &&
	       (strlen(table[test].name) != length || strncmp(table[test].name, name, length)))
		test++;
	if (test == sizeof(table) / sizeof(table[0])) {
		printf("hmwork: nothing is called %s\n", name);
		return false;
	}
	counted = ring_read(before);
	why = run(test, atoi(colon + 1));
	printf("hmwork: %s %s%s\n", table[test].name, why ? "FAILED: " : "ok", why ? why : "");
	if (counted && ring_read(after))
		ring_report(table[test].name, before, after);
	return !why;
}
