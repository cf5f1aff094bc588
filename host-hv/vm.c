/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm.h"

#include <libfdt.h>

#include "clock.h"
#include "console.h"
#include "dtb.h"
#include "hm.h"
#include "image.h"
#include "memory.h"
#include "policy.h"
#include "sched.h"
#include "shadow.h"

static struct vm vms[MAX_GUESTS];
static unsigned vm_count;
static unsigned vms_left;		/* atomic */
static unsigned failures;		/* atomic */

struct vm *vm_find(unsigned id)
{
	return id < vm_count ? &vms[id] : NULL;
}

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
		     "the guest less (mem=)", id, size / MIB, memory_largest(2 * MIB) / MIB);
	return hpa;
}

static void write_dtb(struct vm *vm, const struct guest_config *config,
		      const struct vm_defaults *d, const struct placement *at)
{
	static const char *const mmu_types[] = { "riscv,sv39", "riscv,sv48", "riscv,sv57" };
	struct guest_tree tree = {
		.host_fdt = d->platform->fdt,
		.host_cpu = d->platform->boot_cpu,
		.timebase_hz = d->platform->timebase_hz,
		.ram = vm->ram,
		.initrd = { at->initrd, config->initrd.size },
		.bootargs = config->bootargs,
		.vcpus = vm->vcpu_count,
		.mmu_type = mmu_types[d->options->satp_mode - 8],
		.rtc = clock_exists(),
		.sstc = d->hm->features & HM_INFO_SSTC,
		.svvptc = d->options->svvptc,
	};
	void *to = vm_memory(vm, at->dtb, DTB_MAX_SIZE);
	int error;

	if (config->tree.size)
		error = dtb_adopt(&tree, (void *)config->tree.base, config->tree.size, to);
	else
		error = dtb_build(&tree, to);
	if (error)
		fail("vm%d: its device tree: %s", vm->id, fdt_strerror(error));
}

/* What the file leaves out of the kernel's memory is zero, whatever a boot loader left there. */
static void load_kernel(const struct vm *vm, const struct range *file, const struct image *image, uint64_t at)
{
	char *to = vm_memory(vm, at, image->memory_size);

	memcpy(to, (void *)file->base, file->size);
	memset(to + file->size, 0, image->memory_size - file->size);
}

/* Puts kernel, initrd and device tree into the guest's RAM. */
static struct placement load(struct vm *vm, const struct guest_config *config,
			     const struct vm_defaults *d)
{
	struct placement at;
	struct image image;
	const char *wrong;

	wrong = image_check((void *)config->kernel.base, config->kernel.size, &image);
	if (!wrong)
		wrong = image_place(vm->ram, &image, config->initrd.size, DTB_MAX_SIZE, &at);
	if (wrong)
		fail("vm%d: %s", vm->id, wrong);
	load_kernel(vm, &config->kernel, &image, at.kernel);
	if (config->initrd.size)
		memcpy(vm_memory(vm, at.initrd, config->initrd.size),
		       (void *)config->initrd.base, config->initrd.size);
	write_dtb(vm, config, d, &at);
	return at;
}

/* A call that the firmware can only refuse if we or it are wrong. */
static unsigned long must(const struct vm *vm, const char *what, struct sbiret ret)
{
	if (ret.error)
		fail("vm%d: the firmware refused to %s (SBI error %ld)", vm->id, what, ret.error);
	return ret.value;
}

static void create_vcpu(struct vm *vm, unsigned id, const struct vm_defaults *d)
{
	struct vcpu *v = &vm->vcpu[id];

	v->vm = vm;
	v->id = id;
	v->run = memory_page();
	v->shadow = shadow_create(vm, d->own_table_pages, d->hm);
	v->reset_stats = true;		/* the boot is a workload, too */
	v->hm = must(vm, "create a vCPU",
		     sbi_call(HM_EXT_ID, HM_FID_VCPU_CREATE, vm->hm, (uint64_t)v->run,
			      d->table_pages));
	sched_add(v, d->platform->hart_count);
}

void vm_create(const struct guest_config *config, const struct vm_defaults *d)
{
	struct vm *vm = &vms[vm_count];
	struct placement at;

	vm->id = vm_count++;
	vm->ram = (struct range){ GUEST_RAM_BASE, config->memory };
	vm->hpa = alloc_ram(vm->id, config->memory);
	vm->vcpu_count = vm->vcpus_left = config->vcpus;
	vm->plic.harts = config->vcpus;
	rtc_reset(&vm->rtc);
	vm->marks = d->options->marks;
	vm->split_counters = d->hm->features & HM_INFO_SMCNTRPMF;
	vm->policy = d->options->tsp ? POLICY_TSP : policy_of(d->options->policy);
	at = load(vm, config, d);

	vm->hm = must(vm, "create a VM", sbi_call(HM_EXT_ID, HM_FID_VM_CREATE, 0));
	must(vm, "map its memory",
	     sbi_call(HM_EXT_ID, HM_FID_SLOT_SET, vm->hm, 0, vm->ram.base, vm->hpa, vm->ram.size,
		      HM_SLOT_R | HM_SLOT_W | HM_SLOT_X));
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		create_vcpu(vm, i, d);
	vm->tsp = tsp_handler_create(vm, d->hm, d->platform->zero_block);
	vcpu_reset(&vm->vcpu[0], at.kernel, at.dtb);
	vcpu_set_state(&vm->vcpu[0], VCPU_RUNNABLE);
	vms_left++;
	if (vm_count == 2)
		console_name_speakers();
	if (!d->options->quiet)
		print("vm%d: %lu MB at 0x%lx, %u vCPU, kernel %lu KB, initrd %lu KB\n",
		      vm->id, vm->ram.size / MIB, vm->hpa, vm->vcpu_count,
		      config->kernel.size / KIB, config->initrd.size / KIB);
}

/* -- the end -- */

static void report_end(const struct vm *vm, enum vm_end how)
{
	static const char *const words[] = {
		[VM_SHUTDOWN] = "shutdown", [VM_REBOOT] = "reboot", [VM_FAILURE] = "failure",
	};

	print("%c{\"end\":\"%s\",\"vm\":%d}\n", HM_RECORD_RS, words[how], vm->id);
}

static void shut_down(void)
{
	unsigned long reason = failures ? SBI_SRST_SYSTEM_FAILURE : SBI_SRST_NO_REASON;

	sbi_call(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, reason);
	fail("the firmware cannot shut the machine down");
}

void vm_end(struct vm *vm, enum vm_end how)
{
	int runs = VM_RUNS;

	if (!__atomic_compare_exchange_n(&vm->end, &runs, how, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	report_end(vm, how);
	if (how == VM_FAILURE)
		__atomic_add_fetch(&failures, 1, __ATOMIC_ACQ_REL);
	if (__atomic_sub_fetch(&vms_left, 1, __ATOMIC_ACQ_REL) == 0)
		shut_down();
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		sched_kick(vm->vcpu[i].hart);
}

/* Its RAM is not given to another guest, so there is nothing to scrub. */
void vm_release_vcpu(struct vcpu *v)
{
	struct vm *vm = v->vm;

	sbi_call(HM_EXT_ID, HM_FID_VCPU_DESTROY, v->hm);
	if (__atomic_sub_fetch(&vm->vcpus_left, 1, __ATOMIC_ACQ_REL) == 0)
		sbi_call(HM_EXT_ID, HM_FID_VM_DESTROY, vm->hm);
}

/* -- memory and interrupts -- */

void *vm_memory(const struct vm *vm, uint64_t gpa, uint64_t size)
{
	if (!range_holds(vm->ram, gpa, size))
		return NULL;
	return (void *)(vm->hpa + (gpa - vm->ram.base));
}

void vm_plic_changed(struct vm *vm)
{
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		vcpu_set_external(&vm->vcpu[i], plic_asserts(&vm->plic, i));
}

void vm_uart_changed(struct vm *vm)
{
	typed_refill(&vm->typed, &vm->uart);
	if (plic_set_line(&vm->plic, GUEST_UART_IRQ, uart_irq(&vm->uart)))
		vm_plic_changed(vm);
}

void vm_rtc_changed(struct vm *vm)
{
	clock_wake(vm->id, vm->rtc.due);
	if (plic_set_line(&vm->plic, GUEST_RTC_IRQ, rtc_irq(&vm->rtc)))
		vm_plic_changed(vm);
}

void vm_alarm(struct vm *vm)
{
	spin_lock(&vm->lock);
	rtc_tick(&vm->rtc, clock_now());
	vm_rtc_changed(vm);
	spin_unlock(&vm->lock);
}
