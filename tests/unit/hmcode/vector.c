// SPDX-License-Identifier: BSD-2-Clause
/* vector.c - the ways of a trap are those of guest_vector.S and guest_ways.S: short, general, slow. */
#include "test.h"

#include "core/insn.h"
#include "machine.h"
#include "trap/trap.h"
#include "vector.h"

/* What a source register of a known instruction holds; guest_vector.S jumps to the code at `read`. */
static u64 source(const struct hm_frame *frame, const char *read, const char *table)
{
	size_t offset = read - table;

	assert_int_equal(offset % HM_READ_SIZE, 0);
	assert_true(offset / HM_READ_SIZE < 32);
	return offset ? frame->x[offset / HM_READ_SIZE] : 0;
}

/* How the last short way ended. */
static enum { DONE, EXIT, GENERAL, UNKNOWN } end;
static void (*exit_by)(struct hm_frame *frame);

void hm_short_done(void)
{
	end = DONE;
}

void hm_short_exit(void)
{
	end = EXIT;
	exit_by = hm_fence_to_host;
}

void hm_device_exit(void)
{
	end = EXIT;
	exit_by = hm_device_to_host;
}

void hm_general(void)
{
	end = GENERAL;
}

void hm_unknown(void)
{
	end = UNKNOWN;
}

void hm_general_insn(void)
{
	end = GENERAL;
}

void hm_middle(struct hm_vcpu *vcpu, u64 value, hm_way *way)
{
	way(vcpu, value);
	end = DONE;
}

static void short_way(struct hm_frame *frame, u64 insn)
{
	const struct hm_known_insn *known = frame->known;

	for (;;) {
		for (unsigned int kind = 0; kind < HM_KNOWN_KINDS; kind++) {
			u64 rs1 = source(frame, known[kind].rs1, hm_read_rs1);
			u64 rs2 = source(frame, known[kind].rs2, hm_read_rs2);

			if (known[kind].insn != insn)
				continue;
			switch (kind) {
			case HM_KNOWN_FENCE_PAGE_ASID:
				return hm_fence_page_asid_short(frame->vcpu, rs1, rs2);
			case HM_KNOWN_FENCE_PAGE: return hm_fence_page_short(frame->vcpu, rs1);
			case HM_KNOWN_FENCE_ASID:
				assert_int_equal(rs1, 0);
				return hm_fence_asid_short(frame->vcpu, ~0ull, rs2);
			case HM_KNOWN_FENCE_ALL:
				assert_int_equal(rs1 | rs2, 0);
				return hm_fence_all_short(frame->vcpu);
			default: return hm_satp_short(frame->vcpu, rs1);
			}
		}
		if (hm_learn_tvm(frame, insn))
			return hm_general_insn();
	}
}

/* As long as the guest's sp is in mscratch, whoever looks for the hart there finds no memory. */
#define GUEST_SP 0x5b5b5b5b5b5b5b58ull

static void tvm_way(struct hm_frame *frame, u64 insn)
{
	frame->rs1 = frame->x[INSN_RS1(insn)];
	frame->rs2 = frame->x[INSN_RS2(insn)];
	if (frame->vcpu->policy == HM_POLICY_ALL)
		return short_way(frame, insn);
	hm_tvm_short_policy(frame, frame->rs1, frame->rs2, insn);
}

enum hm_next guest_trap(u64 cause, u64 tval)
{
	struct hm_frame *frame = machine.frame;
	bool fault = cause >= CAUSE_FETCH_PAGE_FAULT && cause <= CAUSE_STORE_PAGE_FAULT;
	u64 next = 0;

	end = GENERAL;
	model_trap(cause, tval, model.csr[CSR_MEPC]);
	model.csr[CSR_MSCRATCH] = GUEST_SP;
	if (fault && frame->vector == hm_exit_vector) {
		model.csr[CSR_MSCRATCH] = frame->scratch;
		hm_fault_to_host(frame);
		return HM_EXIT;
	}
	if (fault && frame->vcpu->policy == HM_POLICY_ALL)
		hm_fault_short(frame->vcpu, cause);
	if (cause == CAUSE_ILLEGAL_INSTRUCTION)
		tvm_way(frame, tval);
	if (end == EXIT) {
		model.csr[CSR_MSCRATCH] = frame->scratch;
		exit_by(frame);
		return HM_EXIT;
	}
	if (end == GENERAL)
		next = fault || cause == CAUSE_ILLEGAL_INSTRUCTION ? hm_trap_mmu(frame, cause) : 1;
	if (end == UNKNOWN)
		next = hm_trap_unknown(frame, cause);
	model.csr[CSR_MSCRATCH] = frame->scratch;
	if (next == HM_TRAP_EXIT)
		return HM_EXIT;
	next = next ? hm_trap_route(frame) : HM_RESUME;
	if (!next) /* mret */
		model.priv = (model.csr[CSR_MSTATUS] & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT;
	return next;
}
