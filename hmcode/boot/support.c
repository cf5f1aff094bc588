/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support.c - on which harts guests may run.
 *
 * A guest runs in the real S-mode.  What S-mode or U-mode can write there has to be moved when
 * another vCPU comes (switch.c), or be closed to guests (menvcfg, TVM).  A hart that has more than
 * that is refused: it would let a guest see what another left, or reach beyond its own memory.  So
 * is one that lacks what switch.c moves, or that cannot protect the pool.
 */
#include <sbi/sbi_console.h>
#include <sbi/sbi_domain.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_hart.h>

#include "boot/support.h"
#include "core/pool.h"
#include "metal/hart.h"
#include "metal/metal.h"

/* Not in OpenSBI 1.6's list of CSRs. */
#define CSR_JVT      0x017
#define CSR_SCTRCTL  0x14e
#define CSR_SRMCFG   0x181
#define CSR_SCONTEXT 0x5a8

#define HAS_CSR(number)                             \
	({                                          \
		struct sbi_trap_info trap_ = { 0 }; \
                                                    \
		hart_read_allowed(number, &trap_);  \
		!trap_.cause;                       \
	})

/* JEDEC's number of T-Head (mvendorid), and the marchid of its C906, C910 and C920. */
#define THEAD_VENDOR 0x5b7
#define THEAD_C9XX   0

/* VS can be written, so there are vector registers, but no vlenb: V of before 1.0. */
#define VLENB_UNKNOWN (~0u)

/*
 * Bytes of a vector register, of V or of a part of it (Zve*), which has no letter in misa: the
 * guest's own sstatus opens them.  0: there are none.
 */
u32 hm_vlenb(void)
{
	u64 mstatus = hart_read(CSR_MSTATUS), vlenb = 0;
	struct sbi_trap_info trap = { 0 };

	hart_set(CSR_MSTATUS, MSTATUS_VS);
	if (hart_read(CSR_MSTATUS) & MSTATUS_VS) {
		vlenb = hart_read_allowed(CSR_VLENB, &trap);
		if (trap.cause)
			vlenb = VLENB_UNKNOWN;
	}
	hart_write(CSR_MSTATUS, mstatus);
	return vlenb;
}

/*
 * Vector registers of V 0.7.1, opened by other bits of sstatus than VS, and memory types in bits of
 * a PTE that are reserved elsewhere (MAEE).
 */
static bool is_thead_c9xx(void)
{
	return hart_read(CSR_MVENDORID) == THEAD_VENDOR && hart_read(CSR_MARCHID) == THEAD_C9XX;
}

/*
 * OpenSBI gives each region one entry, the largest the last; with Smepmp one is kept for its own
 * use.
 */
static u32 entries_needed(struct sbi_scratch *scratch)
{
	const struct sbi_domain *domain = sbi_domain_thishart_ptr();
	struct sbi_domain_memregion *region;
	u32 count = sbi_hart_has_extension(scratch, SBI_HART_EXT_SMEPMP);

	sbi_domain_for_each_memregion(domain, region) count++;
	return count;
}

/*
 * S-mode may write the pool nowhere.  Too few entries would cost the last region, which is all
 * that S-mode has.
 */
bool hm_pmp_covers(struct sbi_scratch *scratch, u64 base, u64 size, u32 more)
{
	u32 needed = entries_needed(scratch) + more,
	    bits = sbi_hart_pmp_addrbits(scratch) + PMP_SHIFT;

	if (sbi_hart_pmp_count(scratch) < needed) {
		sbi_printf(
			"hmcode: hart %u has %u PMP entries, with the pool %u are needed: no HM extension\n",
			hart_id(), sbi_hart_pmp_count(scratch), needed);
		return false;
	}
	if (1ull << sbi_hart_pmp_log2gran(scratch) > size ||
	    (bits < 64 && (base + size - 1) >> bits)) {
		sbi_printf("hmcode: hart %u has no PMP that reaches the pool: no HM extension\n",
			   hart_id());
		return false;
	}
	return true;
}

int __real_sbi_hart_pmp_configure(struct sbi_scratch *scratch);
int __wrap_sbi_hart_pmp_configure(struct sbi_scratch *scratch);

/*
 * Where the regions are more than the entries OpenSBI leaves out the last, without a word.  That
 * one is all that S-mode has: the next stage would fault at its first instruction for ever.
 */
int __wrap_sbi_hart_pmp_configure(struct sbi_scratch *scratch)
{
	u32 count = sbi_hart_pmp_count(scratch), needed = entries_needed(scratch);

	if (!count || count >= needed)
		return __real_sbi_hart_pmp_configure(scratch);
	sbi_printf(
		"hmcode: hart %u has %u PMP entries, OpenSBI needs %u: the hart does not start\n",
		hart_id(), count, needed);
	return SBI_ENOSPC;
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
	u32 vlenb = hm_vlenb();

	/*
	 * S-mode would be HS-mode: a guest could enter VS-mode, whose translation nobody shadows.
	 */
	if (misa_extension('H'))
		return "the hypervisor extension";
	if (sbi_hart_has_extension(scratch, SBI_HART_EXT_SMAIA))
		return "the AIA";
	/* M-mode could not read what is S-mode's: the host's pages, guests' tables. */
	if (sbi_hart_has_extension(scratch, SBI_HART_EXT_SMEPMP))
		return "Smepmp";
	if (hm_pool_size && !pool_is_protected(scratch))
		return "a pool that is not protected";
	if (is_thead_c9xx())
		return "T-Head's C9xx core (vectors before 1.0, other PTE bits)";
	if (vlenb == VLENB_UNKNOWN)
		return "vector registers of before V 1.0";
	if (vlenb > HM_MAX_VLENB)
		return "vector registers of more than 1024 bits";
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
