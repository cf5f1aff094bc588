// SPDX-License-Identifier: BSD-2-Clause
/* masks.c - hart_mask and hart_mask_base, of IPI and RFENCE ("Hart list parameter"). */
#include "clauses.h"

static const struct {
	uint64_t eid, fid;
	const char *what;
} functions[] = {
	{ SBI_IPI, 0, "send_ipi" },
	{ SBI_RFENCE, 0, "remote_fence_i" },
	{ SBI_RFENCE, 1, "remote_sfence_vma" },
	{ SBI_RFENCE, 2, "remote_sfence_vma_asid" },
};

static struct sbi to(unsigned int function, uint64_t mask, uint64_t base)
{
	return sbi_call(functions[function].eid, functions[function].fid, mask, base, TEST_VA, PAGE,
			1);
}

static void nobody(unsigned int f)
{
	static const uint64_t bases[] = { 0, 1, 2, 63, 64, NO_SUCH_HART, 1ul << 40, ~1ul };

	for (unsigned int i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		is(to(f, 0, bases[i]), SBI_OK, "a mask of no hart, whatever the base");
}

/* OpenSBI leaves out what is not there and does the rest. */
static void not_there(unsigned int f)
{
	differs(to(f, 1, NO_SUCH_HART), SBI_INVALID_PARAM, SBI_OK, "a base that is no hart");
	differs(to(f, 1, ~1ul), SBI_INVALID_PARAM, SBI_OK, "the last base that there could be");
	differs(to(f, 1ul << harts, 0), SBI_INVALID_PARAM, SBI_OK, "a hart beyond the last");
	differs(to(f, 1ul << 63, me), SBI_INVALID_PARAM, SBI_OK, "a hart far beyond the last");
	differs(to(f, 1 | 1ul << harts, me), SBI_INVALID_PARAM, SBI_OK,
		"a hart, and one that is not there");
}

static void there(unsigned int f)
{
	is(to(f, 1ul << me, 0), SBI_OK, "this hart by the mask");
	is(to(f, 1, me), SBI_OK, "this hart by the base");
	is(to(f, (1ul << harts) - 1, 0), SBI_OK, "all that there are");
	is(to(f, 0, ALL), SBI_OK, "all by the base");
	is(to(f, ~0ul, ALL), SBI_OK, "all by the base, whatever the mask");
}

static bool interrupts_me(uint64_t mask, uint64_t base)
{
	csr_clear(sip, SIP_SOFT);
	send_ipi(mask, base);
	return ipi_comes();
}

static bool spares_me(uint64_t mask, uint64_t base)
{
	csr_clear(sip, SIP_SOFT);
	send_ipi(mask, base);
	return ipi_stays_away();
}

void masks(void)
{
	for (unsigned int f = 0; f < sizeof(functions) / sizeof(functions[0]); f++) {
		facts_about(functions[f].what);
		nobody(f);
		not_there(f);
		there(f);
	}
	facts_about("IPI");
	fact(interrupts_me(1ul << me, 0), "to this hart by the mask");
	fact(interrupts_me(1, me), "to this hart by the base");
	fact(interrupts_me(0, ALL), "to all");
	fact(spares_me(0, me), "to nobody");
	fact(spares_me(1, NO_SUCH_HART), "to no hart");
	facts_about("RFENCE");
	for (uint64_t fid = 3; fid <= 6; fid++)
		is(sbi_call(SBI_RFENCE, fid, 1, me, 0, 0, 0), SBI_NOT_SUPPORTED,
		   "the hypervisor's fences, without H");
	facts_about("");
}
