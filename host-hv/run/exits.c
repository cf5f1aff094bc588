/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exits.c - where each VM exit goes.  The firmware's verdict, HM_EXIT_*, is
 * the index of one table, made from the list of hm_abi.h; what is not in it ends the guest.
 */
#include "run/exits.h"

#include "arch/cause.h"
#include "core/console.h"
#include "device/mmio.h"
#include "run/interrupts.h"
#include "run/sbi.h"
#include "run/sched.h"
#include "run/stats.h"
#include "shadow/shadow.h"

static enum next exit_interrupt(struct vcpu *v)
{
	/*
	 * While counting has still to begin, the firmware's count of this exit is not kept either.
	 */
	if (sched_serve_interrupts() && !(v->run->flags & HM_RUN_RESET_STATS))
		v->fence_kicks++;
	if (vm_ended(v->vm) || csr_read(time) >= sched_slice_end(v->hart))
		return YIELD;
	return RESUME;
}

static enum next exit_wfi(struct vcpu *v)
{
	vcpu_sleep(v, VCPU_WAITING, v->run->exit_value);
	return YIELD;
}

/*
 * What the policy leaves to the host.  Where the tables are the firmware's, it
 * carries out at the next entry what concerns the shadow; otherwise shadow.c does.
 */
static enum next exit_true_fault(struct vcpu *v)
{
	vcpu_inject(v, v->run->exit_cause, v->run->exit_value);
	return RESUME;
}

/* Only where the policy leaves fills to the host. */
static enum next exit_hidden_fault(struct vcpu *v)
{
	v->run->flags |= HM_RUN_FILL;
	return RESUME;
}

static enum next exit_page_fault(struct vcpu *v)
{
	return shadow_fault(v);
}

static enum next exit_satp(struct vcpu *v)
{
	shadow_satp(v, v->run->exit_value);
	return RESUME;
}

/* The root is not cached: whoever has the tables finds or makes it all the same. */
static enum next exit_root_miss(struct vcpu *v)
{
	return exit_satp(v);
}

static __attribute__((noinline)) enum next sync_own_fence(struct vcpu *v)
{
	const struct hm_run *run = v->run;
	struct fence f = { HM_RUN_FENCE_VMA, run->fence_start, run->fence_size, run->fence_asid };

	shadow_sync(v, &f);
	return RESUME;
}

static enum next exit_flush(struct vcpu *v)
{
	v->run->flags |= HM_RUN_FENCE_VMA;
	return shadow_syncs(v) ? sync_own_fence(v) : RESUME;
}

/* Whoever has the tables drains at the next entry, or takes it for a fence of everything now. */
static enum next exit_ring(struct vcpu *v)
{
	shadow_commit(v);
	return RESUME;
}

/* A guest's program can write it, so only a run that asked for records gets any. */
static enum next exit_mark(struct vcpu *v)
{
	uint64_t value = v->run->exit_value;
	unsigned workload = value >> 8 & 0xff;

	if (!v->vm->marks) {
		v->run->pc -= v->run->exit_insn_len; /* the marker was stepped over */
		vcpu_inject(v, CAUSE_ILLEGAL_INSTRUCTION, v->run->exit_insn);
		return RESUME;
	}
	switch (value & 0xff) {
	case HM_MARK_BEGIN: stats_begin(v->vm); break;
	case HM_MARK_END: stats_print(v->vm, workload, value & HM_MARK_OK); break;
	}
	return RESUME;
}

static __attribute__((noinline, cold)) enum next end_broken(struct vcpu *v, const char *why,
							    uint64_t detail)
{
	const struct hm_run *run = v->run;

	console_end_line(v->vm->id);
	print("host-hv: vm%d: vCPU %u: %s (%lx): pc %lx, mcause %lx, value %lx, gpa %lx\n",
	      v->vm->id, v->id, why, detail, run->pc, run->exit_cause, run->exit_value,
	      run->exit_gpa);
	vm_end(v->vm, VM_FAILURE);
	return YIELD;
}

static enum next exit_broken(struct vcpu *v)
{
	return end_broken(v, "the guest cannot continue", 0);
}

/* The guest's call is in the registers, as for any other. */
static enum next exit_remote_fence(struct vcpu *v)
{
	return exit_sbi(v);
}

/* exit_NAME() of every exit: one without does not compile. */
enum next (*const exit_routes[HM_EXIT_COUNT])(struct vcpu *v) = {
#define ROUTE(number, NAME, name, reason) [number] = exit_##name,
	HM_EXITS(ROUTE)
#undef ROUTE
};

enum next exit_refused(struct vcpu *v, long reason)
{
	return end_broken(v, "the firmware would not run it", reason);
}
