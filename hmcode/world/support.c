/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support.c - on which harts guests may run.
 *
 * A guest runs in the real S-mode.  What S-mode or U-mode can write there has to be moved when another
 * vCPU comes (switch.c), or be closed to guests (menvcfg, TVM).  A hart that has more than that is
 * refused: it would let a guest see what another left, or reach beyond its own memory.  So is one that
 * lacks what switch.c moves, or that cannot protect the pool.
 */
#include <sbi/riscv_asm.h>
#include <sbi/riscv_encoding.h>
#include <sbi/sbi_console.h>
#include <sbi/sbi_csr_detect.h>
#include <sbi/sbi_domain.h>
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

/* OpenSBI gives each region one entry, the largest the last; with Smepmp one is kept for its own use. */
static u32 entries_needed(struct sbi_scratch *scratch)
{
	const struct sbi_domain *domain = sbi_domain_thishart_ptr();
	struct sbi_domain_memregion *region;
	u32 count = sbi_hart_has_extension(scratch, SBI_HART_EXT_SMEPMP);

	sbi_domain_for_each_memregion(domain, region)
		count++;
	return count;
}

/*
 * S-mode may write the pool nowhere.  Too few entries would cost the last region, which is all
 * that S-mode has.
 */
bool hm_pmp_covers(struct sbi_scratch *scratch, u64 base, u64 size, u32 more)
{
	u32 needed = entries_needed(scratch) + more, bits = sbi_hart_pmp_addrbits(scratch) + PMP_SHIFT;

	if (sbi_hart_pmp_count(scratch) < needed) {
		sbi_printf("hmcode: hart %u has %u PMP entries, with the pool %u are needed: no HM extension\n",
			   current_hartid(), sbi_hart_pmp_count(scratch), needed);
		return false;
	}
	if (1ull << sbi_hart_pmp_log2gran(scratch) > size || (bits < 64 && (base + size - 1) >> bits)) {
		sbi_printf("hmcode: hart %u has no PMP that reaches the pool: no HM extension\n", current_hartid());
		return false;
	}
	return true;
}

/* Regions of another domain than the root's need not hold the pool. */
static bool pool_is_protected(struct sbi_scratch *scratch)
{
	const struct sbi_domain *domain = sbi_domain_thishart_ptr();

	return hm_pmp_covers(scratch, hm_pool_base, hm_pool_size, 0) &&
	       sbi_domain_check_addr(domain, hm_pool_base, PRV_S, SBI_DOMAIN_READ) &&
	       !sbi_domain_check_addr(domain, hm_pool_base, PRV_S, SBI_DOMAIN_WRITE);
}

/* What of the hart guests cannot run with, by its name; NULL: nothing, they may run. */
const char *hm_hart_obstacle(struct sbi_scratch *scratch)
{
	/* S-mode would be HS-mode: a guest could enter VS-mode, whose translation nobody shadows. */
	if (misa_extension('H'))
		return "the hypervisor extension";
	if (sbi_hart_has_extension(scratch, SBI_HART_EXT_SMAIA))
		return "the AIA";
	/* M-mode could not read what is S-mode's: the host's pages, guests' tables. */
	if (sbi_hart_has_extension(scratch, SBI_HART_EXT_SMEPMP))
		return "Smepmp";
	if (hm_pool_size && !pool_is_protected(scratch))
		return "a pool that is not protected";
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
	if (!misa_extension('F') || !misa_extension('D'))
		return "no D extension";
	return NULL;
}
