/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mark.c - the measurement marker natively: the same program, the same record,
 * no host and no guest world.  In a guest trap/illegal.c takes it.
 */
#include <libfdt.h>
#include <sbi/sbi_console.h>
#include <sbi/sbi_string.h>
#include <sbi/sbi_unpriv.h>

#include "core/insn.h"
#include "core/vcpu.h"
#include "host/mark.h"

#define WORD	"marks=1"

static bool enabled;			/* written in the cold boot */
static u64 all_base, below_base;

static void begin(void)
{
	all_base = hm_count_all();
	below_base = hm_count_below_m();
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\0';
}

/* The property ends with a NUL, or is no string. */
static bool has_word(const char *line, int length)
{
	const int size = sizeof(WORD) - 1;

	if (!line || length <= 0 || line[length - 1])
		return false;
	for (int at = 0; at + size < length; at++)
		if ((!at || is_space(line[at - 1])) && is_space(line[at + size]) &&
		    !sbi_memcmp(line + at, WORD, size))
			return true;
	return false;
}

void hm_mark_boot(const void *fdt)
{
	int length = 0;
	const char *line = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", &length);

	enabled = has_word(line, length);
	begin();
}

/* Without an exact split (Smcntrpmf) nobody knows whose the instructions were. */
static void print_instructions(u64 total, u64 guest)
{
	sbi_printf("\"instructions\":{\"total\":%lu,", (unsigned long)total);
	if (hm_this_hart()->split_counters)
		sbi_printf("\"guest\":%lu,\"host\":0,\"hm\":%lu},", (unsigned long)guest,
			   (unsigned long)(total - guest));
	else
		sbi_printf("\"guest\":null,\"host\":null,\"hm\":null},");
}

static void print_record(u64 value, u64 total, u64 guest)
{
	sbi_printf("%c{\"mark\":%lu,\"ok\":%s,", HM_RECORD_RS, (unsigned long)(value >> 8 & 0xff),
		   value & HM_MARK_OK ? "true" : "false");
	sbi_printf("\"vm_exits\":{\"total\":0,\"memory\":0,\"by_reason\":{\"pt_write\":0,\"satp\":0,"
		   "\"flush\":0,\"true_fault\":0,\"hidden_fault\":0,\"g_stage_fault\":0,\"root_miss\":0,"
		   "\"ring\":0,\"pool\":0,\"remote_fence\":0,\"mmio\":0,\"sbi\":0,\"wfi\":0,"
		   "\"interrupt\":0}},");
	sbi_printf("\"hm_traps\":{\"total\":0,\"memory\":0,\"by_kind\":{\"true_fault\":0,\"fill\":0,"
		   "\"satp_hit\":0,\"satp_miss\":0,\"sfence_va\":0,\"sfence_asid\":0,\"sfence_all\":0,"
		   "\"ring\":0,\"remote_fence\":0,\"sbi_time\":0,\"sbi_other\":0,\"interrupt\":0,"
		   "\"illegal\":0,\"other\":0}},");
	print_instructions(total, guest);
	sbi_printf("\"ring\":{\"entries\":0,\"flushes\":0,\"hints_used\":0,\"hints_lost\":0},"
		   "\"longest_m_stay\":null,\"walk_refs\":null}\n");
}

/* mtval may be zero ("Machine Trap Value Register"); 0, which is no instruction, where it cannot be read either. */
static u32 illegal_instruction(const struct sbi_trap_context *context)
{
	struct sbi_trap_info fault = { 0 };
	u32 insn = context->trap.tval;

	if (insn)
		return insn;
	insn = sbi_get_insn(context->regs.mepc, &fault);
	return fault.cause ? 0 : insn;
}

bool hm_mark_native(struct sbi_trap_context *context)
{
	u64 total = hm_count_all() - all_base, guest = hm_count_below_m() - below_base;
	u64 value;
	u32 insn;

	if (!enabled || context->trap.cause != CAUSE_ILLEGAL_INSTRUCTION)
		return false;
	insn = illegal_instruction(context);
	if (!INSN_IS_CSRW(insn, HM_CSR_MARK))
		return false;
	value = INSN_RS1(insn) ? ((unsigned long *)&context->regs)[INSN_RS1(insn)] : 0;
	context->regs.mepc += 4;
	if ((value & 0xff) == HM_MARK_END)
		print_record(value, total, guest);
	if ((value & 0xff) == HM_MARK_BEGIN)
		begin();
	return true;
}
