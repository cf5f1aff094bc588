// SPDX-License-Identifier: BSD-2-Clause
/* test_trap.c - what becomes of each trap of a guest: resumed, its own, or an exit. */
#include "test.h"

#include "guest.h"

#define VA       0x40000000ull
#define PAGE_GPA (GUEST_BASE + 0x200000)
#define DEVICE   0x10000000ull /* in no slot */
#define CODE     (GUEST_BASE + 0x300000)
#define ACCESSED (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)

#define WRITE(csr, rd, rs1)  ((u32)(csr) << 20 | (rs1) << 15 | 1u << 12 | (rd) << 7 | 0x73)
#define SET(csr, rd, rs1)    ((u32)(csr) << 20 | (rs1) << 15 | 2u << 12 | (rd) << 7 | 0x73)
#define CLEAR(csr, rd, rs1)  ((u32)(csr) << 20 | (rs1) << 15 | 3u << 12 | (rd) << 7 | 0x73)
#define SFENCE_VMA(rs1, rs2) (0x12000073u | (rs1) << 15 | (rs2) << 20)
#define WFI                  0x10500073u
#define SRET                 0x10200073u
#define MRET                 0x30200073u
#define A0                   10
#define A1                   11

/* Paged, with an empty root. */
static void page(void)
{
	assert_int_equal(guest_write_satp(guest_satp(1)), HM_RESUME);
	model.csr[CSR_MEPC] = CODE;
	model_forget_fences();
}

/* ---- its own exceptions ---- */

/* "Supervisor Trap Handling": pc, cause, value; SPP, SPIE and SIE of sstatus; the vector's base. */
static void inject(u64 cause, u64 priv, bool enabled, u64 stvec)
{
	u64 status = MSTATUS_SUM | MSTATUS_FS | MSTATUS_SPIE | (enabled ? MSTATUS_SIE : 0);

	model.priv = priv;
	model_write(CSR_SSTATUS, status);
	model_write(CSR_STVEC, stvec);
	model.csr[CSR_MEPC] = CODE;
	assert_int_equal(guest_trap(cause, VA), HM_RESUME);
	expect_injected(cause, VA, CODE);
	expect(model_read(CSR_SSTATUS) & ~(u64)(MSTATUS_UXL | 1ull << 63),
	       MSTATUS_SUM | MSTATUS_FS | (enabled ? MSTATUS_SPIE : 0) | (priv ? MSTATUS_SPP : 0),
	       "sstatus after cause %lu from privilege %lu, SIE %d", cause, priv, enabled);
}

static void all_injections(void)
{
	static const u64 causes[] = { CAUSE_FETCH_ACCESS,    CAUSE_LOAD_ACCESS,
				      CAUSE_STORE_ACCESS,    CAUSE_FETCH_PAGE_FAULT,
				      CAUSE_LOAD_PAGE_FAULT, CAUSE_STORE_PAGE_FAULT };

	page();
	for (unsigned int i = 0; i < COUNT(causes); i++)
		for (unsigned int n = 0; n < 8; n++)
			inject(causes[i], n & 1, n & 2, 0x80001000 | n >> 2);
}

static void an_exception_is_given_as_the_hart_would(void **state)
{
	(void)state;
	assert_int_equal(guest_run(all_injections), 0);
}

/* Causes that come to M-mode from no guest, by delegation or because it has none: fails closed. */
static void unknown_causes(void)
{
	static const u64 known[] = { CAUSE_FETCH_ACCESS,     CAUSE_ILLEGAL_INSTRUCTION,
				     CAUSE_MISALIGNED_LOAD,  CAUSE_LOAD_ACCESS,
				     CAUSE_MISALIGNED_STORE, CAUSE_STORE_ACCESS,
				     CAUSE_SUPERVISOR_ECALL, CAUSE_FETCH_PAGE_FAULT,
				     CAUSE_LOAD_PAGE_FAULT,  CAUSE_STORE_PAGE_FAULT };

	for (u64 cause = 0; cause < 64; cause++) {
		bool skip = false;

		for (unsigned int i = 0; i < COUNT(known); i++)
			skip |= known[i] == cause;
		if (skip)
			continue;
		expect(guest_trap(cause, 0), HM_EXIT, "cause %lu", cause);
		expect(guest.run->exit_reason, HM_EXIT_BROKEN, "the exit of cause %lu", cause);
		expect(guest.run->exit_cause, cause, "exit_cause");
	}
}

static void a_cause_that_nobody_expects_ends_the_guest(void **state)
{
	(void)state;
	assert_int_equal(guest_run(unknown_causes), 0);
}

/* ---- instructions ---- */

static const struct {
	const char *what;
	u32 insn;
	u64 priv, scounteren;
	bool illegal;
} instructions[] = {
	{ "mstatus is M-mode's", SET(CSR_MSTATUS, A0, 0), PRV_S, 7, true },
	{ "mcycle is M-mode's", SET(CSR_MCYCLE, A0, 0), PRV_S, 7, true },
	{ "a counter of the host's", SET(CSR_HPMCOUNTER3, A0, 0), PRV_S, ~0ull, true },
	{ "satp in U-mode", WRITE(CSR_SATP, 0, A0), PRV_U, 7, true },
	{ "satp is read in U-mode", SET(CSR_SATP, A0, 0), PRV_U, 7, true },
	{ "SFENCE.VMA in U-mode", SFENCE_VMA(0, 0), PRV_U, 7, true },
	{ "SFENCE.VMA of a page in U-mode", SFENCE_VMA(A0, 0), PRV_U, 7, true },
	{ "SFENCE.VMA of an address space in U-mode", SFENCE_VMA(0, A1), PRV_U, 7, true },
	{ "WFI in U-mode", WFI, PRV_U, 7, true },
	{ "SRET in U-mode", SRET, PRV_U, 7, true },
	{ "MRET", MRET, PRV_S, 7, true },
	{ "time in S-mode", SET(CSR_TIME, A1, 0), PRV_S, 0, false },
	{ "time in U-mode, open", SET(CSR_TIME, A1, 0), PRV_U, 2, false },
	{ "time in U-mode, closed", SET(CSR_TIME, A1, 0), PRV_U, 5, true },
	{ "time is written", WRITE(CSR_TIME, A1, A0), PRV_S, 7, true },
	{ "bits of time are set", SET(CSR_TIME, A1, A0), PRV_S, 7, true },
	{ "instret is written", WRITE(CSR_INSTRET, A1, A0), PRV_S, 7, true },
	{ "instret in U-mode, closed", SET(CSR_INSTRET, A1, 0), PRV_U, 3, true },
	{ "cycle in U-mode, closed", SET(CSR_CYCLE, A1, 0), PRV_U, 6, true },
	{ "a counter behind instret", SET(CSR_HPMCOUNTER3, A1, 0), PRV_U, ~0ull, true },
	{ "all ones", 0xffffffff, PRV_S, 7, true },
};

static void all_instructions(void)
{
	model.time = 0x1234567;
	model_write(CSR_STVEC, 0x80001000);
	for (unsigned int i = 0; i < COUNT(instructions); i++) {
		model.priv = instructions[i].priv;
		model.csr[CSR_MEPC] = CODE;
		model_write(CSR_SCOUNTEREN, instructions[i].scounteren);
		machine.frame->x[A1] = 0;
		expect(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, instructions[i].insn), HM_RESUME, "%s",
		       instructions[i].what);
		if (instructions[i].illegal) {
			expect_injected(CAUSE_ILLEGAL_INSTRUCTION, instructions[i].insn, CODE);
			continue;
		}
		expect(machine.frame->x[A1], model.time, "%s", instructions[i].what);
		expect(model_read(CSR_MEPC), CODE + 4, "pc after %s", instructions[i].what);
	}
}

static void instructions_beyond_the_guest_are_illegal(void **state)
{
	(void)state;
	assert_int_equal(guest_run(all_instructions), 0);
}

/* mtval may be 0: then the instruction is fetched, in bare mode here. */
static void without_mtval(void)
{
	*(u32 *)guest_memory(CODE) = SET(CSR_TIME, A1, 0);
	model.csr[CSR_MEPC] = CODE;
	model.time = 77;
	assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, 0), HM_RESUME);
	expect(machine.frame->x[A1], 77, "time");
	page();
	assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, 0), HM_RESUME);
	expect_injected(CAUSE_FETCH_PAGE_FAULT, CODE, CODE);
}

static void an_instruction_that_the_hart_does_not_tell_is_fetched(void **state)
{
	(void)state;
	assert_int_equal(guest_run(without_mtval), 0);
}

/* "Wait for Interrupt": what is pending and enabled decides, whatever SIE says. */
static void waits(void)
{
	static const struct {
		u64 enabled, pending, reason, value;
	} cases[] = {
		{ MIP_SSIP, MIP_SSIP, 0, 0 },
		{ MIP_SSIP | MIP_SEIP, MIP_SEIP, 0, 0 },
		{ 0, MIP_SSIP, HM_EXIT_WFI, HM_NO_DEADLINE },
		{ MIP_STIP, MIP_SSIP, HM_EXIT_WFI, 5000 },
		{ MIP_STIP | MIP_SSIP, 0, HM_EXIT_WFI, 5000 },
		{ MIP_SSIP, 0, HM_EXIT_WFI, HM_NO_DEADLINE },
	};

	model_write(CSR_STIMECMP, 5000);
	for (unsigned int i = 0; i < COUNT(cases); i++) {
		model_write(CSR_SIE, cases[i].enabled);
		model_write(CSR_MIP, cases[i].pending);
		model.csr[CSR_MEPC] = CODE;
		expect(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, WFI),
		       cases[i].reason ? HM_EXIT : HM_RESUME, "case %u", i);
		expect(model_read(CSR_MEPC), CODE + 4, "pc of case %u", i);
		if (!cases[i].reason)
			continue;
		expect(guest.run->exit_reason, cases[i].reason, "exit of case %u", i);
		expect(guest.run->exit_value, cases[i].value, "deadline of case %u", i);
	}
}

static void wfi_waits_for_what_is_enabled(void **state)
{
	(void)state;
	assert_int_equal(guest_run(waits), 0);
}

/* ---- satp ---- */

/* Whatever is written, the hart walks a table of the pool, under an ASID that is not the host's. */
static void check_root(u64 written)
{
	u64 hart = model_read(CSR_SATP), root = (hart & SATP_PPN_MASK) << PAGE_SHIFT;

	if (root < POOL_BASE || root >= POOL_END)
		fail_msg("after satp %#lx the hart walks %#lx", written, root);
	expect(satp_mode(hart) != SATP_BARE && satp_asid(hart) != 0, true,
	       "the hart's satp after %#lx", written);
}

static u64 read_satp(void)
{
	assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, SET(CSR_SATP, A1, 0)), HM_RESUME);
	return machine.frame->x[A1];
}

/* "Supervisor Address Translation and Protection"; Bare has no other field in hmcode. */
static u64 satp_after(u64 old, u64 value)
{
	if (satp_mode(value) == SATP_BARE)
		return 0;
	return model.satp_modes >> satp_mode(value) & 1 ? value : old;
}

static void all_satps(void)
{
	static const u64 asids[] = { 0, 1, 0x55, 0xffff },
			 tables[] = { 0, GUEST_BASE, DEVICE, SATP_PPN_MASK << PAGE_SHIFT };
	u64 old = 0;

	for (u64 mode = 0; mode < 16; mode++)
		for (unsigned int n = 0; n < COUNT(asids) * COUNT(tables); n++) {
			u64 value = mode << SATP_MODE_SHIFT |
				    asids[n % COUNT(asids)] << SATP_ASID_SHIFT |
				    tables[n / COUNT(asids)] >> PAGE_SHIFT;

			assert_int_equal(guest_write_satp(value), HM_RESUME);
			check_root(value);
			old = satp_after(old, value);
			expect(read_satp(), old, "satp after %#lx", value);
		}
}

static void no_satp_leads_the_hart_out_of_the_pool(void **state)
{
	(void)state;
	assert_int_equal(guest_run(all_satps), 0);
}

static void parts_of_satp(void)
{
	u64 first = guest_satp(1), *x = machine.frame->x;

	page();
	x[A0] = 2ull << SATP_ASID_SHIFT;
	assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, SET(CSR_SATP, A1, A0)), HM_RESUME);
	expect(x[A1], first, "what CSRRS returns");
	expect(read_satp(), guest_satp(3), "satp with bits set");
	x[A0] = 1ull << SATP_ASID_SHIFT;
	assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, CLEAR(CSR_SATP, A1, A0)), HM_RESUME);
	expect(x[A1], guest_satp(3), "what CSRRC returns");
	expect(read_satp(), guest_satp(2), "satp with bits cleared");
}

static void bits_of_satp_are_set_and_cleared(void **state)
{
	(void)state;
	assert_int_equal(guest_run(parts_of_satp), 0);
}

/* A root that was there before has its leaves, and the same ASID of the hart. */
static void known_roots(void)
{
	u64 first, second;

	page();
	first = model_read(CSR_SATP);
	guest_write_satp(guest_satp(2));
	second = model_read(CSR_SATP);
	expect(first != second, true, "another root");
	guest_write_satp(guest_satp(1));
	expect(model_read(CSR_SATP), first, "the root of ASID 1");
	expect(model.fences, 0, "fences of a switch between known roots and a new one");
}

static void a_known_root_comes_back(void **state)
{
	(void)state;
	assert_int_equal(guest_run(known_roots), 0);
}

/* ---- memory ---- */

static void fill_and_flush(void)
{
	page();
	guest_map(VA, PAGE_GPA, ACCESSED);
	expect(model_maps_page(VA), false, "before the fault");
	assert_int_equal(guest_trap(CAUSE_LOAD_PAGE_FAULT, VA), HM_RESUME);
	expect(model_read(CSR_MEPC), CODE, "pc of a fault that was filled");
	expect(model_maps_page(VA), true, "after the fault");
	expect(guest.vcpu->stats.traps[HM_TRAP_FILL], 1, "fills");
	guest_map(VA, PAGE_GPA, 0);
	machine.frame->x[A0] = VA;
	assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, SFENCE_VMA(A0, 0)), HM_RESUME);
	expect(model_maps_page(VA), false, "after SFENCE.VMA");
	assert_int_equal(guest_trap(CAUSE_LOAD_PAGE_FAULT, VA), HM_RESUME);
	expect_injected(CAUSE_LOAD_PAGE_FAULT, VA, CODE + 4);
}

static void a_hidden_fault_is_filled_and_a_fence_takes_it_away(void **state)
{
	(void)state;
	assert_int_equal(guest_run(fill_and_flush), 0);
}

/* The links to it are new to a hart that remembers that there was nothing. */
static void store_to_a_page_that_is_shared(void)
{
	page();
	guest_map(VA, PAGE_GPA, ACCESSED & ~PTE_W);
	model_forget_fences();
	assert_int_equal(guest_trap(CAUSE_STORE_PAGE_FAULT, VA), HM_RESUME);
	expect_injected(CAUSE_STORE_PAGE_FAULT, VA, CODE);
	expect(model_maps_page(VA), false, "the page");
	expect(model.fences > 0, true, "the hart's fences");
	expect(guest.vcpu->stats.traps[HM_TRAP_TRUE_FAULT], 1, "true faults");
}

static void the_first_fault_at_a_page_fences_its_links(void **state)
{
	(void)state;
	assert_int_equal(guest_run(store_to_a_page_that_is_shared), 0);
}

/* Each form of SFENCE.VMA after a fill, and the fences that the hart has to make at least. */
static void all_fences(void)
{
	static const struct {
		u32 insn;
		bool gone; /* is the page of ASID 1? */
	} forms[] = {
		{ SFENCE_VMA(0, 0), true },
		{ SFENCE_VMA(A0, 0), true },
		{ SFENCE_VMA(0, A1), true },
		{ SFENCE_VMA(A0, A1), true },
	};

	page();
	for (unsigned int i = 0; i < COUNT(forms); i++) {
		guest_map(VA, PAGE_GPA, ACCESSED);
		assert_int_equal(guest_trap(CAUSE_STORE_PAGE_FAULT, VA), HM_RESUME);
		expect(model_maps_page(VA), true, "before form %u", i);
		guest_map(VA, PAGE_GPA, 0);
		machine.frame->x[A0] = VA;
		machine.frame->x[A1] = 1;
		model_forget_fences();
		assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, forms[i].insn), HM_RESUME);
		expect(model_maps_page(VA), !forms[i].gone, "after form %u", i);
		expect(model.fences > 0, true, "the hart's fences of form %u", i);
	}
}

static void each_form_of_sfence_vma_reaches_shadow_and_hart(void **state)
{
	(void)state;
	assert_int_equal(guest_run(all_fences), 0);
}

/* The host is told what was fenced, and no more: it drops all that the words cover. */
static void fence_for_the_host(u32 insn, u64 start, u64 size, u64 asid)
{
	u64 *x = machine.frame->x;

	x[A0] = VA + 8;
	x[A1] = 1 | 1ull << 20;
	assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, insn), HM_EXIT);
	expect(guest.run->exit_reason, HM_EXIT_FLUSH, "the exit of %x", insn);
	expect(guest.run->fence_start, start, "start of %x", insn);
	expect(guest.run->fence_size, size, "size of %x", insn);
	expect(guest.run->fence_asid, asid, "ASID of %x", insn);
}

static void fence_everything(void)
{
	fence_for_the_host(SFENCE_VMA(0, 0), 0, 0, ~0ull);
}

static void fence_page(void)
{
	fence_for_the_host(SFENCE_VMA(A0, 0), VA, PAGE_SIZE, ~0ull);
}

static void fence_space(void)
{
	fence_for_the_host(SFENCE_VMA(0, A1), 0, 0, 1);
}

static void fence_page_of_space(void)
{
	fence_for_the_host(SFENCE_VMA(A0, A1), VA, PAGE_SIZE, 1);
}

static void each_form_of_sfence_vma_is_told_to_the_host(void **state)
{
	static void (*const forms[])(void) = { fence_everything, fence_page, fence_space,
					       fence_page_of_space };

	(void)state;
	guest.run->policy = HM_POLICY_ALL & ~(u64)HM_POLICY_FLUSH;
	for (unsigned int n = 0; n < COUNT(forms); n++)
		assert_int_equal(guest_run(forms[n]), 0);
}

#define PAGE    PAGE_GPA
#define READ    (PTE_V | PTE_R | PTE_A)
#define LOAD    CAUSE_LOAD_PAGE_FAULT
#define STORE   CAUSE_STORE_PAGE_FAULT
#define FETCH   CAUSE_FETCH_PAGE_FAULT
#define NOTHING CAUSE_FETCH_ACCESS
#define EXIT    (~0ull)

/* Right, slot and privilege decide; D and A are the guest's. */
static const struct {
	const char *what;
	u64 gpa, bits, cause, priv;
	u64 becomes; /* 0: filled; an exception, or EXIT */
} accesses[] = {
	{ "a store to a page of W", PAGE, ACCESSED, STORE, PRV_S, 0 },
	{ "a load without R", PAGE, PTE_V | PTE_X | PTE_A, LOAD, PRV_S, LOAD },
	{ "a fetch without X", PAGE, ACCESSED, FETCH, PRV_S, FETCH },
	{ "a store without W", PAGE, READ | PTE_D, STORE, PRV_S, STORE },
	{ "W without R is reserved", PAGE, PTE_V | PTE_W | PTE_A | PTE_D, STORE, PRV_S, STORE },
	{ "A is 0", PAGE, PTE_V | PTE_R, LOAD, PRV_S, LOAD },
	{ "D is 0 at a store", PAGE, READ | PTE_W, STORE, PRV_S, STORE },
	{ "D is 0 at a load", PAGE, READ | PTE_W, LOAD, PRV_S, 0 },
	{ "S-mode's page in U-mode", PAGE, ACCESSED, LOAD, PRV_U, LOAD },
	{ "U-mode's page in U-mode", PAGE, ACCESSED | PTE_U, LOAD, PRV_U, 0 },
	{ "U-mode's page in S-mode without SUM", PAGE, ACCESSED | PTE_U, LOAD, PRV_S, LOAD },
	{ "a device is loaded from", DEVICE, ACCESSED, LOAD, PRV_S, EXIT },
	{ "a device is stored to", DEVICE, ACCESSED, STORE, PRV_S, EXIT },
	{ "a fetch from where there is nothing", DEVICE, ACCESSED | PTE_X, FETCH, PRV_S, NOTHING },
	{ "a load from where only R is", ROM, ACCESSED, LOAD, PRV_S, 0 },
	{ "a store to where only R is", ROM, ACCESSED, STORE, PRV_S, EXIT },
	{ "a fetch from where only R is", ROM, ACCESSED | PTE_X, FETCH, PRV_S, NOTHING },
	{ "a reserved bit", PAGE, ACCESSED | 1ull << 60, LOAD, PRV_S, LOAD },
};

/* A page in the same leaf table, too far away to be filled along: its fill has the walk cached. */
static void know_walk(u64 va)
{
	guest_map(va + 64 * PAGE_SIZE, PAGE, ACCESSED);
	model.priv = PRV_S;
	assert_int_equal(guest_trap(LOAD, va + 64 * PAGE_SIZE), HM_RESUME);
}

static bool walks_are_known;

static void all_accesses(void)
{
	page();
	guest_map(CODE, CODE, PTE_V | PTE_R | PTE_X | PTE_A);
	*(u32 *)guest_memory(CODE) = 0x0005b503; /* ld a0, 0(a1) */
	for (unsigned int i = 0; i < COUNT(accesses); i++) {
		u64 va = VA + i * 0x1000000ull; /* none beside another, whose fill would go along */
		enum hm_next next;

		if (walks_are_known)
			know_walk(va);
		guest_map(va, accesses[i].gpa, accesses[i].bits);
		model.priv = accesses[i].priv;
		model.csr[CSR_MEPC] = CODE;
		next = guest_trap(accesses[i].cause, va);
		expect(next, accesses[i].becomes == EXIT ? HM_EXIT : HM_RESUME, "%s",
		       accesses[i].what);
		expect(model_maps_page(va), !accesses[i].becomes, "the shadow after %s",
		       accesses[i].what);
		if (!accesses[i].becomes)
			continue;
		if (accesses[i].becomes != EXIT) {
			expect_injected(accesses[i].becomes, va, CODE);
			continue;
		}
		expect(guest.run->exit_reason, HM_EXIT_MMIO, "%s", accesses[i].what);
		expect(guest.run->exit_gpa, accesses[i].gpa, "exit_gpa");
		expect(guest.run->exit_insn, 0x0005b503, "exit_insn");
		expect(guest.run->exit_insn_len, 4, "exit_insn_len");
	}
}

static void each_access_is_what_tables_and_slots_make_of_it(void **state)
{
	(void)state;
	walks_are_known = false;
	assert_int_equal(guest_run(all_accesses), 0);
}

/* By the short way, or by what hm_trap_mmu asks the walk cache. */
static void each_access_is_the_same_where_its_leaf_table_is_known(void **state)
{
	(void)state;
	walks_are_known = true;
	assert_int_equal(guest_run(all_accesses), 0);
}

/* The hart has executed it by an older translation of its own; nothing is left of that. */
static void load_by_code_that_is_gone(void)
{
	page();
	know_walk(VA);
	guest_map(VA, DEVICE, ACCESSED);
	model.priv = PRV_S;
	model.csr[CSR_MEPC] = CODE;
	assert_int_equal(guest_trap(LOAD, VA), HM_RESUME);
	expect_injected(FETCH, CODE, CODE);
}

static void a_device_loaded_from_by_code_that_is_gone_is_a_fetch_fault(void **state)
{
	(void)state;
	assert_int_equal(guest_run(load_by_code_that_is_gone), 0);
}

static bool code_is_filled;

static void exit_for_a_device(void)
{
	page();
	guest_map(CODE, CODE, PTE_V | PTE_R | PTE_X | PTE_A);
	*(u32 *)guest_memory(CODE) = 0x0005b503; /* ld a0, 0(a1) */
	model.priv = PRV_S;
	if (code_is_filled)
		assert_int_equal(guest_trap(FETCH, CODE), HM_RESUME);
	know_walk(VA);
	guest_map(VA, DEVICE, ACCESSED | PTE_X);
	model.csr[CSR_MEPC] = CODE;
	expect(guest_trap(FETCH, VA), HM_RESUME, "no exit for a fetch from a device");
	model.csr[CSR_MEPC] = CODE;
	guest.vcpu->trap_cycle = 0; /* of an exit before */
	assert_int_equal(guest_trap(LOAD, VA + 8), HM_EXIT);
}

/* By the general way, then by the short one. */
static void instructions_are_counted_up_to_an_exit_for_a_device(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 2; n++) {
		code_is_filled = n;
		assert_int_equal(guest_run(exit_for_a_device), 0);
		expect(guest.vcpu->trap_cycle != 0, true, "the trap's own count");
		expect(guest.vcpu->stats.exits[HM_EXIT_MMIO], n + 1, "exits");
		expect(guest.run->exit_reason, HM_EXIT_MMIO, "exit_reason");
		expect(guest.run->exit_cause, LOAD, "exit_cause");
		expect(guest.run->exit_value, VA + 8, "exit_value");
		expect(guest.run->exit_gpa, DEVICE + 8, "exit_gpa");
		expect(guest.run->pc, CODE, "pc");
	}
}

/* Where the shadow has the code, and how much of it. */
#define LOAD_A0   0x0005b503u /* ld a0, 0(a1) */
#define C_LOAD_A0 0x6188u     /* c.ld a0, 0(a1) */
#define LAST      (PAGE_SIZE - 2)

static const struct {
	const char *what;
	u64 at, code, bits, priv;
	u64 length; /* of the exit's instruction; 0: the guest has a fetch fault */
} codes[] = {
	{ "code of S-mode", 0, LOAD_A0, 0, PRV_S, 4 },
	{ "short code", 0, C_LOAD_A0, 0, PRV_S, 2 },
	{ "the last code of a page", LAST - 2, LOAD_A0, 0, PRV_S, 4 },
	{ "the last short code", LAST, C_LOAD_A0, 0, PRV_S, 2 },
	{ "code on two pages", LAST, LOAD_A0, 0, PRV_S, 4 },
	{ "code of U-mode", 0, LOAD_A0, PTE_U, PRV_U, 4 },
	{ "code of S-mode in U-mode", 0, LOAD_A0, 0, PRV_U, 0 },
	{ "code of U-mode in S-mode", 0, LOAD_A0, PTE_U, PRV_S, 0 },
};

static void expect_code(unsigned int n, enum hm_next next)
{
	if (!codes[n].length) {
		expect(next, HM_RESUME, "%s", codes[n].what);
		expect_injected(FETCH, CODE + codes[n].at, CODE + codes[n].at);
		return;
	}
	expect(next, HM_EXIT, "%s", codes[n].what);
	expect(guest.run->exit_insn_len, codes[n].length, "exit_insn_len of %s", codes[n].what);
	expect(guest.run->exit_insn, codes[n].code, "exit_insn of %s", codes[n].what);
	expect(guest.run->exit_gpa, DEVICE, "exit_gpa of %s", codes[n].what);
}

/* The page behind is another one in the guest's memory. */
#define BEHIND (CODE + 2 * PAGE_SIZE)

static void write_code(u64 at, u32 code)
{
	*(u16 *)guest_memory(CODE + at) = code;
	*(u16 *)guest_memory(at == LAST ? BEHIND : CODE + at + 2) = code >> 16;
}

static void load_by_each_code(void)
{
	page();
	for (unsigned int n = 0; n < COUNT(codes); n++) {
		u64 bits = PTE_V | PTE_R | PTE_X | PTE_A | codes[n].bits;

		write_code(codes[n].at, codes[n].code);
		guest_map(CODE, CODE, bits);
		guest_map(CODE + PAGE_SIZE, BEHIND, bits);
		know_walk(VA);
		assert_int_equal(guest_trap(CAUSE_ILLEGAL_INSTRUCTION, SFENCE_VMA(0, 0)),
				 HM_RESUME);
		model.priv = codes[n].bits & PTE_U ? PRV_U : PRV_S;
		assert_int_equal(guest_trap(FETCH, CODE), HM_RESUME);
		know_walk(VA);
		guest_map(VA, DEVICE, ACCESSED | (codes[n].priv ? 0 : PTE_U));
		model.priv = codes[n].priv;
		model.csr[CSR_MEPC] = CODE + codes[n].at;
		guest.run->exit_insn_len = guest.run->exit_insn = guest.run->exit_gpa = 0;
		expect_code(n, guest_trap(LOAD, VA));
	}
}

static void code_is_read_where_the_shadow_has_it(void **state)
{
	(void)state;
	assert_int_equal(guest_run(load_by_each_code), 0);
}

/* No fence yet: a hart that remembers the page executes it, and so it is read. */
static void load_by_code_that_is_remembered(void)
{
	page();
	guest_map(CODE, CODE, PTE_V | PTE_R | PTE_X | PTE_A);
	*(u32 *)guest_memory(CODE) = LOAD_A0;
	model.priv = PRV_S;
	assert_int_equal(guest_trap(FETCH, CODE), HM_RESUME);
	know_walk(VA);
	guest_map(VA, DEVICE, ACCESSED);
	guest_map(CODE, 0, 0);
	model.csr[CSR_MEPC] = CODE;
	assert_int_equal(guest_trap(LOAD, VA), HM_EXIT);
	expect(guest.run->exit_insn, LOAD_A0, "exit_insn");
}

static void code_is_read_as_the_hart_may_remember_it(void **state)
{
	(void)state;
	assert_int_equal(guest_run(load_by_code_that_is_remembered), 0);
}

/* Its addresses are what they are; code that is filled, and a device, a page of R, nothing. */
static void access_without_tables(void)
{
	model.priv = PRV_S;
	*(u32 *)guest_memory(CODE) = LOAD_A0;
	model.csr[CSR_MEPC] = CODE;
	for (unsigned int n = 0; n < 2; n++) {
		expect(guest_trap(LOAD, DEVICE + 8), HM_EXIT, "a load from a device");
		expect(guest.run->exit_reason, HM_EXIT_MMIO, "exit_reason");
		expect(guest.run->exit_gpa, DEVICE + 8, "exit_gpa");
		expect(guest.run->exit_insn, LOAD_A0, "exit_insn");
		expect(guest_trap(STORE, -8ull), HM_EXIT, "a store to where nothing is");
		expect(guest.run->exit_gpa, -8ull, "exit_gpa");
		expect(guest_trap(STORE, ROM), HM_EXIT, "a store to where only R is");
		expect(guest.run->exit_gpa, ROM, "exit_gpa");
		expect(guest_trap(LOAD, ROM), HM_RESUME, "a load from there");
		expect(guest_trap(FETCH, DEVICE), HM_RESUME, "a fetch from a device");
		expect_injected(NOTHING, DEVICE, CODE);
		model.csr[CSR_MEPC] = CODE;
		expect(guest_trap(FETCH, CODE), HM_RESUME, "a fetch");
	}
}

static void a_guest_without_tables_has_devices(void **state)
{
	(void)state;
	assert_int_equal(guest_run(access_without_tables), 0);
}

/* What a policy leaves to the host exits, with nothing filled. */
static const struct {
	u64 lacks;
	u64 mapped, reason;
} shares[] = {
	{ HM_POLICY_FILL, true, HM_EXIT_HIDDEN_FAULT },
	{ HM_POLICY_INJECT, false, HM_EXIT_TRUE_FAULT },
};
static unsigned int share;

static void fault_of_the_hosts(void)
{
	if (shares[share].mapped)
		guest_map(VA, PAGE_GPA, ACCESSED);
	model.csr[CSR_MEPC] = CODE;
	expect(guest_trap(CAUSE_LOAD_PAGE_FAULT, VA), HM_EXIT, "share %u", share);
	expect(guest.run->exit_reason, shares[share].reason, "the exit of share %u", share);
	expect(guest.run->exit_value, VA, "exit_value");
	expect(model_read(CSR_MEPC), CODE, "pc");
	expect(model_maps_page(VA), false, "the shadow");
}

static void what_a_policy_lacks_is_left_to_the_host(void **state)
{
	(void)state;
	guest.run->satp = guest_satp(1);
	for (share = 0; share < COUNT(shares); share++) {
		guest.run->policy = HM_POLICY_ALL & ~shares[share].lacks;
		guest_map(VA, PAGE_GPA, 0);
		assert_int_equal(guest_run(fault_of_the_hosts), 0);
	}
}

/*
 * The guest hangs another leaf table at a link that is cached, and does not fence.  What the exit
 * calls hidden is filled by the entry, whatever the older table said: or it would exit for ever.
 */
#define BESIDE (VA + 8 * PAGE_SIZE) /* of another group: nobody's fill takes it along */

static const struct {
	const char *what;
	u64 gpa, bits;
} olds[] = {
	{ "a device", DEVICE, ACCESSED },
	{ "no R", PAGE_GPA, PTE_V | PTE_X | PTE_A },
	{ "nothing", 0, 0 },
	{ "the page", PAGE_GPA, ACCESSED },
};

static u64 *link_of(u64 va)
{
	u64 *root = guest_memory(guest.root);

	return (u64 *)guest_memory(pte_address(root[pte_index(va, 2)])) + pte_index(va, 1);
}

static u64 *leaf_of(u64 va)
{
	return (u64 *)guest_memory(pte_address(*link_of(va))) + pte_index(va, 0);
}

static void cache_the_link(void)
{
	assert_int_equal(guest_trap(CAUSE_STORE_PAGE_FAULT, VA), HM_RESUME);
}

static void load_beside(void)
{
	assert_int_equal(guest_trap(CAUSE_LOAD_PAGE_FAULT, BESIDE), HM_EXIT);
	expect(guest.run->exit_reason, HM_EXIT_HIDDEN_FAULT, "the exit");
}

static void look_beside(void)
{
	expect(model_maps_page(BESIDE), true, "the shadow after the entry");
}

static void a_hidden_fault_is_filled_whatever_an_older_link_said(void **state)
{
	(void)state;
	guest.run->satp = guest_satp(1);
	for (unsigned int i = 0; i < COUNT(olds); i++) {
		guest.run->policy = HM_POLICY_ALL;
		guest.run->flags = HM_RUN_FENCE_VMA;
		guest.run->fence_start = guest.run->fence_size = 0;
		guest.run->fence_asid = ~0ull;
		guest_map(VA, PAGE_GPA, ACCESSED);
		guest_map(BESIDE, olds[i].gpa, olds[i].bits);
		expect(guest_run(cache_the_link), 0, "%s", olds[i].what);
		*link_of(VA) = 0;
		guest_map(BESIDE, PAGE_GPA, ACCESSED);
		guest.run->policy = HM_POLICY_ALL & ~(u64)HM_POLICY_FILL;
		expect(guest_run(load_beside), 0, "%s", olds[i].what);
		guest.run->flags = HM_RUN_FILL;
		expect(guest_run(look_beside), 0, "%s", olds[i].what);
	}
}

/* By the general way where its leaf table is not known yet, then by the short one. */
static void store_where_another_hart_is_faster(void)
{
	page();
	for (unsigned int n = 0; n < 2; n++) {
		u64 va = VA + n * PAGE_SIZE, *fills = &guest.vcpu->stats.traps[HM_TRAP_FILL];

		guest_map(va, PAGE_GPA, ACCESSED & ~(PTE_A | PTE_D));
		*fills = 0;
		machine.faster = true;
		assert_int_equal(guest_trap(STORE, va), HM_RESUME);
		expect(model_read(CSR_MEPC), CODE, "pc of a store that is repeated");
		expect(*fills, 1, "traps");
		expect(model_maps_page(va), false, "the shadow of what has changed");
		assert_int_equal(guest_trap(STORE, va), HM_RESUME);
		expect(*fills, 2, "traps");
		expect(model_maps_page(va), true, "the shadow of what was set");
	}
}

static void a_store_to_an_entry_that_changes_meanwhile_is_repeated(void **state)
{
	(void)state;
	guest.run->policy = HM_POLICY_ALL | HM_POLICY_SET_AD;
	assert_int_equal(guest_run(store_where_another_hart_is_faster), 0);
}

/* D is missing as well, and a slot forbids the store: nothing is set, and the host decides. */
static void store_to_where_only_r_is(void)
{
	page();
	guest_map(CODE, CODE, PTE_V | PTE_R | PTE_X | PTE_A);
	know_walk(VA);
	guest_map(VA, ROM, ACCESSED & ~(PTE_A | PTE_D));
	model.csr[CSR_MEPC] = CODE;
	assert_int_equal(guest_trap(STORE, VA), HM_EXIT);
	expect(guest.run->exit_reason, HM_EXIT_MMIO, "exit_reason");
	expect(*leaf_of(VA), pte_make(ROM, ACCESSED & ~(PTE_A | PTE_D)), "the guest's leaf");
}

static void a_store_that_a_slot_forbids_sets_nothing(void **state)
{
	(void)state;
	guest.run->policy = HM_POLICY_ALL | HM_POLICY_SET_AD;
	assert_int_equal(guest_run(store_to_where_only_r_is), 0);
}

int main(void)
{
#define FACT(name) cmocka_unit_test_setup_teardown(name, guest_begin, machine_end)
	static const struct CMUnitTest tests[] = {
		FACT(an_exception_is_given_as_the_hart_would),
		FACT(a_cause_that_nobody_expects_ends_the_guest),
		FACT(instructions_beyond_the_guest_are_illegal),
		FACT(an_instruction_that_the_hart_does_not_tell_is_fetched),
		FACT(wfi_waits_for_what_is_enabled),
		FACT(no_satp_leads_the_hart_out_of_the_pool),
		FACT(bits_of_satp_are_set_and_cleared),
		FACT(a_known_root_comes_back),
		FACT(a_hidden_fault_is_filled_and_a_fence_takes_it_away),
		FACT(the_first_fault_at_a_page_fences_its_links),
		FACT(each_form_of_sfence_vma_reaches_shadow_and_hart),
		FACT(each_form_of_sfence_vma_is_told_to_the_host),
		FACT(each_access_is_what_tables_and_slots_make_of_it),
		FACT(each_access_is_the_same_where_its_leaf_table_is_known),
		FACT(a_device_loaded_from_by_code_that_is_gone_is_a_fetch_fault),
		FACT(instructions_are_counted_up_to_an_exit_for_a_device),
		FACT(code_is_read_where_the_shadow_has_it),
		FACT(code_is_read_as_the_hart_may_remember_it),
		FACT(a_guest_without_tables_has_devices),
		FACT(what_a_policy_lacks_is_left_to_the_host),
		FACT(a_hidden_fault_is_filled_whatever_an_older_link_said),
		FACT(a_store_to_an_entry_that_changes_meanwhile_is_repeated),
		FACT(a_store_that_a_slot_forbids_sets_nothing),
	};

	return cmocka_run_group_tests_name("traps of a guest", tests, NULL, NULL);
}
