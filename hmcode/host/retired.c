/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * retired.c - a counter of retired instructions for the measurement.
 *
 * Under QEMU's -icount mcycle goes on while WFI waits, and minstret leaves M-mode out.  A
 * programmable counter may count instructions and nothing else.  Then it is ours: OpenSBI, and so
 * every kernel, has one less.
 *
 *	sbi_hart_mhpm_mask  wrapped: the mask of the programmable counters is without it
 *	sbi_hart_reinit     wrapped: a hart that resumes has it stopped
 */
#include <sbi/sbi_error.h>
#include <sbi/sbi_hart.h>

#include "core/machine.h"
#include "host/hooks.h"
#include "host/retired.h"
#include "metal/hart.h"

/* A loop that few instructions or events of another kind than these fit, and one of many. */
#define SHORT 3
#define LONG  100

enum found { NOT_LOOKED, NONE, ONE };

static unsigned long offset; /* in scratch space: enum found; written in the cold boot */

static enum found *found(struct sbi_scratch *scratch)
{
	return sbi_scratch_offset_ptr(scratch, offset);
}

/* All 64 bits of it: what is measured is a difference. */
static bool is_there(void)
{
	struct sbi_trap_info trap = { 0 };
	bool wide;

	hart_write_allowed(CSR_MHPMCOUNTER18, &trap, 1ull << 63);
	if (trap.cause)
		return false;
	wide = hart_read(CSR_MHPMCOUNTER18) >> 63;
	hart_write(CSR_MHPMCOUNTER18, 0);
	return wide;
}

static bool counts_loop(u64 turns)
{
	return hart_count_loop(turns) == HART_LOOP(turns);
}

/*
 * What an event's number means each hart decides for itself.  So the counter is asked for what is
 * known: it is one of instructions if it says how many two loops have.  Cycles, and those of an
 * emulator that takes them from its clock, are others.
 */
static bool counts_instructions(void)
{
	struct sbi_trap_info trap = { 0 };

	hart_write_allowed(CSR_MHPMEVENT18, &trap, HART_RETIRED_EVENT);
	if (trap.cause)
		return false;
	hart_read_allowed(CSR_MCOUNTINHIBIT, &trap);
	if (!trap.cause)
		hart_clear(CSR_MCOUNTINHIBIT, 1u << HART_RETIRED);
	/* Twice: QEMU may let another hart run within a loop, whose instructions count as well. */
	for (unsigned int turn = 0; turn < 2; turn++)
		if (counts_loop(SHORT) && counts_loop(LONG))
			return true;
	hart_write(CSR_MHPMEVENT18, 0);
	return false;
}

int hm_retired_begin(void)
{
	offset = sbi_scratch_alloc_offset(sizeof(enum found));
	return offset ? 0 : SBI_ENOMEM;
}

void hm_retired_look(void)
{
	enum found *here = found(sbi_scratch_thishart_ptr());

	/* What vCPUs of this hart are measured by stays as it is when the hart starts again. */
	if (*here == NOT_LOOKED)
		*here = is_there() && counts_instructions() ? ONE : NONE;
}

bool hm_retired_of(struct sbi_scratch *scratch)
{
	return *found(scratch) == ONE;
}

unsigned int __real_sbi_hart_mhpm_mask(struct sbi_scratch *scratch);
unsigned int __wrap_sbi_hart_mhpm_mask(struct sbi_scratch *scratch);

unsigned int __wrap_sbi_hart_mhpm_mask(struct sbi_scratch *scratch)
{
	unsigned int mask = __real_sbi_hart_mhpm_mask(scratch);

	return hm_retired_of(scratch) ? mask & ~(1u << HART_RETIRED) : mask;
}

int __real_sbi_hart_reinit(struct sbi_scratch *scratch);
int __wrap_sbi_hart_reinit(struct sbi_scratch *scratch);

int __wrap_sbi_hart_reinit(struct sbi_scratch *scratch)
{
	int error = __real_sbi_hart_reinit(scratch);

	hm_run_counters(hm_this_hart());
	return error;
}
