/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exit.c - why the guest came back: the cause of its trap, as an exit by the numbers that
 * HM_FID_VCPU_RUN has.  The guest's own exceptions do not come here (HEDELEG in world.c), but for
 * illegal instructions where one of them may be the measurement marker.
 */
#include "arch/cause.h"
#include "core/hm.h"
#include "device/mmio.h"
#include "hap/internal.h"
#include "ssp/decode.h"
#include "ssp/fetch.h"

#define A6 16
#define A7 17

#define PRIV_S             1
#define INSN_WFI           0x10500073u
#define INSN_RS1(insn)     ((insn) >> 15 & 31)
#define INSN_IS_MARK(insn) (((insn) & ~(31u << 15)) == ((uint32_t)HM_CSR_MARK << 20 | 0x1073))

static long count(struct vcpu *v, long exit)
{
	v->hap->stats.exits[exit]++;
	return exit;
}

/* The guest takes the exception. */
static long inject(struct vcpu *v, uint64_t cause, uint64_t tval)
{
	hap_save(v);
	vcpu_inject(v, cause, tval);
	return HAP_RESUME;
}

/*
 * "Hypervisor Virtual-Machine Load and Store Instructions": HLVX raises the exceptions of a load.
 * QEMU has those of a fetch; the guest gets these from either.
 */
static uint64_t fetch_cause(uint64_t cause)
{
	switch (cause) {
	case CAUSE_LOAD_ACCESS: return CAUSE_FETCH_ACCESS;
	case CAUSE_LOAD_PAGE_FAULT: return CAUSE_FETCH_PAGE_FAULT;
	case CAUSE_LOAD_GUEST_FAULT: return CAUSE_FETCH_GUEST_FAULT;
	default: return cause;
	}
}

/*
 * The instruction at pc, and its length; 0: the guest's tables do not let it be fetched any more,
 * so the guest was given the fault of the fetch.
 */
static unsigned fetch(struct vcpu *v, uint64_t *insn)
{
	uint64_t pc = v->run->pc, cause;
	long low = guest_load_code(pc), high = 0;

	if (low >= 0 && INSN_LENGTH(low) == 4)
		high = guest_load_code(pc + 2);
	if (low >= 0 && high >= 0) {
		*insn = low | high << 16;
		return INSN_LENGTH(low);
	}
	cause = fetch_cause(csr_read(scause));
	/* Its tables have moved the code to what the G-stage does not map: it tries again. */
	if (cause != CAUSE_FETCH_GUEST_FAULT)
		inject(v, cause, csr_read(stval));
	return 0;
}

/* -- what the G-stage does not map -- */

/* "Trap Instruction Encoding": bit 0 tells a transformed instruction from other values. */
#define HTINST_TRANSFORMED 1
#define HTINST_LONG        2 /* the instruction was none of 16 bits */

/* Of the guest's page fault that mmio.c would see, had its tables led nowhere. */
static uint64_t page_fault_of(uint64_t guest_fault)
{
	return guest_fault - CAUSE_FETCH_GUEST_FAULT + CAUSE_FETCH_PAGE_FAULT;
}

/* An access fault at the access's own address. */
static long inject_access_fault(struct vcpu *v, uint64_t guest_fault)
{
	static const uint8_t causes[] = { CAUSE_FETCH_ACCESS, CAUSE_LOAD_ACCESS, 0,
					  CAUSE_STORE_ACCESS };

	return inject(v, causes[guest_fault - CAUSE_FETCH_GUEST_FAULT], v->run->exit_value);
}

static long perform(struct vcpu *v, const struct access *a, uint64_t begin)
{
	return mmio_perform(v, a, begin) == YIELD ? HAP_YIELD : HAP_RESUME;
}

/* It has no offset, and its base register's field says how far behind its begin the address is. */
static long transformed_access(struct vcpu *v, uint64_t htinst, uint64_t cause)
{
	struct hm_run *run = v->run;
	struct access a;

	if (!decode_access(htinst | HTINST_LONG, 4, &a))
		return inject_access_fault(v, cause);
	run->exit_insn_len = htinst & HTINST_LONG ? 4 : 2;
	return perform(v, &a, run->exit_value - a.base);
}

static long outside_ram(struct vcpu *v, uint64_t cause, uint64_t gpa)
{
	uint64_t htinst = csr_read(htinst);
	struct hm_run *run = v->run;

	/* A pseudoinstruction: the hart's own access to the guest's page tables. */
	if (cause == CAUSE_FETCH_GUEST_FAULT || (htinst && !(htinst & HTINST_TRANSFORMED)))
		return inject_access_fault(v, cause);
	count(v, HM_EXIT_MMIO);
	run->exit_cause = page_fault_of(cause);
	run->exit_gpa = gpa;
	if (htinst) {
		hap_save(v);
		return transformed_access(v, htinst, cause);
	}
	run->exit_insn_len = fetch(v, &run->exit_insn);
	if (!run->exit_insn_len)
		return HAP_RESUME;
	hap_save(v);
	return HM_EXIT_MMIO;
}

/* "Hypervisor Trap Value Register": the GPA shifted right by 2 bits; the low ones are stval's. */
static long guest_page_fault(struct vcpu *v, uint64_t cause)
{
	uint64_t gva = csr_read(stval), gpa = csr_read(htval) << 2 | (gva & 3);

	v->run->exit_value = gva;
	if (!range_holds(v->vm->ram, (struct range){ gpa, 1 }))
		return outside_ram(v, cause, gpa);
	v->hap->g_stage_faults++;
	gstage_map(v, gpa);
	return HAP_RESUME;
}

/* -- instructions -- */

/* Where the hart does not tell it. */
static bool find_instruction(struct vcpu *v, uint64_t *insn)
{
	*insn = csr_read(stval);
	return *insn || fetch(v, insn);
}

static long inject_illegal(struct vcpu *v, uint64_t insn)
{
	v->hap->instructions++;
	return inject(v, CAUSE_ILLEGAL_INSTRUCTION, insn);
}

static long mark(struct vcpu *v, uint64_t insn)
{
	struct hm_run *run = v->run;

	hap_save(v);
	run->exit_insn = insn;
	run->exit_insn_len = 4;
	run->exit_value = INSN_RS1(insn) ? run->x[INSN_RS1(insn)] : 0;
	run->pc += 4;
	return HM_EXIT_MARK;
}

static long illegal_instruction(struct vcpu *v)
{
	uint64_t insn;

	if (!find_instruction(v, &insn))
		return HAP_RESUME;
	return INSN_IS_MARK(insn) ? mark(v, insn) : inject_illegal(v, insn);
}

/* At once, where an interrupt that the guest has enabled is pending. */
static uint64_t wakes_at(const struct hm_run *run)
{
	if (run->sip & run->sie)
		return 0;
	return run->sie & IRQ_TIMER ? run->stimecmp : FOREVER;
}

/*
 * hstatus.VTW: WFI traps, so that the hart is ours while the guest idles, as KVM has it.  Any other
 * instruction here is one that a guest has not, since it has no H.
 */
static long virtual_instruction(struct vcpu *v)
{
	struct hm_run *run = v->run;
	uint64_t insn;

	if (!find_instruction(v, &insn))
		return HAP_RESUME;
	if (insn != INSN_WFI || run->priv != PRIV_S)
		return inject_illegal(v, insn);
	hap_save(v);
	run->pc += 4;
	run->exit_value = wakes_at(run);
	return count(v, HM_EXIT_WFI);
}

static bool is_remote_fence(const uint64_t *x)
{
	return x[A7] == SBI_EXT_RFENCE && (x[A6] == 1 || x[A6] == 2);
}

/* A suspended vCPU's interrupts are looked at in the run page. */
static long supervisor_call(struct vcpu *v)
{
	const uint64_t *x = v->run->x;

	count(v, is_remote_fence(x) ? HM_EXIT_REMOTE_FENCE : HM_EXIT_SBI);
	v->run->exit_insn_len = 4;
	if (hap_serve_sbi(v))
		return HAP_RESUME;
	if (x[A7] == SBI_EXT_HSM || x[A7] == SBI_EXT_SUSP)
		hap_save(v);
	return HM_EXIT_SBI;
}

long hap_exit(struct vcpu *v)
{
	struct hm_run *run = v->run;
	uint64_t cause = csr_read(scause);

	run->exit_cause = cause;
	if (cause & CAUSE_INTERRUPT)
		return count(v, HM_EXIT_INTERRUPT);
	switch (cause) {
	case CAUSE_VS_ECALL: return supervisor_call(v);
	case CAUSE_FETCH_GUEST_FAULT:
	case CAUSE_LOAD_GUEST_FAULT:
	case CAUSE_STORE_GUEST_FAULT: return guest_page_fault(v, cause);
	case CAUSE_VIRTUAL_INSTRUCTION: return virtual_instruction(v);
	case CAUSE_ILLEGAL_INSTRUCTION: return illegal_instruction(v);
	}
	run->exit_value = csr_read(stval);
	return count(v, HM_EXIT_BROKEN);
}
