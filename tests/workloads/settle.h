/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settle.h - what both programs that measure wait for before they begin.
 *
 * Text for one place in main.c and one in program.c: a file of its own would move hmwork's functions
 * over its pages, and with them the figures.
 */
#ifndef SETTLE_H
#define SETTLE_H

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Clock ticks (1/100 s) that the machine has been idle since it started. */
static unsigned long idle_ticks(void)
{
	FILE *file = fopen("/proc/stat", "r");
	unsigned long idle = 0;

	if (!file)
		return 0;
	if (fscanf(file, "cpu %*u %*u %*u %lu", &idle) != 1)
		idle = 0;
	fclose(file);
	return idle;
}

/*
 * Wait until the kernel's late work is over, which would be counted with the
 * workload that comes next: what it does in threads after it started the first
 * process (it times misaligned accesses, for one), and what the last workload
 * left to RCU, whose grace periods cost as much as some rounds do.
 */
static void settle(void)
{
	for (int tries = 0; tries < 50; tries++) {
		unsigned long before = idle_ticks();

		usleep(200 * 1000);
		if (idle_ticks() - before >= 18)
			return;
	}
}

/*
 * The timer's interrupts are a workload's company in every mode.  To begin just
 * behind one makes their number the same in all.
 */
static void await_tick(void)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &start);
	do
		clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	while (now.tv_sec == start.tv_sec && now.tv_nsec == start.tv_nsec);
}

#endif /* SETTLE_H */
