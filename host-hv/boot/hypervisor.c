/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot/hypervisor.h"

#include <libfdt.h>

#include "core/console.h"
#include "core/vm.h"
#include "hap/hap.h"

/*
 * State of a guest's that nobody moves when another guest has its turn, or that reaches beyond its
 * memory; hmcode refuses the same in other modes (hmcode/boot/support.c).
 */
static const char *const refused[] = {
	"v",     "smaia", "ssaia",    "smstateen", "ssstateen", "ssccfg",
	"ssctr", "smctr", "sscsrind", "smcsrind",  "ssqosid",   "zcmt",
};

static bool has(const void *fdt, int node, const char *extension)
{
	return fdt_stringlist_search(fdt, node, "riscv,isa-extensions", extension) >= 0;
}

/* Of the harts that the tree lists extensions of, how many have this one. */
static unsigned count(const struct platform *p, const char *extension)
{
	int cpus = fdt_path_offset(p->fdt, "/cpus"), node;
	unsigned harts = 0;

	fdt_for_each_subnode(node, p->fdt, cpus) harts += has(p->fdt, node, extension);
	return harts;
}

static bool all_have(const struct platform *p, const char *extension)
{
	return count(p, extension) >= p->hart_count;
}

static void must_serve(const struct platform *p)
{
	if (!all_have(p, "h"))
		fail("policy=hap needs harts with the H extension");
	if (!all_have(p, "sstc"))
		fail("policy=hap needs harts with Sstc");
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		if (count(p, refused[i]))
			fail("policy=hap does not serve harts with %s", refused[i]);
	if (1ul << hap_vmid_bits() <= MAX_GUESTS * MAX_VCPUS)
		fail("policy=hap needs VMIDs for %d vCPUs, the hart has %u bits",
		     MAX_GUESTS * MAX_VCPUS, hap_vmid_bits());
}

void hypervisor_init(const struct platform *p, bool marks, struct hm_info *info)
{
	must_serve(p);
	*info = (struct hm_info){
		.version = HM_ABI_VERSION,
		.features = HM_INFO_SSTC | (all_have(p, "svvptc") ? HM_INFO_SVVPTC : 0) |
			    (all_have(p, "smcntrpmf") ? HM_INFO_SMCNTRPMF : 0),
		.satp_modes = hap_satp_modes(),
		.timebase_hz = p->timebase_hz,
	};
	hap_init(info->features & HM_INFO_SMCNTRPMF, marks);
}
