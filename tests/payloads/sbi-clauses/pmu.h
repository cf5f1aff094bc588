/* SPDX-License-Identifier: BSD-2-Clause */
/* pmu.h - the calls of SBI's chapter 11, for pmu.c and counts.c. */
#ifndef CLAUSES_PMU_H
#define CLAUSES_PMU_H

#include "clauses.h"

#define SBI_PMU 0x504d55ul
enum {
	PMU_NUMBER,
	PMU_GET_INFO,
	PMU_CONFIGURE,
	PMU_START,
	PMU_STOP,
	PMU_READ,
	PMU_READ_HIGH,
	PMU_SNAPSHOT,
	PMU_EVENT_INFO
};
enum { SBI_ALREADY_STARTED = -7, SBI_ALREADY_STOPPED = -8, SBI_NO_SHMEM = -9 };

/* Of configure, of start and of stop. */
enum { SKIP_MATCH = 1, CLEAR_VALUE = 2, AUTO_START = 4 };
enum { SET_VALUE = 1, FROM_SNAPSHOT = 2 };
enum { RESET = 1, TAKE_SNAPSHOT = 2 };

/* In a guest. */
enum { CYCLE, NOBODYS, INSTRET, FIRST, COUNTERS = 19 };
#define EVERY 0x7fffdul /* of them */

#define CYCLES       1ul
#define INSTRUCTIONS 2ul
#define FW(code)     (0xf0000ul | (code))
#define PLATFORM     FW(0xffff)
enum { ILLEGAL_INSN = 4, SET_TIMER, IPI_SENT, FENCE_I_SENT = 8, FENCE_I_RECEIVED };

static inline struct sbi pmu_call(uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2,
				  uint64_t a3, uint64_t a4)
{
	return sbi_call(SBI_PMU, function, a0, a1, a2, a3, a4);
}

static inline struct sbi configure(uint64_t base, uint64_t mask, uint64_t flags, uint64_t event,
				   uint64_t data)
{
	return pmu_call(PMU_CONFIGURE, base, mask, flags, event, data);
}

static inline struct sbi start_from(uint64_t counter, uint64_t value)
{
	return pmu_call(PMU_START, counter, 1, SET_VALUE, value, 0);
}

static inline struct sbi stop_one(uint64_t counter, uint64_t flags)
{
	return pmu_call(PMU_STOP, counter, 1, flags, 0, 0);
}

static inline uint64_t pmu_read(uint64_t counter)
{
	return pmu_call(PMU_READ, counter, 0, 0, 0, 0).value;
}

/* Every counter stopped, and without an event. */
static inline void pmu_clear(void)
{
	pmu_call(PMU_STOP, 0, EVERY, RESET, 0, 0);
}

#endif
