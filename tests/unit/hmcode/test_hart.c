// SPDX-License-Identifier: BSD-2-Clause
/* test_hart.c - the model hart itself: what its CSRs keep of a write (WARL fields). */
#include "test.h"

#include "hart.h"
#include "ssp/pte.h"

#define MPP(n)     ((u64)(n) << MSTATUS_MPP_SHIFT)
#define SATP(mode) ((u64)(mode) << SATP_MODE_SHIFT | 5)

/* Written to a CSR that held `before`, `value` is read back as `after`. */
static const struct {
	const char *what;
	u32 csr;
	u64 before, value, after;
} writes[] = {
	{ "mtvec has no reserved mode", CSR_MTVEC, 0, 0x1003, 0x1001 },
	{ "stvec has no reserved mode", CSR_STVEC, 0, 0x1002, 0x1000 },
	{ "sepc is even", CSR_SEPC, 0, 0x1001, 0x1000 },
	{ "mepc is even", CSR_MEPC, 0, ~0ull, ~1ull },
	{ "sscratch keeps all", CSR_SSCRATCH, 0, ~0ull, ~0ull },
	{ "an ecall of M-mode cannot be delegated", CSR_MEDELEG, 0, ~0ull, 0xb3ff },
	{ "interrupts of M-mode cannot be delegated", CSR_MIDELEG, 0, ~0ull, 0x222 },
	{ "mie has six interrupts", CSR_MIE, 0, ~0ull, 0xaaa },
	{ "lines are not written", CSR_MIP, 0, MIP_MSIP | MIP_MTIP | MIP_MEIP | MIP_SSIP,
	  MIP_SSIP },
	{ "satp takes Sv39", CSR_SATP, 0, SATP(8), SATP(8) },
	{ "a MODE that is not there changes nothing", CSR_SATP, SATP(8), SATP(3) | 7, SATP(8) },
	{ "bare mode is always there", CSR_SATP, SATP(8), 0, 0 },
	{ "scounteren has 32 bits", CSR_SCOUNTEREN, 0, ~0ull, 0xffffffff },
	{ "senvcfg has no STCE", CSR_SENVCFG, 0, ~0ull, 0xf1 },
	{ "a programmable counter keeps all", CSR_MHPMCOUNTER18, 0, ~0ull, ~0ull },
	{ "the cycle counter's inhibit bit of time is 0", CSR_MCOUNTINHIBIT, 0, ~0ull, 0xfffffffd },
};

static void each_write_keeps_what_is_legal(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(writes); i++) {
		model_reset();
		model_write(writes[i].csr, writes[i].before);
		model_write(writes[i].csr, writes[i].value);
		expect(model_read(writes[i].csr), writes[i].after, "%s", writes[i].what);
	}
}

static void mstatus_keeps_mpp_2_out_and_xlen_as_it_is(void **state)
{
	(void)state;
	model_reset();
	model_write(CSR_MSTATUS, MPP(1));
	model_write(CSR_MSTATUS, MPP(2) | MSTATUS_SUM);
	expect(model_read(CSR_MSTATUS), MPP(1) | MSTATUS_SUM | 0xaull << 32, "mstatus");
	model_write(CSR_MSTATUS, MSTATUS_FS);
	expect(model_read(CSR_MSTATUS) >> 63, 1, "SD");
}

static void views_show_what_is_delegated(void **state)
{
	(void)state;
	model_reset();
	model_write(CSR_MIDELEG, MIP_SSIP);
	model_write(CSR_MIE, MIP_SSIP | MIP_STIP | MIP_MTIP);
	expect(model_read(CSR_SIE), MIP_SSIP, "sie");
	model_write(CSR_SIE, 0);
	expect(model_read(CSR_MIE), MIP_STIP | MIP_MTIP, "mie after sie is cleared");
	model_write(CSR_MIP, MIP_SSIP | MIP_SEIP);
	expect(model_read(CSR_SIP), MIP_SSIP, "sip");
	model_write(CSR_SSTATUS, ~0ull);
	expect(model_read(CSR_MSTATUS) & (MSTATUS_MIE | MSTATUS_MPP | MSTATUS_TVM), 0,
	       "what is M-mode's alone");
}

static void stip_is_stimecmps_while_stce_is_set(void **state)
{
	(void)state;
	model_reset();
	model_write(CSR_MENVCFG, ENVCFG_STCE);
	model_write(CSR_STIMECMP, 100);
	model.time = 99;
	model_write(CSR_MIP, MIP_STIP);
	expect(model_read(CSR_MIP), 0, "before it is due");
	model.time = 100;
	expect(model_read(CSR_MIP), MIP_STIP, "when it is due");
}

static void the_line_of_seip_is_not_written_back(void **state)
{
	(void)state;
	model_reset();
	model.lines = MIP_SEIP;
	model_change(CSR_MIP, 0, MIP_SSIP);
	model.lines = 0;
	expect(model_read(CSR_MIP), MIP_SSIP, "once the line is low");
}

static void a_csr_that_is_not_there_is_told(void **state)
{
	struct sbi_trap_info trap = { 0 };

	(void)state;
	model_reset();
	model_read_allowed(0x5a8, &trap);
	expect(trap.cause, CAUSE_ILLEGAL_INSTRUCTION, "scontext");
	model_read_allowed(CSR_STIMECMP, &trap);
	expect(trap.cause, 0, "stimecmp with Sstc");
	model.sstc = false;
	model_read_allowed(CSR_STIMECMP, &trap);
	expect(trap.cause, CAUSE_ILLEGAL_INSTRUCTION, "stimecmp without Sstc");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_write_keeps_what_is_legal),
		cmocka_unit_test(mstatus_keeps_mpp_2_out_and_xlen_as_it_is),
		cmocka_unit_test(views_show_what_is_delegated),
		cmocka_unit_test(stip_is_stimecmps_while_stce_is_set),
		cmocka_unit_test(the_line_of_seip_is_not_written_back),
		cmocka_unit_test(a_csr_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests_name("the model hart", tests, NULL, NULL);
}
