/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.c - from the firmware's hand-over to running guests.
 *
 * host-hv runs with satp = 0 for all its life.  It needs no protection from
 * itself, and so no translation of its own can ever meet a guest's: a guest's
 * global entries match every ASID, and the firmware need not fence before it
 * lets the host run.
 *
 * The order: platform (and with it the console), options, firmware, memory,
 * guests, the other harts, then the scheduler for ever.
 */
#include <libfdt.h>

#include "boot/hypervisor.h"
#include "boot/modules.h"
#include "boot/probe.h"
#include "console/input.h"
#include "core/console.h"
#include "core/external.h"
#include "core/hm.h"
#include "core/memory.h"
#include "core/policy.h"
#include "device/clock.h"
#include "device/devices.h"
#include "guest/restart.h"
#include "guest/seed.h"
#include "monitor/commands.h"
#include "run/loop.h"
#include "run/sched.h"
#include "ssp/ssp.h"
#include "virtio/bus.h"

/* The entry from start.S. */
void boot_main(uint64_t hart_id, const void *fdt);

#define HSM_HART_START 0
#define STACK_SIZE     8192

static struct platform platform;
static struct options options;
static struct hm_info info;

/* The first hart keeps the boot stack of start.S. */
static uint8_t stacks[MAX_HARTS][STACK_SIZE] __attribute__((aligned(16)));

static void firmware_init(void)
{
	struct sbiret ret = sbi_call(HM_EXT_ID, HM_FID_VERSION, 0);

	if (ret.error)
		fail("no HM extension: start it on hmcode");
	if (ret.value >> 16 != HM_ABI_VERSION_MAJOR)
		fail("the firmware speaks version %lu.%lu of the HM extension, needed is %d.x",
		     ret.value >> 16, ret.value & 0xffff, HM_ABI_VERSION_MAJOR);
	ret = sbi_call(HM_EXT_ID, HM_FID_INFO, (uint64_t)&info, sizeof(info));
	if (ret.error)
		fail("the firmware does not describe itself (SBI error %ld)", ret.error);
}

/* In hap no firmware takes part: what it would say of itself is read of the hart. */
static void below_init(void)
{
	if (options.policy == POLICY_HAP)
		hypervisor_init(&platform, options.marks, &info);
	else
		firmware_init();
	if (!(info.satp_modes >> options.satp_mode & 1))
		fail("this hart has no satp mode %u: choose another width=", options.satp_mode);
}

/* All RAM but what the firmware, the modules and host-hv itself occupy. */
static void memory_init(const struct guest_config *guests, unsigned count)
{
	memory_read_fdt(platform.fdt);
	memory_reserve((struct range){ info.pool_base, info.pool_size });
	for (unsigned i = 0; i < count; i++) {
		memory_reserve(guests[i].kernel);
		memory_reserve(guests[i].initrd);
		memory_reserve(guests[i].tree);
	}
}

/*
 * The same share of the pool for each vCPU.  An eighth is left for what the
 * firmware keeps beside the tables themselves: vCPUs, descriptions of tables.
 */
static unsigned long table_pages(unsigned vcpus)
{
	return info.pool_free_pages / 8 * 7 / vcpus;
}

/* Shadow tables in our own memory, for the policies that make them ours: it is the guests', too. */
static unsigned long own_table_pages(unsigned long firmware_has)
{
	return firmware_has / 2 < SSP_MIN_TABLES ? SSP_MIN_TABLES : firmware_has / 2;
}

static void create_guests(void)
{
	static struct guest_config guests[MAX_GUESTS];
	unsigned count = guests_find(&platform, &options, guests), vcpus = 0;
	struct vm_defaults defaults = {
		.platform = &platform,
		.hm = &info,
		.policy = options.policy,
		.satp_mode = options.satp_mode,
		.svvptc = options.svvptc,
		.svadu = options.svadu,
		.roots = options.roots,
		.marks = options.marks,
		.restarts = options.restart,
		.quiet = options.quiet,
		.small_pages = options.small_pages,
	};

	memory_init(guests, count);
	bus_assign(&options.devices, count);
	for (unsigned i = 0; i < count; i++)
		vcpus += guests[i].vcpus;
	defaults.table_pages = table_pages(vcpus);
	defaults.own_table_pages = own_table_pages(defaults.table_pages);
	for (unsigned i = 0; i < count; i++)
		vm_create(&guests[i], &defaults);
	fence_i();
}

static void start_harts(void)
{
	extern char hart_entry[];

	for (unsigned i = 1; i < platform.hart_count; i++) {
		struct hart *h = &harts[i];

		h->stack_end = (uint64_t)(stacks[i] + STACK_SIZE);
		if (sbi_call(SBI_EXT_HSM, HSM_HART_START, h->id, (uint64_t)hart_entry, (uint64_t)h)
			    .error)
			fail("hart %lu cannot be started", h->id);
	}
}

static const char *command_line(void)
{
	const char *bootargs = fdt_getprop(platform.fdt, platform.chosen, "bootargs", NULL);

	return bootargs ? bootargs : "";
}

void boot_main(uint64_t hart_id, const void *fdt)
{
	platform_read(&platform, fdt, hart_id);
	for (unsigned i = 0; i < platform.hart_count; i++)
		harts[i].id = platform.hart_id[i];
	seed_init(platform.fdt, platform.chosen);
	options_parse(&options, command_line());
	if (options.all_bytes)
		console_pass_all();
	print("host-hv " HV_VERSION "\n");
	below_init();
	sched_init(platform.timebase_hz);
	console_init(platform.timebase_hz);
	external_init(&platform, options.policy == POLICY_HAP);
	clock_init(&platform, devices_ring);
	devices_init(platform.timebase_hz);
	bus_init(&platform);
	create_guests();
	input_begin(platform.uart_irq, keyboard_type);
	external_begin();
	start_harts();
	hart_loop(&harts[0], vm_restart);
}
