// SPDX-License-Identifier: GPL-2.0-or-later
/* events.c - shows the models what the hart does, and counts what no model sees. */
#include <inttypes.h>
#include <string.h>

#include "cores.h"
#include "events.h"
#include "ram.h"
#include "recorder.h"

FILE *events_out;
bool events_seen = true;

static uint64_t traps[HANDLERS], returns, fences, lost, wrong;
static uint64_t returned_to;
static uint64_t executed; /* address of the page that is executed */

/* --- accesses ---------------------------------------------------------------------- */

static void fetch(uint64_t page, uint64_t frame)
{
	enum whose whose = frame >> 1 & 1;

	qemu_plugin_u64_set(fetched, 0, frame);
	executed = page;
	if (!events_seen || !is_translated(&spaces[whose]))
		return;
	lost += cores_access(FETCH, &spaces[whose], page) == UNTRANSLATED;
	recorder_access(FETCH, &spaces[whose], page);
}

/* Where a block begins.  QEMU finds blocks by physical addresses: this one may be of another. */
void on_fetch(unsigned int vcpu, void *frame)
{
	(void)vcpu;
	fetch(read_register(registers.pc) >> PAGE_BITS << PAGE_BITS, (uintptr_t)frame);
}

/* Where it comes to its second page. */
void on_fetch_next(unsigned int vcpu, void *frame)
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
	if (page_key(va, whose) == last_data) {
		cores_same_page();
		return;
	}
	last_data = page_key(va, whose);
	recorder_access(DATA, &spaces[whose], va);
	check(cores_access(DATA, &spaces[whose], va), info, va);
}

void on_data(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *of)
{
	enum whose whose = (uintptr_t)of;
	uint64_t last = va + (1u << qemu_plugin_mem_size_shift(info)) - 1;

	(void)vcpu;
	if (!events_seen || !is_translated(&spaces[whose]))
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
		return registers.hstatus && SPV(read_register(registers.hstatus)) ? GUEST : HOST;
	status = read_register(registers.mstatus);
	if (MPP(status) == PRIV_M)
		return NOBODY;
	return MPV(status) ? GUEST : HOST;
}

/* The access that trapped has walked as well, and told of nothing else than this. */
static void take_fault(enum handler in)
{
	uint64_t cause = read_register(in == IN_M ? registers.mcause : registers.scause);
	uint64_t va = read_register(in == IN_M ? registers.mtval : registers.stval);
	enum whose whose;

	if (cause > 63 || !(FAULTS >> cause & 1))
		return;
	whose = whose_fault(in);
	if (!events_seen || whose == NOBODY || !is_translated(&spaces[whose]))
		return;
	cores_access(FAULTING, &spaces[whose], va);
	recorder_access(FAULTING, &spaces[whose], va);
	forget_pages();
}

/*
 * Firmware and hypervisor also go to a handler of S-mode by MRET or SRET: that is no trap.  Where
 * what they return to is another place, its first fetch has trapped.
 */
void on_handler(unsigned int vcpu, void *in)
{
	uint64_t at = qemu_plugin_u64_get(handler[(uintptr_t)in], 0);

	(void)vcpu;
	if (qemu_plugin_u64_get(returned, 0) && returned_to == at)
		return;
	traps[(uintptr_t)in]++;
	take_fault((uintptr_t)in);
}

void on_return(unsigned int vcpu, void *epc)
{
	(void)vcpu;
	returned_to = read_register(epc);
	returns++;
}

/* --- fences ---------------------------------------------------------------------------- */

int fence_of(unsigned int funct7)
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
	return !TVM(read_register(IS_V(mode) ? registers.hstatus : registers.mstatus));
}

void on_fence(unsigned int vcpu, void *instruction)
{
	uint32_t insn = (uintptr_t)instruction;
	int fence = fence_of(insn >> 25);
	uint64_t mode = read_register(registers.priv);
	uint64_t first = read_register(registers.general[INSN_RS1(insn)]);
	uint64_t second = read_register(registers.general[INSN_RS2(insn)]);
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
	fprintf(events_out,
		"{\"mark\":%u,\"traps\":{\"m\":%" PRIu64 ",\"hs\":%" PRIu64 ",\"vs\":%" PRIu64
		"},\"returns\":%" PRIu64 ",\"fences\":%" PRIu64 ",\"lost\":%" PRIu64
		",\"wrong\":%" PRIu64 ",\"cores\":",
		workload, traps[IN_M], traps[IN_HS], traps[IN_VS], returns, fences, lost, wrong);
	cores_report(events_out);
	fputs("}\n", events_out);
	fflush(events_out);
}

void on_mark(unsigned int vcpu, void *source)
{
	uint64_t value = read_register(source);

	(void)vcpu;
	if (MARK_OPERATION(value) == MARK_BEGIN)
		qemu_plugin_u64_set(resumes, 0, 1);
	if (MARK_OPERATION(value) == MARK_END)
		report(MARK_WORKLOAD(value));
}

/* Behind the marker: what firmware and host did with it is not the workload's. */
void on_resume(unsigned int vcpu, void *unused)
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
