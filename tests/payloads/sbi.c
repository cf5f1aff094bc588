// SPDX-License-Identifier: BSD-2-Clause
/* SBI calls answer as the specification says, errors included, and keep registers. */
#include "payload.h"

#define OWN_HART_ONLY ~0ul /* as mask base: all harts */
#define NO_SUCH_HART  4000ul

static struct sbi call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1)
{
	return sbi_call(eid, fid, a0, a1, 0, 0, 0);
}

static void base(void)
{
	static const struct {
		uint64_t eid;
		const char *what;
	} wanted[] = {
		{ SBI_BASE, "BASE is there" }, { SBI_TIME, "TIME is there" },
		{ SBI_IPI, "IPI is there" },   { SBI_RFENCE, "RFENCE is there" },
		{ SBI_HSM, "HSM is there" },   { SBI_SRST, "SRST is there" },
		{ SBI_DBCN, "DBCN is there" },
	};

	fact_equal(call(SBI_BASE, 0, 0, 0).error, SBI_OK, "get_spec_version");
	fact(call(SBI_BASE, 0, 0, 0).value >= 2ul << 24, "version 2.0 or later");
	for (unsigned int i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		fact(call(SBI_BASE, 3, wanted[i].eid, 0).value != 0, wanted[i].what);
	fact_equal(call(SBI_BASE, 3, 0x0badbad, 0).value, 0, "an unknown extension is not");
	fact_equal(call(SBI_BASE, 3, 0x0badbad, 0).error, SBI_OK, "and asking for it is no error");
	for (uint64_t fid = 1; fid <= 6; fid++)
		if (call(SBI_BASE, fid, 0, 0).error != SBI_OK)
			fact(false, "BASE has functions 1 to 6");
}

static void unknown(void)
{
	fact_equal(call(0x0badbad, 0, 0, 0).error, SBI_NOT_SUPPORTED,
		   "an unknown extension's call");
	fact_equal(call(SBI_BASE, 7, 0, 0).error, SBI_NOT_SUPPORTED, "an unknown function of BASE");
	fact_equal(call(SBI_TIME, 9, 0, 0).error, SBI_NOT_SUPPORTED, "an unknown function of TIME");
	fact_equal(call(SBI_IPI, 9, 0, 0).error, SBI_NOT_SUPPORTED, "an unknown function of IPI");
	fact_equal(call(SBI_RFENCE, 99, 0, 0).error, SBI_NOT_SUPPORTED,
		   "an unknown function of RFENCE");
	fact_equal(call(SBI_HSM, 99, 0, 0).error, SBI_NOT_SUPPORTED, "an unknown function of HSM");
	fact_equal(call(SBI_SRST, 9, 0, 0).error, SBI_NOT_SUPPORTED, "an unknown function of SRST");
	fact_equal(call(SBI_DBCN, 9, 0, 0).error, SBI_NOT_SUPPORTED, "an unknown function of DBCN");
}

static void harts(uint64_t hart)
{
	fact_equal(call(SBI_HSM, 2, hart, 0).error, SBI_OK, "hart_get_status of this hart");
	fact_equal(call(SBI_HSM, 2, hart, 0).value, 0, "it is started");
	fact_equal(call(SBI_HSM, 2, NO_SUCH_HART, 0).error, SBI_INVALID_PARAM, "status of no hart");
	fact_equal(call(SBI_HSM, 0, hart, 0x80200000).error, SBI_ALREADY_AVAILABLE,
		   "starting this hart");
	fact_equal(call(SBI_HSM, 0, NO_SUCH_HART, 0x80200000).error, SBI_INVALID_PARAM,
		   "starting no hart");
	fact_equal(call(SBI_IPI, 0, 0, 0).error, SBI_OK, "an IPI to an empty set");
}

static void fences(uint64_t hart)
{
	fact_equal(sbi_call(SBI_RFENCE, 0, 1ul << hart, 0, 0, 0, 0).error, SBI_OK,
		   "remote fence.i");
	fact_equal(sbi_call(SBI_RFENCE, 1, 1ul << hart, 0, 0, 0, 0).error, SBI_OK,
		   "remote fence of all");
	fact_equal(sbi_call(SBI_RFENCE, 1, 0, OWN_HART_ONLY, TEST_VA, PAGE, 0).error, SBI_OK,
		   "remote fence of a page, all harts");
	fact_equal(sbi_call(SBI_RFENCE, 2, 0, OWN_HART_ONLY, 0, ~0ul, 1).error, SBI_OK,
		   "remote fence of an ASID");
	fact_equal(sbi_call(SBI_RFENCE, 2, 0, OWN_HART_ONLY, TEST_VA, 1ul << 40, 1).error, SBI_OK,
		   "a huge range");
}

static void remote_fence_takes_effect(const struct mode *mode)
{
	uint64_t root = root_new(mode), one = page_alloc(), two = page_alloc();

	write64(one, 1);
	write64(two, 2);
	map_page(mode, root, TEST_VA, one, PTE_RW);
	satp_load(mode, root, 0);
	fence_all();
	fact_equal(read64(TEST_VA), 1, "a page before a remote fence");
	map_page(mode, root, TEST_VA, two, PTE_RW);
	sbi_call(SBI_RFENCE, 1, 0, OWN_HART_ONLY, TEST_VA, PAGE, 0);
	fact_equal(read64(TEST_VA), 2, "after a remote fence of it");
	map_page(mode, root, TEST_VA, one, PTE_RW);
	sbi_call(SBI_RFENCE, 2, 0, OWN_HART_ONLY, 0, 0, 0);
	fact_equal(read64(TEST_VA), 1, "after a remote fence of the address space");
	csr_write(satp, 0);
	fence_all();
}

static void console(void)
{
	static char text[] = "note written\n";
	struct sbi r = call(SBI_DBCN, 0, sizeof(text) - 1, (uint64_t)text);

	fact_equal(r.error, SBI_OK, "console_write");
	fact(r.value > 0 && r.value <= sizeof(text) - 1, "it tells how much it wrote");
	fact_equal(call(SBI_DBCN, 0, 0, (uint64_t)text).value, 0, "console_write of nothing");
	/* The specification says invalid parameter; OpenSBI says failed. */
	r = sbi_call(SBI_DBCN, 0, 8, (uint64_t)text, 1, 0, 0);
	fact(r.error == SBI_INVALID_PARAM || r.error == SBI_FAILED,
	     "console_write from beyond the address space");
	fact_equal(call(SBI_DBCN, 1, 0, (uint64_t)text).value, 0, "console_read of nothing");
	fact_equal(call(SBI_DBCN, 2, '\n', 0).error, SBI_OK, "console_write_byte");
}

static void reset(void)
{
	fact_equal(call(SBI_SRST, 0, 0x77, 0).error, SBI_INVALID_PARAM, "a reserved reset type");
	fact_equal(call(SBI_SRST, 0, 0, 0x77).error, SBI_INVALID_PARAM, "a reserved reset reason");
}

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();

	base();
	unknown();
	harts(hart);
	fences(hart);
	remote_fence_takes_effect(mode);
	console();
	reset();
}
