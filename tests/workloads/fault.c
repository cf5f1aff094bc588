// SPDX-License-Identifier: BSD-2-Clause
/* fault.c - rights of pages: mprotect in both directions, and handlers that repair. */
#include <signal.h>
#include <sys/mman.h>

#include "workload.h"

#define PAGES 256

static char *area;
static int protection_of_repair;
static volatile unsigned int faults;

/* Counts the fault and gives the page the rights that the access lacked. */
static void repair(int sig, siginfo_t *info, void *context)
{
	char *page = (char *)((uintptr_t)info->si_addr & ~(PAGE - 1));

	(void)context;
	if (page < area || page >= area + PAGES * PAGE) {
		signal(sig, SIG_DFL);
		return;
	}
	faults++;
	mprotect(page, PAGE, protection_of_repair);
}

static const char *prepare(void)
{
	struct sigaction action = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };

	area = map_pages(PAGES * PAGE);
	REQUIRE(area, "cannot map");
	REQUIRE(!sigaction(SIGSEGV, &action, NULL), "cannot catch SIGSEGV");
	return NULL;
}

static void finish(void)
{
	signal(SIGSEGV, SIG_DFL);
	munmap(area, PAGES * PAGE);
}

static const char *check_all(unsigned int round)
{
	for (size_t i = 0; i < PAGES; i++)
		REQUIRE(page_holds(area + i * PAGE, pattern(i, round, 0)), "wrong page");
	return NULL;
}

/*
 * One store in every round hits a page without the right: it must fault, or a
 * stale right was used.
 */
static const char *probe_protection(size_t page, unsigned int round)
{
	unsigned int before = faults;

	REQUIRE(page_holds(area + page * PAGE, pattern(page, round, 0)), "wrong page");
	REQUIRE(faults == before, "reading a read-only page faults");
	page_fill(area + page * PAGE, 0);
	REQUIRE(faults == before + 1, "a store to a read-only page does not fault");
	page_fill(area + page * PAGE, pattern(page, round, 0));
	return NULL;
}

/* mprotect: withdraw writing from all pages at once, grant it to one after the other. */
static const char *mprotect_round(unsigned int round)
{
	const char *why;

	for (size_t i = 0; i < PAGES; i++)
		page_fill(area + i * PAGE, pattern(i, round, 0));
	REQUIRE(!mprotect(area, PAGES * PAGE, PROT_READ), "cannot withdraw a right");
	why = probe_protection(round % PAGES, round);
	REQUIRE(!why, why);
	for (size_t i = 0; i < PAGES; i++) {
		REQUIRE(page_holds(area + i * PAGE, pattern(i, round, 0)), "wrong page");
		REQUIRE(!mprotect(area + i * PAGE, PAGE, PROT_READ | PROT_WRITE),
			"cannot grant a right");
		page_fill(area + i * PAGE, pattern(i, ~round, 0));
	}
	return check_all(~round);
}

static const char *mprotect_run(unsigned int rounds)
{
	const char *why = NULL;

	protection_of_repair = PROT_READ | PROT_WRITE;
	for (unsigned int round = 0; round < rounds && !why; round++)
		why = mprotect_round(round);
	return why;
}

const struct workload workload_mprotect = {
	.warm = 1,
	.rounds = 30,
	.prepare = prepare,
	.run = mprotect_run,
	.finish = finish,
};

/* sigsegv: a handler repairs every page of an inaccessible area, one by one. */
static const char *sigsegv_round(unsigned int round)
{
	unsigned int before = faults;

	REQUIRE(!mprotect(area, PAGES * PAGE, PROT_NONE), "cannot withdraw all rights");
	for (size_t i = 0; i < PAGES; i++)
		page_fill(area + i * PAGE, pattern(i, round, 0));
	REQUIRE(faults == before + PAGES, "not every page faulted once");
	return check_all(round);
}

static const char *sigsegv_run(unsigned int rounds)
{
	const char *why = NULL;

	protection_of_repair = PROT_READ | PROT_WRITE;
	for (unsigned int round = 0; round < rounds && !why; round++)
		why = sigsegv_round(round);
	return why;
}

const struct workload workload_sigsegv = {
	.warm = 1,
	.rounds = 12,
	.prepare = prepare,
	.run = sigsegv_run,
	.finish = finish,
};
