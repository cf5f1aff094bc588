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
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qemu-plugin.h>

#include "registers.h"
#include "walks/cores.h"
#include "walks/ram.h"
#include "walks/recorder.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static const char *const usage =
	"walks: -plugin walks.so,core=NAME:KEY=NUMBER:...[,out=FILE][,from=user][,trace=FILE][,most=N]\n";

static FILE *out;
static uint64_t returns, fences, lost, wrong;

/* Whose registers translate an access. */
enum whose { HOST, GUEST, NOBODY };
static struct space spaces[] = { [HOST] = { .guest = false }, [GUEST] = { .guest = true } };

/* Where handlers begin, by the mode that they run in. */
enum handler { IN_M, IN_HS, IN_VS, HANDLERS };

/* What generated code looks at, or writes, by itself. */
static qemu_plugin_u64 fetched;           /* frame() of what is executed; 0: not known */
static qemu_plugin_u64 written;           /* a CSR was, of those below */
static qemu_plugin_u64 returned;          /* the last block ended with MRET or SRET */
static qemu_plugin_u64 resumes;           /* a begin marker was executed */
static qemu_plugin_u64 handler[HANDLERS]; /* its first instruction */
static uint64_t traps[HANDLERS];

static bool sees = true; /* the models do */
static uint64_t returned_to;
static uint64_t executed;  /* address of the page that is executed */
static uint64_t last_data; /* key() of the page that was loaded or stored last; 0: not known */

#define PRIV_U       0
#define PRIV_M       3
#define PRIV(priv)   ((priv)&3)
#define IS_V(priv)   ((priv) >> 2 & 1)
#define MPP(status)  ((status) >> 11 & 3)
#define MPRV(status) ((status) >> 17 & 1)
#define TVM(status)  ((status) >> 20 & 1) /* VTVM of hstatus as well */
#define MPV(status)  ((status) >> 39 & 1)
#define SPV(status)  ((status) >> 7 & 1) /* of hstatus */

/* A page of 4 KiB in a space, as one number that is not 0. */
static uint64_t key(uint64_t va, enum whose whose)
{
	return va >> PAGE_BITS << PAGE_BITS | (uint64_t)whose << 1 | 1;
}

/* --- registers ------------------------------------------------------------------ */

static struct qemu_plugin_register *general[32];

#define REGISTERS(ONE) \
	ONE(pc)        \
	ONE(priv)      \
	ONE(mstatus)   \
	ONE(mepc)      \
	ONE(sepc)      \
	ONE(mcause)    \
	ONE(mtval)     \
	ONE(mtvec)     \
	ONE(satp)      \
	ONE(scause)    \
	ONE(stval)     \
	ONE(stvec)     \
	ONE(hstatus)   \
	ONE(hgatp)     \
	ONE(vsatp)     \
	ONE(vstvec)
#define DECLARE(name) static struct qemu_plugin_register *name;
REGISTERS(DECLARE)

#define FIND(name) name = find_register(all, #name);

static void on_hart(qemu_plugin_id_t id, unsigned int vcpu)
{
	GArray *all = qemu_plugin_get_registers();
	unsigned int known = 0;

	(void)id;
	(void)vcpu;
	for (unsigned int i = 0; i < all->len; i++) {
		qemu_plugin_reg_descriptor *one =
			&g_array_index(all, qemu_plugin_reg_descriptor, i);

		/* x0 to x31 come first, in their order. */
		if (known < 32 && strstr(one->feature, "riscv.cpu"))
			general[known++] = one->handle;
	}
	REGISTERS(FIND)
	g_array_free(all, true);
	if (known < 32 || !pc || !priv || !mstatus || !mepc || !sepc || !mcause || !mtval ||
	    !mtvec || !satp || !scause || !stval || !stvec) {
		fputs("walks: this QEMU does not show the registers\n", stderr);
		exit(1);
	}
	if (!ram_find()) {
		fputs("walks: the machine's memory is no memory-backend-memfd with share=on\n",
		      stderr);
		exit(1);
	}
}

/* What cannot be read now (satp under TVM) has not changed either, as it could not be written. */
static uint64_t read_again(struct qemu_plugin_register *which, uint64_t before)
{
	GByteArray *bytes = g_byte_array_new();
	uint64_t value = before;

	if (which && qemu_plugin_read_register(which, bytes) > 0)
		memcpy(&value, bytes->data, bytes->len < 8 ? bytes->len : 8);
	g_byte_array_free(bytes, true);
	return value;
}

static void forget_pages(void)
{
	qemu_plugin_u64_set(fetched, 0, 0);
	last_data = 0;
}

static void take_space(enum whose whose, struct space now)
{
	struct space old = spaces[whose];

	if (old.satp == now.satp && old.hgatp == now.hgatp)
		return;
	spaces[whose] = now;
	cores_switch(&old, &now);
	recorder_switch(&now);
	forget_pages();
}

static void take_handler(enum handler which, struct qemu_plugin_register *from)
{
	uint64_t before = qemu_plugin_u64_get(handler[which], 0);

	qemu_plugin_u64_set(handler[which], 0, read_again(from, before) & ~3ull);
}

/*
 * The first block after a write of one of them, whatever became of it.  With V=1 the names of
 * S-mode's registers mean those of VS-mode, which QEMU moves at each change of V.
 */
static void on_written(unsigned int vcpu, void *unused)
{
	struct space guest = spaces[GUEST], host = spaces[HOST];
	bool is_v = IS_V(read_register(priv));

	(void)vcpu;
	(void)unused;
	qemu_plugin_u64_set(written, 0, 0);
	take_handler(IN_M, mtvec);
	take_handler(IN_VS, is_v ? stvec : vstvec);
	guest.satp = read_again(is_v ? satp : vsatp, guest.satp);
	if (!is_v) {
		take_handler(IN_HS, stvec);
		host.satp = read_again(satp, host.satp);
		guest.hgatp = read_again(hgatp, guest.hgatp);
	}
	take_space(HOST, host);
	take_space(GUEST, guest);
}

/* --- accesses ---------------------------------------------------------------------- */

static void fetch(uint64_t page, uint64_t frame)
{
	enum whose whose = frame >> 1 & 1;

	qemu_plugin_u64_set(fetched, 0, frame);
	executed = page;
	if (!sees || !is_translated(&spaces[whose]))
		return;
	lost += cores_access(FETCH, &spaces[whose], page) == UNTRANSLATED;
	recorder_access(FETCH, &spaces[whose], page);
}

/* Where a block begins.  QEMU finds blocks by physical addresses: this one may be of another. */
static void on_fetch(unsigned int vcpu, void *frame)
{
	(void)vcpu;
	fetch(read_register(pc) >> PAGE_BITS << PAGE_BITS, (uintptr_t)frame);
}

/* Where it comes to its second page. */
static void on_fetch_next(unsigned int vcpu, void *frame)
{
	(void)vcpu;
	fetch(executed + (1 << PAGE_BITS), (uintptr_t)frame);
}

static void check(uint64_t physical, qemu_plugin_meminfo_t info, uint64_t va)
{
	struct qemu_plugin_hwaddr *where;

	if (physical == UNTRANSLATED) {
		lost++;
		return;
	}
	where = qemu_plugin_get_hwaddr(info, va);
	if (where && !qemu_plugin_hwaddr_is_io(where))
		wrong += qemu_plugin_hwaddr_phys_addr(where) != physical;
}

static void access_page(qemu_plugin_meminfo_t info, uint64_t va, enum whose whose)
{
	if (key(va, whose) == last_data) {
		cores_same_page();
		return;
	}
	last_data = key(va, whose);
	recorder_access(DATA, &spaces[whose], va);
	check(cores_access(DATA, &spaces[whose], va), info, va);
}

static void on_data(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *of)
{
	enum whose whose = (uintptr_t)of;
	uint64_t last = va + (1u << qemu_plugin_mem_size_shift(info)) - 1;

	(void)vcpu;
	if (!sees || !is_translated(&spaces[whose]))
		return;
	access_page(info, va, whose);
	if (va >> PAGE_BITS != last >> PAGE_BITS)
		access_page(info, last, whose);
}

/* --- traps --------------------------------------------------------------------------- */

/* Page faults of fetches, loads and stores, and those of the G stage. */
#define FAULTS (1ull << 12 | 1ull << 13 | 1ull << 15 | 1ull << 20 | 1ull << 21 | 1ull << 23)

static enum whose whose_fault(enum handler in)
{
	uint64_t status;

	if (in == IN_VS)
		return GUEST;
	if (in == IN_HS)
		return hstatus && SPV(read_register(hstatus)) ? GUEST : HOST;
	status = read_register(mstatus);
	if (MPP(status) == PRIV_M)
		return NOBODY;
	return MPV(status) ? GUEST : HOST;
}

/* The access that trapped has walked as well, and told of nothing else than this. */
static void take_fault(enum handler in)
{
	uint64_t cause = read_register(in == IN_M ? mcause : scause);
	uint64_t va = read_register(in == IN_M ? mtval : stval);
	enum whose whose;

	if (cause > 63 || !(FAULTS >> cause & 1))
		return;
	whose = whose_fault(in);
	if (!sees || whose == NOBODY || !is_translated(&spaces[whose]))
		return;
	cores_access(FAULTING, &spaces[whose], va);
	recorder_access(FAULTING, &spaces[whose], va);
	forget_pages();
}

/*
 * Firmware and hypervisor also go to a handler of S-mode by MRET or SRET: that is no trap.  Where
 * what they return to is another place, its first fetch has trapped.
 */
static void on_handler(unsigned int vcpu, void *in)
{
	uint64_t at = qemu_plugin_u64_get(handler[(uintptr_t)in], 0);

	(void)vcpu;
	if (qemu_plugin_u64_get(returned, 0) && returned_to == at)
		return;
	traps[(uintptr_t)in]++;
	take_fault((uintptr_t)in);
}

static void on_return(unsigned int vcpu, void *epc)
{
	(void)vcpu;
	returned_to = read_register(epc);
	returns++;
}

/* --- fences ---------------------------------------------------------------------------- */

#define INSN_RS1(insn) ((insn) >> 15 & 31)
#define INSN_RS2(insn) ((insn) >> 20 & 31)
#define IS_FENCE(insn) (((insn)&0x7fff) == 0x73 && fence_of((insn) >> 25) != NO_FENCE)

/* By funct7; SINVAL and HINVAL do what their FENCE does. */
enum { NO_FENCE, SFENCE_VMA, HFENCE_VVMA, HFENCE_GVMA };

static int fence_of(unsigned int funct7)
{
	switch (funct7) {
	case 0x09:
	case 0x0b: return SFENCE_VMA;
	case 0x11:
	case 0x13: return HFENCE_VVMA;
	case 0x31:
	case 0x33: return HFENCE_GVMA;
	default: return NO_FENCE;
	}
}

/* Whether it is executed, or traps. */
static bool may_fence(int fence, uint64_t mode)
{
	if (PRIV(mode) == PRIV_M)
		return true;
	if (PRIV(mode) == PRIV_U || (fence != SFENCE_VMA && IS_V(mode)))
		return false;
	if (fence == HFENCE_VVMA)
		return true;
	return !TVM(read_register(IS_V(mode) ? hstatus : mstatus));
}

static void on_fence(unsigned int vcpu, void *instruction)
{
	uint32_t insn = (uintptr_t)instruction;
	int fence = fence_of(insn >> 25);
	uint64_t mode = read_register(priv);
	uint64_t first = read_register(general[INSN_RS1(insn)]);
	uint64_t second = read_register(general[INSN_RS2(insn)]);
	struct scope scope = { .guest = fence != SFENCE_VMA || IS_V(mode) };

	(void)vcpu;
	if (!may_fence(fence, mode))
		return;
	fences++;
	scope.has_page = INSN_RS1(insn);
	scope.has_asid = INSN_RS2(insn) && fence != HFENCE_GVMA;
	scope.asid = second;
	/* HFENCE.GVMA has a guest's address shifted, and a VMID where others have an ASID. */
	scope.page = fence == HFENCE_GVMA ? first << 2 >> PAGE_BITS : first >> PAGE_BITS;
	scope.has_vmid = fence == HFENCE_GVMA ? INSN_RS2(insn) != 0 : scope.guest;
	scope.vmid = fence == HFENCE_GVMA ? second & 0x3fff : owner_of(&spaces[GUEST]).vmid;
	cores_fence(fence == HFENCE_GVMA ? FENCE_GVMA : FENCE_VMA, &scope);
	recorder_fence(fence == HFENCE_GVMA ? FENCE_GVMA : FENCE_VMA, &scope);
	forget_pages();
}

/* --- markers ------------------------------------------------------------------------------ */

/* The marker's value: operation, workload (docs/abi.md). */
#define MARK_OPERATION(value) ((value)&0xff)
#define MARK_WORKLOAD(value)  ((unsigned int)((value) >> 8 & 0xff))
enum { MARK_BEGIN = 1, MARK_END = 2 };

static void report(unsigned int workload)
{
	fprintf(out,
		"{\"mark\":%u,\"traps\":{\"m\":%" PRIu64 ",\"hs\":%" PRIu64 ",\"vs\":%" PRIu64
		"},\"returns\":%" PRIu64 ",\"fences\":%" PRIu64 ",\"lost\":%" PRIu64
		",\"wrong\":%" PRIu64 ",\"cores\":",
		workload, traps[IN_M], traps[IN_HS], traps[IN_VS], returns, fences, lost, wrong);
	cores_report(out);
	fputs("}\n", out);
	fflush(out);
}

static void on_mark(unsigned int vcpu, void *source)
{
	uint64_t value = read_register(source);

	(void)vcpu;
	if (MARK_OPERATION(value) == MARK_BEGIN)
		qemu_plugin_u64_set(resumes, 0, 1);
	if (MARK_OPERATION(value) == MARK_END)
		report(MARK_WORKLOAD(value));
}

/* Behind the marker: what firmware and host did with it is not the workload's. */
static void on_resume(unsigned int vcpu, void *unused)
{
	(void)vcpu;
	(void)unused;
	qemu_plugin_u64_set(resumes, 0, 0);
	memset(traps, 0, sizeof(traps));
	returns = fences = lost = wrong = 0;
	cores_begin();
	recorder_begin(ram_read, spaces);
	forget_pages();
}

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
						       general[INSN_RS1(code)]);
	if (IS_FENCE(code))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_fence, QEMU_PLUGIN_CB_R_REGS,
						       (void *)(uintptr_t)code);
	if (code != INSN_MRET && code != INSN_SRET)
		return;
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_STORE_U64,
							    returned, 1);
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_return, QEMU_PLUGIN_CB_R_REGS,
					       code == INSN_MRET ? mepc : sepc);
}

/* The frame that an instruction lies in, whose translation found it, as one number. */
static uint64_t frame_of(const struct qemu_plugin_insn *insn, enum whose whose)
{
	return key((uintptr_t)qemu_plugin_insn_haddr(insn), whose);
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
		frame = key(0, whose);
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
	status = read_register(mstatus);
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
	uint64_t mode = read_register(priv);
	enum whose of_data = whose_data(mode);

	(void)id;
	if (PRIV(mode) == PRIV_U && !sees) {
		sees = true;
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
		return (out = fopen(option + 4, "w")) ? NULL : "it cannot be written";
	if (!strcmp(option, "from=user")) {
		sees = false;
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

	out = stdout;
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

static qemu_plugin_u64 new_scoreboard(void)
{
	return qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
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
	fetched = new_scoreboard();
	written = new_scoreboard();
	returned = new_scoreboard();
	resumes = new_scoreboard();
	for (int i = 0; i < HANDLERS; i++)
		handler[i] = new_scoreboard();
	qemu_plugin_register_vcpu_init_cb(id, on_hart);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	return 0;
}
