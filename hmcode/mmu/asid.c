/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid.c - hardware ASIDs for shadow roots, handed out in generations.
 *
 * 0 is the host's.  When a generation's ASIDs are used up, the next one begins.  It
 * begins with a fence of everything *after* satp names an ASID of the new generation:
 * what the hart walks until then stays under an ASID that is handed out again.
 * A root whose ASID is of another generation, or was retired, gets a new one.  Generations
 * are unique over all harts, so that a root that comes from another hart never
 * matches.
 */
#include <sbi/riscv_atomic.h>
#include <sbi/sbi_bitops.h>

#include "metal/hart.h"
#include "mmu/asid.h"

/* A hart with fewer ASIDs than roots is treated as one without. */
#define ASID_BITS_MIN 6

static atomic_t generations = ATOMIC_INITIALIZER(0);

static void new_generation(struct hm_hart *hart)
{
	hart->asid_generation = atomic_add_return(&generations, 1);
	hart->asid_next = 1;
}

/* ASIDLEN by read-back ("satp", ASID: "writing one to every bit position"). */
void hm_asid_init(struct hm_hart *hart)
{
	u64 old = hart_read(CSR_SATP);

	hart_write(CSR_SATP, satp_make(SATP_SV39, SATP_ASID_MASK, 0));
	/* "the least-significant bits of ASID are implemented first" */
	for (u64 asid = satp_asid(hart_read(CSR_SATP)); asid & 1; asid >>= 1)
		hart->asid_bits++;
	for (unsigned int mode = SATP_SV39; mode <= SATP_SV57; mode++) {
		hart_write(CSR_SATP, satp_make(mode, 0, 0));
		if (satp_mode(hart_read(CSR_SATP)) == mode)
			hart->satp_modes |= 1u << mode;
	}
	hart_write(CSR_SATP, old);
	/*
	 * What the hart walked meanwhile, from address 0, would have ASIDs that are handed out.  No
	 * test can tell: walks begin only "when satp is active" (its section), which it is not in
	 * M-mode, and whatever runs here first is fenced (hm_registers_switch()).  It is done once
	 * for each hart.
	 */
	hart_fence_all();
	hart->asid_limit = hart->asid_bits >= ASID_BITS_MIN ? 1u << hart->asid_bits : 0;
	new_generation(hart);
}

/* root: MODE and PPN of the shadow */
static void load_new(const struct hm_hart *hart, u64 root, u64 asid, u64 *hsatp,
		     u64 *asid_generation)
{
	/* Without ASIDs a root never matches: each switch fences, in load_fenced(). */
	*asid_generation = hart->asid_limit ? hart->asid_generation : 0;
	*hsatp = root | satp_make(0, asid, 0);
	hart_write(CSR_SATP, *hsatp);
}

/* There is no ASID left, or there are none. */
static __attribute__((noinline)) void load_fenced(struct hm_hart *hart, u64 root, u64 *hsatp,
						  u64 *asid_generation)
{
	u64 asid = 0;

	if (hart->asid_limit) {
		new_generation(hart);
		asid = hart->asid_next++;
	}
	load_new(hart, root, asid, hsatp, asid_generation);
	hart_fence_all();
}

static void load(struct hm_hart *hart, u64 root, u64 *hsatp, u64 *asid_generation)
{
	if (hm_load_ready(hart, *hsatp, *asid_generation))
		return;
	if (hart->asid_next >= hart->asid_limit)
		return load_fenced(hart, root, hsatp, asid_generation);
	load_new(hart, root, hart->asid_next++, hsatp, asid_generation);
}

void hm_load_own_root(struct hm_vcpu *vcpu)
{
	struct ssp_root *root = vcpu->space.current;

	load(vcpu->hart, satp_make(root->mode, 0, ssp_root_hpa(&vcpu->space, root)), &root->hsatp,
	     &root->asid_generation);
}

void hm_load_root(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	struct hm_host_root *host = vcpu->roots.current;

	if (hm_host_tables(vcpu))
		load(hart, host->root, &host->hsatp, &host->asid_generation);
	else
		hm_load_own_root(vcpu);
}

void hm_retire_roots(struct hm_vcpu *vcpu)
{
	for (unsigned int i = SSP_GLOBAL; i < SSP_ROOTS; i++)
		vcpu->space.roots[i].asid_generation = 0;
	for (unsigned int i = 0; i < HM_ROOTS; i++)
		vcpu->roots.root[i].asid_generation = 0;
}
