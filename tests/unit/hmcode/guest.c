// SPDX-License-Identifier: BSD-2-Clause
/* guest.c - the ways of a trap are guest_vector.S's, which is assembly: short, general, slow. */
#include "test.h"

#include "core/insn.h"
#include "guest.h"

#define CSRW_SATP 0x18051073u /* csrw satp, a0 */

struct guest guest;

int guest_begin(void **state)
{
	machine_begin(state);
	guest = (struct guest){ .vm = make_vm() };
	assert_int_equal(CALL(HM_FID_SLOT_SET, guest.vm, 1, ROM, ROM_HPA, ROM_SIZE, HM_SLOT_R), 0);
	guest.number = make_vcpu(guest.vm);
	guest.run = run_page(guest.number);
	guest.vcpu = vcpu_of(guest.number);
	guest.root = GUEST_BASE + 0x100000;
	guest.tables = guest.root + PAGE_SIZE;
	return 0;
}

long guest_run(void (*body)(void))
{
	machine.guest = body;
	return host_run(guest.number);
}

void *guest_memory(u64 gpa)
{
	return (void *)(gpa - GUEST_BASE + GUEST_HPA);
}

void guest_map(u64 va, u64 gpa, u64 bits)
{
	u64 *table = guest_memory(guest.root);

	for (int level = 2; level; level--) {
		u64 *pte = &table[pte_index(va, level)];

		if (!*pte) {
			*pte = pte_make(guest.tables, PTE_V);
			guest.tables += PAGE_SIZE;
		}
		table = guest_memory(pte_address(*pte));
	}
	table[pte_index(va, 0)] = pte_make(gpa, bits);
}

u64 guest_satp(u64 asid)
{
	return (u64)SATP_SV39 << SATP_MODE_SHIFT | asid << SATP_ASID_SHIFT |
	       guest.root >> PAGE_SHIFT;
}

/* What a source register of a known instruction holds; guest_vector.S jumps to the code at `read`. */
static u64 source(const struct hm_frame *frame, const char *read, const char *table)
{
	size_t offset = read - table;

	assert_int_equal(offset % HM_READ_SIZE, 0);
	assert_true(offset / HM_READ_SIZE < 32);
	return offset ? frame->x[offset / HM_READ_SIZE] : 0;
}

static u64 short_way(struct hm_frame *frame, u64 insn)
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
			default: return hm_satp_short(frame->vcpu, rs1);
			}
		}
		if (hm_learn_tvm(frame, insn))
			return 1;
	}
}

static u64 tvm_way(struct hm_frame *frame, u64 insn)
{
	frame->rs1 = frame->x[INSN_RS1(insn)];
	frame->rs2 = frame->x[INSN_RS2(insn)];
	if (frame->vcpu->policy == HM_POLICY_ALL)
		return short_way(frame, insn);
	return hm_tvm_short_policy(frame, frame->rs1, frame->rs2, insn);
}

enum hm_next guest_trap(u64 cause, u64 tval)
{
	struct hm_frame *frame = machine.frame;
	bool fault = cause >= CAUSE_FETCH_PAGE_FAULT && cause <= CAUSE_STORE_PAGE_FAULT;
	u64 next = 1;

	model_trap(cause, tval, model.csr[CSR_MEPC]);
	if (fault && frame->vcpu->policy == HM_POLICY_ALL)
		next = hm_fault_short(frame->vcpu, cause);
	if (cause == CAUSE_ILLEGAL_INSTRUCTION && tval)
		next = tvm_way(frame, tval);
	if (next == HM_SHORT_TO_HOST) {
		hm_to_host(frame);
		return HM_EXIT;
	}
	if (next && (fault || (cause == CAUSE_ILLEGAL_INSTRUCTION && tval)))
		next = hm_trap_mmu(frame, cause);
	next = next ? hm_trap_route(frame) : HM_RESUME;
	if (!next) /* mret */
		model.priv = (model.csr[CSR_MSTATUS] & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT;
	return next;
}

long guest_ecall(enum hm_next *next, u64 extension, u64 function, const u64 argument[6])
{
	struct hm_frame *frame = machine.frame;
	enum hm_next became;

	memcpy(&frame->x[10], argument, 6 * sizeof(u64));
	frame->x[16] = function;
	frame->x[17] = extension;
	became = guest_trap(CAUSE_SUPERVISOR_ECALL, 0);
	if (next)
		*next = became;
	else
		assert_int_equal(became, HM_RESUME);
	return frame->x[10];
}

enum hm_next guest_write_satp(u64 value)
{
	machine.frame->x[10] = value;
	return guest_trap(CAUSE_ILLEGAL_INSTRUCTION, CSRW_SATP);
}

void expect_injected(u64 cause, u64 tval, u64 from)
{
	expect(model_read(CSR_SCAUSE), cause, "scause");
	expect(model_read(CSR_STVAL), tval, "stval");
	expect(model_read(CSR_SEPC), from, "sepc");
	expect(model_read(CSR_MEPC), model_read(CSR_STVEC) & ~3ull, "the guest's pc");
	expect(model.priv, PRV_S, "the guest's privilege");
}
