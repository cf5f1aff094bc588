/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsp_handler.c - traditional shadow paging (tsp/) as a handler: one shadow for all vCPUs
 * of a guest, under a lock that is held until what a call owes has been done.
 *
 * Waiting for other vCPUs with the lock is no circle: none takes it while it
 * may run guest code.
 */
#include "arch/cause.h"
#include "core/console.h"
#include "core/fence.h"
#include "core/memory.h"
#include "core/policy.h"
#include "shadow/handler.h"
#include "shadow/tsp_handler.h"
#include "ssp/ring.h"
#include "tsp/tsp.h"

#define MAX_CALLS  8 /* in a row; then the guest may try again */
#define MAX_TABLES 4096UL
#define NEAR       (16 * 4UL) /* bytes of code */

/* A store that its vCPU was told to repeat. */
struct repeated {
	uint64_t pc, va;
};

struct vm_tsp {
	struct spinlock lock;
	struct tsp tsp;
	bool stale; /* the guest runs, and stores, under another policy; atomic */
	struct tsp_vcpu vcpu[MAX_VCPUS];
	struct repeated repeated[MAX_VCPUS]; /* the last one */
	unsigned aside_vcpu;                 /* POLICY_ASIDE: for this vCPU's instruction */
	uint64_t aside_pc;                   /* which is there */
};

_Static_assert(TSP_ROOTS == HM_ROOTS && TSP_VCPUS >= MAX_VCPUS, "one for each");

/* Tables for a fiftieth of the guest's frames, as other hypervisors have it. */
static uint32_t table_count(const struct vm *vm)
{
	return min_u64(TSP_MIN_TABLES + vm->ram.size / PAGE / 50, MAX_TABLES);
}

/* the tables follow, then their descriptions */
#define OWN_SIZE ALIGN_UP(sizeof(struct vm_tsp), PAGE)

struct vm_tsp *tsp_handler_create(const struct vm *vm)
{
	uint32_t tables = table_count(vm);
	uint64_t size =
		OWN_SIZE + tables * PAGE + tsp_memory_size(&vm->vcpu[0].shadow->space, tables);
	struct vm_tsp *t = (struct vm_tsp *)memory_alloc(ALIGN_UP(size, PAGE), PAGE);

	if (!t)
		fail("vm%d: %lu KB for tables of policy=tsp are not there: give the machine more memory",
		     vm->id, size / KIB);
	return t;
}

void tsp_handler_init(struct vm_tsp *t, const struct vm *vm, const struct hm_info *hm,
		      uint32_t zero_block)
{
	uint32_t tables = table_count(vm);

	memset(t, 0, sizeof(*t));
	tsp_init(&t->tsp, &vm->vcpu[0].shadow->space, (uint64_t)t + OWN_SIZE,
		 (char *)t + OWN_SIZE + tables * PAGE, tables, !(hm->features & HM_INFO_SVVPTC),
		 zero_block);
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		tsp_add_vcpu(&t->tsp, &t->vcpu[i], &vm->vcpu[i].shadow->space);
}

void tsp_handler_reset_counts(struct vm_tsp *t)
{
	spin_lock(&t->lock);
	tsp_reset_counts(&t->tsp);
	spin_unlock(&t->lock);
}

static void count_tables(struct vcpu *v, struct shadow_tables *sum)
{
	struct vm_tsp *t = v->vm->tsp;

	if (v->id)
		return;
	spin_lock(&t->lock);
	sum->peak += tsp_tables_peak(&t->tsp);
	sum->allocated += t->tsp.created;
	sum->recycled += t->tsp.recycled;
	sum->pool += t->tsp.table_count;
	spin_unlock(&t->lock);
}

/* Do what a call owes, and tell the firmware about roots that have changed. */
static void pay_owed(struct vcpu *v, const struct tsp_result *result, uint64_t va)
{
	struct tsp_vcpu *vcpu = &v->vm->tsp->vcpu[v->id];

	shadow_owe(v, result->fence, va);
	if (result->remote)
		shadow_fence_others(v);
	for (; vcpu->changed; vcpu->changed &= vcpu->changed - 1) {
		unsigned n = lowest_bit(vcpu->changed);

		shadow_root_set(v, n, vcpu->root[n].gsatp, vcpu->root[n].satp, true);
	}
	v->run->root = vcpu->current;
}

/* -- fences -- */

/* With the lock. */
static void sync_locked(struct vcpu *v, const struct fence *f)
{
	uint64_t asid = f->asid == FENCE_ALL ? TSP_ALL_ASIDS : f->asid & SATP_ASID_MASK;
	struct tsp_result result;

	do {
		result = tsp_fence(&v->vm->tsp->tsp, ALIGN_DOWN(f->start, PAGE),
				   ssp_fence_pages(f->start, f->size, MAX_FENCE_PAGES), asid);
		pay_owed(v, &result, 0);
	} while (result.verdict == TSP_AGAIN);
}

static bool is_in_step(const struct vm_tsp *t)
{
	return !__atomic_load_n(&t->tsp.out_count, __ATOMIC_ACQUIRE); /* tsp_forget_step() */
}

static void sync(struct vcpu *v, const struct fence *f)
{
	struct vm_tsp *t = v->vm->tsp;

	if (is_in_step(t))
		return;
	spin_lock(&t->lock);
	sync_locked(v, f);
	spin_unlock(&t->lock);
}

/*
 * What is in the ring was pushed before the guest's commit, and counts as drained.  The firmware,
 * for which these are not its tables, does the same where it ends the commit.
 */
static void commit(struct vcpu *v)
{
	static const struct fence everything = { HM_RUN_FENCE_VMA, 0, 0, FENCE_ALL };
	struct ssp_space *space = &v->shadow->space;

	sync(v, &everything);
	shadow_owe(v, SSP_FENCE_ALL, 0);
	ssp_ring_attach(space, ssp_ring_page(space, v->run->ring_gpa));
	space->ring.hpa = 0;
}

/*
 * While something is out of step the guest's fences exit.  The vCPU counts as resident by now, so
 * that whoever lets the first table go takes it out again if this look came too early (TSP:
 * result.remote).
 */
static void enter(struct vcpu *v)
{
	uint64_t withheld = is_in_step(v->vm->tsp) ? 0 : HM_POLICY_FLUSH;

	if (v->shadow->withheld == withheld)
		return;
	v->shadow->withheld = withheld;
	v->run->policy ^= HM_POLICY_FLUSH;
}

/* -- roots -- */

static void load_root(struct vcpu *v, uint64_t gsatp)
{
	struct vm_tsp *t = v->vm->tsp;
	struct tsp_result result;

	do {
		result = tsp_load_root(&t->tsp, &t->vcpu[v->id], gsatp);
		pay_owed(v, &result, 0);
	} while (result.verdict == TSP_AGAIN);
}

static void satp(struct vcpu *v, uint64_t gsatp)
{
	struct vm_tsp *t = v->vm->tsp;

	spin_lock(&t->lock);
	load_root(v, gsatp);
	spin_unlock(&t->lock);
}

/* The vCPU has a new run page, or comes from another policy. */
static void drop(struct vcpu *v)
{
	struct vm_tsp *t = v->vm->tsp;

	spin_lock(&t->lock);
	if (t->stale) {
		struct tsp_result result = tsp_reset(&t->tsp);

		pay_owed(v, &result, 0);
		__atomic_store_n(&t->stale, false, __ATOMIC_RELEASE);
	}
	tsp_restart_vcpu(&t->tsp, &t->vcpu[v->id]);
	load_root(v, v->run->satp);
	spin_unlock(&t->lock);
}

/* From now on stores are made that nobody sees: no vCPU may go on with what is shadowed. */
static void quit(struct vcpu *v)
{
	struct vm_tsp *t = v->vm->tsp;

	spin_lock(&t->lock);
	__atomic_store_n(&t->stale, true, __ATOMIC_RELEASE);
	shadow_fence_others(v);
	spin_unlock(&t->lock);
}

/* Another vCPU may have forgotten all roots, or run elsewhere and stored. */
static bool ready(const struct vcpu *v)
{
	return !__atomic_load_n(&v->vm->tsp->stale, __ATOMIC_ACQUIRE) &&
	       tsp_has_root(&v->vm->tsp->vcpu[v->id]);
}

/* -- faults -- */

static struct tsp_result resolve_fault(struct vcpu *v, uint64_t va, enum ssp_access access,
				       unsigned state)
{
	struct vm_tsp *t = v->vm->tsp;
	struct tsp_result result;
	unsigned calls = 0;

	t->tsp.lets_go = !(v->policy & POLICY_IN_STEP);
	do {
		result = tsp_fault(&t->tsp, &t->vcpu[v->id], va, access, state);
		pay_owed(v, &result, va);
	} while (result.verdict == TSP_AGAIN && ++calls < MAX_CALLS);
	return result;
}

/*
 * The instruction is executed under ssp_handler.c's shadow, which protects nothing.  So the whole
 * guest is, since no vCPU may use tsp's tables while stores to the guest's go unseen.
 */
static void switch_aside(struct vcpu *v)
{
	struct vm_tsp *t = v->vm->tsp;
	uint64_t policy = __atomic_load_n(&v->vm->policy, __ATOMIC_RELAXED);

	if (!policy_is(policy, POLICY_TSP))
		return; /* another vCPU had it done, or the operator chose another one */
	t->aside_vcpu = v->id;
	t->aside_pc = v->run->pc;
	__atomic_compare_exchange_n(&v->vm->policy, &policy, policy & ~(uint64_t)HM_POLICY_FLUSH,
				    false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/*
 * After an exit: a pc that is far shows that the instruction was executed, or that its guest went
 * another way. Near is what an SC needs, which fails once: its loop has 16 instructions at most,
 * and none that calls or waits ("Eventual Success of Store-Conditional Instructions").
 */
static bool has_gone_on(const struct hm_run *run, uint64_t pc)
{
	return run->pc - pc + NEAR > 2 * NEAR || run->exit_reason == HM_EXIT_SBI ||
	       run->exit_reason == HM_EXIT_REMOTE_FENCE || run->exit_reason == HM_EXIT_WFI;
}

void tsp_end_aside(const struct vcpu *v)
{
	const struct vm_tsp *t = v->vm->tsp;
	uint64_t policy = __atomic_load_n(&v->vm->policy, __ATOMIC_RELAXED);

	if (policy_is(policy, POLICY_ASIDE) && v->id == t->aside_vcpu &&
	    has_gone_on(v->run, t->aside_pc))
		__atomic_compare_exchange_n(&v->vm->policy, &policy, policy | POLICY_TSP, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/*
 * The same store once more: what it needs, its own code among that, goes through the table that it
 * stores to.
 */
static bool is_repeated(struct vcpu *v, uint64_t va)
{
	struct repeated *last = &v->vm->tsp->repeated[v->id], now = { v->run->pc, va };
	bool same = last->pc == now.pc && last->va == now.va;

	*last = same ? (struct repeated){ 0 } : now;
	return same;
}

/*
 * A store to a guest table, at gpa; if its instruction cannot be fetched, the guest has that fault
 * instead.
 */
static struct tsp_result store(struct vcpu *v, uint64_t va, uint64_t gpa, unsigned state)
{
	struct vm_tsp *t = v->vm->tsp;
	struct hm_run *run = v->run;
	struct tsp_result result = { .verdict = TSP_REPEAT };
	struct fence code = { HM_RUN_FENCE_VMA, run->pc, INSTRUCTION, FENCE_ALL };

	if (!shadow_fetch(v)) {
		sync_locked(v, &code);
		return result;
	}
	result = tsp_store(&t->tsp, &t->vcpu[v->id], va, gpa, run->exit_insn, run->exit_insn_len,
			   state, run->x);
	pay_owed(v, &result, va);
	if (result.verdict == TSP_ASIDE || (result.verdict == TSP_REPEAT && is_repeated(v, va)))
		switch_aside(v);
	return result;
}

static struct shadow_result shadow_result_of(struct vcpu *v, const struct tsp_result *result,
					     enum shadow_class class)
{
	struct shadow_result answer = { .verdict = SSP_ALLOWED, .class = class };

	switch (result->verdict) {
	case TSP_STORED: v->run->flags |= HM_RUN_ADVANCE; break;
	case TSP_MISALIGNED: vcpu_inject(v, CAUSE_MISALIGNED_STORE, result->va); break;
	case TSP_FAULT:
		v->run->exit_value = result->va; /* of the second page, perhaps */
		answer.verdict = result->fault;
		answer.gpa = result->gpa;
		break;
	default: break;
	}
	return answer;
}

static enum next fault(struct vcpu *v)
{
	struct vm_tsp *t = v->vm->tsp;
	uint64_t va = v->run->exit_value;
	unsigned state = access_state(v->run);
	enum shadow_class class = SHADOW_HIDDEN_FAULT;
	struct tsp_result result = { .verdict = TSP_REPEAT };

	spin_lock(&t->lock);
	if (tsp_has_root(&t->vcpu[v->id])) /* else it was forgotten since the exit */
		result = resolve_fault(v, va, v->run->exit_cause & 3, state);
	if (result.verdict == TSP_LET_GO)
		class = SHADOW_PT_WRITE;
	if (result.verdict == TSP_PT_WRITE) {
		class = SHADOW_PT_WRITE;
		result = store(v, va, result.gpa, state);
	}
	spin_unlock(&t->lock);
	return shadow_end_fault(v, shadow_result_of(v, &result, class));
}

const struct shadow_ops tsp_handler = {
	.fault = fault,
	.satp = satp,
	.sync = sync,
	.commit = commit,
	.drop = drop,
	.enter = enter,
	.quit = quit,
	.ready = ready,
	.count = count_tables,
};

/*
 * Nothing goes out of step: fences and the ring are the firmware's, and entries have nothing to
 * ask.
 */
const struct shadow_ops tsp_in_step_handler = {
	.fault = fault,
	.satp = satp,
	.drop = drop,
	.quit = quit,
	.ready = ready,
	.count = count_tables,
};
