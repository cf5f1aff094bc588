// SPDX-License-Identifier: BSD-2-Clause
/* Programs bound by faults, fences and switches of address spaces. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "programs.h"

static int wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		die("fork or wait");
	return status;
}

static uint64_t fork_cow(void)
{
	size_t n = 400;
	unsigned char *a = pages(n << 12);
	uint64_t sum = 0;

	for (int round = 0; round < 60; round++) {
		pid_t child;

		for (size_t i = 0; i < n; i++)
			a[i << 12] = i + round;
		child = fork();
		if (!child) {
			unsigned char s = 0;

			for (size_t i = 0; i < n; i += 2)
				a[i << 12]++;
			for (size_t i = 0; i < n; i++)
				s += a[i << 12];
			_exit(s);
		}
		sum = mix(sum, wait_for(child));
		for (size_t i = 0; i < n; i++)
			sum = mix(sum, a[i << 12]);
	}
	return sum;
}

static uint64_t fork_exec(void)
{
	uint64_t sum = 0;

	for (int round = 0; round < 40; round++) {
		pid_t child = fork();

		if (!child) {
			execl("/bin/busybox", "busybox", round & 1 ? "true" : "false", NULL);
			_exit(99);
		}
		sum = mix(sum, wait_for(child));
	}
	return sum;
}

static uint64_t map_unmap(void)
{
	uint64_t sum = 0;

	for (int round = 0; round < 400; round++) {
		size_t n = 64;
		unsigned char *a = pages(n << 12);

		for (size_t i = 0; i < n; i++)
			sum = mix(sum, a[i << 12]++ + a[(i << 12) + 8] + i);
		munmap(a, n << 12);
	}
	return sum;
}

static uint64_t first_touch(void)
{
	size_t n = 16000;
	unsigned char *a = pages(n << 12);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = mix(sum, a[i << 12]++ + i);
	munmap(a, n << 12);
	return sum;
}

static uint64_t ping_pong(void)
{
	int to[2], from[2];
	uint64_t sum = 0;
	uint32_t word = 1;
	pid_t child;

	if (pipe(to) || pipe(from))
		die("pipe");
	child = fork();
	if (!child) {
		close(to[1]);
		while (read(to[0], &word, 4) == 4) {
			word = word * 1664525 + 1013904223;
			if (write(from[1], &word, 4) != 4)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < 12000; i++) {
		if (write(to[1], &word, 4) != 4 || read(from[0], &word, 4) != 4)
			die("pipe");
		sum = mix(sum, word);
	}
	close(to[1]);
	close(to[0]);
	close(from[0]);
	close(from[1]);
	return mix(sum, wait_for(child));
}

static uint64_t shell_loop(void)
{
	const char *script =
		"i=0; s=0; while [ $i -lt 3000 ]; do s=$((s + i * i)); i=$((i + 1)); done;"
		"for i in 1 2 3 4 5 6 7 8; do s=$(echo $s | busybox tr 0-9 1-90); done;"
		"[ $s = $(busybox echo $s) ] && exit 17";
	pid_t child = fork();

	if (!child) {
		execl("/bin/busybox", "sh", "-c", script, NULL);
		_exit(99);
	}
	return wait_for(child);
}

const struct program churn_programs[] = { { "fork-cow", "churn", fork_cow },
					  { "fork-exec", "churn", fork_exec },
					  { "map-unmap", "churn", map_unmap },
					  { "first-touch", "churn", first_touch },
					  { "ping-pong", "churn", ping_pong },
					  { "shell-loop", "churn", shell_loop },
					  { NULL } };
