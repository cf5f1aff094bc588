/* SPDX-License-Identifier: BSD-2-Clause */
/* vcpus.c - a vCPU is taken to run it, and put back; docs/locks.md says who holds what. */
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>

#include "metal/hart.h"
#include "mmu/asid.h"
#include "mmu/ring.h"
#include "world/vcpus.h"

struct hm_entry hm_entries[HM_MAX_VCPUS];
spinlock_t hm_objects_lock = SPIN_LOCK_INITIALIZER;

/* What a number that could not be taken is told: there is no such vCPU, or somebody has it. */
long hm_vcpu_refusal(u64 number)
{
	return number < HM_MAX_VCPUS && hm_entry_state(&hm_entries[number]) != HM_VCPU_FREE ?
		       SBI_ERR_DENIED :
		       SBI_ERR_INVALID_PARAM;
}

/* False: its VM's memory is being changed, and who changes it may have been told that it runs. */
static bool confirm_run(struct hm_entry *entry)
{
	hart_barrier();
	if (!__atomic_load_n(&entry->vm->changing, __ATOMIC_ACQUIRE))
		return true;
	hm_entry_set_state(entry, HM_VCPU_IDLE);
	return false;
}

/* Changes of memory, and looks at who may destroy a vCPU, are over when the lock is free. */
static void await_objects_lock(void)
{
	spin_lock(&hm_objects_lock);
	spin_unlock(&hm_objects_lock);
}

static inline __attribute__((always_inline)) struct hm_vcpu *try_acquire(struct hm_entry *entry)
{
	return hm_entry_acquire(entry, HM_VCPU_RUNS) && confirm_run(entry) ? entry->vcpu : NULL;
}

/* Tried once more, so that of two harts that got in each other's way one comes through. */
static __attribute__((noinline, cold)) struct hm_vcpu *acquire_again(u64 number, long *error)
{
	struct hm_vcpu *vcpu = NULL;
	u32 state = number < HM_MAX_VCPUS ? hm_entry_state(&hm_entries[number]) : HM_VCPU_FREE;

	if (state == HM_VCPU_IDLE || state == HM_VCPU_CLOSED) {
		await_objects_lock();
		vcpu = try_acquire(&hm_entries[number]);
	}
	if (!vcpu)
		*error = hm_vcpu_refusal(number);
	return vcpu;
}

struct hm_vcpu *hm_vcpu_begin(u64 number, long *error)
{
	struct hm_vcpu *vcpu = number < HM_MAX_VCPUS ? try_acquire(&hm_entries[number]) : NULL;

	return vcpu ? vcpu : acquire_again(number, error);
}

void hm_vcpu_end(u64 number)
{
	hm_entry_set_state(&hm_entries[number], HM_VCPU_IDLE);
}

/*
 * Rule 6: what was taken away since the vCPU ran last goes before it runs again, in its
 * tables and in its hart.  Meanwhile no walker could reach the one or use the other: another
 * vCPU's entry fences the hart, and a ring that was lost is not written to.
 */
void hm_vcpu_catch_up(struct hm_vcpu *vcpu)
{
	const struct hm_vm *vm = vcpu->vm;

	ssp_slots_set(&vcpu->space, vm->slots);
	hm_ring_check(vcpu);
	ssp_flush_all(&vcpu->space);
	hm_retire_roots(vcpu);
	hart_fence_all();
	vcpu->memory_generation = vm->memory_generation;
}
