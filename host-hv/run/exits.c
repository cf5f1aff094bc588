/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exits.c - where each VM exit goes.  The firmware's verdict, HM_EXIT_*, is
 * the index of one table; what is not in it ends the guest.
 */
#include "core/console.h"
#include "core/hm.h"
#include "run/sched.h"
#include "shadow/shadow.h"
#include "core/vcpu.h"

#define CAUSE_ILLEGAL_INSTRUCTION	2

static enum next on_interrupt(struct vcpu *v)
{
	/* While counting has still to begin, the firmware's count of this exit is not kept either. */
	if (sched_serve_interrupts() && !(v->run->flags & HM_RUN_RESET_STATS))
		v->fence_kicks++;
	if (vm_ended(v->vm) || csr_read(time) >= sched_slice_end(v->hart))
		return YIELD;
	return RESUME;
}

static enum next on_wfi(struct vcpu *v)
{
	vcpu_sleep(v, VCPU_WAITING, v->run->exit_value);
	return YIELD;
}

/*
 * What the policy leaves to the host.  Where the tables are the firmware's, it
 * carries out at the next entry what concerns the shadow; otherwise shadow.c does.
 */
static enum next on_true_fault(struct vcpu *v)
{
	vcpu_inject(v, v->run->exit_cause, v->run->exit_value);
	return RESUME;
}

static enum next on_hidden_fault(struct vcpu *v)
{
	v->run->flags |= HM_RUN_FILL;
	return RESUME;
}

static enum next on_satp(struct vcpu *v)
{
	shadow_satp(v, v->run->exit_value);
	return RESUME;
}

static enum next on_flush(struct vcpu *v)
{
	v->run->flags |= HM_RUN_FENCE_VMA;
	return RESUME;
}

/* Whoever has the tables drains at the next entry. */
static enum next on_ring(struct vcpu *v)
{
	(void)v;
	return RESUME;
}

/* A guest's program can write it, so only a run that asked for records gets any. */
static enum next on_mark(struct vcpu *v)
{
	uint64_t value = v->run->exit_value;
	unsigned workload = value >> 8 & 0xff;

	if (!v->vm->marks) {
		v->run->pc -= v->run->exit_insn_len;	/* the marker was stepped over */
		vcpu_inject(v, CAUSE_ILLEGAL_INSTRUCTION, v->run->exit_insn);
		return RESUME;
	}
	switch (value & 0xff) {
	case HM_MARK_BEGIN:
		stats_begin(v->vm);
		break;
	case HM_MARK_END:
		stats_print(v->vm, workload, value & HM_MARK_OK);
		break;
	}
	return RESUME;
}

static __attribute__((noinline)) enum next end_broken(struct vcpu *v, const char *why, uint64_t detail)
{
	const struct hm_run *run = v->run;

	print("host-hv: vm%d: vCPU %u: %s (%lx): pc %lx, mcause %lx, value %lx, gpa %lx\n",
	      v->vm->id, v->id, why, detail, run->pc, run->exit_cause, run->exit_value,
	      run->exit_gpa);
	vm_end(v->vm, VM_FAILURE);
	return YIELD;
}

static enum next on_pool(struct vcpu *v)
{
	return end_broken(v, "the shadow tables cannot hold one walk", 0);
}

static enum next on_broken(struct vcpu *v)
{
	return end_broken(v, "the guest cannot continue", 0);
}

static enum next (*const routes[HM_EXIT_COUNT])(struct vcpu *v) = {
	[HM_EXIT_INTERRUPT]	= on_interrupt,
	[HM_EXIT_MMIO]		= mmio_serve,
	[HM_EXIT_SBI]		= sbi_serve,
	[HM_EXIT_WFI]		= on_wfi,
	[HM_EXIT_MARK]		= on_mark,
	[HM_EXIT_POOL]		= on_pool,
	[HM_EXIT_BROKEN]	= on_broken,
	[HM_EXIT_TRUE_FAULT]	= on_true_fault,
	[HM_EXIT_HIDDEN_FAULT]	= on_hidden_fault,
	[HM_EXIT_SATP]		= on_satp,
	[HM_EXIT_ROOT_MISS]	= on_satp,
	[HM_EXIT_FLUSH]		= on_flush,
	[HM_EXIT_RING]		= on_ring,
	[HM_EXIT_REMOTE_FENCE]	= sbi_serve,
	[HM_EXIT_PAGE_FAULT]	= shadow_page_fault,
};

enum next exit_route(struct vcpu *v, long reason)
{
	if (reason < 0 || reason >= HM_EXIT_COUNT || !routes[reason])
		return end_broken(v, "the firmware would not run it", reason);
	return routes[reason](v);
}
