/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vcpu.c - making and ending VMs and vCPUs.  Every argument comes from the
 * host and is checked first; then the change is made and cannot fail.
 */
#include <sbi/riscv_barrier.h>
#include <sbi/riscv_locks.h>
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_string.h>

#include "world/vcpu.h"

static struct hm_vm vms[HM_MAX_VMS];
static struct hm_vcpu *vcpus[HM_MAX_VCPUS];
static spinlock_t lock = SPIN_LOCK_INITIALIZER;

static struct hm_vm *vm_get(u64 number)
{
	return number < HM_MAX_VMS && vms[number].used ? &vms[number] : NULL;
}

struct hm_vcpu *hm_vcpu_get(u64 number)
{
	return number < HM_MAX_VCPUS ? vcpus[number] : NULL;
}

long hm_vm_create(u64 flags, unsigned long *value)
{
	long error = SBI_ERR_FAILED;

	if (flags)
		return SBI_ERR_INVALID_PARAM;
	spin_lock(&lock);
	for (unsigned int i = 0; i < HM_MAX_VMS; i++) {
		if (vms[i].used)
			continue;
		vms[i] = (struct hm_vm){ .used = true };
		*value = i;
		error = SBI_SUCCESS;
		break;
	}
	spin_unlock(&lock);
	return error;
}

long hm_vm_destroy(u64 number)
{
	struct hm_vm *vm = vm_get(number);

	if (!vm)
		return SBI_ERR_INVALID_PARAM;
	if (vm->vcpus)
		return SBI_ERR_DENIED;
	vm->used = false;
	return SBI_SUCCESS;
}

/* Visit the vCPUs of a VM. */
#define for_each_vcpu(vcpu, owner)						\
	for (unsigned int i_ = 0; i_ < HM_MAX_VCPUS; i_++)			\
		if ((vcpu = vcpus[i_]) && vcpu->vm == (owner))

static bool slots_overlap(const struct hm_vm *vm, u64 except, u64 gpa, u64 size)
{
	for (unsigned int i = 0; i < HM_MAX_SLOTS; i++) {
		const struct ssp_slot *slot = &vm->slots[i];

		if (i != except && slot->size && gpa < slot->gpa + slot->size && slot->gpa < gpa + size)
			return true;
	}
	return false;
}

static u64 pte_rights(u64 rights)
{
	return (rights & HM_SLOT_R ? PTE_R : 0) | (rights & HM_SLOT_W ? PTE_W : 0) |
	       (rights & HM_SLOT_X ? PTE_X : 0);
}

/* A slot needs R: neither the tables nor the pages of a guest could be read otherwise. */
static bool slot_is_sound(const struct hm_vm *vm, u64 n, u64 gpa, u64 hpa, u64 size, u64 rights)
{
	if ((gpa | hpa | size) & (PAGE_SIZE - 1) || gpa + size < gpa ||
	    (gpa + size) >> (PTE_PPN_BITS + PAGE_SHIFT))
		return false;
	if (!(rights & HM_SLOT_R) || rights & ~(u64)(HM_SLOT_R | HM_SLOT_W | HM_SLOT_X))
		return false;
	return hm_is_ram(hpa, size) && !slots_overlap(vm, n, gpa, size);
}

/*
 * Slots change only while no vCPU of the VM runs: either it sees `changing`
 * when it enters (hm_vcpu_begin), or it is seen here to be running.
 */
static bool begin_change(struct hm_vm *vm)
{
	struct hm_vcpu *vcpu;

	vm->changing = true;
	mb();
	for_each_vcpu(vcpu, vm) {
		if (vcpu->running) {
			vm->changing = false;
			return false;
		}
	}
	return true;
}

static void end_change(struct hm_vm *vm)
{
	struct hm_vcpu *vcpu;

	for_each_vcpu(vcpu, vm)
		vcpu->fence = true;
	mb();
	vm->changing = false;
}

/* False: it may not be entered now. */
bool hm_vcpu_begin(struct hm_vcpu *vcpu)
{
	vcpu->running = true;
	mb();
	if (vcpu->vm->changing) {
		vcpu->running = false;
		return false;
	}
	if (vcpu->fence) {
		hm_retire_roots(vcpu);
		hm_sfence_all();
		vcpu->fence = false;
	}
	return true;
}

void hm_vcpu_end(struct hm_vcpu *vcpu)
{
	mb();
	vcpu->running = false;
}

static void change_slot(struct hm_vcpu *vcpu, u64 n)
{
	ssp_slot_set(&vcpu->space, n, vcpu->vm->slots[n]);
	hm_ring_check(vcpu, 0, 0);
}

long hm_slot_set(u64 number, u64 n, u64 gpa, u64 hpa, u64 size, u64 rights)
{
	struct hm_vm *vm = vm_get(number);
	struct hm_vcpu *vcpu;

	if (!vm || n >= HM_MAX_SLOTS || (size && !slot_is_sound(vm, n, gpa, hpa, size, rights)))
		return SBI_ERR_INVALID_PARAM;
	spin_lock(&lock);
	if (!begin_change(vm)) {
		spin_unlock(&lock);
		return SBI_ERR_DENIED;
	}
	vm->slots[n] = (struct ssp_slot){ 0 };
	if (size)
		vm->slots[n] = (struct ssp_slot){ gpa, size, hpa - gpa, pte_rights(rights) };
	for_each_vcpu(vcpu, vm)
		change_slot(vcpu, n);
	end_change(vm);
	spin_unlock(&lock);
	return SBI_SUCCESS;
}

long hm_vm_invalidate(u64 number, u64 gpa, u64 size)
{
	struct hm_vm *vm = vm_get(number);
	struct hm_vcpu *vcpu;

	if (!vm || gpa + size < gpa)
		return SBI_ERR_INVALID_PARAM;
	spin_lock(&lock);
	if (!begin_change(vm)) {
		spin_unlock(&lock);
		return SBI_ERR_DENIED;
	}
	for_each_vcpu(vcpu, vm) {
		hm_ring_check(vcpu, gpa, size);
		ssp_invalidate_gpa(&vcpu->space, gpa, size);
	}
	end_change(vm);
	spin_unlock(&lock);
	return SBI_SUCCESS;
}

static u32 pages_of(u64 size)
{
	return (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* One allocation: the vCPU, the descriptions of its tables, its tables. */
static struct hm_vcpu *allocate(u32 tables)
{
	u32 head = pages_of(sizeof(struct hm_vcpu)) + pages_of((u64)tables * sizeof(struct ssp_table));
	struct hm_hart *hart = hm_this_hart();
	u64 hpa = hm_pool_alloc(head + tables);
	struct hm_vcpu *vcpu = (struct hm_vcpu *)hpa;

	if (!hpa)
		return NULL;
	sbi_memset(vcpu, 0, sizeof(*vcpu));
	vcpu->pages = head + tables;
	ssp_init(&vcpu->space, hpa + ((u64)head << PAGE_SHIFT),
		 (struct ssp_table *)(hpa + ((u64)pages_of(sizeof(*vcpu)) << PAGE_SHIFT)),
		 tables, hart->satp_modes, !hart->svvptc);
	return vcpu;
}

static long publish(struct hm_vcpu *vcpu, unsigned long *value)
{
	for (unsigned int i = 0; i < HM_MAX_VCPUS; i++) {
		if (vcpus[i])
			continue;
		vcpus[i] = vcpu;
		vcpu->vm->vcpus++;
		*value = i;
		return SBI_SUCCESS;
	}
	return SBI_ERR_FAILED;
}

long hm_vcpu_create(u64 number, u64 run, u64 table_pages, unsigned long *value)
{
	struct hm_vm *vm = vm_get(number);
	struct hm_vcpu *vcpu;
	long error;

	if (!vm || run & (PAGE_SIZE - 1) || table_pages < SSP_MIN_TABLES ||
	    table_pages > hm_pool_size >> PAGE_SHIFT)
		return SBI_ERR_INVALID_PARAM;
	if (!hm_is_ram(run, PAGE_SIZE))
		return SBI_ERR_INVALID_ADDRESS;
	if (!(hm_this_hart()->satp_modes & 1u << SATP_SV39))
		return SBI_ERR_NOT_SUPPORTED;	/* the shadow of a guest in bare mode */
	vcpu = allocate(table_pages);
	if (!vcpu)
		return SBI_ERR_NO_SHMEM;
	vcpu->vm = vm;
	vcpu->run = (struct hm_run *)run;
	vcpu->timer = vcpu->slice_end = HM_NO_DEADLINE;
	vcpu->ring_gpa = vcpu->ring_gva = HM_RING_NONE;
	spin_lock(&lock);
	for (unsigned int i = 0; i < HM_MAX_SLOTS; i++)
		if (vm->slots[i].size)
			ssp_slot_set(&vcpu->space, i, vm->slots[i]);
	error = publish(vcpu, value);
	spin_unlock(&lock);
	if (error)
		hm_pool_free((u64)vcpu, vcpu->pages);
	return error;
}

long hm_vcpu_destroy(u64 number)
{
	struct hm_vcpu *vcpu = hm_vcpu_get(number);

	if (!vcpu)
		return SBI_ERR_INVALID_PARAM;
	if (vcpu->hart && vcpu->hart != hm_this_hart())
		return SBI_ERR_DENIED;	/* its hart holds its state and translations */
	if (vcpu->hart && vcpu->hart->last_vcpu == vcpu)
		vcpu->hart->last_vcpu = NULL;
	hm_sfence_all();
	spin_lock(&lock);
	vcpus[number] = NULL;
	vcpu->vm->vcpus--;
	spin_unlock(&lock);
	hm_pool_free((u64)vcpu, vcpu->pages);
	return SBI_SUCCESS;
}

long hm_vcpu_stats(u64 number, u64 hpa, u64 size)
{
	struct hm_vcpu *vcpu = hm_vcpu_get(number);
	struct hm_stats *stats;

	if (!vcpu || size != sizeof(*stats))
		return SBI_ERR_INVALID_PARAM;
	if (hpa & 7 || !hm_is_ram(hpa, size))
		return SBI_ERR_INVALID_ADDRESS;
	stats = &vcpu->stats;
	stats->insn_hm = stats->insn_total - stats->insn_guest - stats->insn_host;
	stats->tables_allocated = vcpu->space.tables_allocated;
	stats->tables_recycled = vcpu->space.tables_recycled;
	stats->root_hits = vcpu->space.root_hits;
	stats->root_misses = vcpu->space.root_misses;
	stats->ring_entries = ssp_ring_entries(&vcpu->space.ring);
	stats->ring_flushes = stats->ring_entries - vcpu->space.ring.others;
	stats->ring_hints_used = vcpu->space.ring.hints_used;
	stats->ring_hints_lost = vcpu->space.ring.hints_lost;
	sbi_memcpy((void *)hpa, stats, size);
	return SBI_SUCCESS;
}
