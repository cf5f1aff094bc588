/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fence.c - remote fences between the vCPUs of a guest.
 *
 * Each vCPU keeps what it owes; entering the guest pays it first.  The sender
 * waits only for those that run guest code at this moment, and only until they
 * are out of it: a vCPU that is not resident uses no translation, but for one access
 * to a device or fetch of an instruction whose exit is being served (docs/guests.md).
 * Senders are not resident themselves, so nobody waits in a circle.
 */
#include "core/fence.h"

#include "core/hart.h"

/*
 * The end of the range; what ssp_fence_pages() takes for all addresses, but for its length, ends at
 * FENCE_ALL.
 */
static uint64_t end_of(const struct fence *f)
{
	uint64_t end = f->start + f->size;

	if (f->size == FENCE_ALL || !f->size || end < f->start)
		return FENCE_ALL;
	return end;
}

/* The smallest range that covers both.  Beyond 64 pages the firmware takes it for all addresses. */
static void cover(struct fence *owed, const struct fence *f)
{
	uint64_t a = end_of(owed), b = end_of(f), end = max_u64(a, b);

	owed->start = end == FENCE_ALL ? 0 : min_u64(owed->start, f->start);
	owed->size = end - owed->start;
}

/*
 * One fence stands for all that is owed.  It keeps the address space that they share and the
 * range that covers them: a process that is forked gives page after page of one ASID, and
 * neither the kernel's global pages nor other processes' are concerned.
 */
static void merge(struct fence *owed, const struct fence *f)
{
	if (!(f->flags & HM_RUN_FENCE_VMA)) {
		owed->flags |= f->flags;
		return;
	}
	if (!(owed->flags & HM_RUN_FENCE_VMA)) {
		owed->start = f->start;
		owed->size = f->size;
		owed->asid = f->asid;
	} else {
		cover(owed, f);
		if (owed->asid != f->asid)
			owed->asid = FENCE_ALL;
	}
	owed->flags |= f->flags;
}

/*
 * Of translations the hart is told once until it has looked, so that each such kick is one
 * interrupt and counts as one (sched.c): until then no entry of before the first has gone on.
 */
static void kick(struct hart *h, const struct fence *f)
{
	if (!(f->flags & HM_RUN_FENCE_VMA) ||
	    !__atomic_exchange_n(&h->fence_kick, true, __ATOMIC_ACQ_REL))
		sched_kick(h);
}

/* Returns the entry that has to end before the fence is effective; 0: it is already. */
static uint32_t post(struct vcpu *v, const struct fence *f)
{
	uint32_t entry;

	spin_lock(&v->fence_lock);
	merge(&v->fence, f);
	entry = v->resident ? v->entries : 0;
	spin_unlock(&v->fence_lock);
	if (entry)
		kick(v->hart, f);
	return entry;
}

static bool runs_entry(const struct vcpu *v, uint32_t entry)
{
	return __atomic_load_n(&v->resident, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&v->entries, __ATOMIC_ACQUIRE) == entry;
}

void fence_vcpus(struct vm *vm, uint64_t mask, const struct fence *f)
{
	uint32_t entry[MAX_VCPUS];
	uint64_t left;

	for (left = mask; left; left &= left - 1)
		entry[lowest_bit(left)] = post(&vm->vcpu[lowest_bit(left)], f);
	for (left = mask; left; left &= left - 1)
		while (entry[lowest_bit(left)] &&
		       runs_entry(&vm->vcpu[lowest_bit(left)], entry[lowest_bit(left)]))
			hart_pause();
}

/* The firmware clears what it has done; an entry that came to nothing leaves it standing. */
static struct fence undone(const struct hm_run *run)
{
	return (struct fence){
		run->flags & (HM_RUN_FENCE_VMA | HM_RUN_FENCE_I),
		run->fence_start,
		run->fence_size,
		run->fence_asid,
	};
}

/* What is owed goes to the page, together with what an entry left undone there. */
void fence_become_resident(struct vcpu *v)
{
	struct hm_run *run = v->run;
	struct fence before = undone(run);

	spin_lock(&v->fence_lock);
	v->resident = true;
	if (++v->entries == 0)
		v->entries = 1; /* 0 stands for none */
	merge(&v->fence, &before);
	run->flags |= v->fence.flags;
	run->fence_start = v->fence.start;
	run->fence_size = v->fence.size;
	run->fence_asid = v->fence.asid;
	v->fence.flags = 0;
	spin_unlock(&v->fence_lock);
}
