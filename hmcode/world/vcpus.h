/* SPDX-License-Identifier: BSD-2-Clause */
/* vcpus.h - which vCPU a number names, and who has it. */
#ifndef HM_VCPUS_H
#define HM_VCPUS_H

#include <sbi/riscv_locks.h>

#include "core/vcpu.h"
#include "metal/hart.h"

/*
 * What a vCPU's number names.  The entry stays where it is, so that a number that another
 * hart destroys meanwhile is nothing worse than a state that does not fit:
 *
 *	FREE --create--> CLOSED --> IDLE --destroy--> CLOSED --> FREE
 *	                            IDLE --run--> RUNS --> IDLE
 *
 * FREE, CLOSED and vm change under the lock.  IDLE to RUNS is a compare-and-swap without it, and
 * so is IDLE to CLOSED with it: one of the two finds the vCPU taken.
 */
enum hm_vcpu_state { HM_VCPU_FREE, HM_VCPU_CLOSED, HM_VCPU_IDLE, HM_VCPU_RUNS };
struct hm_entry {
	u32 state;
	struct hm_vm *vm;
	struct hm_vcpu *vcpu; /* of IDLE and RUNS */
} __attribute__((aligned(32)));
/* Hidden: its address needs no look into a table. */
extern struct hm_entry hm_entries[HM_MAX_VCPUS] __attribute__((visibility("hidden")));

/* Held for a bounded time: over one pass of all entries, and no call of the engine. */
extern spinlock_t hm_objects_lock;

static inline u32 hm_entry_state(const struct hm_entry *entry)
{
	return __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE);
}

static inline void hm_entry_set_state(struct hm_entry *entry, enum hm_vcpu_state state)
{
	__atomic_store_n(&entry->state, state, __ATOMIC_RELEASE);
}

static inline bool hm_entry_acquire(struct hm_entry *entry, enum hm_vcpu_state state)
{
	u32 idle = HM_VCPU_IDLE;

	return __atomic_compare_exchange_n(&entry->state, &idle, state, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* False: its VM's memory is being changed, and who changes it may have been told that it runs. */
static inline bool hm_entry_confirm_run(struct hm_entry *entry)
{
	hart_barrier();
	if (likely(!__atomic_load_n(&entry->vm->changing, __ATOMIC_ACQUIRE)))
		return true;
	hm_entry_set_state(entry, HM_VCPU_IDLE);
	return false;
}

static inline struct hm_vcpu *hm_entry_run(struct hm_entry *entry)
{
	return hm_entry_acquire(entry, HM_VCPU_RUNS) && hm_entry_confirm_run(entry) ? entry->vcpu :
										      NULL;
}

/* What a number that could not be taken is told: there is no such vCPU, or somebody has it. */
long hm_vcpu_refusal(u64 number);

/* Of hm_vcpu_begin(), where the first attempt failed. */
struct hm_vcpu *hm_vcpu_begin_again(u64 number);

/*
 * A vCPU to run it: until it is put back nobody else has it, and its VM's memory stays as it
 * is.  NULL: hm_vcpu_refusal() says why.  hm_vcpu_catch_up() is for one that lags behind its
 * VM's memory.
 */
static inline struct hm_vcpu *hm_vcpu_begin(u64 number)
{
	struct hm_vcpu *vcpu = number < HM_MAX_VCPUS ? hm_entry_run(&hm_entries[number]) : NULL;

	return likely(vcpu != NULL) ? vcpu : hm_vcpu_begin_again(number);
}

static inline void hm_vcpu_end(u64 number)
{
	hm_entry_set_state(&hm_entries[number], HM_VCPU_IDLE);
}

void hm_vcpu_catch_up(struct hm_vcpu *vcpu);

static inline bool hm_vcpu_lags(const struct hm_vcpu *vcpu)
{
	return vcpu->memory_generation != vcpu->vm->memory_generation;
}

#endif
