// SPDX-License-Identifier: BSD-2-Clause
/*
 * Double traps ("Ssdbltrp"): whether S-mode is offered them.  The word offered=1 says that this
 * machine does.  With end=1 the payload ends in a trap vector that traps, which is a double trap
 * where they were asked for.
 */
#include "payload.h"

#define SBI_FWFT    0x46574654ul
#define FWFT_SET    0
#define FWFT_GET    1
#define DOUBLE_TRAP 3
#define SSTATUS_SDT (1ul << 24)

static bool sdt_is_kept(void)
{
	bool kept;

	csr_set(sstatus, SSTATUS_SDT);
	kept = csr_read(sstatus) & SSTATUS_SDT;
	csr_clear(sstatus, SSTATUS_SDT);
	return kept;
}

static void asks(bool offered)
{
	int64_t expected = offered ? SBI_OK : SBI_NOT_SUPPORTED;

	fact(!sdt_is_kept(), "SDT is read-only 0 at first");
	fact_equal(sbi_call(SBI_FWFT, FWFT_GET, DOUBLE_TRAP, 0, 0, 0, 0).error, expected,
		   "FWFT gets the feature");
	fact_equal(sbi_call(SBI_FWFT, FWFT_SET, DOUBLE_TRAP, 1, 0, 0, 0).error, expected,
		   "FWFT sets the feature");
	fact_equal(sdt_is_kept(), offered, "SDT is kept, if it is there");
}

void payload(uint64_t hart)
{
	const struct mode *mode;
	uint64_t root;

	(void)hart;
	asks(payload_option("offered", 0));
	if (!payload_option("end", 0))
		return;
	root = root_in_first_mode(&mode);
	satp_load(mode, root, 0);
	note("traps in its trap vector");
	csr_write(stvec, TEST_VA);
	write64(TEST_VA, 0);
	note("is still there");
}
