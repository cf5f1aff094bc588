/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walks - what does address translation do on cores whose TLBs are known?
 *
 * A TCG plugin that shows the accesses of S- and U-mode, with V=0 and V=1, to models of such cores
 * (walks/model.h), and the fences and switches that concern them.  The tables are those that the
 * hart itself follows: a shadow where satp names one, two stages where hgatp does.  It knows
 * nothing of this project but its measurement marker.  docs/walks.md has the method.
 *
 *   -plugin walks.so,core=NAME:KEY=NUMBER:...[,core=...][,out=FILE][,from=user][,trace=FILE]
 *     [,most=N]
 *   -object memory-backend-memfd,id=ram,size=SIZE,share=on -M virt,memory-backend=ram
 *
 * Between two markers it counts; at the second it writes a line such as
 *   {"mark":3,"traps":{"m":1200,"hs":0,"vs":0},"returns":1201,"fences":8,"lost":0,"wrong":0,
 *    "cores":{"NAME":{...}}}
 * traps: entries of handlers, by mode (S-mode without H is hs); returns: MRET and SRET; lost: accesses that took place
 * and for which the tables have no translation; wrong: those whose translation is another one than
 * QEMU's.  Both are 0 unless the model is wrong, or a fence was left out.
 *
 * from=user: the models see nothing before the first instruction of U-mode.  A boot takes most of a
 * run, and where nobody asks for it, what a TLB has of it is gone when a workload has warmed up.
 *
 * trace=, most=: the first N (100000) accesses behind the first marker that begins (recorder.h).
 *
 * Not seen: cbo.zero, and vectored interrupts as traps.  One hart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walks/cores.h"
#include "walks/events.h"
#include "walks/ram.h"
#include "walks/recorder.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static const char *const usage =
	"walks: -plugin walks.so,core=NAME:KEY=NUMBER:...[,out=FILE][,from=user][,trace=FILE][,most=N]\n";

/* --- instrumentation ------------------------------------------------------------------------ */

#define IS_CSR_ACCESS(insn) (((insn)&0x7f) == 0x73 && ((insn) >> 12 & 3))
#define IS_CSRW(insn)       (((insn)&0x7fff) == 0x1073) /* csrrw x0, csr, rs1 */
#define IS_HLV(insn)        (((insn)&0x707f) == 0x4073) /* HSV as well */
#define INSN_CSR(insn)      ((insn) >> 20)
enum { INSN_MRET = 0x30200073, INSN_SRET = 0x10200073 };
enum {
	CSR_STVEC = 0x105,
	CSR_SATP = 0x180,
	CSR_VSTVEC = 0x205,
	CSR_VSATP = 0x280,
	CSR_MTVEC = 0x305,
	CSR_HGATP = 0x680,
	CSR_MARK = 0x8e0,
};

static bool is_watched(unsigned int csr)
{
	return csr == CSR_STVEC || csr == CSR_SATP || csr == CSR_VSTVEC || csr == CSR_VSATP ||
	       csr == CSR_MTVEC || csr == CSR_HGATP;
}

static void watch_system(struct qemu_plugin_insn *insn, uint32_t code)
{
	if (IS_CSR_ACCESS(code) && is_watched(INSN_CSR(code)))
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
			insn, QEMU_PLUGIN_INLINE_STORE_U64, written, 1);
	if (IS_CSRW(code) && INSN_CSR(code) == CSR_MARK)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_R_REGS,
						       registers.general[INSN_RS1(code)]);
	if (IS_FENCE(code))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_fence, QEMU_PLUGIN_CB_R_REGS,
						       (void *)(uintptr_t)code);
	if (code != INSN_MRET && code != INSN_SRET)
		return;
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_STORE_U64,
							    returned, 1);
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_return, QEMU_PLUGIN_CB_R_REGS,
					       code == INSN_MRET ? registers.mepc : registers.sepc);
}

/* The frame that an instruction lies in, whose translation found it, as one number. */
static uint64_t frame_of(const struct qemu_plugin_insn *insn, enum whose whose)
{
	return page_key((uintptr_t)qemu_plugin_insn_haddr(insn), whose);
}

static bool has_two_pages(const struct qemu_plugin_insn *insn)
{
	uint64_t at = qemu_plugin_insn_vaddr(insn);

	return at >> PAGE_BITS != (at + qemu_plugin_insn_size(insn) - 1) >> PAGE_BITS;
}

/*
 * Of a block in two pages, the first instruction with a byte in the second one.  That page's frame
 * is known from the next instruction; where there is none, any other number will do.
 */
static void watch_second_page(struct qemu_plugin_tb *block, enum whose whose)
{
	size_t count = qemu_plugin_tb_n_insns(block), i = 0;
	uint64_t first = qemu_plugin_tb_vaddr(block) >> PAGE_BITS, frame;
	struct qemu_plugin_insn *insn;

	do {
		insn = qemu_plugin_tb_get_insn(block, i);
	} while (qemu_plugin_insn_vaddr(insn) >> PAGE_BITS == first && !has_two_pages(insn) &&
		 ++i < count);
	if (i == count)
		return;
	if (!has_two_pages(insn))
		frame = frame_of(insn, whose);
	else if (i + 1 < count)
		frame = frame_of(qemu_plugin_tb_get_insn(block, i + 1), whose);
	else
		frame = page_key(0, whose);
	qemu_plugin_register_vcpu_insn_exec_cond_cb(insn, on_fetch_next, QEMU_PLUGIN_CB_NO_REGS,
						    QEMU_PLUGIN_COND_NE, fetched, frame,
						    (void *)(uintptr_t)frame);
}

static void watch_fetches(struct qemu_plugin_tb *block, enum whose whose)
{
	uint64_t frame = frame_of(qemu_plugin_tb_get_insn(block, 0), whose);

	qemu_plugin_register_vcpu_tb_exec_cond_cb(block, on_fetch, QEMU_PLUGIN_CB_R_REGS,
						  QEMU_PLUGIN_COND_NE, fetched, frame,
						  (void *)(uintptr_t)frame);
	watch_second_page(block, whose);
}

/* Loads and stores of the firmware are those of another mode under MPRV. */
static enum whose whose_data(uint64_t mode)
{
	uint64_t status;

	if (PRIV(mode) != PRIV_M)
		return IS_V(mode) ? GUEST : HOST;
	status = read_register(registers.mstatus);
	if (!MPRV(status) || MPP(status) == PRIV_M)
		return NOBODY;
	return MPV(status) ? GUEST : HOST;
}

/* What the block begins with. */
static void watch_block(struct qemu_plugin_tb *block, uint64_t mode)
{
	enum handler in = PRIV(mode) == PRIV_M ? IN_M : IS_V(mode) ? IN_VS : IN_HS;
	uint64_t at = qemu_plugin_tb_vaddr(block);

	qemu_plugin_register_vcpu_tb_exec_cond_cb(block, on_written, QEMU_PLUGIN_CB_R_REGS,
						  QEMU_PLUGIN_COND_NE, written, 0, NULL);
	if (PRIV(mode) == PRIV_U)
		qemu_plugin_register_vcpu_tb_exec_cond_cb(block, on_resume, QEMU_PLUGIN_CB_NO_REGS,
							  QEMU_PLUGIN_COND_NE, resumes, 0, NULL);
	else
		qemu_plugin_register_vcpu_tb_exec_cond_cb(block, on_handler, QEMU_PLUGIN_CB_R_REGS,
							  QEMU_PLUGIN_COND_EQ, handler[in], at,
							  (void *)(uintptr_t)in);
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(block, QEMU_PLUGIN_INLINE_STORE_U64,
							  returned, 0);
}

/*
 * A block belongs to the mode that it was translated for, and to how MPRV stood then: QEMU has
 * others for other modes.
 */
static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	uint64_t mode = read_register(registers.priv);
	enum whose of_data = whose_data(mode);

	(void)id;
	if (PRIV(mode) == PRIV_U && !events_seen) {
		events_seen = true;
		forget_pages();
	}
	watch_block(block, mode);
	if (PRIV(mode) != PRIV_M)
		watch_fetches(block, IS_V(mode) ? GUEST : HOST);
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		enum whose whose = of_data;
		uint32_t code = 0;

		qemu_plugin_insn_data(insn, &code, sizeof(code));
		watch_system(insn, code);
		if (IS_HLV(code))
			whose = GUEST;
		if (whose != NOBODY)
			qemu_plugin_register_vcpu_mem_cb(insn, on_data, QEMU_PLUGIN_CB_NO_REGS,
							 QEMU_PLUGIN_MEM_RW,
							 (void *)(uintptr_t)whose);
	}
}

/* --- options ---------------------------------------------------------------------------------- */

static const char *trace;
static uint64_t most = 100000;

/* NULL, or what is wrong. */
static const char *take_option(const char *option)
{
	if (!strncmp(option, "core=", 5))
		return cores_add(option + 5);
	if (!strncmp(option, "out=", 4))
		return (events_out = fopen(option + 4, "w")) ? NULL : "it cannot be written";
	if (!strcmp(option, "from=user")) {
		events_seen = false;
		return NULL;
	}
	if (!strncmp(option, "most=", 5)) {
		most = strtoull(option + 5, NULL, 10);
		return most ? NULL : "it is no number";
	}
	if (strncmp(option, "trace=", 6))
		return usage;
	trace = option + 6;
	return NULL;
}

static bool take_options(int argc, char **argv)
{
	const char *why = NULL;

	events_out = stdout;
	for (int i = 0; i < argc && !why; i++) {
		why = take_option(argv[i]);
		if (why)
			fprintf(stderr, "walks: cannot take '%s': %s\n", argv[i], why);
	}
	if (!why && !cores_count())
		fprintf(stderr, "walks: %s\n", why = "there is no core");
	if (!why && (why = cores_start(ram_read, NULL)))
		fprintf(stderr, "walks: %s\n", why);
	if (!why && trace && !recorder_open(trace, most))
		fprintf(stderr, "walks: %s cannot be written\n", why = trace);
	return !why;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
					   char **argv)
{
	if (!take_options(argc, argv))
		return -1;
	if (strcmp(info->target_name, "riscv64") || !info->system_emulation ||
	    info->system.smp_vcpus != 1) {
		fputs("walks: for a riscv64 machine of one hart\n", stderr);
		return -1;
	}
	make_scoreboards();
	qemu_plugin_register_vcpu_init_cb(id, on_hart);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	return 0;
}
