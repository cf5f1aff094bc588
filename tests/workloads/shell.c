// SPDX-License-Identifier: BSD-2-Clause
/* shell.c - busybox's shell: processes, pipes and small files, as scripts use them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workload.h"

/* $1: rounds.  Each writes two files, sends them through a pipeline, and adds up what comes out. */
static const char script[] = "b=" BUSYBOX "; d=/tmp/hmwork.shell; $b mkdir -p $d; i=0; sum=0\n"
			     "while [ $i -lt $1 ]; do\n"
			     "	echo $i >$d/number; echo line $i >>$d/log\n"
			     "	n=$($b cat $d/number | $b sed 's/$/0/')\n"
			     "	( sum=0; exit 3 ) || sum=$((sum + n + $?))\n"
			     "	i=$((i + 1))\n"
			     "done\n"
			     "echo $sum $($b wc -l <$d/log)\n"
			     "$b rm -r $d\n";

static void shell_child(int out, unsigned int rounds)
{
	char argument[16];

	snprintf(argument, sizeof(argument), "%u", rounds);
	dup2(out, STDOUT_FILENO);
	execl(BUSYBOX, "sh", "-c", script, "sh", argument, (char *)NULL);
	_exit(127);
}

static const char *shell_run(unsigned int rounds)
{
	char got[64] = "", expected[64];
	const char *why;
	int ends[2], pid;
	ssize_t length;

	REQUIRE(!pipe2(ends, O_CLOEXEC), "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		shell_child(ends[1], rounds);
	close(ends[1]);
	length = read(ends[0], got, sizeof(got) - 1);
	close(ends[0]);
	why = child_result(pid, "the shell failed");
	REQUIRE(!why, why);
	/* Every round adds ten times its number, and the 3 that the subshell exits with. */
	snprintf(expected, sizeof(expected), "%u %u\n", 5 * rounds * (rounds - 1) + 3 * rounds,
		 rounds);
	REQUIRE(length > 0 && !strcmp(got, expected), "the script's answer is wrong");
	return NULL;
}

const struct workload workload_shell = { .warm = 2, .rounds = 10, .run = shell_run };
