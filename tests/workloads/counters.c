// SPDX-License-Identifier: BSD-2-Clause
/*
 * counters.c - which counters a program may read; those that it may not are illegal instructions.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

#include "workload.h"

static sigjmp_buf refused;

static void on_illegal(int sig)
{
	siglongjmp(refused, sig);
}

#define MAY_READ(csr)                                                      \
	({                                                                 \
		bool may_ = !sigsetjmp(refused, 1);                        \
		unsigned long value_;                                      \
		if (may_)                                                  \
			__asm__ volatile("csrr %0, " #csr : "=r"(value_)); \
		may_;                                                      \
	})

const char *counters_read(unsigned int rounds)
{
	struct sigaction action = { .sa_handler = on_illegal };

	(void)rounds;
	REQUIRE(!sigaction(SIGILL, &action, NULL), "cannot catch SIGILL");
	printf("hmwork: may read cycle %d, time %d, instret %d\n", MAY_READ(cycle), MAY_READ(time),
	       MAY_READ(instret));
	signal(SIGILL, SIG_DFL);
	return NULL;
}
