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

/* Changes of memory, and looks at who may destroy a vCPU, are over when the lock is free. */
static void await_objects_lock(void)
{
	spin_lock(&hm_objects_lock);
	spin_unlock(&hm_objects_lock);
}

/* Tried once more, so that of two harts that got in each other's way one comes through. */
struct hm_vcpu *hm_vcpu_begin_again(u64 number)
{
	struct hm_vcpu *vcpu = NULL;
	u32 state = number < HM_MAX_VCPUS ? hm_entry_state(&hm_entries[number]) : HM_VCPU_FREE;

	if (state == HM_VCPU_IDLE || state == HM_VCPU_CLOSED) {
		await_objects_lock();
		vcpu = hm_entry_run(&hm_entries[number]);
	}
	return vcpu;
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
	hm_ring_attach(vcpu); /* the host's tables are not flushed, and the ring has to say so */
	hm_retire_roots(vcpu);
	hart_fence_all();
	vcpu->memory_generation = vm->memory_generation;
}
