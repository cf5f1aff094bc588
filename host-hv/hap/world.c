/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.c - entering and leaving VS-mode.
 *
 *	hap_begin_turn --> hap_enter, again and again --> hap_end_turn
 *
 * For a vCPU's turn its VS-level CSRs are in the hart.  An exit that may look at them or change
 * them moves them to the run page (hap_save), and the next entry loads them again.  Floating-point
 * registers move only when another vCPU has its turn there.
 *
 * Each vCPU has a VMID of its own, although those of one guest share their tables: two of them on
 * one hart are two harts to their guest, which may use an ASID for something else on each.
 */
#include "arch/hfence.h"
#include "core/console.h"
#include "core/hart.h"
#include "core/hm.h"
#include "hap/internal.h"
#include "ssp/pte.h"

/* Exceptions that are the guest's own ("Hypervisor Trap Delegation Registers"), but for 2. */
#define HEDELEG                                                                                  \
	(1UL << 0 | 1UL << 1 | 1UL << 3 | 1UL << 4 | 1UL << 5 | 1UL << 6 | 1UL << 7 | 1UL << 8 | \
	 1UL << 12 | 1UL << 13 | 1UL << 15)
#define HEDELEG_ILLEGAL (1UL << 2)
#define COUNTERS        7 /* cycle, time, instret: what other modes' guests may read */

static bool counts_are_split;
static uint64_t hedeleg;

void hap_init(bool split, bool marks)
{
	counts_are_split = split;
	hedeleg = HEDELEG | (marks ? 0 : HEDELEG_ILLEGAL);
}

unsigned hap_vmid_bits(void)
{
	unsigned bits = 0;
	uint64_t vmid;

	csr_write(hgatp, HGATP_SV39X4 | HGATP_VMID_MASK << HGATP_VMID_SHIFT);
	vmid = vmid_of(csr_read(hgatp));
	csr_write(hgatp, 0);
	while (vmid >> bits & 1)
		bits++;
	return bits;
}

/* vsatp keeps its value where a MODE is written that the hart has not. */
uint64_t hap_satp_modes(void)
{
	uint64_t modes = 0;

	for (uint64_t mode = SATP_SV39; mode <= SATP_SV57; mode++) {
		csr_write(vsatp, mode << SATP_MODE_SHIFT);
		if (csr_read(vsatp) >> SATP_MODE_SHIFT == mode)
			modes |= 1UL << mode;
	}
	csr_write(vsatp, 0);
	return modes;
}

/* -- counting, as hmcode counts in other modes -- */

/*
 * Without a counter of its own for all instructions, which hmcode has found or not, cycle counts
 * them with Smcntrpmf, and what WFI waits with them.  instret counts those below M-mode then.
 */
static uint64_t count_all(const struct vcpu *v)
{
	if (v->hap->retired)
		return csr_read(hpmcounter18);
	return counts_are_split ? csr_read(cycle) : csr_read(instret);
}

static void count_entry(struct vcpu *v)
{
	uint64_t now = csr_read(instret);

	v->hap->stats.insn_host += now - v->hart->insn_mark;
	v->hart->insn_mark = now;
}

static void count_exit(struct vcpu *v)
{
	uint64_t now = csr_read(instret);
	struct hm_stats *stats = &v->hap->stats;

	stats->insn_guest += now - v->hart->insn_mark;
	stats->insn_total = count_all(v) - v->hap->all_base;
	v->hart->insn_mark = now;
}

static void reset_counts(struct vcpu *v)
{
	struct sbiret hart = sbi_call(HM_EXT_ID, HM_FID_FEATURES);

	v->hap->retired = !hart.error && hart.value & HM_INFO_RETIRED;
	v->hap->stats = (struct hm_stats){ 0 };
	v->hap->g_stage_faults = v->hap->instructions = 0;
	v->hap->all_base = count_all(v);
	v->hart->insn_mark = csr_read(instret);
}

/* -- a vCPU's state -- */

void hap_start(struct vcpu *v)
{
	static struct hap_vcpu all[MAX_GUESTS][MAX_VCPUS];
	uint64_t vmid = v->vm->id * MAX_VCPUS + v->id + 1;

	v->hap = &all[v->vm->id][v->id];
	memset(v->hap, 0, sizeof(*v->hap));
	v->hap->hgatp = HGATP_SV39X4 | vmid << HGATP_VMID_SHIFT | v->vm->hap->root >> PAGE_SHIFT;
}

void hap_release(const struct vcpu *v)
{
	if (v->hart->fp_of == v)
		v->hart->fp_of = NULL;
}

/* senvcfg and scounteren are the hart's for VS-mode, too, and host-hv uses neither. */
#define VS_CSRS(X)             \
	X(sie, vsie)           \
	X(stvec, vstvec)       \
	X(sscratch, vsscratch) \
	X(sepc, vsepc)         \
	X(scause, vscause)     \
	X(stval, vstval)       \
	X(satp, vsatp)         \
	X(stimecmp, vstimecmp) \
	X(senvcfg, senvcfg)    \
	X(scounteren, scounteren)

static void load(struct vcpu *v)
{
	const struct hm_run *run = v->run;
	uint64_t status = run->sstatus;

	if (!(status & SSTATUS_UXL))
		status |= SSTATUS_UXL64; /* no width: a new guest's */
	csr_write(vsstatus, status);
#define LOAD(field, csr) csr_write(csr, run->field);
	VS_CSRS(LOAD)
#undef LOAD
	v->hap->loaded = true;
}

void hap_save(struct vcpu *v)
{
	struct hm_run *run = v->run;

	if (!v->hap->loaded)
		return;
	run->sstatus = csr_read(vsstatus);
#define SAVE(field, csr) run->field = csr_read(csr);
	VS_CSRS(SAVE)
#undef SAVE
	v->hap->loaded = false;
}

/* Whatever FS of the guest's says, as in other modes (hmcode/world/registers.c). */
static void switch_fp(struct vcpu *v)
{
	struct hart *hart = v->hart;

	if (hart->fp_of == v)
		return;
	if (hart->fp_of)
		guest_fp_save(&hart->fp_of->hap->fp);
	guest_fp_load(&v->hap->fp);
	hart->fp_of = v;
}

void hap_begin_turn(struct vcpu *v)
{
	csr_write(hgatp, v->hap->hgatp);
	csr_write(hedeleg, hedeleg);
	csr_write(hideleg, HIDELEG_VS);
	csr_write(hcounteren, COUNTERS);
	csr_write(henvcfg, HENVCFG_STCE | HENVCFG_CBZE);
	csr_write(htimedelta, 0);
	csr_set(sstatus, SSTATUS_FS);
	switch_fp(v);
}

/*
 * A VS-level interrupt that is pending and enabled would end each WFI of ours ("Wait for
 * Interrupt").
 */
void hap_end_turn(struct vcpu *v)
{
	hap_save(v);
	csr_write(vsie, 0);
	csr_write(vstimecmp, FOREVER);
}

/* -- the two ways -- */

#define PAGES_AT_ONCE 64 /* as hmcode takes it: beyond that everything is fenced */

/* "Remote SFENCE.VMA": no size, or all of it, is every address. */
static void fence_range(uint64_t start, uint64_t size, uint64_t asid)
{
	uint64_t first = ALIGN_DOWN(start, PAGE), end = start + size;

	if ((!start && !size) || end < start || end - first > PAGES_AT_ONCE * PAGE) {
		if (asid == FENCE_ALL)
			hfence_vvma_all();
		else
			hfence_vvma_asid(asid);
		return;
	}
	for (uint64_t va = first; va < end; va += PAGE) {
		if (asid == FENCE_ALL)
			hfence_vvma_page(va);
		else
			hfence_vvma(va, asid);
	}
}

/* What was cached of it is another's, or of its life before. */
static void fence_new_hart(const struct vcpu *v)
{
	hfence_gvma_vmid(vmid_of(v->hap->hgatp));
	hfence_vvma_all();
	fence_i();
}

#define ONCE \
	(HM_RUN_ADVANCE | HM_RUN_RESET_STATS | HM_RUN_FENCE_I | HM_RUN_FENCE_VMA | HM_RUN_RESET)

static void serve_requests(struct vcpu *v)
{
	struct hm_run *run = v->run;
	uint64_t flags = run->flags;

	if (flags & HM_RUN_ADVANCE)
		run->pc += run->exit_insn_len;
	if (flags & HM_RUN_RESET)
		fence_new_hart(v);
	if (flags & HM_RUN_FENCE_I)
		fence_i();
	if (flags & HM_RUN_FENCE_VMA)
		fence_range(run->fence_start, run->fence_size, run->fence_asid);
	if (flags & HM_RUN_RESET_STATS)
		reset_counts(v);
	run->flags &= ~(uint64_t)ONCE;
}

/* The timer of the guest is the hart's to compare; without another vCPU ours is set to never. */
static void load_interrupts(const struct hm_run *run)
{
	uint64_t pending = run->sip & IRQ_SOFT;

	if (run->flags & HM_RUN_SEIP)
		pending |= IRQ_EXTERNAL;
	csr_write(hvip, HVIP_OF(pending));
	csr_write(stimecmp, run->slice_end);
}

void hap_enter(struct vcpu *v)
{
	struct hm_run *run = v->run;

	if (run->flags & ONCE)
		serve_requests(v);
	if (!v->hap->loaded)
		load(v);
	load_interrupts(run);
	csr_write(sepc, run->pc);
	if (run->priv)
		csr_set(sstatus, SSTATUS_SPP);
	else
		csr_clear(sstatus, SSTATUS_SPP);
	csr_write(hstatus, HSTATUS_VSXL | HSTATUS_VTW | HSTATUS_SPV);
	count_entry(v);
	guest_switch(run->x);
	count_exit(v);
	run->pc = csr_read(sepc);
	run->priv = !!(csr_read(sstatus) & SSTATUS_SPP);
	run->sip = SIP_OF(csr_read(hvip)) & IRQ_SOFT;
}
