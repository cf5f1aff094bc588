/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.c - where hmcode hooks into OpenSBI, which stays unpatched:
 *
 *	sbi_init          wrapped: a copy of the platform's operations is put in
 *	                  place, with early, domains' and final initialization overridden
 *	sbi_hart_switch_mode  wrapped: mtvec is the host's from here on
 *	sbi_hart_pmp_configure  wrapped (support.c): too few entries are told
 *	sbi_hsm_hart_suspend  wrapped: the hart may lose what it holds of a vCPU
 *
 * Others are wrapped in host/hooks.c, core/fatal.c and core/string.c.
 */
#include <libfdt.h>
#include <sbi/sbi_console.h>
#include <sbi/sbi_domain.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_hart.h>
#include <sbi/sbi_heap.h>
#include <sbi/sbi_math.h>
#include <sbi/sbi_platform.h>
#include <sbi/sbi_scratch.h>
#include <sbi/sbi_string.h>
#include <sbi/sbi_system.h>
#include <sbi_utils/fdt/fdt_helper.h>

#include "boot/place.h"
#include "boot/support.h"
#include "core/fatal.h"
#include "core/machine.h"
#include "core/pool.h"
#include "host/extension.h"
#include "host/hooks.h"
#include "host/mark.h"
#include "host/retired.h"
#include "mmu/asid.h"
#include "ssp/hits.h"
#include "trap/trap.h"
#include "world/registers.h"

static struct sbi_platform_operations operations;
static const struct sbi_platform_operations *original;

/* OpenSBI's own vectors, the second one for harts with H. */
extern const char _trap_handler[], _trap_handler_hyp[];

static int reserve_pool(const void *fdt)
{
	struct range pool = hm_place_pool(fdt);
	int error;

	if (!pool.size || !hm_pmp_covers(sbi_scratch_thishart_ptr(), pool.base, pool.size, 1))
		return 0;
	error = sbi_domain_root_add_memrange(pool.base, pool.size, pool.size,
					     SBI_DOMAIN_MEMREGION_M_READABLE |
						     SBI_DOMAIN_MEMREGION_M_WRITABLE |
						     SBI_DOMAIN_MEMREGION_SU_READABLE);
	if (error)
		return error;
	hm_pool_init(pool.base, pool.size);
	hm_place_reserve(pool);
	return 0;
}

/*
 * OpenSBI covers a PLIC by powers of two, on QEMU's virt by two of them: with the
 * pool that is one PMP entry more than boards have.  Rounded up, one holds both.
 */
static int cover_plic(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "riscv,plic0");
	u64 base, size;

	if (node < 0 || fdt_get_node_addr_size(fdt, node, 0, &base, &size) || !size)
		return 0;
	size = 1ull << log2roundup(size);
	if (base & (size - 1) || hm_touches_ram((struct range){ base, size }))
		return 0;
	return sbi_domain_root_add_memrange(
		base, size, size, SBI_DOMAIN_MEMREGION_MMIO | SBI_DOMAIN_MEMREGION_SHARED_SURW_MRW);
}

static struct hm_hart **hart_of(struct sbi_scratch *scratch)
{
	return sbi_scratch_offset_ptr(scratch, hm_hart_offset);
}

/* Extensions that OpenSBI does not know: the device tree says which harts have them. */
static void read_extensions(const void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus"), node;

	fdt_for_each_subnode(node, fdt, cpus)
	{
		int length;
		const char *list = fdt_getprop(fdt, node, "riscv,isa-extensions", &length);
		struct sbi_scratch *scratch;
		u32 id;

		if (!list || fdt_parse_hart_id(fdt, node, &id))
			continue;
		scratch = sbi_hartid_to_scratch(id);
		if (scratch)
			(*hart_of(scratch))->svvptc =
				fdt_stringlist_contains(list, length, "svvptc");
	}
}

/* Where no guest will run there is no pool, and no frame that one could be interrupted in. */
static struct hm_hart *make_hart_without_guests(void)
{
	return sbi_zalloc(__builtin_offsetof(struct hm_hart, stack));
}

static struct hm_hart *make_hart_for_guests(struct sbi_scratch *scratch)
{
	struct hm_hart *hart = (struct hm_hart *)hm_pool_alloc(sizeof(*hart) / PAGE_SIZE + 1);

	if (!hart)
		return NULL;
	sbi_memset(hart, 0, sizeof(*hart));
	hart->frame.hart = hart;
	hm_learn_first(&hart->frame);
	hart->frame.scratch = (u64)scratch;
	return hart;
}

static int make_hart(struct sbi_scratch *scratch)
{
	struct hm_hart *hart =
		hm_pool_size ? make_hart_for_guests(scratch) : make_hart_without_guests();

	*hart_of(scratch) = hart;
	return hart ? 0 : SBI_ENOMEM;
}

/*
 * All of them in the cold boot: later the device tree is in memory that is the host's, and
 * the pool may be used up.
 */
static int make_harts(const void *fdt)
{
	for (u32 i = 0; i < sbi_platform_hart_count(sbi_platform_thishart_ptr()); i++) {
		struct sbi_scratch *scratch = sbi_hartindex_to_scratch(i);
		int error = scratch ? make_hart(scratch) : 0;

		if (error)
			return error;
		if (scratch)
			hm_trace_begin(&(*hart_of(scratch))->trace, i);
	}
	read_extensions(fdt);
	return 0;
}

static void know_hart(struct sbi_scratch *scratch, struct hm_hart *hart)
{
	const char *obstacle = hm_hart_obstacle(scratch);

	hart->supported = hm_pool_size && !obstacle;
	hart->sstc = sbi_hart_has_extension(scratch, SBI_HART_EXT_SSTC);
	hart->inhibit = sbi_hart_priv_version(scratch) >= SBI_HART_PRIV_VER_1_11;
	hart->envcfg = sbi_hart_priv_version(scratch) >= SBI_HART_PRIV_VER_1_12;
	hart->older = !hart->sstc || !hart->envcfg;
	hart->split_counters = sbi_hart_has_extension(scratch, SBI_HART_EXT_SMCNTRPMF);
	hart->retired = hm_retired_of(scratch);
	hm_run_counters(hart);
	hart->host_mcounteren = hart_read(CSR_MCOUNTEREN);
	hart->vlenb = obstacle ? 0 : hm_vlenb();
	hm_asid_init(hart);
	hart->known = true;
	if (obstacle && hm_pool_size)
		sbi_printf("hmcode: hart %u has %s: no HM extension on it\n", hart_id(), obstacle);
}

/* At each start of a hart; whoever stopped it left nothing of a vCPU in it (hm_registers_save). */
static void init_hart(void)
{
	struct hm_hart *hart = hm_this_hart();

	if (!hart->known)
		know_hart(sbi_scratch_thishart_ptr(), hart);
	hart->host_timer = HM_NO_DEADLINE;
	hart->seip = false;
	hm_run_counters(hart);
	/* Nobody asked for machine external interrupts yet: HM_FID_EXT_IRQ_DONE does. */
	hart_clear(CSR_MIE, MIP_MEIP);
}

static int early_init(bool cold_boot)
{
	int error = original->early_init ? original->early_init(cold_boot) : 0;
	const void *fdt = fdt_get_address();

	if (!error && cold_boot)
		error = hm_retired_begin();
	if (!error)
		hm_retired_look();
	if (error || !cold_boot)
		return error;
	if (!hm_place_read(fdt, sbi_scratch_thishart_ptr()))
		return SBI_ENODEV;
	hm_hart_offset = sbi_scratch_alloc_offset(sizeof(struct hm_hart *));
	return hm_hart_offset ? cover_plic(fdt) : SBI_ENOMEM;
}

/*
 * Before anything is added to it.  OpenSBI finds it by the root domain, domains of its own by the
 * scratch space.
 */
static int make_room_in_tree(void)
{
	void *fdt = hm_place_tree(fdt_get_address_rw());

	if (!fdt)
		return SBI_ENOSPC;
	root.next_arg1 = sbi_scratch_thishart_ptr()->next_arg1 = (unsigned long)fdt;
	return 0;
}

/* By now OpenSBI knows the hart, and its devices have taken what PMP entries they need. */
static int domains_init(void)
{
	int error = reserve_pool(fdt_get_address());

	sbi_printf("hmcode " HM_VERSION "\n");
	if (!error)
		error = make_room_in_tree();
	if (!error)
		error = make_harts(fdt_get_address());
	if (!error && original->domains_init)
		error = original->domains_init();
	return error;
}

static int can_suspend(u32 type)
{
	return type == SBI_SUSP_SLEEP_TYPE_SUSPEND ? SBI_SUCCESS : SBI_ERR_INVALID_PARAM;
}

/*
 * All other harts have stopped.  What the supervisor has enabled ends it: our own timer event,
 * without Sstc, only where STIE is set, as it becomes STIP.  OpenSBI has kept mie, and resumes by
 * its warm boot.
 */
static int suspend_to_ram(u32 type, unsigned long resume_address)
{
	(void)type;
	(void)resume_address;
	hm_registers_save(hm_this_hart());
	if (!(hart_read(CSR_MIE) & MIP_STIP))
		hart_clear(CSR_MIE, MIP_MTIP);
	while (!(hart_read(CSR_MIP) & hart_read(CSR_MIE)))
		hart_wait();
	return SBI_SUCCESS;
}

/* SUSP, which OpenSBI offers where a platform can do it: natively as to guests. */
static struct sbi_system_suspend_device suspend_device = {
	.name = "hmcode-suspend",
	.system_suspend_check = can_suspend,
	.system_suspend = suspend_to_ram,
};

/*
 * "Machine Status (mstatus and mstatush) Registers": MPV is a field of its own, by which a trap of
 * VS-mode is redirected to HS-mode.  QEMU 10.0.13 ignores what is written to it, so that a guest by
 * the H extension ends in a trap that nobody understands.
 */
static void warn_of_missing_mpv(void)
{
	u64 mstatus = hart_read(CSR_MSTATUS);

	if (!misa_extension('H'))
		return;
	hart_write(CSR_MSTATUS, mstatus | MSTATUS_MPV);
	if (!(hart_read(CSR_MSTATUS) & MSTATUS_MPV))
		sbi_printf(
			"hmcode: mstatus.MPV cannot be written, as in QEMU 10.0.13: no guest runs by the H extension\n");
	hart_write(CSR_MSTATUS, mstatus);
}

static int final_init(bool cold_boot)
{
	int error = original->final_init ? original->final_init(cold_boot) : 0;

	if (error)
		return error;
	init_hart();
	if (!cold_boot)
		return 0;
	warn_of_missing_mpv();
	sbi_system_suspend_set_device(&suspend_device);
	fdt_parse_timebase_frequency(fdt_get_address(), &hm_timebase);
	error = hm_register_host_extension();
	if (!error && hm_pool_size)
		error = hm_describe_pool(fdt_get_address_rw());
	hm_mark_boot(fdt_get_address());
	return error;
}

static void early_exit(void)
{
	hm_registers_save(hm_this_hart());
	if (original->early_exit)
		original->early_exit();
}

int __real_sbi_hsm_hart_suspend(struct sbi_scratch *scratch, u32 type, ulong address, ulong mode,
				ulong opaque);
int __wrap_sbi_hsm_hart_suspend(struct sbi_scratch *scratch, u32 type, ulong address, ulong mode,
				ulong opaque);

/* A hart that wakes up may find its registers cleared. */
int __wrap_sbi_hsm_hart_suspend(struct sbi_scratch *scratch, u32 type, ulong address, ulong mode,
				ulong opaque)
{
	hm_registers_save(hm_this_hart());
	return __real_sbi_hsm_hart_suspend(scratch, type, address, mode, opaque);
}

void __real_sbi_init(struct sbi_scratch *scratch);
void __wrap_sbi_init(struct sbi_scratch *scratch);

/* Every hart comes here, and each does the same. */
void __wrap_sbi_init(struct sbi_scratch *scratch)
{
	struct sbi_platform *platform = (struct sbi_platform *)sbi_platform_ptr(scratch);

	if (platform->platform_ops_addr != (unsigned long)&operations) {
		original = (const void *)platform->platform_ops_addr;
		operations = *original;
		operations.early_init = early_init;
		operations.domains_init = domains_init;
		operations.final_init = final_init;
		operations.early_exit = early_exit;
		platform->platform_ops_addr = (unsigned long)&operations;
	}
	hart_write(CSR_MTVEC, (unsigned long)hm_fatal_vector);
	__real_sbi_init(scratch);
}

void __noreturn __real_sbi_hart_switch_mode(unsigned long arg0, unsigned long arg1,
					    unsigned long next_addr, unsigned long next_mode,
					    bool next_virt);
void __noreturn __wrap_sbi_hart_switch_mode(unsigned long arg0, unsigned long arg1,
					    unsigned long next_addr, unsigned long next_mode,
					    bool next_virt);

static const char *vector(void)
{
	if (hm_this_hart()->supported)
		return hm_host_vector;
	return misa_extension('H') ? _trap_handler_hyp : _trap_handler;
}

/* Out of M-mode: from now on traps are the host's. */
void __noreturn __wrap_sbi_hart_switch_mode(unsigned long arg0, unsigned long arg1,
					    unsigned long next_addr, unsigned long next_mode,
					    bool next_virt)
{
	hm_stop_if_fatal();
	hart_write(CSR_MTVEC, (unsigned long)vector());
	__real_sbi_hart_switch_mode(arg0, arg1, next_addr, next_mode, next_virt);
}
