// SPDX-License-Identifier: BSD-2-Clause
/* guest.c - what a guest of a test does: its page tables, its calls, its writes of satp. */
#include "test.h"

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
