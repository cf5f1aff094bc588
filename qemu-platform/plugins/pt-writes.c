/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pt-writes - how many stores does a guest make to its live page tables?
 *
 * A TCG plugin for a *native* run, which knows nothing of shadow paging and nothing of
 * this project but its measurement marker.  A hypervisor that write-protects page tables
 * exits for some of these stores, never for more; docs/measuring.md has the definition.
 *
 *   -plugin pt-writes.so[,out=FILE][,roots=N]
 *
 * Between two markers it counts stores; at the second it writes a line such as
 *   {"mark":3,"active":1234,"current":1200}
 * current: to tables of the address space that satp names; active: to those of the N (16)
 * roots that it named last, which a hypervisor may have cached.  Of a root that the guest
 * gave up the hypervisor is not told, so active counts what happens to its pages until N
 * other roots were loaded.
 *
 * How: every store is replayed into a copy of RAM (what is not stored, such as images that
 * the machine begins with, is taken for zero).  A page is a live table at a level while a
 * live table one level up points to it, or while it is a root; that is kept by counting
 * references, entry by entry, as stores change them.
 *
 * Not seen: what the machine writes itself (DMA, hardware A and D bits), and cbo.zero,
 * which the launcher takes away.  One hart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qemu-plugin.h>

#include "registers.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define PAGE_BITS  12
#define PAGE_BYTES (1u << PAGE_BITS)
#define ENTRIES    512
#define MAX_LEVELS 5 /* Sv57 */

static const char *const usage = "pt-writes: -plugin pt-writes.so[,out=FILE][,roots=1 to 64]\n";

static FILE *out;
static bool counting = true; /* the first workload is the boot, which has no beginning */

enum set { CURRENT, ACTIVE, SETS }; /* of roots, and of what hangs below them */
static uint64_t stores[SETS];

/* --- the copy of RAM ------------------------------------------------------ */

struct page {
	uint32_t references[SETS][MAX_LEVELS]; /* as a table; level 0 holds 4 KiB leaves */
	bool live[SETS];                       /* any of them is not 0 */
	union {
		uint64_t entry[ENTRIES];
		uint8_t byte[PAGE_BYTES];
	};
};

/* A GiB of physical addresses each; what lies above them cannot be RAM of this machine. */
#define CHUNK_PAGES (1u << (30 - PAGE_BITS))
#define CHUNKS      1024

static struct page **chunks[CHUNKS];

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory) {
		fputs("pt-writes: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

static struct page *page_at(uint64_t pa)
{
	uint64_t frame = pa >> PAGE_BITS, chunk = frame / CHUNK_PAGES;
	struct page **slot;

	if (chunk >= CHUNKS)
		return NULL;
	if (!chunks[chunk])
		chunks[chunk] = zeroed(CHUNK_PAGES, sizeof(*chunks[chunk]));
	slot = &chunks[chunk][frame % CHUNK_PAGES];
	if (!*slot)
		*slot = zeroed(1, sizeof(**slot));
	return *slot;
}

/* --- which pages are live tables ------------------------------------------- */

#define PTE_V         (1ull << 0)
#define PTE_RWX       (7ull << 1)
#define PTE_PPN       (((1ull << 44) - 1) << 10)
/* In an entry that points to a table U, A, D, N, PBMT and the reserved bits must be 0. */
#define PTE_NOT_TABLE (0x3ffull << 54 | 1ull << 7 | 1ull << 6 | 1ull << 4)

static bool names_table(uint64_t pte)
{
	return (pte & (PTE_V | PTE_RWX | PTE_NOT_TABLE)) == PTE_V;
}

static uint64_t table_of(uint64_t pte)
{
	return (pte & PTE_PPN) >> 10 << PAGE_BITS;
}

static bool any_reference(const struct page *page, enum set set)
{
	for (int level = 0; level < MAX_LEVELS; level++)
		if (page->references[set][level])
			return true;
	return false;
}

/* One reference more to the table at pa; with the first it holds its own children. */
static void hold(enum set set, uint64_t pa, int level)
{
	struct page *page = page_at(pa);

	if (!page)
		return;
	page->live[set] = true;
	if (page->references[set][level]++ || !level)
		return;
	for (int i = 0; i < ENTRIES; i++)
		if (names_table(page->entry[i]))
			hold(set, table_of(page->entry[i]), level - 1);
}

static void drop(enum set set, uint64_t pa, int level)
{
	struct page *page = page_at(pa);

	if (!page || --page->references[set][level])
		return;
	page->live[set] = any_reference(page, set);
	for (int i = 0; level && i < ENTRIES; i++)
		if (names_table(page->entry[i]))
			drop(set, table_of(page->entry[i]), level - 1);
}

/* --- roots ------------------------------------------------------------------ */

#define MAX_ROOTS 64

struct root {
	uint64_t satp; /* without the ASID; 0: free */
	uint64_t used; /* the switch that last loaded it */
};

static struct root roots[MAX_ROOTS];
static unsigned int root_count = 16;
static uint64_t switches, current;

#define SATP_MODE(satp) ((satp) >> 60)
#define SATP_ASID       (0xffffull << 44)
#define SATP_ROOT(satp) (((satp) & ((1ull << 44) - 1)) << PAGE_BITS)

/* The root's level, or -1 where nothing is translated. */
static int top_level(uint64_t satp)
{
	switch (SATP_MODE(satp)) {
	case 8: return 2; /* Sv39 */
	case 9: return 3;
	case 10: return 4;
	default: return -1;
	}
}

static void replace_root(enum set set, uint64_t old, uint64_t new)
{
	if (top_level(new) >= 0)
		hold(set, SATP_ROOT(new), top_level(new));
	if (top_level(old) >= 0)
		drop(set, SATP_ROOT(old), top_level(old));
}

/* The youngest of the active roots; the oldest makes room. */
static void activate(uint64_t satp)
{
	struct root *oldest = &roots[0];

	switches++;
	for (unsigned int i = 0; i < root_count; i++) {
		if (roots[i].satp == satp) {
			roots[i].used = switches;
			return;
		}
		if (roots[i].used < oldest->used)
			oldest = &roots[i];
	}
	replace_root(ACTIVE, oldest->satp, satp);
	*oldest = (struct root){ satp, switches };
}

static void switch_to(uint64_t satp)
{
	satp &= ~SATP_ASID;
	replace_root(CURRENT, current, satp);
	current = satp;
	if (top_level(satp) >= 0)
		activate(satp);
}

/* --- stores -------------------------------------------------------------------- */

/* What entries of a table that is held at these levels pointed to, or point to. */
static void each_child(void (*what)(enum set, uint64_t, int), bool held[SETS][MAX_LEVELS],
		       const uint64_t *entries, unsigned int count)
{
	for (int set = 0; set < SETS; set++)
		for (int level = 1; level < MAX_LEVELS; level++)
			for (unsigned int i = 0; held[set][level] && i < count; i++)
				if (names_table(entries[i]))
					what(set, table_of(entries[i]), level - 1);
}

/*
 * A live table changes.  It can be live at several levels, and its own child: all that is
 * new is held before anything old is dropped, so that no count passes through 0 and back.
 */
static void change_table(struct page *page, unsigned int offset, const void *value,
			 unsigned int bytes)
{
	unsigned int first = offset / 8, count = (offset + bytes - 1) / 8 - first + 1;
	uint64_t old[4];
	bool held[SETS][MAX_LEVELS];

	memcpy(old, &page->entry[first], count * 8);
	for (int set = 0; set < SETS; set++)
		for (int level = 0; level < MAX_LEVELS; level++)
			held[set][level] = page->references[set][level];
	memcpy(&page->byte[offset], value, bytes);
	each_child(hold, held, &page->entry[first], count);
	each_child(drop, held, old, count);
}

/* Replays bytes that lie in one page, and tells of which sets it is a live table. */
static void replay(qemu_plugin_meminfo_t info, uint64_t va, const void *value, unsigned int bytes,
		   bool live[SETS])
{
	struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, va);
	struct page *page;
	uint64_t pa;

	if (!where || qemu_plugin_hwaddr_is_io(where))
		return;
	pa = qemu_plugin_hwaddr_phys_addr(where);
	page = page_at(pa);
	if (!page)
		return;
	for (int set = 0; set < SETS; set++)
		live[set] |= page->live[set];
	if (page->live[CURRENT] || page->live[ACTIVE])
		change_table(page, pa % PAGE_BYTES, value, bytes);
	else
		memcpy(&page->byte[pa % PAGE_BYTES], value, bytes);
}

static void on_store(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *unused)
{
	qemu_plugin_mem_value value = qemu_plugin_mem_get_value(info);
	/* guest and build machine are little endian */
	const uint8_t *bytes = (const uint8_t *)&value.data;
	unsigned int size = 1u << qemu_plugin_mem_size_shift(info);
	unsigned int room = PAGE_BYTES - va % PAGE_BYTES;
	bool live[SETS] = { false };

	(void)vcpu;
	(void)unused;
	replay(info, va, bytes, size < room ? size : room, live);
	if (size > room)
		replay(info, va + room, bytes + room, size - room, live);
	for (int set = 0; set < SETS; set++)
		stores[set] += live[set];
}

/* --- registers, markers ---------------------------------------------------------- */

static struct qemu_plugin_register *general[32], *satp_register;
static qemu_plugin_u64 satp_written;

static void on_hart(qemu_plugin_id_t id, unsigned int vcpu)
{
	GArray *all = qemu_plugin_get_registers();
	bool known = find_general(all, general);

	(void)id;
	(void)vcpu;
	satp_register = find_register(all, "satp");
	g_array_free(all, true);
	if (!known || !satp_register) {
		fputs("pt-writes: this QEMU does not show the registers\n", stderr);
		exit(1);
	}
}

/* The first block after a write of satp, whatever became of it. */
static void on_satp_written(unsigned int vcpu, void *unused)
{
	(void)unused;
	qemu_plugin_u64_set(satp_written, vcpu, 0);
	switch_to(read_register(satp_register));
}

/* The marker's value: operation, workload (docs/abi.md). */
#define MARK_OPERATION(value) ((value)&0xff)
#define MARK_WORKLOAD(value)  ((unsigned int)((value) >> 8 & 0xff))
enum { MARK_BEGIN = 1, MARK_END = 2 };

static void on_mark(unsigned int vcpu, void *source)
{
	uint64_t value = read_register(source);

	(void)vcpu;
	if (MARK_OPERATION(value) == MARK_BEGIN) {
		counting = true;
		memset(stores, 0, sizeof(stores));
	}
	if (MARK_OPERATION(value) == MARK_END && counting) {
		counting = false;
		fprintf(out, "{\"mark\":%u,\"active\":%" PRIu64 ",\"current\":%" PRIu64 "}\n",
			MARK_WORKLOAD(value), stores[ACTIVE], stores[CURRENT]);
		fflush(out);
	}
}

/* --- instrumentation ----------------------------------------------------------------- */

#define IS_CSR_ACCESS(insn) (((insn)&0x7f) == 0x73 && ((insn) >> 12 & 3))
#define IS_CSRW(insn)       (((insn)&0x7fff) == 0x1073) /* csrrw x0, csr, rs1 */
#define INSN_CSR(insn)      ((insn) >> 20)
#define INSN_RS1(insn)      ((insn) >> 15 & 31)
enum { CSR_SATP = 0x180, CSR_MARK = 0x8e0 };

static void on_instruction(struct qemu_plugin_insn *insn)
{
	uint32_t code = 0;

	qemu_plugin_register_vcpu_mem_cb(insn, on_store, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W,
					 NULL);
	qemu_plugin_insn_data(insn, &code, sizeof(code));
	if (IS_CSR_ACCESS(code) && INSN_CSR(code) == CSR_SATP)
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
			insn, QEMU_PLUGIN_INLINE_STORE_U64, satp_written, 1);
	if (IS_CSRW(code) && INSN_CSR(code) == CSR_MARK)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_R_REGS,
						       general[INSN_RS1(code)]);
}

/* A write of satp ends its block, so the next one sees the new value before it stores. */
static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cond_cb(block, on_satp_written, QEMU_PLUGIN_CB_R_REGS,
						  QEMU_PLUGIN_COND_NE, satp_written, 0, NULL);
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++)
		on_instruction(qemu_plugin_tb_get_insn(block, i));
}

static bool take_option(const char *option)
{
	if (!strncmp(option, "out=", 4))
		return (out = fopen(option + 4, "w"));
	if (!strncmp(option, "roots=", 6))
		root_count = strtoul(option + 6, NULL, 10);
	return !strncmp(option, "roots=", 6) && root_count >= 1 && root_count <= MAX_ROOTS;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
					   char **argv)
{
	out = stdout;
	for (int i = 0; i < argc; i++) {
		if (!take_option(argv[i])) {
			fprintf(stderr, "pt-writes: cannot take '%s'\n%s", argv[i], usage);
			return -1;
		}
	}
	if (strcmp(info->target_name, "riscv64") || !info->system_emulation ||
	    info->system.smp_vcpus != 1) {
		fputs("pt-writes: for a riscv64 machine of one hart\n", stderr);
		return -1;
	}
	satp_written = qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
	qemu_plugin_register_vcpu_init_cb(id, on_hart);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	return 0;
}
