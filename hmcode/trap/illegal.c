/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * illegal.c - illegal instructions: what tvm.c could not take by the short
 * way, WFI where it must yield, counters that are not the hart's as they stand, the
 * measurement marker; the rest is the guest's own.
 */
#include <sbi/sbi_timer.h>

#include "core/insn.h"
#include "trap/pmu.h"
#include "trap/trap.h"

/* "Wait for Interrupt": what is pending and enabled decides, whatever SIE says. */
static bool wakes(void)
{
	return hart_read(CSR_MIP) & hart_read(CSR_MIE) & hart_read(CSR_MIDELEG);
}

static u64 next_deadline(const struct hm_trap *trap)
{
	if (!(hart_read(CSR_MIE) & MIP_STIP))
		return HM_NO_DEADLINE;
	return trap->hart->sstc ? hart_read(CSR_STIMECMP) : trap->vcpu->timer;
}

static enum hm_next wait_for_interrupt(struct hm_trap *trap)
{
	trap->pc += 4;
	if (wakes())
		return HM_RESUME;
	return hm_exit(trap, HM_EXIT_WFI, next_deadline(trap));
}

/*
 * cycle, time or instret: S-mode may read them always, U-mode if its bit of scounteren says so.
 * time is in firmware on harts without a CSR of it.
 */
static bool may_read_counter(u32 insn, bool supervisor)
{
	u32 number = INSN_CSR(insn) - CSR_CYCLE;

	if (!INSN_READS_CSR(insn) || number > HM_COUNTER_INSTRET)
		return false;
	return supervisor || hart_read(CSR_SCOUNTEREN) >> number & 1;
}

static enum hm_next read_counter(struct hm_trap *trap, u32 insn)
{
	u32 number = INSN_CSR(insn) - CSR_CYCLE;

	trap->frame->x[INSN_RD(insn)] =
		number == HM_COUNTER_TIME ? sbi_timer_value() : hm_pmu_read(trap->vcpu, number);
	trap->pc += 4;
	hm_count(trap->vcpu, HM_TRAP_OTHER, insn);
	return HM_RESUME;
}

static enum hm_next mark(struct hm_trap *trap, u32 insn)
{
	trap->pc += 4;
	trap->vcpu->run->exit_insn = insn;
	trap->vcpu->run->exit_insn_len = 4;
	return hm_exit(trap, HM_EXIT_MARK, trap->frame->x[INSN_RS1(insn)]);
}

/*
 * One that writes a register, or that mtval did not show: if it is the host's, it is over when
 * the host resumes the guest as asked.
 */
static enum hm_next mmu_instruction(struct hm_trap *trap, u32 insn)
{
	struct hm_frame *frame = trap->frame;

	trap->pc += 4;
	frame->rs1 = frame->x[INSN_RS1(insn)];
	frame->rs2 = frame->x[INSN_RS2(insn)];
	if (hm_mmu_instruction(frame, insn) == HM_MMU_DONE)
		return HM_RESUME;
	return hm_exit(trap, frame->mmu_exit.reason, frame->mmu_exit.value);
}

enum hm_next hm_route_illegal(struct hm_trap *trap)
{
	bool supervisor = hart_read(CSR_MSTATUS) & MSTATUS_MPP;
	u32 insn = trap->tval;
	u64 fetched;

	trap->frame->x[0] = 0;
	/* mtval may be zero ("Machine Trap Value Register"). */
	if (!insn) {
		if (!hm_fetch(trap, &fetched))
			return HM_RESUME;
		insn = fetched;
	}
	if (INSN_IS_CSRW(insn, HM_CSR_MARK))
		return mark(trap, insn);
	if (may_read_counter(insn, supervisor))
		return read_counter(trap, insn);
	if (supervisor && INSN_IS_WFI(insn))
		return wait_for_interrupt(trap);
	if (supervisor && (INSN_IS_FENCE_VMA(insn) || INSN_IS_CSR(insn, CSR_SATP)))
		return mmu_instruction(trap, insn);
	hm_count(trap->vcpu, HM_TRAP_ILLEGAL, insn);
	hm_inject(trap, CAUSE_ILLEGAL_INSTRUCTION, insn);
	return HM_RESUME;
}
