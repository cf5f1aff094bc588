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
