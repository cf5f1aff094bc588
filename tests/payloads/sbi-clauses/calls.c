// SPDX-License-Identifier: BSD-2-Clause
/* calls.c - every extension's probe, functions that do not exist, arguments that do not fit. */
#include "clauses.h"

#define PROBE       3
#define NO_FUNCTION 0x7fff

static struct sbi call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1)
{
	return sbi_call(eid, fid, a0, a1, 0, 0, 0);
}

/* Everything that the specification numbers, and what it leaves to others. */
static const struct {
	uint64_t eid;
	bool legacy, there[3]; /* in a guest, on hmcode, on OpenSBI */
	const char *what;
} extensions[] = {
	{ 0, true, { 1, 1, 1 }, "legacy set_timer" },
	{ 1, true, { 1, 1, 1 }, "legacy console_putchar" },
	{ 2, true, { 1, 1, 1 }, "legacy console_getchar" },
	{ 3, true, { 1, 1, 1 }, "legacy clear_ipi" },
	{ 4, true, { 1, 1, 1 }, "legacy send_ipi" },
	{ 5, true, { 1, 1, 1 }, "legacy remote_fence_i" },
	{ 6, true, { 1, 1, 1 }, "legacy remote_sfence_vma" },
	{ 7, true, { 1, 1, 1 }, "legacy remote_sfence_vma_asid" },
	{ 8, true, { 1, 1, 1 }, "legacy shutdown" },
	{ 9, false, { 0, 0, 0 }, "the reserved EID 9" },
	{ 15, false, { 0, 0, 0 }, "the reserved EID 15" },
	{ SBI_BASE, false, { 1, 1, 1 }, "BASE" },
	{ SBI_TIME, false, { 1, 1, 1 }, "TIME" },
	{ SBI_IPI, false, { 1, 1, 1 }, "IPI" },
	{ SBI_RFENCE, false, { 1, 1, 1 }, "RFENCE" },
	{ SBI_HSM, false, { 1, 1, 1 }, "HSM" },
	{ SBI_SRST, false, { 1, 1, 1 }, "SRST" },
	{ SBI_DBCN, false, { 1, 1, 1 }, "DBCN" },
	{ SBI_SUSP, false, { 1, 1, 0 }, "SUSP" },
	{ 0x504d55, false, { 1, 1, 1 }, "PMU" },
	{ 0x43505043, false, { 0, 0, 0 }, "CPPC" },
	{ 0x4e41434c, false, { 0, 0, 0 }, "NACL" },
	{ 0x535441, false, { 0, 0, 0 }, "STA" },
	{ 0x535345, false, { 0, 1, 1 }, "SSE" },
	{ SBI_FWFT, false, { 1, 1, 1 }, "FWFT" },
	{ 0x44425452, false, { 0, 0, 1 }, "DBTR" },
	{ 0x4d505859, false, { 0, 0, 0 }, "MPXY" },
	{ 0x08000000, false, { 0, 0, 0 }, "an experimental EID" },
	{ 0x09000000, false, { 0, 0, 0 }, "a vendor's EID" },
	{ 0x0a000000, false, { 0, 0, 0 }, "a firmware's EID" },
	{ ~0ul, false, { 0, 0, 0 }, "EID ~0" },
};

static void probes(void)
{
	for (unsigned int i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		struct sbi probe = call(SBI_BASE, PROBE, extensions[i].eid, 0);

		facts_about(extensions[i].what);
		fact(!probe.error && probe.value == extensions[i].there[firmware], "its probe");
		if (!extensions[i].legacy) /* these have no functions */
			is(call(extensions[i].eid, NO_FUNCTION, 0, 0), SBI_NOT_SUPPORTED,
			   "a function that there is not");
	}
	facts_about("");
}

static void base(void)
{
	is(call(SBI_BASE, 0, 0, 0), SBI_OK, "get_spec_version");
	fact_equal(call(SBI_BASE, 0, 0, 0).value, (firmware == GUEST ? 3ul : 2ul) << 24,
		   "the version is 3.0, or OpenSBI's 2.0");
	for (uint64_t fid = 1; fid <= 6; fid++)
		is(call(SBI_BASE, fid, 0, 0), SBI_OK, "functions 1 to 6 of BASE");
	is(call(SBI_BASE, 7, 0, 0), SBI_NOT_SUPPORTED, "function 7 of BASE");
}

static void reset(void)
{
	static const uint64_t wrong[] = { 3, 0x77, 0xefffffff, 0xf0000000, 1ul << 32, ~0ul };

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		is(call(SBI_SRST, 0, wrong[i], 0), SBI_INVALID_PARAM,
		   "a reset type that there is not");
		is(call(SBI_SRST, 0, 0, wrong[i] | 2), SBI_INVALID_PARAM,
		   "a reset reason that there is not");
	}
}

static void console(void)
{
	static char text[] = "note written\n";

	is(call(SBI_DBCN, 0, sizeof(text) - 1, (uint64_t)text), SBI_OK, "console_write");
	is(call(SBI_DBCN, 2, '\n', 0), SBI_OK, "console_write_byte");
	is(call(SBI_DBCN, 1, sizeof(text), (uint64_t)text), SBI_OK, "console_read");
	fact_equal(call(SBI_DBCN, 1, sizeof(text), (uint64_t)text).value, 0,
		   "console_read does not wait");
	differs(sbi_call(SBI_DBCN, 0, 8, (uint64_t)text, 1, 0, 0), SBI_INVALID_PARAM, SBI_FAILED,
		"console_write from beyond the address space");
	is(call(SBI_DBCN, 0, 8, FIRMWARE_ONLY), SBI_INVALID_PARAM,
	   "console_write of what is not the supervisor's");
	is(call(SBI_DBCN, 1, 8, FIRMWARE_ONLY), SBI_INVALID_PARAM,
	   "console_read to what is not the supervisor's");
}

static void feature_is(uint64_t value, const char *what)
{
	struct sbi got = feature_get(MISALIGNED_EXC_DELEG);

	fact(!got.error && got.value == value, what);
}

static void wrong_features(void)
{
	static const uint64_t unnamed[] = { 6,          0x3fffffff, 0x40000000,
					    0x7fffffff, 0x80000000, 0xffffffff };

	for (uint64_t feature = 1; feature < 6; feature++) {
		is(feature_get(feature), SBI_NOT_SUPPORTED,
		   "getting a feature that is not supported");
		is(feature_set(feature, 0, 0), SBI_NOT_SUPPORTED, "setting it");
	}
	for (unsigned int i = 0; i < sizeof(unnamed) / sizeof(unnamed[0]); i++) {
		is(feature_get(unnamed[i]), SBI_DENIED, "getting a feature without a name");
		is(feature_set(unnamed[i], 0, 0), SBI_DENIED, "setting it");
	}
}

static void features(void)
{
	feature_is(0, "misaligned accesses are not delegated at reset");
	is(feature_set(MISALIGNED_EXC_DELEG, 1, 0), SBI_OK, "delegating them");
	feature_is(1, "they are");
	is(feature_set(MISALIGNED_EXC_DELEG, 2, 0), SBI_INVALID_PARAM, "a value that there is not");
	is(feature_set(MISALIGNED_EXC_DELEG, 0, 2), SBI_INVALID_PARAM, "a flag that there is not");
	is(feature_set(MISALIGNED_EXC_DELEG, 0, ~0ul), SBI_INVALID_PARAM, "all flags");
	feature_is(1, "it is as before");
	is(feature_set(MISALIGNED_EXC_DELEG, 0, 0), SBI_OK, "delegating them no more");
	feature_is(0, "they are not");
	wrong_features();
}

static void timer(void)
{
	is(set_timer(now() + 500 * ms), SBI_OK, "set_timer");
	fact_equal(csr_read(sip) & SIP_TIMER, 0, "it is not due at once");
	is(set_timer(now() + ms), SBI_OK, "set_timer to an earlier time");
	fact(WAIT(csr_read(sip) & SIP_TIMER), "it becomes due");
	is(set_timer(~0ul), SBI_OK, "set_timer to never");
	fact_equal(csr_read(sip) & SIP_TIMER, 0, "nothing is pending any more");
}

void calls(void)
{
	base();
	probes();
	reset();
	console();
	timer();
	features();
}
