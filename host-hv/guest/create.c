/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/create.h"

#include <libfdt.h>

#include "core/console.h"
#include "core/memory.h"
#include "core/policy.h"
#include "device/clock.h"
#include "device/devices.h"
#include "guest/dtb.h"
#include "guest/load.h"
#include "hap/hap.h"
#include "run/sched.h"
#include "run/stats.h"
#include "shadow/shadow.h"
#include "shadow/tsp_handler.h"

static struct vm_defaults defaults;
static struct guest_load loads[MAX_GUESTS];

/* -- creation -- */

/*
 * A guest physical address and its host physical address should agree in as
 * many low bits as possible, so that the guest's superpages stay superpages.
 */
static uint64_t alloc_ram(int id, uint64_t size)
{
	uint64_t hpa = size >= GIB ? memory_alloc(size, GIB) : 0;

	if (!hpa)
		hpa = memory_alloc(size, 2 * MIB);
	if (!hpa)
		fail("vm%d: %lu MB of memory are not there, only %lu MB: give the machine more or "
		     "the guest less (mem=)",
		     id, size / MIB, memory_largest(2 * MIB) / MIB);
	return hpa;
}

/* A shadow keeps its promise for any hart; in hap the guest has the hart's own. */
static bool offers_svvptc(const struct vm *vm)
{
	return defaults.svvptc && (!vm->hap || defaults.hm->features & HM_INFO_SVVPTC);
}

static void write_dtb(struct vm *vm)
{
	static const char *const mmu_types[] = { "riscv,sv39", "riscv,sv48", "riscv,sv57" };
	const struct platform *p = defaults.platform;
	struct guest_tree tree = {
		.host_fdt = p->fdt,
		.host_cpu = p->boot_cpu,
		.timebase_hz = p->timebase_hz,
		.ram = vm->ram,
		.initrd = { vm->load->at.initrd, vm->load->config->initrd.size },
		.bootargs = vm->load->config->bootargs,
		.vcpus = vm->vcpu_count,
		.mmu_type = mmu_types[defaults.satp_mode - 8],
		.rtc = clock_exists(),
		.virtio = vm->devices->virtio_count,
		.sstc = defaults.hm->features & HM_INFO_SSTC,
		.svvptc = offers_svvptc(vm),
		.svade = vm->svadu != SVADU_ALWAYS,
		.svadu = vm->svadu != SVADU_NEVER,
	};
	void *to = vm_memory(vm, vm->load->at.dtb, DTB_MAX_SIZE);
	int error;

	if (vm->load->config->tree.size)
		error = dtb_adopt(&tree, (void *)vm->load->config->tree.base,
				  vm->load->config->tree.size, to);
	else
		error = dtb_build(&tree, to);
	if (error)
		fail("vm%d: its device tree: %s", vm->id, fdt_strerror(error));
}

/* What the file leaves out of the kernel's memory is zero, whatever a boot loader left there. */
static void clear_rest(const struct vm *vm, uint64_t file_size, uint64_t memory_size)
{
	char *kernel = vm_memory(vm, vm->load->at.kernel, memory_size);

	memset(kernel + file_size, 0, memory_size - file_size);
}

/* Where kernel, initrd and device tree go in the guest's RAM. */
static void place_files(struct vm *vm)
{
	const struct guest_config *config = vm->load->config;
	struct image image;
	const char *wrong;

	wrong = image_check((void *)config->kernel.base, config->kernel.size, &image);
	if (!wrong)
		wrong = image_place(vm->ram, &image, config->initrd.size, DTB_MAX_SIZE,
				    &vm->load->at);
	if (wrong)
		fail("vm%d: %s", vm->id, wrong);
	clear_rest(vm, config->kernel.size, image.memory_size);
}

static void load_file(const struct vm *vm, struct range file, uint64_t at, struct range part)
{
	uint64_t first = max_u64(at, part.base);
	uint64_t end = min_u64(at + file.size, part.base + part.size);

	if (first < end)
		memcpy(vm_memory(vm, first, end - first), (void *)(file.base + (first - at)),
		       end - first);
}

void vm_load(const struct vm *vm, struct range part)
{
	load_file(vm, vm->load->config->kernel, vm->load->at.kernel, part);
	load_file(vm, vm->load->config->initrd, vm->load->at.initrd, part);
}

/* A call that the firmware can only refuse if we or it are wrong. */
static unsigned long firmware_result(const struct vm *vm, const char *what, struct sbiret ret)
{
	if (ret.error)
		fail("vm%d: the firmware refused to %s (SBI error %ld)", vm->id, what, ret.error);
	return ret.value;
}

static void create_vcpu(struct vm *vm, unsigned id)
{
	struct vcpu *v = &vm->vcpu[id];

	v->vm = vm;
	v->id = id;
	v->run = memory_page();
	v->shadow = shadow_create(vm, defaults.own_table_pages, defaults.hm);
	sched_add(v, defaults.platform->hart_count);
}

/* Also where another hart ran the guest before: what that hart has fetched of it is gone. */
static void start_vcpu(struct vcpu *v)
{
	memset(v->run, 0, sizeof(*v->run));
	shadow_init(v->shadow, v->vm, defaults.own_table_pages, defaults.hm);
	v->fence = (struct fence){ .flags = HM_RUN_FENCE_I };
	v->external_irq = v->software_irq = 0;
	v->reset_stats = true; /* the boot is a workload, too */
	if (v->vm->hap)
		hap_start(v);
	else
		v->hm = firmware_result(v->vm, "create a vCPU",
					sbi_call(HM_EXT_ID, HM_FID_VCPU_CREATE, v->vm->hm,
						 (uint64_t)v->run, defaults.table_pages));
	vcpu_set_state(v, VCPU_STOPPED);
}

/* The pool's free pages show whether a restart leaves any behind. */
static void report_start(const struct vm *vm)
{
	struct hm_info info = { 0 };

	if (defaults.quiet)
		return;
	if (!vm->hap)
		firmware_result(vm, "describe itself",
				sbi_call(HM_EXT_ID, HM_FID_INFO, (uint64_t)&info, sizeof(info)));
	print("vm%d: %lu MB at 0x%lx, %u vCPU, kernel %lu KB, initrd %lu KB, pool %lu pages free\n",
	      vm->id, vm->ram.size / MIB, vm->hpa, vm->vcpu_count,
	      vm->load->config->kernel.size / KIB, vm->load->config->initrd.size / KIB,
	      info.pool_free_pages);
}

static void create_in_firmware(struct vm *vm)
{
	/* all that there are is what a firmware without the flag has as well */
	uint64_t roots = vm->roots == HM_ROOTS ? 0 : vm->roots;

	vm->hm = firmware_result(vm, "create a VM", sbi_call(HM_EXT_ID, HM_FID_VM_CREATE, roots));
	firmware_result(vm, "map its memory",
			sbi_call(HM_EXT_ID, HM_FID_SLOT_SET, vm->hm, 0, vm->ram.base, vm->hpa,
				 vm->ram.size, HM_SLOT_R | HM_SLOT_W | HM_SLOT_X));
}

void vm_start(struct vm *vm)
{
	struct vcpu *first = &vm->vcpu[0];

	write_dtb(vm);
	if (!vm->hap)
		create_in_firmware(vm);
	/* before external_irq is: what is typed meanwhile interrupts nobody then */
	devices_reset(vm);
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		start_vcpu(&vm->vcpu[i]);
	if (!vm->hap)
		tsp_handler_init(vm->tsp, vm, defaults.hm, defaults.platform->zero_block);
	vcpu_reset(first, vm->load->at.kernel, vm->load->at.dtb);
	report_start(vm);
	vm->vcpus_left = vm->vcpu_count;
	vm->load->restored = 0;
	stats_start(vm);
	__atomic_store_n(&vm->restarter, NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&vm->end, VM_RUNS, __ATOMIC_RELEASE);
	/* what any vCPU was asked for before it was started */
	__atomic_fetch_or(&first->external_irq, EXTERNAL_SERVE, __ATOMIC_RELAXED);
	vcpu_set_state(first, VCPU_RUNNABLE);
	sched_kick(first->hart);
}

void vm_create(const struct guest_config *config, const struct vm_defaults *d)
{
	struct vm *vm = vm_add();

	defaults = *d;
	vm->load = &loads[vm->id];
	vm->load->config = config;
	vm->ram = (struct range){ GUEST_RAM_BASE, config->memory };
	vm->hpa = alloc_ram(vm->id, config->memory);
	vm->vcpu_count = config->vcpus;
	vm->marks = d->marks;
	vm->restarts = d->restarts;
	vm->svadu = d->svadu;
	vm->roots = d->roots;
	vm->split_counters = d->hm->features & HM_INFO_SMCNTRPMF;
	vm->policy = d->policy;
	devices_create(vm);
	place_files(vm);
	vm_load(vm, vm->ram);
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		create_vcpu(vm, i);
	if (vm->policy == POLICY_HAP)
		hap_create(vm, defaults.small_pages);
	else
		vm->tsp = tsp_handler_create(vm);
	vm_start(vm);
}
