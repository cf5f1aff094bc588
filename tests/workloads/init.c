// SPDX-License-Identifier: BSD-2-Clause
/* init.c - being the first process: mounts, the request, a shell, powering off. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.h"

#define REQUEST_KEY "hmwork="

static const struct {
	const char *type, *where;
} mounts[] = {
	{ "proc", "/proc" },
	{ "sysfs", "/sys" },
	{ "devtmpfs", "/dev" },
	{ "tmpfs", "/tmp" },
};

static void use_terminal(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		return;
	for (int standard = 0; standard <= 2; standard++)
		dup2(fd, standard);
	if (fd > 2)
		close(fd);
}

void init_mount(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].where, 0755);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL))
			perror(mounts[i].where);
	}
	use_terminal("/dev/console");
}

#define UPKEEP "/proc/sys/vm/stat_interval"

/*
 * Once a second the kernel gives back pages that a CPU keeps to itself, a third of a million
 * instructions at times.  Into which measurement that falls is chance, so it is put off for longer
 * than any run; what is due already passes before the first one.
 */
bool init_put_off_upkeep(void)
{
	int file = open(UPKEEP, O_WRONLY | O_CLOEXEC);
	bool written = file >= 0 && write(file, "100000", 6) == 6;

	if (file >= 0)
		close(file);
	if (written)
		sleep(3);
	return written;
}

/* As stale.c: does it come within a run? */
const char *init_upkeep(unsigned int rounds)
{
	FILE *interval = fopen(UPKEEP, "r"), *uptime = fopen("/proc/uptime", "r");
	double seconds = 0, up = 0;
	bool read = interval && uptime && fscanf(interval, "%lf", &seconds) == 1 &&
		    fscanf(uptime, "%lf", &up) == 1;

	(void)rounds;
	if (interval)
		fclose(interval);
	if (uptime)
		fclose(uptime);
	REQUIRE(read, "cannot read when it comes");
	REQUIRE(seconds >= 100000 && up >= 3, "it comes within a run");
	return NULL;
}

/* The names after `hmwork=` on the kernel's command line; NULL if there are none. */
const char *init_request(void)
{
	static char line[4096];
	FILE *file = fopen("/proc/cmdline", "r");
	char *word = file ? fgets(line, sizeof(line), file) : NULL;

	if (file)
		fclose(file);
	for (word = word ? strtok(line, " \n") : NULL; word; word = strtok(NULL, " \n"))
		if (!strncmp(word, REQUEST_KEY, strlen(REQUEST_KEY)))
			return word + strlen(REQUEST_KEY);
	return NULL;
}

/* The device behind /dev/console: only a real terminal can control a session. */
static void find_terminal(char *path, size_t size)
{
	char name[32] = "console";
	FILE *file = fopen("/sys/class/tty/console/active", "r");

	if (file) {
		if (fscanf(file, "%31s", name) != 1)
			strcpy(name, "console");
		fclose(file);
	}
	snprintf(path, size, "/dev/%s", name);
}

void init_shell(void)
{
	char terminal[64];
	int pid = fork();

	if (pid) {
		while (waitpid(-1, NULL, 0) != pid)
			;
		return;
	}
	setsid();
	find_terminal(terminal, sizeof(terminal));
	use_terminal(terminal);
	ioctl(STDIN_FILENO, TIOCSCTTY, 1);
	execl(BUSYBOX, "sh", (char *)NULL);
	perror(BUSYBOX);
	_exit(127);
}

void init_poweroff(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
