/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * m-stay - how long does each hart stay in machine mode at a stretch?
 *
 * A TCG plugin that counts a hart's own instructions from each entry into M-mode to the
 * return to S- or U-mode.  The firmware's own figure is the difference of two readings of a
 * counter, which with several harts under -icount counts the others' turns as well.
 *
 *   -plugin m-stay.so[,out=FILE][,lock=START-END-UNLOCK]
 *
 * At the end it writes a line such as
 *   {"harts":[{"hart":0,"longest":3176,"waited":0,"pc":"0x800002c4","cause":"0x9","a7":"0x8484d43",
 *	       "a6":"0x7","stays":812,"starts":1}]}
 * longest: instructions of the longest stay; waited: how many of them other harts executed while
 * this one waited for a lock; pc: the first instruction; cause, a7, a6: mcause and what an SBI call
 * asked for, at its end (0 if the run ended first); stays: how many there were; starts: how many of
 * them were the start of a hart, which are not looked at.
 *
 * lock= is where the firmware takes a ticket lock (END is the first address behind) and the first
 * instruction that gives it back; a0 is the lock in both.  How often a hart turns around there, and
 * when it goes on, tells of the emulator's schedule.  Instead it counts what all others execute in
 * M-mode until the lock is given to it, which is what real harts would wait for.
 *
 * Several harts need a thread each (ICOUNT=0): where they take turns in one, QEMU 10.0 names in a
 * callback the hart that a block was translated for, whichever executes it.  The plugin ends such a
 * run.
 *
 * A start is the first stay of a hart, and any in which it waits (WFI) or closes all interrupts
 * (csrw mie, zero): OpenSBI does both for a hart that was stopped, and nowhere else.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qemu-plugin.h>

#include "registers.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define MAX_HARTS    8 /* see number() */
#define PRIV_M       3
#define MPP(mstatus) ((mstatus) >> 11 & 3)

#define INSN_MRET      0x30200073
#define INSN_WFI       0x10500073
#define INSN_CLOSE_ALL 0x30401073 /* csrw mie, zero */

static const char *const usage = "m-stay: -plugin m-stay.so[,out=FILE][,lock=START-END-UNLOCK]\n";

static FILE *out;
static uint64_t lock_start, lock_end, unlock;

/* What generated code counts by itself, for each hart. */
static qemu_plugin_u64 length;    /* of the present stay; 0: there is none */
static qemu_plugin_u64 starting;  /* the present stay is a hart's start */
static qemu_plugin_u64 waiting;   /* it waits for a lock */
static qemu_plugin_u64 in_m_mode; /* all instructions in M-mode but those of waiting */

static struct hart {
	struct qemu_plugin_register *priv, *mhartid, *mstatus, *mcause, *a0, *a6, *a7;
	uint64_t pc, waited; /* of the present stay */
	/* of the present wait: which turn it was, and the others' count at its beginning */
	uint64_t lock, since, others;
	bool waits; /* and the lock is not its own yet */
	uint64_t longest, longest_waited, longest_pc, longest_cause, longest_a6, longest_a7;
	uint64_t stays, starts;
} harts[MAX_HARTS];
static unsigned int hart_count;

/*
 * QEMU 10.0.2 gives a conditional callback of any hart but the first a wrong number: the offset of
 * its counters in the scoreboard, which is 8 times the hart's.  With up to 8 harts the two cannot
 * be confused.
 */
static unsigned int number(unsigned int vcpu)
{
	return vcpu < MAX_HARTS ? vcpu : vcpu / sizeof(uint64_t);
}

/* --- stays -------------------------------------------------------------------- */

static void on_entry(unsigned int vcpu, void *pc)
{
	struct hart *hart = &harts[number(vcpu)];

	if (read_register(hart->mhartid) != number(vcpu)) {
		fputs("m-stay: several harts in one thread cannot be told apart: ICOUNT=0 gives each its own\n",
		      stderr);
		exit(1);
	}
	hart->pc = (uintptr_t)pc;
	hart->waited = 0;
}

/* --- locks: callbacks of several threads ---------------------------------------- */

static pthread_mutex_t waits_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t wait_count;

static uint64_t of_others(unsigned int vcpu)
{
	return qemu_plugin_u64_sum(in_m_mode) - qemu_plugin_u64_get(in_m_mode, vcpu);
}

static void on_wait(unsigned int vcpu, void *unused)
{
	struct hart *hart = &harts[number(vcpu)];

	(void)unused;
	pthread_mutex_lock(&waits_lock);
	hart->lock = read_register(hart->a0);
	hart->since = ++wait_count;
	hart->others = of_others(number(vcpu));
	hart->waits = true;
	pthread_mutex_unlock(&waits_lock);
}

static void end_wait(struct hart *hart)
{
	hart->waited += of_others(hart - harts) - hart->others;
	hart->waits = false;
}

/*
 * It has the lock and goes on.  Where nobody has given the lock back meanwhile, it was free: what
 * others have executed since then tells of the emulator's schedule alone.
 */
static void on_lock(unsigned int vcpu, void *unused)
{
	(void)unused;
	pthread_mutex_lock(&waits_lock);
	harts[number(vcpu)].waits = false;
	pthread_mutex_unlock(&waits_lock);
	qemu_plugin_u64_set(waiting, number(vcpu), 0);
}

/* Tickets: whoever has waited longest has the lock now, although it may notice later. */
static void on_unlock(unsigned int vcpu, void *unused)
{
	uint64_t lock = read_register(harts[number(vcpu)].a0);
	struct hart *first = NULL;

	(void)unused;
	pthread_mutex_lock(&waits_lock);
	for (struct hart *hart = harts; hart < harts + hart_count; hart++)
		if (hart->waits && hart->lock == lock && (!first || hart->since < first->since))
			first = hart;
	if (first)
		end_wait(first);
	pthread_mutex_unlock(&waits_lock);
}

/* The stay is over; readable: the run is not, and registers can be read. */
static void end_stay(unsigned int vcpu, bool readable)
{
	struct hart *hart = &harts[vcpu];
	uint64_t stay = qemu_plugin_u64_get(length, vcpu) + hart->waited;
	bool is_start = !hart->stays || qemu_plugin_u64_get(starting, vcpu);

	hart->stays++;
	hart->starts += is_start;
	if (is_start || stay <= hart->longest)
		return;
	hart->longest = stay;
	hart->longest_waited = hart->waited;
	hart->longest_pc = hart->pc;
	hart->longest_cause = readable ? read_register(hart->mcause) : 0;
	hart->longest_a6 = readable ? read_register(hart->a6) : 0;
	hart->longest_a7 = readable ? read_register(hart->a7) : 0;
}

static void on_return(unsigned int vcpu, void *unused)
{
	(void)unused;
	vcpu = number(vcpu);
	end_stay(vcpu, true);
	qemu_plugin_u64_set(length, vcpu, 0);
	qemu_plugin_u64_set(starting, vcpu, 0);
}

/*
 * What it returns to may trap before an instruction is executed there: the stay is over all the
 * same.
 */
static void on_mret(unsigned int vcpu, void *unused)
{
	if (MPP(read_register(harts[vcpu].mstatus)) != PRIV_M)
		on_return(vcpu, unused);
}

/* --- instrumentation ----------------------------------------------------------- */

static void on_hart(qemu_plugin_id_t id, unsigned int vcpu)
{
	GArray *all = qemu_plugin_get_registers();
	struct hart *hart = &harts[vcpu];

	(void)id;
	hart->priv = find_register(all, "priv");
	hart->mhartid = find_register(all, "mhartid");
	hart->mstatus = find_register(all, "mstatus");
	hart->mcause = find_register(all, "mcause");
	hart->a0 = find_register(all, "a0");
	hart->a6 = find_register(all, "a6");
	hart->a7 = find_register(all, "a7");
	g_array_free(all, true);
	if (!hart->priv || !hart->mhartid || !hart->mstatus || !hart->mcause || !hart->a0 ||
	    !hart->a6 || !hart->a7) {
		fputs("m-stay: this QEMU does not show the registers\n", stderr);
		exit(1);
	}
	if (vcpu >= hart_count)
		hart_count = vcpu + 1;
}

/*
 * A block belongs to the privilege that it was translated for; whichever hart translates it has
 * that now.
 */
static bool is_of_m_mode(void)
{
	return (read_register(harts[0].priv) & 3) == PRIV_M;
}

static bool starts_a_hart(const struct qemu_plugin_tb *block)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
		uint32_t code = 0;

		qemu_plugin_insn_data(qemu_plugin_tb_get_insn(block, i), &code, sizeof(code));
		if (code == INSN_WFI || code == INSN_CLOSE_ALL)
			return true;
	}
	return false;
}

/* MRET ends a block. */
static void watch_mret(const struct qemu_plugin_tb *block)
{
	struct qemu_plugin_insn *last =
		qemu_plugin_tb_get_insn(block, qemu_plugin_tb_n_insns(block) - 1);
	uint32_t code = 0;

	qemu_plugin_insn_data(last, &code, sizeof(code));
	if (code == INSN_MRET)
		qemu_plugin_register_vcpu_insn_exec_cb(last, on_mret, QEMU_PLUGIN_CB_R_REGS, NULL);
}

static void on_block_of_lock(struct qemu_plugin_tb *block)
{
	qemu_plugin_register_vcpu_tb_exec_cond_cb(block, on_wait, QEMU_PLUGIN_CB_R_REGS,
						  QEMU_PLUGIN_COND_EQ, waiting, 0, NULL);
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(block, QEMU_PLUGIN_INLINE_STORE_U64,
							  waiting, 1);
}

static void on_block_of_m_mode(struct qemu_plugin_tb *block)
{
	uint64_t pc = qemu_plugin_tb_vaddr(block), instructions = qemu_plugin_tb_n_insns(block);

	qemu_plugin_register_vcpu_tb_exec_cond_cb(block, on_entry, QEMU_PLUGIN_CB_R_REGS,
						  QEMU_PLUGIN_COND_EQ, length, 0,
						  (void *)(uintptr_t)pc);
	if (pc >= lock_start && pc < lock_end) {
		on_block_of_lock(block);
		return;
	}
	qemu_plugin_register_vcpu_tb_exec_cond_cb(block, on_lock, QEMU_PLUGIN_CB_NO_REGS,
						  QEMU_PLUGIN_COND_NE, waiting, 0, NULL);
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(block, QEMU_PLUGIN_INLINE_ADD_U64, length,
							  instructions);
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(block, QEMU_PLUGIN_INLINE_ADD_U64,
							  in_m_mode, instructions);
	watch_mret(block);
	if (pc == unlock)
		qemu_plugin_register_vcpu_tb_exec_cb(block, on_unlock, QEMU_PLUGIN_CB_R_REGS, NULL);
	if (starts_a_hart(block))
		qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
			block, QEMU_PLUGIN_INLINE_STORE_U64, starting, 1);
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	(void)id;
	if (is_of_m_mode())
		on_block_of_m_mode(block);
	else
		qemu_plugin_register_vcpu_tb_exec_cond_cb(block, on_return, QEMU_PLUGIN_CB_R_REGS,
							  QEMU_PLUGIN_COND_NE, length, 0, NULL);
}

static void on_end(qemu_plugin_id_t id, void *unused)
{
	(void)id;
	(void)unused;
	for (unsigned int i = 0; i < hart_count; i++)
		if (qemu_plugin_u64_get(length, i))
			end_stay(i, false);
	fputs("{\"harts\":[", out);
	for (unsigned int i = 0; i < hart_count; i++) {
		const struct hart *hart = &harts[i];

		fprintf(out,
			"%s{\"hart\":%u,\"longest\":%" PRIu64 ",\"waited\":%" PRIu64
			",\"pc\":\"0x%" PRIx64 "\","
			"\"cause\":\"0x%" PRIx64 "\",\"a7\":\"0x%" PRIx64 "\",\"a6\":\"0x%" PRIx64
			"\","
			"\"stays\":%" PRIu64 ",\"starts\":%" PRIu64 "}",
			i ? "," : "", i, hart->longest, hart->longest_waited, hart->longest_pc,
			hart->longest_cause, hart->longest_a7, hart->longest_a6, hart->stays,
			hart->starts);
	}
	fputs("]}\n", out);
	fflush(out);
}

static bool take_option(const char *option)
{
	if (!strncmp(option, "out=", 4))
		return (out = fopen(option + 4, "w"));
	return sscanf(option, "lock=%" SCNi64 "-%" SCNi64 "-%" SCNi64, (int64_t *)&lock_start,
		      (int64_t *)&lock_end, (int64_t *)&unlock) == 3;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
					   char **argv)
{
	out = stdout;
	for (int i = 0; i < argc; i++) {
		if (!take_option(argv[i])) {
			fprintf(stderr, "m-stay: cannot take '%s'\n%s", argv[i], usage);
			return -1;
		}
	}
	if (strcmp(info->target_name, "riscv64") || !info->system_emulation ||
	    info->system.max_vcpus > MAX_HARTS) {
		fputs("m-stay: for a riscv64 machine of at most 8 harts\n", stderr);
		return -1;
	}
	length = qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
	starting = qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
	waiting = qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
	in_m_mode = qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
	qemu_plugin_register_vcpu_init_cb(id, on_hart);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
