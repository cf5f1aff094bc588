/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objects.c - making and ending VMs and vCPUs.  Every argument comes from the
 * host, on any hart at any time: it is checked, with the lock where what it names may
 * change; then the change is made and cannot fail.  docs/locks.md says who holds what.
 */
#include <sbi/riscv_locks.h>
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_string.h>

#include "core/machine.h"
#include "core/pool.h"
#include "core/ram.h"
#include "host/objects.h"
#include "metal/hart.h"
#include "mmu/asid.h"
#include "trap/trap.h"
#include "world/vcpus.h"

static struct hm_vm vms[HM_MAX_VMS];

/* With the lock. */
static struct hm_vm *vm_get(u64 number)
{
	return number < HM_MAX_VMS && vms[number].used ? &vms[number] : NULL;
}

/* With the lock; for reading what another hart may be changing. */
static struct hm_vcpu *vcpu_get(u64 number)
{
	u32 state = number < HM_MAX_VCPUS ? hm_entry_state(&hm_entries[number]) : HM_VCPU_FREE;

	return state == HM_VCPU_IDLE || state == HM_VCPU_RUNS ? hm_entries[number].vcpu : NULL;
}

static long vm_create(u32 roots, unsigned long *value)
{
	for (unsigned int i = 0; i < HM_MAX_VMS; i++) {
		if (vms[i].used)
			continue;
		vms[i] = (struct hm_vm){ .used = true, .roots = roots, .memory_generation = 1 };
		*value = i;
		return SBI_SUCCESS;
	}
	return SBI_ERR_FAILED;
}

long hm_vm_create(u64 flags, unsigned long *value)
{
	long error;

	if (flags > HM_ROOTS) /* there are no other flags than HM_VM_ROOTS */
		return SBI_ERR_INVALID_PARAM;
	spin_lock(&hm_objects_lock);
	error = vm_create(flags ? flags : HM_ROOTS, value);
	spin_unlock(&hm_objects_lock);
	return error;
}

static long vm_destroy(struct hm_vm *vm)
{
	if (!vm)
		return SBI_ERR_INVALID_PARAM;
	if (vm->vcpus)
		return SBI_ERR_DENIED;
	vm->used = false;
	return SBI_SUCCESS;
}

long hm_vm_destroy(u64 number)
{
	long error;

	spin_lock(&hm_objects_lock);
	error = vm_destroy(vm_get(number));
	spin_unlock(&hm_objects_lock);
	return error;
}

static bool slots_overlap(const struct hm_vm *vm, u64 except, u64 gpa, u64 size)
{
	for (unsigned int i = 0; i < HM_MAX_SLOTS; i++) {
		const struct ssp_slot *slot = &vm->slots[i];

		if (i != except && slot->size &&
		    ranges_overlap((struct range){ gpa, size },
				   (struct range){ slot->gpa, slot->size }))
			return true;
	}
	return false;
}

/* A slot needs R: neither the tables nor the pages of a guest could be read otherwise. */
static bool slot_is_sound(u64 gpa, u64 hpa, u64 size, u64 rights)
{
	if ((gpa | hpa | size) & (PAGE_SIZE - 1) || gpa + size < gpa ||
	    (gpa + size - 1) >> (PTE_PPN_BITS + PAGE_SHIFT))
		return false;
	if (!(rights & HM_SLOT_R) || rights & ~(u64)(HM_SLOT_R | HM_SLOT_W | HM_SLOT_X))
		return false;
	return hm_is_ram(hpa, size);
}

/*
 * Memory changes only while no vCPU of the VM runs: either it sees `changing` when it
 * is taken (hm_vcpu_begin), or it is seen here to run.
 */
static bool begin_memory_change(struct hm_vm *vm)
{
	__atomic_store_n(&vm->changing, true, __ATOMIC_RELAXED);
	hart_barrier();
	for (unsigned int i = 0; i < HM_MAX_VCPUS; i++) {
		if (hm_entry_state(&hm_entries[i]) == HM_VCPU_RUNS && hm_entries[i].vm == vm) {
			__atomic_store_n(&vm->changing, false, __ATOMIC_RELEASE);
			return false;
		}
	}
	return true;
}

/*
 * Nothing is done to the vCPUs, which may be many and have much to drop: each catches up
 * before it runs again, and nothing of its tables is used before.
 */
static void end_memory_change(struct hm_vm *vm)
{
	vm->memory_generation++;
	__atomic_store_n(&vm->changing, false, __ATOMIC_RELEASE);
}

static long slot_set(struct hm_vm *vm, u64 n, struct ssp_slot slot)
{
	if (!vm || slots_overlap(vm, n, slot.gpa, slot.size))
		return SBI_ERR_INVALID_PARAM;
	if (!begin_memory_change(vm))
		return SBI_ERR_DENIED;
	vm->slots[n] = slot;
	end_memory_change(vm);
	return SBI_SUCCESS;
}

long hm_slot_set(u64 number, u64 n, u64 gpa, u64 hpa, u64 size, u64 rights)
{
	struct ssp_slot slot = { 0 };
	long error;

	if (n >= HM_MAX_SLOTS || (size && !slot_is_sound(gpa, hpa, size, rights)))
		return SBI_ERR_INVALID_PARAM;
	if (size)
		slot = (struct ssp_slot){ gpa, size, hpa - gpa, ssp_slot_rights(rights) };
	spin_lock(&hm_objects_lock);
	error = slot_set(vm_get(number), n, slot);
	spin_unlock(&hm_objects_lock);
	return error;
}

/* No vCPU of the VM runs; one that is about to will be turned away. */
static void lose_rings(const struct hm_vm *vm, u64 gpa, u64 size)
{
	for (unsigned int i = 0; i < HM_MAX_VCPUS; i++) {
		struct hm_vcpu *vcpu = vcpu_get(i);

		if (vcpu && hm_entries[i].vm == vm && vcpu->ring_gpa - gpa < size)
			vcpu->ring_lost = true;
	}
}

static long vm_invalidate(struct hm_vm *vm, u64 gpa, u64 size)
{
	if (!vm)
		return SBI_ERR_INVALID_PARAM;
	if (!begin_memory_change(vm))
		return SBI_ERR_DENIED;
	lose_rings(vm, gpa, size);
	end_memory_change(vm);
	return SBI_SUCCESS;
}

long hm_vm_invalidate(u64 number, u64 gpa, u64 size)
{
	long error;

	if (gpa + size < gpa)
		return SBI_ERR_INVALID_PARAM;
	spin_lock(&hm_objects_lock);
	error = vm_invalidate(vm_get(number), gpa, size);
	spin_unlock(&hm_objects_lock);
	return error;
}

static u32 pages_of(u64 size)
{
	return (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* One allocation: the vCPU, the descriptions of its tables, its tables. */
static struct hm_vcpu *allocate(u32 tables)
{
	struct hm_hart *hart = hm_this_hart();
	u64 size = sizeof(struct hm_vcpu) + 32ull * hart->vlenb;
	u32 head = pages_of(size) + pages_of((u64)tables * sizeof(struct ssp_table));
	u64 hpa = hm_pool_alloc(head + tables);
	struct hm_vcpu *vcpu = (struct hm_vcpu *)hpa;

	if (!hpa)
		return NULL;
	/* ssp_init() prepares the space, which is most of it. */
	sbi_memset(vcpu, 0, __builtin_offsetof(struct hm_vcpu, space));
	sbi_memset(&vcpu->space + 1, 0, hpa + size - (u64)(&vcpu->space + 1));
	ssp_init(&vcpu->space, hpa + ((u64)head << PAGE_SHIFT),
		 (struct ssp_table *)(hpa + ((u64)pages_of(size) << PAGE_SHIFT)), tables,
		 hart->satp_modes, !hart->svvptc);
	hm_reset_features(vcpu, false);
	vcpu->vector = hm_vector_of(vcpu->policy);
	vcpu->vlenb = hart->vlenb;
	vcpu->v.vtype = HM_VTYPE_VILL;
	vcpu->timer = vcpu->slice_end = HM_NO_DEADLINE;
	vcpu->ring_gpa = vcpu->ring_gva = HM_RING_NONE;
	return vcpu;
}

/* A number for a vCPU of the VM, with the lock: HM_MAX_VCPUS or more is an error. */
static long open_entry(struct hm_vm *vm, unsigned int *number)
{
	if (!vm)
		return SBI_ERR_INVALID_PARAM;
	for (*number = 0; *number < HM_MAX_VCPUS; ++*number) {
		struct hm_entry *entry = &hm_entries[*number];

		if (entry->state != HM_VCPU_FREE)
			continue;
		entry->vm = vm;
		entry->state = HM_VCPU_CLOSED;
		vm->vcpus++;
		return SBI_SUCCESS;
	}
	return SBI_ERR_FAILED;
}

static void free_entry(struct hm_entry *entry)
{
	spin_lock(&hm_objects_lock);
	entry->vm->vcpus--;
	entry->vm = NULL;
	hm_entry_set_state(entry, HM_VCPU_FREE);
	spin_unlock(&hm_objects_lock);
}

long hm_vcpu_create(u64 vm, u64 run, u64 table_pages, unsigned long *value)
{
	struct hm_vcpu *vcpu;
	unsigned int number;
	long error;

	if (run & (PAGE_SIZE - 1) || table_pages < SSP_MIN_TABLES ||
	    table_pages > hm_pool_size >> PAGE_SHIFT)
		return SBI_ERR_INVALID_PARAM;
	if (!(hm_this_hart()->satp_modes & 1u << SATP_SV39))
		return SBI_ERR_NOT_SUPPORTED; /* the shadow of a guest in bare mode */
	spin_lock(&hm_objects_lock);
	error = open_entry(vm_get(vm), &number);
	spin_unlock(&hm_objects_lock);
	if (error)
		return error;
	error = SBI_ERR_INVALID_ADDRESS;
	if (!hm_is_ram(run, PAGE_SIZE))
		goto fail;
	error = SBI_ERR_NO_SHMEM;
	vcpu = allocate(table_pages);
	if (!vcpu)
		goto fail;
	vcpu->vm = hm_entries[number].vm;
	ssp_limit_roots(&vcpu->space, vcpu->vm->roots);
	vcpu->run = (struct hm_run *)run;
	HM_TRACED_ONLY(vcpu->trace_name = vm << 8 | number;)
	hm_entries[number].vcpu = vcpu;
	hm_entry_set_state(&hm_entries[number], HM_VCPU_IDLE);
	*value = number;
	return SBI_SUCCESS;
fail:
	free_entry(&hm_entries[number]);
	return error;
}

/* Taken away from everybody: rule 2 needs its hart, which holds its state and translations. */
static long close_entry(u64 number)
{
	struct hm_entry *entry = number < HM_MAX_VCPUS ? &hm_entries[number] : NULL;

	if (!entry || !hm_entry_acquire(entry, HM_VCPU_CLOSED))
		return hm_vcpu_refusal(number);
	if (entry->vcpu->hart && entry->vcpu->hart != hm_this_hart()) {
		hm_entry_set_state(entry, HM_VCPU_IDLE);
		return SBI_ERR_DENIED;
	}
	return SBI_SUCCESS;
}

long hm_vcpu_destroy(u64 number)
{
	struct hm_hart *hart = hm_this_hart();
	struct hm_vcpu *vcpu;
	long error;

	spin_lock(&hm_objects_lock);
	error = close_entry(number);
	spin_unlock(&hm_objects_lock);
	if (error)
		return error;
	vcpu = hm_entries[number].vcpu;
	if (hart->last_vcpu == vcpu)
		hart->last_vcpu = NULL;
	/*
	 * Rules 2 and 6, by themselves.  No test can tell: what the hart holds of its tables is
	 * used in the guest world alone, where hm_registers_switch() fences before any other
	 * vCPU's, and a paged host was fenced by leave_guest().
	 */
	hart_fence_all();
	hm_pool_free((u64)vcpu);
	free_entry(&hm_entries[number]);
	return SBI_SUCCESS;
}

/* It may be running elsewhere: each count is one that it has or had. */
static void read_stats(const struct hm_vcpu *vcpu, struct hm_stats *stats)
{
	const struct ssp_space *space = &vcpu->space;
	u64 total = vcpu->total, base = vcpu->total_base;

	*stats = vcpu->stats;
	/* Between the two readings its statistics may begin anew. */
	stats->insn_total = total > base ? total - base : 0;
	stats->insn_hm = stats->insn_total - stats->insn_guest - stats->insn_host;
	stats->tables_allocated = space->tables_allocated;
	stats->tables_recycled = space->tables_recycled;
	stats->tables_peak = ssp_tables_peak(space);
	stats->tables_pool = space->table_count;
	stats->root_hits = space->root_hits;
	stats->root_misses = space->root_misses;
	stats->ring_entries = ssp_ring_entries(&space->ring);
	stats->ring_flushes = stats->ring_entries - space->ring.others;
	stats->ring_hints_used = space->ring.hints_used;
	stats->ring_hints_lost = space->ring.hints_lost;
}

long hm_vcpu_stats(u64 number, u64 hpa, u64 size)
{
	struct hm_stats stats;
	struct hm_vcpu *vcpu;

	if (size != sizeof(stats) && size != HM_STATS_SIZE_4_2)
		return SBI_ERR_INVALID_PARAM;
	spin_lock(&hm_objects_lock);
	vcpu = vcpu_get(number);
	if (vcpu)
		read_stats(vcpu, &stats);
	spin_unlock(&hm_objects_lock);
	if (!vcpu)
		return SBI_ERR_INVALID_PARAM;
	if (hpa & 7 || !hm_is_ram(hpa, size))
		return SBI_ERR_INVALID_ADDRESS;
	hm_store_answer(hpa, &stats, size);
	return SBI_SUCCESS;
}
