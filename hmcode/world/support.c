/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support.c - on which harts guests may run.
 *
 * A guest runs in the real S-mode.  What S-mode or U-mode can write there has to be moved when another
 * vCPU comes (switch.c), or be closed to guests (menvcfg, TVM).  A hart that has more than that is
 * refused: it would let a guest see what another left, or reach beyond its own memory.
 */
#include <sbi/riscv_asm.h>
#include <sbi/riscv_encoding.h>
#include <sbi/sbi_csr_detect.h>
#include <sbi/sbi_hart.h>

#include "world/vcpu.h"

/* Not in OpenSBI 1.6's list of CSRs. */
#define CSR_JVT		0x017
#define CSR_SCTRCTL	0x14e
#define CSR_SRMCFG	0x181
#define CSR_SCONTEXT	0x5a8

#define HAS_CSR(number) ({				\
	struct sbi_trap_info trap_ = { 0 };		\
							\
	csr_read_allowed(number, &trap_);		\
	!trap_.cause;					\
})

/* Vector registers, of V or of a part of it, which has no letter in misa: the guest's own sstatus opens them. */
static bool has_vectors(void)
{
	u64 mstatus = csr_read(CSR_MSTATUS), with;

	csr_set(CSR_MSTATUS, MSTATUS_VS);
	with = csr_read(CSR_MSTATUS);
	csr_write(CSR_MSTATUS, mstatus);
	return with & MSTATUS_VS;
}

/* What the hart has that is neither moved nor closed, by its name; NULL: nothing, guests may run. */
const char *hm_hart_obstacle(struct sbi_scratch *scratch)
{
	/* S-mode would be HS-mode: a guest could enter VS-mode, whose translation nobody shadows. */
	if (misa_extension('H'))
		return "the hypervisor extension";
	if (sbi_hart_has_extension(scratch, SBI_HART_EXT_SMAIA))
		return "the AIA";
	if (has_vectors())
		return "vector registers";
	if (HAS_CSR(CSR_SSTATEEN0))
		return "Smstateen";
	/* It stops counters that the firmware counts by. */
	if (HAS_CSR(CSR_SCOUNTINHIBIT))
		return "Ssccfg";
	if (HAS_CSR(CSR_SCTRCTL))
		return "Ssctr";
	if (HAS_CSR(CSR_SISELECT))
		return "Sscsrind";
	if (HAS_CSR(CSR_SRMCFG))
		return "Ssqosid";
	if (HAS_CSR(CSR_SCONTEXT))
		return "scontext of Sdtrig";
	if (HAS_CSR(CSR_JVT))
		return "Zcmt";
	return NULL;
}
