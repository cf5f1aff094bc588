// SPDX-License-Identifier: BSD-2-Clause
/* process.c - processes: fork, exec, vfork, and a ping-pong between two address spaces. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.h"

#define PARENT 1
#define CHILD  2

void *map_pages(size_t bytes)
{
	void *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return area == MAP_FAILED ? NULL : area;
}

/* Wait for a child that exits with 0 if what it saw was right. */
const char *child_result(int pid, const char *why)
{
	int status;

	REQUIRE(pid > 0, "cannot make a process");
	REQUIRE(waitpid(pid, &status, 0) == pid, "lost a child");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? NULL : why;
}

/* fork: the child inherits the parent's pages, and keeps its changes to itself. */
#define FORK_PAGES 8
static char fork_area[FORK_PAGES][4096] __attribute__((aligned(4096)));

static bool area_holds(unsigned int round, unsigned int process)
{
	for (unsigned int i = 0; i < FORK_PAGES; i++)
		if (!page_holds(fork_area[i], pattern(i, round, process)))
			return false;
	return true;
}

static void area_fill(unsigned int round, unsigned int process)
{
	for (unsigned int i = 0; i < FORK_PAGES; i++)
		page_fill(fork_area[i], pattern(i, round, process));
}

static int fork_child(unsigned int round)
{
	if (!area_holds(round, PARENT))
		return 1;
	area_fill(round, CHILD);
	return area_holds(round, CHILD) ? 0 : 2;
}

static const char *fork_run(unsigned int rounds)
{
	for (unsigned int round = 0; round < rounds; round++) {
		const char *why;
		int pid;

		area_fill(round, PARENT);
		pid = fork();
		if (pid == 0)
			_exit(fork_child(round));
		why = child_result(pid, "the child saw wrong pages");
		REQUIRE(!why, why);
		REQUIRE(area_holds(round, PARENT), "the child's pages reached the parent");
	}
	return NULL;
}

const struct workload workload_fork = { .warm = 20, .rounds = 150, .run = fork_run };

/* exec: fork, and become a new program that finds its own data and its argument. */
static const uint64_t exec_data[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
static char exec_zero[4][4096];

static uint64_t exec_answer(unsigned int round)
{
	uint64_t sum = round;

	for (size_t i = 0; i < sizeof(exec_data) / sizeof(exec_data[0]); i++)
		sum = sum * 31 + exec_data[i];
	return sum % 251;
}

int exec_child(const char *round)
{
	for (unsigned int i = 0; i < 4; i++)
		if (!page_is_zero(exec_zero[i]))
			return 255;
	return exec_answer(atoi(round));
}

static const char *exec_run(unsigned int rounds)
{
	for (unsigned int round = 0; round < rounds; round++) {
		char argument[16];
		int pid, status;

		snprintf(argument, sizeof(argument), "%u", round);
		pid = fork();
		if (pid == 0) {
			execl("/proc/self/exe", "hmwork", "--exec-child", argument, (char *)NULL);
			_exit(254);
		}
		REQUIRE(pid > 0, "cannot make a process");
		REQUIRE(waitpid(pid, &status, 0) == pid, "lost a child");
		REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) != 254, "cannot execute itself");
		REQUIRE((uint64_t)WEXITSTATUS(status) == exec_answer(round), "wrong answer");
	}
	return NULL;
}

const struct workload workload_exec = { .warm = 5, .rounds = 50, .run = exec_run };

/* vfork: another program without copying an address space first. */
static int __attribute__((noinline)) vfork_busybox(const char *applet)
{
	int pid = vfork();

	if (pid == 0) {
		execl(BUSYBOX, applet, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static const char *vfork_run(unsigned int rounds)
{
	for (unsigned int round = 0; round < rounds; round++) {
		int status, pid = vfork_busybox(round & 1 ? "false" : "true");

		REQUIRE(pid > 0, "cannot make a process");
		REQUIRE(waitpid(pid, &status, 0) == pid, "lost a child");
		REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) != 127, "cannot execute " BUSYBOX);
		REQUIRE(WEXITSTATUS(status) == (int)(round & 1), "wrong status from busybox");
	}
	return NULL;
}

const struct workload workload_vfork = { .warm = 5, .rounds = 40, .run = vfork_run };

/*
 * pipe: two processes answer each other.  Both keep different contents at the
 * same address, and check them after each switch.
 */
static uint64_t shared_address;

static bool pass(int from, int to, uint64_t expected, uint64_t reply)
{
	uint64_t got;

	return read(from, &got, sizeof(got)) == sizeof(got) && got == expected &&
	       write(to, &reply, sizeof(reply)) == sizeof(reply);
}

static int pong(int from, int to, unsigned int rounds)
{
	shared_address = CHILD;
	for (unsigned int round = 0; round < rounds; round++)
		if (!pass(from, to, pattern(0, round, PARENT), pattern(0, round, CHILD)) ||
		    shared_address != CHILD)
			return 1;
	return 0;
}

static const char *ping(int from, int to, unsigned int rounds)
{
	shared_address = PARENT;
	for (unsigned int round = 0; round < rounds; round++) {
		uint64_t message = pattern(0, round, PARENT), got;

		REQUIRE(write(to, &message, sizeof(message)) == sizeof(message), "cannot write");
		REQUIRE(read(from, &got, sizeof(got)) == sizeof(got), "cannot read");
		REQUIRE(got == pattern(0, round, CHILD), "wrong message");
		REQUIRE(shared_address == PARENT, "the other process's page");
	}
	return NULL;
}

static const char *pipe_run(unsigned int rounds)
{
	const char *why, *child;
	int there[2], back[2], pid;

	REQUIRE(!pipe(there) && !pipe(back), "cannot make pipes");
	pid = fork();
	if (pid == 0) {
		close(there[1]);
		_exit(pong(there[0], back[1], rounds));
	}
	close(there[0]);
	close(back[1]);
	why = pid > 0 ? ping(back[0], there[1], rounds) : NULL;
	close(there[1]);
	close(back[0]);
	child = child_result(pid, "the child got a wrong message or page");
	return why ? why : child;
}

const struct workload workload_pipe = { .warm = 100, .rounds = 2000, .run = pipe_run };
