/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.c - the result record of a measurement.  The firmware counts, since
 * all exits and traps pass through it.  What a page fault was that it left
 * unclassified, shadow.c counts; that an interrupt was another vCPU's fence, exits.c.
 * A VM's figures are the sums over its vCPUs, and the longest stay is the longest of any.
 */
#include "run/stats.h"

#include "core/console.h"
#include "core/policy.h"
#include "hap/hap.h"
#include "hm_record.h"
#include "shadow/shadow.h"
#include "ssp/ring.h"

void stats_start(struct vm *vm)
{
	__atomic_store_n(&vm->marked, HM_RECORD_FRESH, __ATOMIC_RELAXED);
}

void stats_begin(struct vm *vm)
{
	hm_record_begin(&vm->marked);
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		__atomic_store_n(&vm->vcpu[i].reset_stats, true, __ATOMIC_RELEASE);
	shadow_reset_shared_counts(vm);
}

/* What exits count as by their number; a number that is none counts as nothing. */
static enum hm_reason reason_of(unsigned exit)
{
	switch (exit) {
#define REASON_OF(number, NAME, name, reason) \
	case number: return HM_REASON_##reason;
		HM_EXITS(REASON_OF)
#undef REASON_OF
	}
	return HM_REASON_NONE;
}

/* What page faults that the firmware did not classify count as. */
static const uint8_t reason_of_class[SHADOW_CLASSES] = {
	[SHADOW_TRUE_FAULT] = HM_REASON_TRUE_FAULT,
	[SHADOW_HIDDEN_FAULT] = HM_REASON_HIDDEN_FAULT,
	[SHADOW_PT_WRITE] = HM_REASON_PT_WRITE,
	[SHADOW_MMIO] = HM_REASON_MMIO,
};

static void count(struct hm_record *sums, enum hm_reason reason, uint64_t exits)
{
	if (reason < HM_REASON_COUNT)
		sums->exits[reason] += exits;
}

/* A kick by a fence that is newer than the rest counts the next time. */
static void move_kicks(struct hm_record *sums, uint64_t kicks)
{
	kicks = min_u64(kicks, sums->exits[HM_REASON_INTERRUPT]);
	sums->exits[HM_REASON_INTERRUPT] -= kicks;
	sums->exits[HM_REASON_REMOTE_FENCE] += kicks;
}

/* Where no firmware counts, we do; how long its stays are nobody knows. */
static struct hm_stats add_hap(struct hm_record *sums, const struct vcpu *v)
{
	struct hm_stats s = v->hap->stats;

	sums->exits[HM_REASON_G_STAGE_FAULT] += v->hap->g_stage_faults;
	sums->exits[HM_REASON_INSTRUCTION] += v->hap->instructions;
	s.insn_hm = s.insn_total - s.insn_guest - s.insn_host;
	s.longest_m_stay = HM_RECORD_UNKNOWN;
	return s;
}

static bool ask_firmware(const struct vcpu *v, struct hm_stats *s, uint64_t size)
{
	return !sbi_call(HM_EXT_ID, HM_FID_VCPU_STATS, v->hm, (uint64_t)s, size).error;
}

static bool read_stats(struct hm_record *sums, const struct vcpu *v, struct hm_stats *s)
{
	if (v->hap) {
		*s = add_hap(sums, v);
		return true;
	}
	*s = (struct hm_stats){ 0 };
	if (ask_firmware(v, s, sizeof(*s)))
		return true;
	/* Before version 4.3 it had nothing to tell of tables. */
	sums->shadowed = false;
	return ask_firmware(v, s, HM_STATS_SIZE_4_2);
}

static void add_tables(struct hm_record *sums, struct vcpu *v, const struct hm_stats *s)
{
	struct shadow_tables tables = { 0 };

	shadow_count_tables(v, s, &tables);
	sums->tables.peak += tables.peak;
	sums->tables.allocated += tables.allocated;
	sums->tables.recycled += tables.recycled;
	sums->tables.pool += tables.pool;
}

static void add_vcpu(struct hm_record *sums, struct vcpu *v)
{
	const struct ssp_ring *ring = &v->shadow->space.ring;
	struct hm_stats s, *sum = &sums->stats;

	if (!read_stats(sums, v, &s))
		return;
	for (unsigned i = 0; i < HM_EXIT_COUNT; i++)
		count(sums, reason_of(i), s.exits[i]);
	for (unsigned i = 0; i < SHADOW_CLASSES; i++)
		sums->exits[reason_of_class[i]] += v->shadow->count[i];
	move_kicks(sums, v->fence_kicks);
	if (sums->shadowed)
		add_tables(sums, v, &s);
	for (unsigned i = 0; i < HM_TRAP_KINDS; i++)
		sum->traps[i] += s.traps[i];
	sum->insn_total += s.insn_total;
	sum->insn_guest += s.insn_guest;
	sum->insn_host += s.insn_host;
	sum->insn_hm += s.insn_hm;
	if (s.longest_m_stay > sum->longest_m_stay)
		sum->longest_m_stay = s.longest_m_stay;
	/* Drained by the firmware, or by ssp_handler.c. */
	sum->ring_entries += s.ring_entries + ssp_ring_entries(ring);
	sum->ring_flushes += s.ring_flushes + ssp_ring_entries(ring) - ring->others;
	sum->ring_hints_used += s.ring_hints_used + ring->hints_used;
	sum->ring_hints_lost += s.ring_hints_lost + ring->hints_lost;
}

static void sum_up(struct vm *vm, struct hm_record *sums)
{
	sums->shadowed = !vm->hap;
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		add_vcpu(sums, &vm->vcpu[i]);
}

static void put_text(const char *text)
{
	print_more("%s", text);
}

static void put_number(uint64_t number)
{
	print_more("%lu", number);
}

void stats_print(struct vm *vm, unsigned workload, bool ok)
{
	static const struct hm_record_sink console = { put_text, put_number };
	struct hm_record record = {
		.mark = workload,
		.vm = vm->id,
		.ok = ok,
		.begun = hm_record_end(&vm->marked),
		.split = vm->split_counters,
	};

	sum_up(vm, &record);
	print_begin();
	hm_record_print(&console, &record);
	print_end();
}

void stats_summary(struct vm *vm)
{
	struct hm_record sums = { 0 };
	uint64_t traps = 0;

	sum_up(vm, &sums);
	for (unsigned i = 0; i < HM_TRAP_KINDS; i++)
		traps += sums.stats.traps[i];
	print_begin();
	print_more("host-hv: vm%d: policy ", vm->id);
	policy_print(vm->policy);
	print_more("; since the last marker: traps %lu, exits", traps);
	for (unsigned i = 0; i < HM_REASON_COUNT; i++)
		if (sums.exits[i])
			print_more(" %s %lu", hm_record_reasons[i].key, sums.exits[i]);
	print_more("\n");
	print_end();
}
