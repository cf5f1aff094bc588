// SPDX-License-Identifier: BSD-2-Clause
/*
 * The guest's /init: runs the programs that hspt= on the kernel's command line
 * names (names, groups or "all"; name*3 repeats), each in a process of its own,
 * and prints a line for each: name, number, nanoseconds.  At "ask" it goes on
 * with what it is told on the console in the same way: one line at a time, after
 * "ready", until an empty one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "programs.h"

static const struct program *const tables[] = { memory_programs, churn_programs, check_programs };

static void end(void)
{
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

void die(const char *what)
{
	printf("hspt: %s FAILED\n", what);
	fflush(stdout);
	_exit(1);
}

void *pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void run(const struct program *p)
{
	uint64_t start = now();
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		uint64_t sum = p->run();

		printf("hspt: %s %016llx %llu\n", p->name, (unsigned long long)sum,
		       (unsigned long long)(now() - start));
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		printf("hspt: %s FAILED with status %d\n", p->name, status);
}

static void run_all(const char *word)
{
	int found = 0, repeat = strchr(word, '*') ? atoi(strchr(word, '*') + 1) : 1;
	size_t length = strcspn(word, "*");

	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (const struct program *p = tables[t]; p->name; p++) {
			if (strncmp(word, "all", length) &&
			    (strncmp(word, p->name, length) || p->name[length]) &&
			    (strncmp(word, p->group, length) || p->group[length]))
				continue;
			found = 1;
			for (int i = 0; i < repeat; i++)
				run(p);
		}
	if (!found)
		printf("hspt: no program %s FAILED\n", word);
}

static void run_words(char *words);

static void ask(void)
{
	char line[4096];

	for (;;) {
		puts("hspt: ready");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin) || *line == '\n')
			return;
		line[strcspn(line, "\n")] = 0;
		run_words(line);
	}
}

static void run_words(char *words)
{
	char *rest, *word;

	for (word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		if (strcmp(word, "ask"))
			run_all(word);
		else
			ask();
	}
}

int main(void)
{
	static char line[4096];
	char *words;
	int fd;

	mount("proc", "/proc", "proc", 0, NULL);
	printf("hspt: boot 0 %llu\n", (unsigned long long)now());
	fd = open("/proc/cmdline", O_RDONLY);
	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		die("/proc/cmdline");
	words = strstr(line, "hspt=");
	words = words ? words + 5 : "all";
	words[strcspn(words, " \n")] = 0;
	run_words(words);
	puts("hspt: end");
	end();
}
