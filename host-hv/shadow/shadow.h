/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shadow.h - shadow tables that are the host's: who answers what a guest does
 * with address translation.
 *
 *	exits.c --> shadow.c, what all handlers share --> a handler: ssp_handler.c, tsp_handler.c
 *
 * A handler fills and drops its tables, writes them into the root buffer of
 * struct hm_run, and says what the hart has to forget.  It is called on the hart
 * of the vCPU, while that does not run.
 */
#ifndef SHADOW_H
#define SHADOW_H

#include "ssp/ssp.h"
#include "core/vcpu.h"

/* What an HM_EXIT_PAGE_FAULT came to, as a handler found; by_reason of the record. */
enum shadow_class {
	SHADOW_TRUE_FAULT,
	SHADOW_HIDDEN_FAULT,
	SHADOW_PT_WRITE, /* a store to a table that is write-protected */
	SHADOW_MMIO,
	SHADOW_CLASSES
};

struct shadow_result {
	enum ssp_verdict verdict; /* SSP_ALLOWED: the guest goes on */
	enum ssp_fence fence;     /* owed for the address */
	uint64_t gpa;             /* SSP_OUTSIDE: of the access */
	enum shadow_class class;  /* SSP_ALLOWED: SHADOW_HIDDEN_FAULT or _PT_WRITE */
};

/* Shadow tables, ours or the firmware's, since the record was begun. */
struct shadow_tables {
	uint64_t peak; /* the most at a time */
	uint64_t allocated, recycled;
	uint64_t pool; /* how many there can be */
};

/* Asked at each exit: what a handler has nothing to do for is NULL, and costs a load. */
struct shadow_ops {
	/* HM_EXIT_PAGE_FAULT: whose is it?  One that is ours is answered. */
	enum next (*fault)(struct vcpu *v);
	/* The guest runs on gsatp, which is legal, from now on. */
	void (*satp)(struct vcpu *v, uint64_t gsatp);
	/* The guest's fence, as in SBI's RFENCE.  NULL: the firmware's, HM_POLICY_FLUSH. */
	void (*fence)(struct vcpu *v, uint64_t start, uint64_t size, uint64_t asid);
	/*
	 * The guest fences, here or elsewhere: the shadow has nothing older from now on, before any
	 * hart is fenced. It may wait for other vCPUs.  NULL: that is fence()'s affair, or nothing
	 * is ever older.
	 */
	void (*sync)(struct vcpu *v, const struct fence *f);
	/*
	 * Likewise of everything, by the guest's ring.  NULL: the ring is drained at the next
	 * entry.
	 */
	void (*commit)(struct vcpu *v);
	/*
	 * Forget all; the guest runs on run->satp afterwards.  First of all calls, and after a
	 * reset.
	 */
	void (*drop)(struct vcpu *v);
	/* Last of all before an entry. */
	void (*enter)(struct vcpu *v);
	/* After an exit: the firmware may have switched to run->root meanwhile. */
	void (*leave)(struct vcpu *v);
	/* Another handler, or the firmware, takes the vCPU over. */
	void (*quit)(struct vcpu *v);
	/* Has it a root, whatever other vCPUs did?  If not, drop() is called. */
	bool (*ready)(const struct vcpu *v);
	/* Adds its tables since the record was begun; those of all vCPUs are the first one's. */
	void (*count)(struct vcpu *v, struct shadow_tables *sum);
};

struct shadow {
	/* by vcpu->policy; one without functions: the tables are the firmware's */
	const struct shadow_ops *handler;
	/* HM_POLICY_* that tsp_handler.c takes from the firmware for the time being */
	uint64_t withheld;
	/* ssp_handler.c: of the ring that its space has, run->ring_generation */
	uint64_t ring_generation;
	uint64_t root; /* ssp_handler.c: run->root, whose is its space's current one */
	/* A and D are set for the vCPU; and by SBI's FWFT that stays so until a reset */
	bool sets_ad, ad_locked;
	uint64_t count[SHADOW_CLASSES]; /* since the record was begun */
	struct ssp_space space;         /* the slots are everyone's, the rest is ssp_handler.c's */
};

/* The shadow of a new vCPU, with so many pages of tables; ends the machine if memory is short. */
struct shadow *shadow_create(const struct vm *vm, unsigned long pages, const struct hm_info *hm);

/* As it is before the vCPU has run. */
void shadow_init(struct shadow *shadow, const struct vm *vm, unsigned long pages,
		 const struct hm_info *hm);

/* The counts begin anew: a vCPU's own as it enters, and those of what a guest's vCPUs share. */
void shadow_reset_counts(struct vcpu *v);
void shadow_reset_shared_counts(struct vm *vm);

/* Adds the tables that the vCPU runs on; stats: what the firmware says of its own. */
void shadow_count_tables(struct vcpu *v, const struct hm_stats *stats, struct shadow_tables *sum);

/*
 * Around every stay in the guest world.  Whether the shadow is ready is asked while the vCPU counts
 * as resident, so that others, who change something, wait for it.  To make it ready may mean to
 * wait for them, so the vCPU is not resident then.
 */
static inline uint64_t shadow_wanted_policy(const struct vcpu *v)
{
	return __atomic_load_n(&v->vm->policy, __ATOMIC_RELAXED);
}

static inline bool shadow_ready(const struct vcpu *v)
{
	const struct shadow_ops *handler = v->shadow->handler;

	return v->policy == shadow_wanted_policy(v) && !(handler->ready && !handler->ready(v));
}

void shadow_apply_policy(struct vcpu *v);

/* Who sets A and D from the next entry on: the firmware or we, or the guest. */
void shadow_set_ad(struct vcpu *v, bool on);

static inline void shadow_enter(struct vcpu *v)
{
	const struct shadow_ops *handler = v->shadow->handler;
	struct hm_run *run = v->run;

	if (run->flags & HM_RUN_FENCE_VMA && handler->fence) {
		run->flags &= ~(uint64_t)HM_RUN_FENCE_VMA;
		handler->fence(v, run->fence_start, run->fence_size, run->fence_asid);
	}
	if (handler->enter)
		handler->enter(v);
}

static inline void shadow_leave(struct vcpu *v)
{
	const struct shadow_ops *handler = v->shadow->handler;

	if (handler->leave)
		handler->leave(v);
}

/*
 * The exits: of a page fault, of a write to satp and of the ring's commit; and of fences, of this
 * vCPU or of others, which HM_RUN_FENCE_VMA carries to each hart afterwards.
 */
static inline enum next shadow_fault(struct vcpu *v)
{
	return v->shadow->handler->fault(v);
}

void shadow_satp(struct vcpu *v, uint64_t gsatp);

static inline void shadow_commit(struct vcpu *v)
{
	const struct shadow_ops *handler = v->shadow->handler;

	if (handler->commit)
		handler->commit(v);
}

static inline bool shadow_syncs(const struct vcpu *v)
{
	return v->shadow->handler->sync;
}

/* Of a handler that does. */
static inline void shadow_sync(struct vcpu *v, const struct fence *f)
{
	if (f->flags & HM_RUN_FENCE_VMA)
		v->shadow->handler->sync(v, f);
}

#endif
