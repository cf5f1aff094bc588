/* SPDX-License-Identifier: BSD-2-Clause */
/* offsets.c - structure offsets for assembly; compiled to text, never linked. */
#include <stddef.h>

#include "core/fatal.h"
#include "core/vcpu.h"

#define VALUE(name, value)		__asm__ volatile("\n->" #name " %0" :: "i"(value))
#define OFFSET(name, type, member)	VALUE(name, offsetof(struct type, member))

void offsets(void);
void offsets(void)
{
	OFFSET(FRAME_X, hm_frame, x);
	OFFSET(FRAME_VCPU, hm_frame, vcpu);
	OFFSET(FRAME_RUN, hm_frame, run);
	OFFSET(FRAME_SCRATCH, hm_frame, scratch);
	OFFSET(FRAME_HOST_RA, hm_frame, host_ra);
	OFFSET(FRAME_HOST_SP, hm_frame, host_sp);
	OFFSET(FRAME_VECTOR, hm_frame, vector);
	OFFSET(FRAME_RS1, hm_frame, rs1);
	OFFSET(FRAME_RS2, hm_frame, rs2);
	OFFSET(FRAME_FENCE_PAGE_ASID, hm_frame, known[HM_KNOWN_FENCE_PAGE_ASID]);
	OFFSET(FRAME_FENCE_PAGE, hm_frame, known[HM_KNOWN_FENCE_PAGE]);
	OFFSET(FRAME_SATP, hm_frame, known[HM_KNOWN_SATP]);
	OFFSET(FRAME_FENCE_ASID, hm_frame, known[HM_KNOWN_FENCE_ASID]);
	OFFSET(FRAME_FENCE_ALL, hm_frame, known[HM_KNOWN_FENCE_ALL]);
	OFFSET(KNOWN_INSN, hm_known_insn, insn);
	OFFSET(KNOWN_RS1, hm_known_insn, rs1);
	OFFSET(KNOWN_RS2, hm_known_insn, rs2);

	OFFSET(FATAL_X, hm_fatal, x);
	OFFSET(FATAL_CAUSE, hm_fatal, cause);
	OFFSET(FATAL_PC, hm_fatal, pc);
	OFFSET(FATAL_VALUE, hm_fatal, value);
	OFFSET(FATAL_HART, hm_fatal, hart);
	VALUE(HM_FATAL_STACK_SIZE, HM_FATAL_STACK_SIZE);

	OFFSET(RUN_X, hm_run, x);
	OFFSET(V_VSTART, hm_v_state, vstart);
	OFFSET(V_VL, hm_v_state, vl);
	OFFSET(V_VTYPE, hm_v_state, vtype);
	OFFSET(V_VCSR, hm_v_state, vcsr);
	OFFSET(V_REGISTERS, hm_v_state, registers);
}
