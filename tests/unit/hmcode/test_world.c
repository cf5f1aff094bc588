// SPDX-License-Identifier: BSD-2-Clause
/* test_world.c - entering and leaving the guest world: nothing is lost, nothing is seen. */
#include "test.h"

#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_error.h>
#include <sbi/sbi_trap.h>

#include "guest.h"

/* From one seed, so that what fails fails again (xorshift64). */
static u64 seed;

static u64 any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/* What a world has in S-mode; stimecmp and satp apart, since they act at once. */
static const struct {
	const char *name;
	u32 number;
	size_t in_run; /* where the run page has it */
} csrs[] = {
	{ "stvec", CSR_STVEC, offsetof(struct hm_run, stvec) },
	{ "sscratch", CSR_SSCRATCH, offsetof(struct hm_run, sscratch) },
	{ "sepc", CSR_SEPC, offsetof(struct hm_run, sepc) },
	{ "scause", CSR_SCAUSE, offsetof(struct hm_run, scause) },
	{ "stval", CSR_STVAL, offsetof(struct hm_run, stval) },
	{ "scounteren", CSR_SCOUNTEREN, offsetof(struct hm_run, scounteren) },
	{ "senvcfg", CSR_SENVCFG, offsetof(struct hm_run, senvcfg) },
	{ "stimecmp", CSR_STIMECMP, offsetof(struct hm_run, stimecmp) },
	{ "sie", CSR_SIE, offsetof(struct hm_run, sie) },
};
/* M-mode's, which an entry changes. */
static const u32 of_m_mode[] = { CSR_MSTATUS,    CSR_MEDELEG,  CSR_MIDELEG, CSR_MIE, CSR_MENVCFG,
				 CSR_MCOUNTEREN, CSR_MSCRATCH, CSR_MTVEC,   CSR_SATP };
static u64 expected[COUNT(csrs)], before[COUNT(csrs)], before_m[COUNT(of_m_mode)];

#define SSTATUS                                                                             \
	(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_VS | MSTATUS_FS | MSTATUS_SUM | \
	 MSTATUS_MXR)

static u64 *in_run(unsigned int i)
{
	return (u64 *)((char *)guest.run + csrs[i].in_run);
}

/* The hart as the guest finds it; then all is changed. */
static void be_a_guest(void)
{
	u64 mstatus = model_read(CSR_MSTATUS);

	for (unsigned int i = 0; i < COUNT(csrs); i++) {
		expect(model_read(csrs[i].number), expected[i], "the guest's %s", csrs[i].name);
		model_write(csrs[i].number, any());
		expected[i] = model_read(csrs[i].number);
	}
	/* Page faults, access faults, illegal instructions and SBI calls are hmcode's. */
	expect(model_read(CSR_MEDELEG), 1 << 0 | 1 << 3 | 1 << 8, "medeleg");
	expect(model_read(CSR_MIDELEG), 0x222, "mideleg");
	expect(model_read(CSR_MCOUNTEREN), 3, "mcounteren");
	expect(model_read(CSR_MENVCFG) & ~(ENVCFG_STCE | ENVCFG_CBZE), 0, "menvcfg's other bits");
	expect(mstatus & (MSTATUS_TVM | MSTATUS_TSR | MSTATUS_MPRV), MSTATUS_TVM, "TVM, TSR, MPRV");
	expect(!!(mstatus & MSTATUS_TW), !!(guest.run->flags & HM_RUN_YIELD_WFI), "TW");
	expect(mstatus & SSTATUS, guest.run->sstatus & SSTATUS, "the guest's sstatus");
	expect(model_read(CSR_MEPC), guest.run->pc & ~1ull, "the guest's pc");
	model_write(CSR_SSTATUS, any());
	guest_trap(CAUSE_SUPERVISOR_ECALL + 2, 0); /* nothing of a guest's: an exit */
}

struct sbi_trap_context *__wrap_sbi_trap_handler(struct sbi_trap_context *context);

/* What OpenSBI changes for the host world, by its calls of FWFT for example. */
static void change_m_mode(void)
{
	model_write(CSR_MEDELEG, any());
	model_write(CSR_MENVCFG, any() | ENVCFG_STCE);
}

static void trap_to_opensbi(void (*what)(void))
{
	struct sbi_trap_context context = { .trap.cause = CAUSE_SUPERVISOR_ECALL };

	machine.opensbi = what;
	__wrap_sbi_trap_handler(&context);
	machine.opensbi = NULL;
}

/* A host in bare mode, whose interrupts would not come before the guest. */
static void be_a_host(void)
{
	trap_to_opensbi(change_m_mode);
	for (unsigned int i = 0; i < COUNT(csrs); i++) {
		model_write(csrs[i].number, csrs[i].number == CSR_SIE ? 0 : any());
		*in_run(i) = any();
	}
	guest.run->sstatus = any();
	guest.run->pc = any();
	guest.run->priv = any() & 1;
	guest.run->sip = any();
	guest.run->flags = any() & (HM_RUN_YIELD_WFI | HM_RUN_SEIP);
	model_write(CSR_SSTATUS, any());
	model_write(CSR_MCOUNTEREN, any());
	machine.hart->host_mcounteren = model_read(CSR_MCOUNTEREN);
	model_write(CSR_MTVEC, any());
	model.csr[CSR_MSTATUS] |= any() & (MSTATUS_MPIE | MSTATUS_TW | MSTATUS_TSR | MSTATUS_TVM);
	model_write(CSR_MEPC, 0x1000);
}

/* What the CSRs make of the page's values is what the guest is to find. */
static void note_worlds(void)
{
	for (unsigned int i = 0; i < COUNT(csrs); i++) {
		u64 host = model_read(csrs[i].number);

		before[i] = host;
		model_write(csrs[i].number, *in_run(i));
		expected[i] = model_read(csrs[i].number);
		model_write(csrs[i].number, host);
	}
	for (unsigned int i = 0; i < COUNT(of_m_mode); i++)
		before_m[i] = model_read(of_m_mode[i]);
}

static void each_world_has_its_own_registers(void **state)
{
	(void)state;
	seed = 0x123456789abcdef;
	for (unsigned int round = 0; round < 500; round++) {
		u64 sstatus;

		be_a_host();
		note_worlds();
		sstatus = model_read(CSR_SSTATUS);
		assert_int_equal(guest_run(be_a_guest), 0);
		for (unsigned int i = 0; i < COUNT(csrs); i++) {
			expect(model_read(csrs[i].number), before[i], "the host's %s, round %u",
			       csrs[i].name, round);
			expect(*in_run(i), expected[i], "the guest's %s in its page, round %u",
			       csrs[i].name, round);
		}
		for (unsigned int i = 0; i < COUNT(of_m_mode); i++)
			expect(model_read(of_m_mode[i]), before_m[i], "CSR %#x, round %u",
			       of_m_mode[i], round);
		expect(model_read(CSR_SSTATUS), sstatus, "the host's sstatus, round %u", round);
		expect(model_read(CSR_MEPC), 0x1004, "the host's pc, round %u", round);
	}
}

/* ---- CSRs that the host lends: docs/abi.md, flags ---- */

/* What of csrs[] a host can lend, and what of that is a trap's. */
static bool is_lent(u32 csr)
{
	return csr != CSR_STVEC && csr != CSR_STIMECMP && csr != CSR_SIE;
}

static bool is_traps(u32 csr)
{
	return csr == CSR_SEPC || csr == CSR_SCAUSE || csr == CSR_STVAL;
}

/* What the guest is to find, and what it leaves. */
static u64 found[COUNT(csrs)];

static void look_and_change(void)
{
	for (unsigned int i = 0; i < COUNT(csrs); i++) {
		expect(model_read(csrs[i].number), found[i], "the guest's %s", csrs[i].name);
		model_write(csrs[i].number, any());
		found[i] = model_read(csrs[i].number);
	}
	expect(model_read(CSR_MEDELEG), 1 << 0 | 1 << 3 | 1 << 8, "medeleg");
	expect(model_read(CSR_MCOUNTEREN), 3, "mcounteren");
	expect(model_read(CSR_MENVCFG) & ~(ENVCFG_STCE | ENVCFG_CBZE), 0, "menvcfg's other bits");
	guest_trap(CAUSE_SUPERVISOR_ECALL + 2, 0);
}

/* Does an entry with these flags take it from the page, though the hart has the vCPU's own? */
static bool is_news(u32 csr, u64 flags)
{
	if (!is_lent(csr) || flags & HM_RUN_NEW_CSRS)
		return true;
	return flags & HM_RUN_NEW_TRAP && is_traps(csr);
}

/* The page says something else; the guest will find what of that counts. */
static void change_the_page(u64 flags)
{
	for (unsigned int i = 0; i < COUNT(csrs); i++) {
		u64 host = model_read(csrs[i].number);

		*in_run(i) = any();
		if (!is_news(csrs[i].number, flags))
			continue;
		model_write(csrs[i].number, *in_run(i));
		found[i] = model_read(csrs[i].number);
		model_write(csrs[i].number, host);
	}
	guest.run->flags = flags;
}

static void run_as_prepared(void)
{
	bool lends = guest.run->flags & HM_RUN_LENDS_CSRS;
	u64 own[COUNT(csrs)];

	for (unsigned int i = 0; i < COUNT(csrs); i++) {
		if (csrs[i].number != CSR_SIE && !is_lent(csrs[i].number))
			model_write(csrs[i].number, any());
		own[i] = model_read(csrs[i].number);
	}
	assert_int_equal(guest_run(look_and_change), 0);
	expect(guest.run->flags, lends ? HM_RUN_LENDS_CSRS : 0, "flags that stay");
	for (unsigned int i = 0; i < COUNT(csrs); i++) {
		bool lent = lends && is_lent(csrs[i].number);

		if (!lent)
			expect(*in_run(i), found[i], "the guest's %s in its page", csrs[i].name);
		expect(model_read(csrs[i].number), lent ? found[i] : own[i], "%s after the call",
		       csrs[i].name);
	}
}

static void run_after_a_change(u64 flags)
{
	change_the_page(flags);
	run_as_prepared();
}

/* OpenSBI finds what the guest left in its page, and M-mode's CSRs as the host's. */
static void look_at_the_page(void)
{
	for (unsigned int i = 0; i < COUNT(csrs); i++)
		if (!is_news(csrs[i].number, guest.run->flags))
			expect(*in_run(i), found[i], "the guest's %s in its page", csrs[i].name);
	for (unsigned int i = 0; i < COUNT(of_m_mode); i++)
		if (of_m_mode[i] != CSR_MTVEC)
			expect(model_read(of_m_mode[i]), before_m[i], "CSR %#x", of_m_mode[i]);
}

static void lending_setup(void)
{
	model_write(CSR_SIE, 0);
	trap_to_opensbi(change_m_mode);
	model_write(CSR_MTVEC, 0x8000);
	for (unsigned int i = 0; i < COUNT(of_m_mode); i++)
		before_m[i] = model_read(of_m_mode[i]);
	run_after_a_change(HM_RUN_LENDS_CSRS | HM_RUN_NEW_CSRS); /* nobody has had them before */
}

static void lent_csrs_stay_the_guests(void **state)
{
	static const u64 news[] = { 0, HM_RUN_NEW_TRAP, HM_RUN_NEW_CSRS,
				    HM_RUN_NEW_TRAP | HM_RUN_NEW_CSRS };

	(void)state;
	seed = 7;
	lending_setup();
	for (unsigned int round = 0; round < 100; round++)
		run_after_a_change(HM_RUN_LENDS_CSRS | news[round % COUNT(news)]);
}

/* Any trap of the host world that is no such entry: OpenSBI finds its own, and the page is whole. */
static void opensbi_ends_the_lending(void **state)
{
	static const u64 news[] = { 0, HM_RUN_NEW_TRAP, HM_RUN_NEW_CSRS };

	(void)state;
	seed = 9;
	lending_setup();
	for (unsigned int round = 0; round < 30; round++) {
		u64 flags = HM_RUN_LENDS_CSRS | news[round % COUNT(news)];

		change_the_page(flags);
		trap_to_opensbi(look_at_the_page);
		run_as_prepared();
	}
	trap_to_opensbi(change_m_mode);
	for (unsigned int i = 0; i < COUNT(of_m_mode); i++)
		before_m[i] = model_read(of_m_mode[i]);
	run_as_prepared();
	trap_to_opensbi(look_at_the_page);
}

static void be_another(void)
{
	for (unsigned int i = 0; i < COUNT(csrs); i++)
		model_write(csrs[i].number, any());
	guest_trap(CAUSE_SUPERVISOR_ECALL + 2, 0);
}

static void lent_csrs_of_others_are_not_found(void **state)
{
	u64 second = make_vcpu(guest.vm);

	(void)state;
	seed = 8;
	lending_setup();
	/* another vCPU in between, whose host lends as well, or does not */
	for (u64 flags = 0; flags <= HM_RUN_LENDS_CSRS; flags += HM_RUN_LENDS_CSRS) {
		run_page(second)->flags = flags;
		machine.guest = be_another;
		assert_int_equal(host_run(second), 0);
		run_as_prepared();
	}
	/* a host that lends no more, with and without news, and again */
	guest.run->flags = 0;
	run_as_prepared();
	for (u64 news = HM_RUN_NEW_TRAP; news <= HM_RUN_NEW_CSRS; news <<= 1) {
		run_after_a_change(HM_RUN_LENDS_CSRS | HM_RUN_NEW_CSRS);
		run_after_a_change(news);
	}
	run_after_a_change(HM_RUN_NEW_CSRS);
	run_after_a_change(HM_RUN_LENDS_CSRS | HM_RUN_NEW_CSRS);
}

/* ---- FP registers, translations, reservations ---- */

static u64 others_register;

static void use_fp(void)
{
	for (unsigned int i = 0; i < 32; i++) {
		expect(model.f[i], others_register, "f%u as the guest left it", i);
		model.f[i]++;
	}
	expect(model.reservations > 0, true, "reservations broken at the entry");
}

static void fp_registers_stay_with_their_vcpu(void **state)
{
	u64 second = make_vcpu(guest.vm);

	(void)state;
	machine.guest = use_fp;
	for (others_register = 0; others_register < 3; others_register++) {
		model_forget_fences();
		assert_int_equal(host_run(guest.number), 0);
		expect(model.fences_of[FENCE_ALL] > 0, true,
		       "a fence of everything for another vCPU");
		model_forget_fences();
		assert_int_equal(host_run(second), 0);
		expect(model.fences_of[FENCE_ALL] > 0, true,
		       "a fence of everything for another vCPU");
	}
	model_forget_fences();
	assert_int_equal(host_run(second), 0);
	expect(model.fences_of[FENCE_ALL], 0,
	       "fences of everything for the same vCPU in bare mode of both");
}

/* A paged host's global entries would match the guest's addresses, and the guest's the host's. */
static void forget(void)
{
	expect(model.fences_of[FENCE_ALL] > 0, true, "fences before the guest of a paged host");
	expect(satp_asid(model_read(CSR_SATP)) != 0, true, "an ASID that is not the host's");
	model_forget_fences();
}

static void a_paged_host_is_fenced_both_ways(void **state)
{
	u64 satp = (u64)SATP_SV39 << SATP_MODE_SHIFT | RAM_BASE >> PAGE_SHIFT;

	(void)state;
	assert_int_equal(guest_run(NULL), 0);
	model_write(CSR_SATP, satp);
	model_forget_fences();
	assert_int_equal(guest_run(forget), 0);
	expect(model.fences_of[FENCE_ALL] > 0, true, "fences before the paged host");
	expect(model_read(CSR_SATP), satp, "the host's satp");
}

/* ASIDs: that of a generation which is over may be another root's by now. */
static u64 entered_asid;

static void note_the_asid(void)
{
	entered_asid = satp_asid(model_read(CSR_SATP));
}

static void an_asid_is_of_its_generation(void **state)
{
	u64 first;

	(void)state;
	assert_int_equal(guest_run(note_the_asid), 0);
	first = entered_asid;
	assert_int_equal(guest_run(note_the_asid), 0);
	expect(entered_asid, first, "the ASID of the same generation");
	machine.hart->asid_generation++;
	assert_int_equal(guest_run(note_the_asid), 0);
	expect(entered_asid == first, false, "the ASID of the generation before is used");
	expect(guest.vcpu->space.current->asid_generation, machine.hart->asid_generation,
	       "the root's generation");
}

static void look_for_the_fence(void)
{
	expect(model.fences_of[FENCE_ALL] > 0, true, "a fence before the guest");
	expect(satp_asid(model_read(CSR_SATP)), 0, "its ASID");
}

static void a_hart_without_asids_is_fenced_at_each_entry(void **state)
{
	(void)state;
	machine.hart->asid_limit = 0;
	for (unsigned int i = 0; i < 3; i++) {
		model_forget_fences();
		assert_int_equal(guest_run(look_for_the_fence), 0);
	}
}

/* ---- what the host asks for ---- */

static bool ran;

static void note_that_it_ran(void)
{
	ran = true;
}

static long run_with(void)
{
	ran = false;
	return guest_run(note_that_it_ran);
}

static void entries_that_make_no_sense(void **state)
{
	static const u64 privs[] = { 2, 3, 4, 1ull << 32, ~0ull },
			 lengths[] = { 0, 1, 3, 5, 6, 8, ~0ull };

	(void)state;
	for (unsigned int i = 0; i < COUNT(privs); i++) {
		guest.run->priv = privs[i];
		expect(run_with(), SBI_ERR_INVALID_PARAM, "privilege %#lx", privs[i]);
		expect(ran, false, "a guest of privilege %#lx ran", privs[i]);
	}
	guest.run->priv = PRV_S;
	for (unsigned int i = 0; i < COUNT(lengths); i++) {
		guest.run->flags = HM_RUN_ADVANCE;
		guest.run->exit_insn_len = lengths[i];
		expect(run_with(), SBI_ERR_INVALID_PARAM, "stepping over %#lx bytes", lengths[i]);
		expect(ran, false, "a guest that steps over %#lx bytes ran", lengths[i]);
	}
}

/* docs/abi.md, policy: no table is filled by both sides, and only fences that exit are logged. */
static bool is_policy(u64 policy)
{
	bool tables = policy & HM_POLICY_HOST_TABLES, logs = policy & HM_POLICY_LOG_FENCES;

	if (policy &
	    ~(u64)(HM_POLICY_ALL | HM_POLICY_HOST_TABLES | HM_POLICY_LOG_FENCES | HM_POLICY_SET_AD))
		return false;
	return !(tables && policy & HM_POLICY_FILL) &&
	       !(logs && !(tables && !(policy & HM_POLICY_FLUSH)));
}

static void all_policies(void **state)
{
	(void)state;
	for (u64 policy = 0; policy < 4096; policy++) {
		u64 wanted = policy & 2047 ? policy : policy << 30;

		guest.run->policy = wanted;
		guest.run->root = 0;
		/* Tables of the host need a root, and there is none. */
		expect(run_with(),
		       is_policy(wanted) && !(wanted & HM_POLICY_HOST_TABLES) ?
			       0 :
			       SBI_ERR_INVALID_PARAM,
		       "policy %#lx", wanted);
	}
}

/* The page changes as soon as it was read: what was checked is what is used. */
static u64 wanted_pc;

static void look_at_the_entry(void)
{
	ran = true;
	expect(guest.vcpu->policy, HM_POLICY_ALL, "the policy");
	expect(guest.vcpu->slice_end, 12345, "the end of the slice");
	expect(model_read(CSR_MEPC), wanted_pc, "the guest's pc");
	expect(model.priv, PRV_U, "the guest's privilege");
	expect(satp_mode(model_read(CSR_SATP)) >= SATP_SV39, true, "the hart's satp");
}

static void a_page_that_changes_meanwhile(void **state)
{
	static const u64 writes[] = { 0, 1, 2, HM_ROOTS, 0x5a5a5a5a5a5a5a5a, ~0ull };

	(void)state;
	for (unsigned int i = 0; i < COUNT(writes); i++) {
		guest.run->policy = HM_POLICY_ALL;
		guest.run->slice_end = 12345;
		guest.run->flags = HM_RUN_ADVANCE | HM_RUN_FENCE_VMA | HM_RUN_FILL;
		guest.run->exit_insn_len = 4;
		guest.run->pc = 0x1000;
		guest.run->priv = PRV_U;
		guest.run->satp = guest_satp(i);
		wanted_pc = 0x1004;
		machine.hostile_from = (u64)guest.run;
		machine.hostile_to = (u64)guest.run + PAGE_SIZE;
		machine.written = writes[i];
		machine.reads = 0;
		ran = false;
		expect(guest_run(look_at_the_entry), 0, "an entry, %#lx written", writes[i]);
		expect(ran, true, "the guest ran, %#lx written", writes[i]);
		expect(machine.reads > 8, true, "reads of the page");
		machine.hostile_to = 0;
	}
}

/* Roots of the host's: the hart walks what was checked, or the guest does not run. */
static u64 root_satp;

static void look_at_the_root(void)
{
	u64 satp = model_read(CSR_SATP), mask = 0xfull << SATP_MODE_SHIFT | SATP_PPN_MASK;

	ran = true;
	expect(satp & mask, root_satp & mask, "the root that the hart walks");
	expect(satp_asid(satp) != 0, true, "its ASID");
}

/* A host's root that changes once it was read. */
static void a_root_that_changes_meanwhile(void **state)
{
	(void)state;
	guest.run->policy = HM_POLICY_HOST_TABLES;
	guest.run->roots[3].gsatp = guest_satp(1);
	guest.run->roots[3].root = root_satp = (u64)SATP_SV39 << SATP_MODE_SHIFT | 0x1234;
	guest.run->roots_new = 1 << 3;
	guest.run->root = 3;
	machine.hostile_from = (u64)guest.run;
	machine.hostile_to = (u64)guest.run + PAGE_SIZE;
	machine.written = ~0ull;
	ran = false;
	expect(guest_run(look_at_the_root), 0, "an entry");
	expect(ran, true, "the guest ran");
	machine.hostile_to = 0;
}

static bool has_mode(u64 satp)
{
	return satp_mode(satp) >= SATP_SV39 && satp_mode(satp) <= SATP_SV57;
}

static bool is_legal(u64 gsatp)
{
	return gsatp == 0 || has_mode(gsatp);
}

static void roots_of_the_host(void **state)
{
	(void)state;
	seed = 42;
	guest.run->policy = HM_POLICY_HOST_TABLES;
	for (unsigned int round = 0; round < 2000; round++) {
		unsigned int n = any() % HM_ROOTS;
		u64 number = any() & 3 ? n : any() >> (any() & 63);
		struct hm_root *root = &guest.run->roots[n];
		bool sound;

		root->gsatp = any() & 1 ? any() : any() >> 4 | (u64)SATP_SV39 << SATP_MODE_SHIFT;
		root->root = any() & 1 ? any() : any() >> 4 | (u64)SATP_SV39 << SATP_MODE_SHIFT;
		root->generation = any();
		guest.run->roots_new = 1ull << n;
		guest.run->root = number;
		guest.run->hw_fence = any();
		root_satp = root->root;
		sound = has_mode(root->root) && is_legal(root->gsatp);
		ran = false;
		if (number == n)
			expect(guest_run(look_at_the_root), sound ? 0 : SBI_ERR_INVALID_PARAM,
			       "root %#lx of satp %#lx", root->root, root->gsatp);
		else if (number >= HM_ROOTS)
			expect(guest_run(look_at_the_root), SBI_ERR_INVALID_PARAM,
			       "root number %#lx", number);
		expect(ran, number == n && sound, "the guest of root %#lx, number %#lx ran",
		       root->root, number);
		root->root = 0;
		guest.run->roots_new = 1ull << n;
	}
}

/* ---- interrupts ---- */

static void an_interrupt_of_the_host_comes_first(void **state)
{
	(void)state;
	model_write(CSR_SIE, MIP_SSIP);
	model_write(CSR_MIP, MIP_SSIP);
	assert_int_equal(run_with(), 0);
	expect(ran, false, "the guest ran");
	expect(guest.run->exit_reason, HM_EXIT_INTERRUPT, "the exit");
	model_write(CSR_SIE, 0);
	assert_int_equal(run_with(), 0);
	expect(ran, true, "the guest ran once the host closed its interrupt");
	expect(model_read(CSR_MIP) & MIP_SSIP, MIP_SSIP, "the host's SSIP");
}

static void take_an_external_interrupt(void)
{
	expect(model_read(CSR_SIP) & MIP_SEIP, 0, "the guest's SEIP");
	model.lines = MIP_MEIP;
	assert_int_equal(guest_trap(MCAUSE_IRQ_MASK | IRQ_M_EXT, 0), HM_EXIT);
	expect(guest.run->exit_reason, HM_EXIT_INTERRUPT, "the exit");
}

static void an_external_interrupt_is_the_hosts(void **state)
{
	(void)state;
	assert_int_equal(guest_run(take_an_external_interrupt), 0);
	expect(model_read(CSR_MIP) & MIP_SEIP, MIP_SEIP, "the host's SEIP");
	expect(model_read(CSR_MIE) & MIP_MEIP, 0, "MEIE until it is done");
	assert_int_equal(CALL(HM_FID_EXT_IRQ_DONE, 0), 0);
	expect(model_read(CSR_MIP) & MIP_SEIP, 0, "SEIP when it is done");
	expect(model_read(CSR_MIE) & MIP_MEIP, MIP_MEIP, "MEIE when it is done");
}

/* OpenSBI raises SSIP for the host, while SSIP is the guest's. */
static void ring_the_host(void)
{
	model_change(CSR_MIP, 0, MIP_SSIP);
}

static void take_an_ipi(void)
{
	model_write(CSR_SIP, 0);
	model.lines = MIP_MSIP;
	assert_int_equal(guest_trap(MCAUSE_IRQ_MASK | IRQ_M_SOFT, 0), HM_EXIT);
	expect(model_read(CSR_SIP) & MIP_SSIP, 0, "the guest's SSIP");
}

static void an_ipi_of_the_hosts_is_not_the_guests(void **state)
{
	(void)state;
	machine.ipi = ring_the_host;
	assert_int_equal(guest_run(take_an_ipi), 0);
	expect(guest.run->sip & MIP_SSIP, 0, "the guest's SSIP in its page");
	expect(model_read(CSR_MIP) & MIP_SSIP, MIP_SSIP, "the host's SSIP");
}

static void see_no_ipi(void)
{
	expect(model_read(CSR_SIP) & MIP_SSIP, 0, "the guest's SSIP");
}

static void an_ipi_that_the_host_keeps_off_waits_for_it(void **state)
{
	(void)state;
	model_write(CSR_SIE, 0);
	model_change(CSR_MIP, 0, MIP_SSIP);
	assert_int_equal(guest_run(see_no_ipi), 0);
	expect(model_read(CSR_MIP) & MIP_SSIP, MIP_SSIP, "the host's SSIP");
}

static void let_the_slice_end(void)
{
	expect(machine.timer, 500, "the machine's timer");
	model.time = 499;
	model.lines = MIP_MTIP;
	assert_int_equal(guest_trap(MCAUSE_IRQ_MASK | IRQ_M_TIMER, 0), HM_RESUME);
	model.time = 500;
	assert_int_equal(guest_trap(MCAUSE_IRQ_MASK | IRQ_M_TIMER, 0), HM_EXIT);
	model.lines = 0;
}

static void a_slice_ends_when_it_is_due(void **state)
{
	(void)state;
	guest.run->slice_end = 500;
	model_write(CSR_STIMECMP, 600); /* the host's, later */
	model_write(CSR_SIE, MIP_STIP);
	assert_int_equal(guest_run(let_the_slice_end), 0);
}

/* ---- the host world's hooks ---- */

int __wrap_sbi_pmu_ctr_start(unsigned long base, unsigned long mask, unsigned long flags,
			     uint64_t value);
int __wrap_sbi_pmu_ctr_stop(unsigned long base, unsigned long mask, unsigned long flags);

static void traps_of_the_host_are_opensbis_but_for_external_interrupts(void **state)
{
	struct sbi_trap_context context = { .trap.cause = MCAUSE_IRQ_MASK | IRQ_M_EXT };
	u64 vector = 0x8000;

	(void)state;
	model_write(CSR_MTVEC, vector);
	__wrap_sbi_trap_handler(&context);
	expect(machine.traps_of_opensbi, 0, "OpenSBI's traps");
	expect(model_read(CSR_MIP) & MIP_SEIP, MIP_SEIP, "SEIP");
	expect(model_read(CSR_MIE) & MIP_MEIP, 0, "MEIE");
	for (u64 cause = 0; cause < 16; cause++) {
		context.trap.cause = cause;
		__wrap_sbi_trap_handler(&context);
	}
	expect(machine.traps_of_opensbi, 16, "OpenSBI's traps");
	expect(model_read(CSR_MTVEC), vector, "mtvec");
}

static void the_counters_go_on_when_a_kernel_stops_them(void **state)
{
	(void)state;
	__wrap_sbi_pmu_ctr_stop(0, 0x7ffff, 0);
	expect(model_read(CSR_MCOUNTINHIBIT) & 5, 0, "mcycle and minstret are stopped");
	expect(model_read(CSR_MCYCLECFG), 0, "mcyclecfg");
	expect(model_read(CSR_MINSTRETCFG), 1ull << 62,
	       "minstretcfg: what M-mode runs is left out");
	expect(model_read(CSR_MHPMEVENT18), HART_RETIRED_EVENT, "mhpmevent18");
	expect(model_read(CSR_MCOUNTINHIBIT) >> 18 & 1, 0, "mhpmcounter18 is stopped");
}

#define SECOND 1000000000ull

static void execute_and_wait(void)
{
	model.csr[CSR_MHPMCOUNTER18] += 5000;
	model.csr[CSR_MCYCLE] += 5000 + SECOND;
	guest_trap(CAUSE_SUPERVISOR_ECALL + 2, 0); /* nothing of a guest's: an exit */
}

static u64 total_of_an_exit(void)
{
	guest.run->flags = HM_RUN_RESET_STATS;
	assert_int_equal(guest_run(execute_and_wait), 0);
	return guest.vcpu->total - guest.vcpu->total_base;
}

/* The firmware's own come on top.  Where only cycles are counted, the second does as well. */
static void a_guest_that_waits_executes_nothing(void **state)
{
	u64 total = total_of_an_exit();

	(void)state;
	expect(total / 1000, 5, "thousands of instructions");
	machine.hart->retired = false;
	total = total_of_an_exit();
	expect((total - SECOND) / 1000, 5, "thousands of cycles beyond a second");
	machine.hart->retired = true;
}

/* What the firmware measures natively is what was counted, whatever a kernel starts from. */
static void a_counter_begins_where_a_kernel_has_it_begin(void **state)
{
	(void)state;
	model.step = 0;
	model.csr[CSR_MCYCLE] = 7000;
	model.csr[CSR_MINSTRET] = 300;
	expect(__wrap_sbi_pmu_ctr_start(0, 1, 1, 50), 0, "starting mcycle");
	expect(model.csr[CSR_MCYCLE], 50, "mcycle");
	expect(model.csr[CSR_MCYCLE] - machine.hart->moved_all, 7000, "what is measured");
	expect(__wrap_sbi_pmu_ctr_start(2, 1, 1, ~0ull), 0, "starting minstret");
	expect(model.csr[CSR_MINSTRET], ~0ull, "minstret");
	expect(model.csr[CSR_MINSTRET] - machine.hart->moved_below, 300, "what is measured");
	expect(machine.hart->moved_all, 50 - 7000, "mcycle has moved no further");
	machine.hart->has_run = true;
	__wrap_sbi_pmu_ctr_start(0, 1, 1, 9);
	expect(model.csr[CSR_MCYCLE], 50, "mcycle of a hart with vCPUs");
	machine.hart->has_run = false;
}

int main(void)
{
#define FACT(name) cmocka_unit_test_setup_teardown(name, guest_begin, machine_end)
	static const struct CMUnitTest tests[] = {
		FACT(a_counter_begins_where_a_kernel_has_it_begin),
		FACT(each_world_has_its_own_registers),
		FACT(lent_csrs_stay_the_guests),
		FACT(opensbi_ends_the_lending),
		FACT(lent_csrs_of_others_are_not_found),
		FACT(fp_registers_stay_with_their_vcpu),
		FACT(a_paged_host_is_fenced_both_ways),
		FACT(an_asid_is_of_its_generation),
		FACT(a_hart_without_asids_is_fenced_at_each_entry),
		FACT(entries_that_make_no_sense),
		FACT(all_policies),
		FACT(a_page_that_changes_meanwhile),
		FACT(a_root_that_changes_meanwhile),
		FACT(roots_of_the_host),
		FACT(an_interrupt_of_the_host_comes_first),
		FACT(an_external_interrupt_is_the_hosts),
		FACT(an_ipi_of_the_hosts_is_not_the_guests),
		FACT(an_ipi_that_the_host_keeps_off_waits_for_it),
		FACT(a_slice_ends_when_it_is_due),
		FACT(traps_of_the_host_are_opensbis_but_for_external_interrupts),
		FACT(the_counters_go_on_when_a_kernel_stops_them),
		FACT(a_guest_that_waits_executes_nothing),
	};

	return cmocka_run_group_tests_name("the two worlds", tests, NULL, NULL);
}
