// SPDX-License-Identifier: BSD-2-Clause
/*
 * first.c - a guest's first process: it hands workloads to hmwork, or runs a shell.
 *
 * hmwork takes its place where `hmwork=` on the kernel's command line names workloads, and is the
 * first process then.  This is a program of its own, since whatever is added to hmwork moves its
 * functions over its pages, and with them how many pages a fork or an exec touches.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.h"

#define HMWORK "/bin/hmwork"

/* What busybox's `poweroff`, `reboot` and `halt` send to the first process, as its own init takes it. */
static const struct {
	int signal, command;
} requests[] = {
	{ SIGUSR2, RB_POWER_OFF },
	{ SIGTERM, RB_AUTOBOOT },
	{ SIGUSR1, RB_HALT_SYSTEM },
};

#define REQUESTS (sizeof(requests) / sizeof(requests[0]))

/* Words of the kernel's command line that are not the kernel's are in the environment. */
static bool says(const char *name, const char *value)
{
	const char *said = getenv(name);

	return said && !strcmp(said, value);
}

/* A signal that waits for sigwait() cannot come between a look at it and the sleep. */
static void hold_signals(sigset_t *held, sigset_t *before)
{
	sigemptyset(held);
	sigaddset(held, SIGCHLD);
	for (size_t i = 0; i < REQUESTS; i++)
		sigaddset(held, requests[i].signal);
	sigprocmask(SIG_BLOCK, held, before);
}

/* Whether that child is among those that have ended. */
static bool has_ended(int pid)
{
	bool ended = false;
	int child;

	while ((child = waitpid(-1, NULL, WNOHANG)) > 0)
		ended |= child == pid;
	return ended;
}

/* Whatever runs may end by itself, then it has to; how long it may is as in busybox. */
static void end_machine(int command)
{
	kill(-1, SIGTERM);
	sync();
	sleep(1);
	kill(-1, SIGKILL);
	sync();
	reboot(command);
}

/* Until the shell ends or somebody asks for the machine's end. */
static void await_end(int shell, const sigset_t *held)
{
	int signal;

	while (!sigwait(held, &signal)) {
		for (size_t i = 0; i < REQUESTS; i++)
			if (signal == requests[i].signal)
				end_machine(requests[i].command);
		if (has_ended(shell))
			return;
	}
}

static void run_shell(void)
{
	sigset_t held, before;
	int pid;

	init_mount();
	hold_signals(&held, &before);
	pid = fork();
	if (!pid) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		init_shell();
		_exit(0);
	}
	if (pid > 0)
		await_end(pid, &held);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (getenv("hmwork")) {
		execv(HMWORK, argv);
		perror(HMWORK);
	}
	/*
	 * Of this process the kernel prints each SIGILL with all registers, handled or not: the
	 * end of `boot` is marked only where markers were asked for.
	 */
	if (says("marks", "1")) {
		mark_init();
		mark_end(NUMBER_BOOT, true);
		mark_begin(NUMBER_BOOT); /* what is counted from here nobody asks for */
	}
	run_shell();
	init_poweroff();
}
