// SPDX-License-Identifier: BSD-2-Clause
/*
 * restart.c - what a CPU's ring has to survive.  As stale.c: nothing is measured.
 *
 *   hotplug:ROUNDS   CPU 1 is unplugged and comes back; a process on it flushes
 *   kexec:1          /kernel is started by kexec ...
 *   crash:1          ... or because this one crashes (crashkernel=)
 *
 * The second kernel finds the initramfs where the first one did (retain_initrd),
 * and the first one's command line with hmthen= in place of hmwork=.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kexec.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workload.h"

#define KERNEL     "/kernel"
#define FDT_ROOM   (64 * 1024)
#define FDT_OFFSET (64 * MIB) /* from the kernel */
#define IMAGE_SIZE 16         /* in an Image's header */

static bool set_online(bool online)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);
	bool done = fd >= 0 && write(fd, online ? "1" : "0", 1) == 1;

	if (fd >= 0)
		close(fd);
	return done;
}

static bool run_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

/* A process that has been on this CPU alone: its flushes need no other. */
#define FLUSHES 8
#define BYTES   (4 * PAGE)

static const char *flush_in_child(void)
{
	int pid = fork();

	if (pid == 0) {
		char *area = map_pages(BYTES);
		bool ok = area;

		for (unsigned int i = 0; ok && i < FLUSHES; i++) {
			for (size_t at = 0; at < BYTES; at += PAGE)
				page_fill(area + at, pattern(at / PAGE, i, 0));
			madvise(area, BYTES, MADV_DONTNEED);
			for (size_t at = 0; at < BYTES; at += PAGE)
				ok &= page_is_zero(area + at);
		}
		_exit(!ok);
	}
	return child_result(pid, "a page given back is still there");
}

const char *restart_hotplug(unsigned int rounds)
{
	uint64_t before[RING_COUNTERS], after[RING_COUNTERS];

	for (unsigned int round = 0; round < rounds; round++) {
		const char *why;

		REQUIRE(set_online(false) && set_online(true), "CPU 1 does not come back");
		REQUIRE(run_on(1), "nothing runs on CPU 1");
		REQUIRE(ring_read(before), "there are no rings");
		why = flush_in_child();
		REQUIRE(!why, why);
		REQUIRE(ring_read(after), "there are no rings");
		REQUIRE(after[RING_COMMITS] >= before[RING_COMMITS] + FLUSHES, "CPU 1 has no ring");
		REQUIRE(run_on(0), "nothing runs on CPU 0");
	}
	return NULL;
}

/* Where /proc/iomem has NAME, rounded down to what an Image asks for, or 0. */
static unsigned long place_of(const char *name)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long start = 0;
	char line[128];

	while (file && !start && fgets(line, sizeof(line), file))
		if (strstr(line, name))
			sscanf(line, " %lx", &start);
	if (file)
		fclose(file);
	return start & -(2 * MIB);
}

static void rename_words(char *fdt, size_t size, const char *from, const char *to)
{
	char *at;

	while ((at = memmem(fdt, size, from, strlen(from))))
		memcpy(at, to, strlen(to));
}

static const char *load(unsigned long where, unsigned long flags)
{
	static char fdt[FDT_ROOM];
	int file = open(KERNEL, O_RDONLY), tree = open("/sys/firmware/fdt", O_RDONLY);
	struct kexec_segment segments[2] = { 0 };
	ssize_t fdt_size = read(tree, fdt, sizeof(fdt));
	struct stat stat;
	const char *image;

	REQUIRE(where, "there is no place for another kernel");
	REQUIRE(file >= 0 && !fstat(file, &stat), "there is no " KERNEL);
	REQUIRE(fdt_size > 0, "there is no device tree");
	image = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	REQUIRE(image != MAP_FAILED, "cannot map " KERNEL);
	rename_words(fdt, fdt_size, "hmwork=", "hmpast=");
	rename_words(fdt, fdt_size, "hmthen=", "hmwork=");
	segments[0].buf = image;
	segments[0].bufsz = stat.st_size;
	segments[0].mem = (void *)where;
	memcpy(&segments[0].memsz, image + IMAGE_SIZE, sizeof(segments[0].memsz));
	segments[0].memsz = (segments[0].memsz + PAGE - 1) & -PAGE;
	segments[1].buf = fdt;
	segments[1].bufsz = fdt_size;
	segments[1].mem = (void *)(where + FDT_OFFSET);
	segments[1].memsz = FDT_ROOM;
	REQUIRE(!syscall(SYS_kexec_load, where, 2, segments, flags), "the kernel cannot be loaded");
	return NULL;
}

const char *restart_kexec(unsigned int rounds)
{
	const char *why = load(place_of("Kernel image"), 0);

	(void)rounds;
	if (why)
		return why;
	sync();
	syscall(SYS_reboot, 0xfee1dead, 672274793, 0x45584543 /* LINUX_REBOOT_CMD_KEXEC */, NULL);
	return "the other kernel does not start";
}

const char *restart_crash(unsigned int rounds)
{
	const char *why = load(place_of("Crash kernel"), KEXEC_ON_CRASH);

	(void)rounds;
	if (!why)
		_exit(1); /* the first process: that is a crash */
	return why;
}
