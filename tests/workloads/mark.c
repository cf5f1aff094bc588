// SPDX-License-Identifier: BSD-2-Clause
/*
 * mark.c - measurement markers: writes to a custom CSR that the firmware traps.
 *
 * Without hmcode the write is an illegal instruction that reaches the program
 * as SIGILL; the handler steps over it, and the run is not measured.
 */
#include <signal.h>
#include <ucontext.h>

#include "hm_abi.h"
#include "workload.h"

#define STRING(x)   #x
#define CSR(number) STRING(number)

void write_marker(uint64_t value);
__asm__(".globl write_marker\n"
	".type write_marker, @function\n"
	"write_marker:\n"
	"	csrw " CSR(HM_CSR_MARK) ", a0\n"
					"	ret\n"
					".size write_marker, . - write_marker\n");

#define MARKER_INSN_BYTES 4

static volatile sig_atomic_t absent;

static void on_illegal(int sig, siginfo_t *info, void *context)
{
	unsigned long *pc = &((ucontext_t *)context)->uc_mcontext.__gregs[REG_PC];

	(void)info;
	if (*pc != (unsigned long)write_marker) {
		signal(sig, SIG_DFL);
		return;
	}
	absent = 1;
	*pc += MARKER_INSN_BYTES;
}

void mark_init(void)
{
	struct sigaction action = { .sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO };

	sigaction(SIGILL, &action, NULL);
}

void mark_begin(unsigned int number)
{
	write_marker(HM_MARK_BEGIN | number << 8);
}

void mark_end(unsigned int number, bool ok)
{
	write_marker(HM_MARK_END | number << 8 | (ok ? HM_MARK_OK : 0));
}

bool mark_works(void)
{
	return !absent;
}
