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
#include "core/machine.h"
#include "hm_record.h"
#include "host/mark.h"

#define WORD "marks=1"

static bool enabled; /* written in the cold boot */
static u64 all_base, below_base;
static u32 marked; /* enum hm_record_state */

/* As if no kernel had ever set a counter (hooks.c). */
static u64 count_all(void)
{
	const struct hm_hart *hart = hm_this_hart();

	return hart->retired ? hart_count_retired() : hart_count_all() - hart->moved_all;
}

static u64 count_below_m(void)
{
	return hart_count_below_m() - hm_this_hart()->moved_below;
}

static void begin(void)
{
	all_base = count_all();
	below_base = count_below_m();
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

static void put_text(const char *text)
{
	sbi_puts(text);
}

static void put_number(uint64_t number)
{
	sbi_printf("%lu", (unsigned long)number);
}

/* No exit and no HM trap: natively all of M-mode counts as the firmware's. */
static void print_record(u64 value, u64 total, u64 guest)
{
	static const struct hm_record_sink console = { put_text, put_number };
	const struct hm_record record = {
		.mark = value >> 8 & 0xff,
		.vm = HM_RECORD_NATIVE,
		.ok = value & HM_MARK_OK,
		.begun = hm_record_end(&marked),
		.split = hm_this_hart()->split_counters,
		.stats = { .insn_total = total,
			   .insn_guest = guest,
			   .insn_hm = total - guest,
			   .longest_m_stay = HM_RECORD_UNKNOWN },
	};

	hm_record_print(&console, &record);
}

/*
 * mtval may be zero ("Machine Trap Value Register"); 0, which is no instruction, where it cannot be
 * read either.
 */
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
	u64 total = count_all() - all_base, guest = count_below_m() - below_base;
	u64 value;
	u32 insn;

	if (!enabled || context->trap.cause != CAUSE_ILLEGAL_INSTRUCTION ||
	    context->regs.mstatus & MSTATUS_MPV)
		return false;
	insn = illegal_instruction(context);
	if (!INSN_IS_CSRW(insn, HM_CSR_MARK))
		return false;
	value = INSN_RS1(insn) ? ((unsigned long *)&context->regs)[INSN_RS1(insn)] : 0;
	context->regs.mepc += 4;
	if ((value & 0xff) == HM_MARK_END)
		print_record(value, total, guest);
	if ((value & 0xff) == HM_MARK_BEGIN) {
		hm_record_begin(&marked);
		begin();
	}
	return true;
}
