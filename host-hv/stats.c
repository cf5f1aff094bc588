/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.c - the result record of a measurement.  The firmware counts, since
 * all exits and traps pass through it; a VM's figures are the sums over its
 * vCPUs, and the longest stay is the longest of any.
 */
#include "console.h"
#include "hm.h"
#include "vcpu.h"

void stats_begin(struct vm *vm)
{
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		__atomic_store_n(&vm->vcpu[i].reset_stats, true, __ATOMIC_RELEASE);
}

static void add_vcpu(struct hm_stats *sum, const struct vcpu *v)
{
	struct hm_stats s;

	if (sbi_call(HM_EXT_ID, HM_FID_VCPU_STATS, v->hm, (uint64_t)&s, sizeof(s)).error)
		return;
	for (unsigned i = 0; i < HM_TRAP_KINDS; i++)
		sum->traps[i] += s.traps[i];
	for (unsigned i = 0; i < HM_EXIT_COUNT; i++)
		sum->exits[i] += s.exits[i];
	sum->insn_total += s.insn_total;
	sum->insn_guest += s.insn_guest;
	sum->insn_host += s.insn_host;
	sum->insn_hm += s.insn_hm;
	if (s.longest_m_stay > sum->longest_m_stay)
		sum->longest_m_stay = s.longest_m_stay;
}

/* Names of the record; MARK and BROKEN are not counted. */
static const char *const exit_names[HM_EXIT_COUNT] = {
	[HM_EXIT_SATP] = "satp", [HM_EXIT_FLUSH] = "flush",
	[HM_EXIT_TRUE_FAULT] = "true_fault", [HM_EXIT_HIDDEN_FAULT] = "hidden_fault",
	[HM_EXIT_ROOT_MISS] = "root_miss", [HM_EXIT_POOL] = "pool",
	[HM_EXIT_MMIO] = "mmio", [HM_EXIT_SBI] = "sbi", [HM_EXIT_WFI] = "wfi",
	[HM_EXIT_INTERRUPT] = "interrupt",
};

/* Those that memory virtualization causes. */
static const bool exit_is_memory[HM_EXIT_COUNT] = {
	[HM_EXIT_SATP] = true, [HM_EXIT_FLUSH] = true, [HM_EXIT_TRUE_FAULT] = true,
	[HM_EXIT_HIDDEN_FAULT] = true, [HM_EXIT_ROOT_MISS] = true, [HM_EXIT_POOL] = true,
};

/* Reasons of policies and seats that host-hv does not have yet: always 0. */
#define ABSENT_REASONS	"\"pt_write\":0,\"g_stage_fault\":0,\"ring\":0"

static const char *const trap_names[HM_TRAP_KINDS] = {
	[HM_TRAP_TRUE_FAULT] = "true_fault", [HM_TRAP_FILL] = "fill",
	[HM_TRAP_SATP_HIT] = "satp_hit", [HM_TRAP_SATP_MISS] = "satp_miss",
	[HM_TRAP_SFENCE_VA] = "sfence_va", [HM_TRAP_SFENCE_ASID] = "sfence_asid",
	[HM_TRAP_SFENCE_ALL] = "sfence_all", [HM_TRAP_RING] = "ring",
	[HM_TRAP_SBI_TIME] = "sbi_time", [HM_TRAP_SBI_OTHER] = "sbi_other",
	[HM_TRAP_INTERRUPT] = "interrupt", [HM_TRAP_ILLEGAL] = "illegal",
	[HM_TRAP_OTHER] = "other",
};

static void print_exits(const uint64_t *exits)
{
	uint64_t total = 0, memory = 0;

	for (unsigned i = 0; i < HM_EXIT_COUNT; i++) {
		total += exit_names[i] ? exits[i] : 0;
		memory += exit_is_memory[i] ? exits[i] : 0;
	}
	print_more("\"vm_exits\":{\"total\":%lu,\"memory\":%lu,\"by_reason\":{" ABSENT_REASONS,
		   total, memory);
	for (unsigned i = 0; i < HM_EXIT_COUNT; i++)
		if (exit_names[i])
			print_more(",\"%s\":%lu", exit_names[i], exits[i]);
	print_more("}},");
}

static void print_traps(const uint64_t *traps)
{
	uint64_t total = 0, memory = 0;

	for (unsigned i = 0; i < HM_TRAP_KINDS; i++) {
		total += traps[i];
		memory += i < HM_TRAP_MEMORY_KINDS ? traps[i] : 0;
	}
	print_more("\"hm_traps\":{\"total\":%lu,\"memory\":%lu,\"by_kind\":{", total, memory);
	for (unsigned i = 0; i < HM_TRAP_KINDS; i++)
		print_more("%s\"%s\":%lu", i ? "," : "", trap_names[i], traps[i]);
	print_more("}},");
}

void stats_print(struct vm *vm, unsigned workload, bool ok)
{
	struct hm_stats s = { 0 };

	for (unsigned i = 0; i < vm->vcpu_count; i++)
		add_vcpu(&s, &vm->vcpu[i]);
	print_begin();
	print_more("%c{\"mark\":%u,\"vm\":%d,\"ok\":%s,", HM_RECORD_RS, workload, vm->id,
		   ok ? "true" : "false");
	print_exits(s.exits);
	print_traps(s.traps);
	print_more("\"instructions\":{\"total\":%lu,\"guest\":%lu,\"host\":%lu,\"hm\":%lu},",
		   s.insn_total, s.insn_guest, s.insn_host, s.insn_hm);
	print_more("\"longest_m_stay\":%lu,\"walk_refs\":null}\n", s.longest_m_stay);
	print_end();
}
