// SPDX-License-Identifier: BSD-2-Clause
/* SBI calls with arguments meant to harm: each is refused, nothing is read or written for them. */
#include "payload.h"

#define HM_EXTENSION 0x08484d43ul /* the host's interface: not for guests */
#define UART         0x10000000ul
#define HOLE         0x14000000ul
#define PMU          0x504d55ul
#define SET_TIMER    0xf0005ul
#define NO_SUCH_HART 4000ul
#define BEYOND_RAM   0x1000000000ul

static int64_t write_from(uint64_t count, uint64_t low, uint64_t high)
{
	return sbi_call(SBI_DBCN, 0, count, low, high, 0, 0).error;
}

static int64_t read_to(uint64_t count, uint64_t low, uint64_t high)
{
	return sbi_call(SBI_DBCN, 1, count, low, high, 0, 0).error;
}

static void console(void)
{
	static const uint64_t wild[] = { 0, 0x1000, UART, HOLE, BEYOND_RAM, ~0ul - 63, 1ul << 55 };
	uint64_t refused = 0, count = sizeof(wild) / sizeof(wild[0]);

	for (unsigned int i = 0; i < count; i++) {
		refused += write_from(64, wild[i], 0) == SBI_INVALID_PARAM;
		refused += read_to(64, wild[i], 0) == SBI_INVALID_PARAM;
	}
	fact_equal(refused, 2 * count, "console calls from and to what is no RAM");
	fact_equal(write_from(~0ul, 0x80200000, 0), SBI_INVALID_PARAM,
		   "a length that wraps around");
	fact_equal(write_from(1ul << 40, 0x80200000, 0), SBI_INVALID_PARAM, "a length beyond RAM");
	fact_equal(write_from(1, 0x80200000, 1), SBI_INVALID_PARAM, "a high word");
}

static void host_interface(void)
{
	uint64_t refused = 0;

	fact_equal(sbi_call(SBI_BASE, 3, HM_EXTENSION, 0, 0, 0, 0).value, 0,
		   "the host's extension is not offered");
	for (uint64_t fid = 0; fid < 20; fid++)
		refused += sbi_call(HM_EXTENSION, fid, 0, 0x80000000, 0x80000000, PAGE, 7).error ==
			   SBI_NOT_SUPPORTED;
	fact_equal(refused, 20, "and none of its functions answers");
}

static void fences(void)
{
	static const uint64_t wild[] = { 0, 1, PAGE - 1, 1ul << 38, 1ul << 63, ~0ul };
	uint64_t count = sizeof(wild) / sizeof(wild[0]), survived = 0;

	for (uint64_t fid = 0; fid < 10; fid++)
		for (unsigned int i = 0; i < count; i++)
			for (unsigned int j = 0; j < count; j++) {
				sbi_call(SBI_RFENCE, fid, 0, ~0ul, wild[i], wild[j], wild[j]);
				survived++;
			}
	fact_equal(survived, 10 * count * count, "remote fences over any range");
}

/* OpenSBI 1.6 takes these for success; the specification does not. */
static void no_such_hart(void)
{
	fact_equal(sbi_call(SBI_IPI, 0, 1, NO_SUCH_HART, 0, 0, 0).error, SBI_INVALID_PARAM,
		   "an IPI to no hart");
	fact_equal(sbi_call(SBI_RFENCE, 0, 1, NO_SUCH_HART, 0, 0, 0).error, SBI_INVALID_PARAM,
		   "a fence.i on no hart");
	fact_equal(sbi_call(SBI_RFENCE, 1, 1, NO_SUCH_HART, 0, 0, 0).error, SBI_INVALID_PARAM,
		   "a fence on no hart");
}

/* Extensions and functions at random, except those that would end or stop the guest. */
static void any_call(void)
{
	uint64_t state = 1;

	for (unsigned int i = 0; i < 2000; i++) {
		state = state * 6364136223846793005ul + 1442695040888963407ul;
		uint64_t eid = state >> 20, fid = state >> 60;

		if (eid >= 16) /* legacy calls block or shut down by design */
			sbi_call(eid, fid, state, ~state, state << 7, state >> 9, state);
	}
	fact(true, "2000 calls at random");
}

/* The PMU's calls: whatever they made of its counters, one that is cleared works. */
static void counters(void)
{
	static const uint64_t wild[] = { 0,       1,          2,          3,       18,
					 19,      63,         64,         0x7fffd, ~0ul,
					 HOLE,    0x80000000, UART,       0xfffff, 1ul << 63,
					 0xf0005, 0x100,      BEYOND_RAM, -16ul,   0x20000 };
	uint64_t state = 3, arg[5];

	for (unsigned int i = 0; i < 20000; i++) {
		for (unsigned int j = 0; j < 5; j++) {
			state = state * 6364136223846793005ul + 1442695040888963407ul;
			arg[j] = wild[(state >> 33) % (sizeof(wild) / sizeof(wild[0]))];
		}
		/* Not that which writes to memory, where the payload itself is. */
		sbi_call(PMU, (state >> 55) % 8, arg[0], arg[1], arg[2], arg[3], arg[4]);
		csr_read(instret);
		csr_read(cycle);
	}
	sbi_call(PMU, 4, 0, 0x7fffd, 1, 0, 0);
	fact_equal(sbi_call(PMU, 2, 3, 1, 6, SET_TIMER, 0).error, SBI_OK, "a counter is free");
	sbi_call(SBI_TIME, 0, ~0ul, 0, 0, 0, 0);
	fact_equal(sbi_call(PMU, 5, 3, 0, 0, 0, 0).value, 1, "and counts");
}

void payload(uint64_t hart)
{
	(void)hart;
	counters();
	console();
	host_interface();
	fences();
	no_such_hart();
	any_call();
}
