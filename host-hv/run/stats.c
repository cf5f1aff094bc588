/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.c - the result record of a measurement.  The firmware counts, since
 * all exits and traps pass through it.  What a page fault was that it left
 * unclassified, shadow.c counts; that an interrupt was another vCPU's fence, exits.c.
 * A VM's figures are the sums over its vCPUs, and the longest stay is the longest of any.
 */
#include "core/console.h"
#include "core/hm.h"
#include "core/policy.h"
#include "shadow/shadow.h"
#include "ssp/ring.h"
#include "core/vcpu.h"

void stats_begin(struct vm *vm)
{
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		__atomic_store_n(&vm->vcpu[i].reset_stats, true, __ATOMIC_RELEASE);
}

/* by_reason of the record, in its order; those that memory virtualization causes first. */
enum reason {
	PT_WRITE, SATP, FLUSH, TRUE_FAULT, HIDDEN_FAULT, G_STAGE_FAULT, ROOT_MISS, RING, POOL,
	REMOTE_FENCE,
	MEMORY_REASONS,
	MMIO = MEMORY_REASONS, SBI, WFI, INTERRUPT,
	REASONS,
	UNCOUNTED = REASONS
};

static const char *const reason_names[REASONS] = {
	[PT_WRITE] = "pt_write", [SATP] = "satp", [FLUSH] = "flush",
	[TRUE_FAULT] = "true_fault", [HIDDEN_FAULT] = "hidden_fault",
	[G_STAGE_FAULT] = "g_stage_fault", [ROOT_MISS] = "root_miss", [RING] = "ring",
	[POOL] = "pool", [REMOTE_FENCE] = "remote_fence", [MMIO] = "mmio", [SBI] = "sbi", [WFI] = "wfi",
	[INTERRUPT] = "interrupt",
};

/* A page fault that the firmware did not classify counts by its class. */
static const uint8_t reason_of_exit[HM_EXIT_COUNT] = {
	[HM_EXIT_INTERRUPT] = INTERRUPT, [HM_EXIT_MMIO] = MMIO, [HM_EXIT_SBI] = SBI,
	[HM_EXIT_WFI] = WFI, [HM_EXIT_MARK] = UNCOUNTED, [HM_EXIT_POOL] = POOL,
	[HM_EXIT_BROKEN] = UNCOUNTED, [HM_EXIT_TRUE_FAULT] = TRUE_FAULT,
	[HM_EXIT_HIDDEN_FAULT] = HIDDEN_FAULT, [HM_EXIT_SATP] = SATP,
	[HM_EXIT_ROOT_MISS] = ROOT_MISS, [HM_EXIT_FLUSH] = FLUSH,
	[HM_EXIT_PAGE_FAULT] = UNCOUNTED, [HM_EXIT_RING] = RING,
	[HM_EXIT_REMOTE_FENCE] = REMOTE_FENCE,
};

static const uint8_t reason_of_class[SHADOW_CLASSES] = {
	[SHADOW_TRUE_FAULT] = TRUE_FAULT, [SHADOW_HIDDEN_FAULT] = HIDDEN_FAULT,
	[SHADOW_PT_WRITE] = PT_WRITE, [SHADOW_MMIO] = MMIO,
};

struct sums {
	uint64_t exits[REASONS + 1];
	struct hm_stats hm;
};

/* A kick by a fence that is newer than the rest counts the next time. */
static void move_kicks(struct sums *sums, uint64_t kicks)
{
	kicks = min_u64(kicks, sums->exits[INTERRUPT]);
	sums->exits[INTERRUPT] -= kicks;
	sums->exits[REMOTE_FENCE] += kicks;
}

static void add_vcpu(struct sums *sums, const struct vcpu *v)
{
	const struct ssp_ring *ring = &v->shadow->space.ring;
	struct hm_stats s, *sum = &sums->hm;

	if (sbi_call(HM_EXT_ID, HM_FID_VCPU_STATS, v->hm, (uint64_t)&s, sizeof(s)).error)
		return;
	for (unsigned i = 0; i < HM_EXIT_COUNT; i++)
		sums->exits[reason_of_exit[i]] += s.exits[i];
	for (unsigned i = 0; i < SHADOW_CLASSES; i++)
		sums->exits[reason_of_class[i]] += v->shadow->count[i];
	move_kicks(sums, v->fence_kicks);
	for (unsigned i = 0; i < HM_TRAP_KINDS; i++)
		sum->traps[i] += s.traps[i];
	sum->insn_total += s.insn_total;
	sum->insn_guest += s.insn_guest;
	sum->insn_host += s.insn_host;
	sum->insn_hm += s.insn_hm;
	if (s.longest_m_stay > sum->longest_m_stay)
		sum->longest_m_stay = s.longest_m_stay;
	/* Drained by the firmware, or by ssp.c. */
	sum->ring_entries += s.ring_entries + ssp_ring_entries(ring);
	sum->ring_flushes += s.ring_flushes + ssp_ring_entries(ring) - ring->others;
	sum->ring_hints_used += s.ring_hints_used + ring->hints_used;
	sum->ring_hints_lost += s.ring_hints_lost + ring->hints_lost;
}

static const char *const trap_names[HM_TRAP_KINDS] = {
	[HM_TRAP_TRUE_FAULT] = "true_fault", [HM_TRAP_FILL] = "fill",
	[HM_TRAP_SATP_HIT] = "satp_hit", [HM_TRAP_SATP_MISS] = "satp_miss",
	[HM_TRAP_SFENCE_VA] = "sfence_va", [HM_TRAP_SFENCE_ASID] = "sfence_asid",
	[HM_TRAP_SFENCE_ALL] = "sfence_all", [HM_TRAP_RING] = "ring",
	[HM_TRAP_REMOTE_FENCE] = "remote_fence",
	[HM_TRAP_SBI_TIME] = "sbi_time", [HM_TRAP_SBI_OTHER] = "sbi_other",
	[HM_TRAP_INTERRUPT] = "interrupt", [HM_TRAP_ILLEGAL] = "illegal",
	[HM_TRAP_OTHER] = "other",
};

/* The first `memory` of the counts are those that memory virtualization causes. */
static void print_counts(const char *what, const char *by, const uint64_t *counts,
			 const char *const *names, unsigned n, unsigned memory)
{
	uint64_t total = 0, of_memory = 0;

	for (unsigned i = 0; i < n; i++) {
		total += counts[i];
		of_memory += i < memory ? counts[i] : 0;
	}
	print_more("\"%s\":{\"total\":%lu,\"memory\":%lu,\"%s\":{", what, total, of_memory, by);
	for (unsigned i = 0; i < n; i++)
		print_more("%s\"%s\":%lu", i ? "," : "", names[i], counts[i]);
	print_more("}},");
}

static struct sums sum_up(const struct vm *vm)
{
	struct sums sums = { 0 };

	for (unsigned i = 0; i < vm->vcpu_count; i++)
		add_vcpu(&sums, &vm->vcpu[i]);
	return sums;
}

/* Whose they were the firmware knows only where the hart counts by mode. */
static void print_instructions(const struct hm_stats *s, bool split)
{
	print_more("\"instructions\":{\"total\":%lu,", s->insn_total);
	if (split)
		print_more("\"guest\":%lu,\"host\":%lu,\"hm\":%lu},", s->insn_guest, s->insn_host, s->insn_hm);
	else
		print_more("\"guest\":null,\"host\":null,\"hm\":null},");
}

void stats_print(struct vm *vm, unsigned workload, bool ok)
{
	const struct sums sums = sum_up(vm);
	const struct hm_stats *s = &sums.hm;

	print_begin();
	print_more("%c{\"mark\":%u,\"vm\":%d,\"ok\":%s,", HM_RECORD_RS, workload, vm->id,
		   ok ? "true" : "false");
	print_counts("vm_exits", "by_reason", sums.exits, reason_names, REASONS, MEMORY_REASONS);
	print_counts("hm_traps", "by_kind", s->traps, trap_names, HM_TRAP_KINDS, HM_TRAP_MEMORY_KINDS);
	print_instructions(s, vm->split_counters);
	print_more("\"ring\":{\"entries\":%lu,\"flushes\":%lu,\"hints_used\":%lu,\"hints_lost\":%lu},",
		   s->ring_entries, s->ring_flushes, s->ring_hints_used, s->ring_hints_lost);
	print_more("\"longest_m_stay\":%lu,\"walk_refs\":null}\n", s->longest_m_stay);
	print_end();
}

void stats_summary(struct vm *vm)
{
	const struct sums sums = sum_up(vm);
	uint64_t traps = 0;

	for (unsigned i = 0; i < HM_TRAP_KINDS; i++)
		traps += sums.hm.traps[i];
	print_begin();
	print_more("host-hv: vm%d: policy ", vm->id);
	policy_print(vm->policy);
	print_more("; since the last marker: traps %lu, exits", traps);
	for (unsigned i = 0; i < REASONS; i++)
		if (sums.exits[i])
			print_more(" %s %lu", reason_names[i], sums.exits[i]);
	print_more("\n");
	print_end();
}
