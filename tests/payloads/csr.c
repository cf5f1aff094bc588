// SPDX-License-Identifier: BSD-2-Clause
/* Supervisor CSRs keep what they should, and privileged ones stay out of reach. */
#include "payload.h"

/* One function for each CSR access: the number is part of the instruction. */
#define READER(name, csr)                                         \
	static uint64_t read_##name(uint64_t a, uint64_t b)       \
	{                                                         \
		uint64_t value;                                   \
		(void)a, (void)b;                                 \
		__asm__ volatile("csrr %0, " #csr : "=r"(value)); \
		return value;                                     \
	}
#define WRITER(name, csr)                                       \
	static uint64_t write_##name(uint64_t a, uint64_t b)    \
	{                                                       \
		(void)b;                                        \
		__asm__ volatile("csrw " #csr ", %0" ::"r"(a)); \
		return 0;                                       \
	}

READER(mstatus, 0x300)
READER(mhartid, 0xf14)
READER(medeleg, 0x302)
READER(mtvec, 0x305)
READER(pmpcfg0, 0x3a0)
READER(mcycle, 0xb00)
READER(hstatus, 0x600)
READER(hgatp, 0x680)
READER(vsatp, 0x280)
READER(custom_s, 0x5c0)
READER(custom_m, 0x7c0)
READER(debug, 0x7b0)
READER(unknown, 0x1ff)
READER(menvcfg, 0x30a)
READER(mark, 0x8e0)
WRITER(mstatus, 0x300)
WRITER(cycle, 0xc00)
WRITER(mtvec, 0x305)
WRITER(pmpaddr0, 0x3b0)

static uint64_t do_mret(uint64_t a, uint64_t b)
{
	(void)a, (void)b;
	__asm__ volatile("mret");
	return 0;
}

static uint64_t do_zeros(uint64_t a, uint64_t b)
{
	(void)a, (void)b;
	__asm__ volatile(".word 0");
	return 0;
}

static uint64_t do_breakpoint(uint64_t a, uint64_t b)
{
	(void)a, (void)b;
	__asm__ volatile(".option push\n.option norvc\nebreak\n.option pop");
	return 0;
}

static const struct {
	attempt_fn access;
	const char *what;
} forbidden[] = {
	{ read_mstatus, "reading mstatus" },
	{ write_mstatus, "writing mstatus" },
	{ read_mhartid, "reading mhartid" },
	{ read_medeleg, "reading medeleg" },
	{ read_mtvec, "reading mtvec" },
	{ write_mtvec, "writing mtvec" },
	{ read_pmpcfg0, "reading pmpcfg0" },
	{ write_pmpaddr0, "writing pmpaddr0" },
	{ read_mcycle, "reading mcycle" },
	{ read_hstatus, "reading hstatus" },
	{ read_hgatp, "reading hgatp" },
	{ read_vsatp, "reading vsatp" },
	{ read_custom_s, "reading a custom supervisor CSR" },
	{ read_custom_m, "reading a custom machine CSR" },
	{ read_debug, "reading dcsr" },
	{ read_unknown, "reading a CSR that does not exist" },
	{ read_menvcfg, "reading menvcfg" },
	{ read_mark, "reading the marker's number" },
	{ write_cycle, "writing cycle" },
	{ do_mret, "mret" },
	{ do_zeros, "an instruction of zeros" },
};

static void illegal_accesses(void)
{
	for (unsigned int i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		fact_equal(attempt(forbidden[i].access, 0, 0).cause, CAUSE_ILLEGAL,
			   forbidden[i].what);
}

/* stval is the instruction, or zero where the hart does not tell. */
static void illegal_value(void)
{
	struct outcome o = attempt(read_mhartid, 0, 0);
	uint32_t insn = *(volatile uint16_t *)o.epc | *(volatile uint16_t *)(o.epc + 2) << 16;

	fact(o.tval == insn || o.tval == 0, "stval holds the illegal instruction");
	o = attempt(do_breakpoint, 0, 0);
	fact_equal(o.cause, CAUSE_BREAKPOINT, "ebreak");
	fact(o.tval == o.epc || o.tval == 0, "stval of ebreak");
}

static void values_kept(void)
{
	uint64_t stvec = csr_read(stvec), scratch = csr_read(sscratch);

	csr_write(sscratch, 0x123456789abcdef0);
	fact_equal(csr_read(sscratch), 0x123456789abcdef0, "sscratch keeps all bits");
	csr_write(sscratch, scratch);
	csr_write(sepc, 0xffffffff80001002);
	fact_equal(csr_read(sepc), 0xffffffff80001002, "sepc keeps an address of the upper half");
	csr_write(scause, 13);
	fact_equal(csr_read(scause), 13, "scause");
	csr_write(stval, ~0ul);
	fact_equal(csr_read(stval), ~0ul, "stval keeps all bits");
	csr_write(stvec, (stvec & ~3ul) | 1);
	fact_equal(csr_read(stvec), (stvec & ~3ul) | 1, "stvec in vectored mode");
	csr_write(stvec, stvec);
	csr_write(scounteren, 0x7);
	fact_equal(csr_read(scounteren) & 0x7, 0x7, "scounteren");
}

static void sstatus_fields(void)
{
	static const uint64_t fields[] = { SSTATUS_SPIE, SSTATUS_SPP, SSTATUS_SUM, SSTATUS_MXR,
					   SSTATUS_FS };
	uint64_t before = csr_read(sstatus), kept = 0;

	for (unsigned int i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		csr_set(sstatus, fields[i]);
		kept += (csr_read(sstatus) & fields[i]) == fields[i];
		csr_clear(sstatus, fields[i]);
		kept += (csr_read(sstatus) & fields[i]) == 0;
	}
	fact_equal(kept, 10, "SPIE, SPP, SUM, MXR and FS can be set and cleared");
	csr_set(sstatus, SSTATUS_FS);
	fact(csr_read(sstatus) >> 63, "SD summarizes a dirty FS");
	csr_clear(sstatus, SSTATUS_FS);
	csr_set(sstatus, 0x3ul << 11 | 1ul << 17 | 1ul << 20 | 1ul << 22);
	fact_equal(csr_read(sstatus) & (0x3ul << 11 | 1ul << 17 | 1ul << 20 | 1ul << 22), 0,
		   "MPP, MPRV, TVM and TSR are not in sstatus");
	fact_equal(csr_read(sstatus) >> 32 & 3, 2, "UXL is 64 bits");
	csr_write(sstatus, before);
}

static void interrupt_registers(void)
{
	csr_write(sie, ~0ul);
	fact_equal(csr_read(sie) & 0xfff, 0x222, "sie has the three supervisor interrupts");
	csr_write(sie, 0);
	csr_set(sip, 1ul << IRQ_SOFT);
	fact(csr_read(sip) & 1ul << IRQ_SOFT, "sip.SSIP can be set");
	csr_clear(sip, 1ul << IRQ_SOFT);
	fact(!(csr_read(sip) & 1ul << IRQ_SOFT), "and cleared");
	csr_set(sip, 1ul << IRQ_EXTERNAL);
	fact(!(csr_read(sip) & 1ul << IRQ_EXTERNAL), "sip.SEIP cannot");
}

static void user_mode(const struct mode *mode)
{
	uint64_t root = root_new(mode);

	map_user_code(mode, root);
	satp_load(mode, root, 0);
	fence_all();
	fact_equal(attempt_user(USER(user_return), 0, 0).cause, CAUSE_USER_ECALL, "a system call");
	fact_equal(attempt_user(USER(user_ebreak), 0, 0).cause, CAUSE_BREAKPOINT,
		   "a user's ebreak");
	fact_equal(attempt_user(USER(user_read_sscratch), 0, 0).cause, CAUSE_ILLEGAL,
		   "a user reads sscratch");
	fact_equal(attempt_user(USER(user_sfence), 0, 0).cause, CAUSE_ILLEGAL, "a user fences");
	fact_equal(attempt_user(USER(user_sret), 0, 0).cause, CAUSE_ILLEGAL, "a user's sret");
	fact_equal(attempt_user(USER(user_wfi), 0, 0).cause, CAUSE_ILLEGAL, "a user's wfi");
	csr_write(scounteren, 0);
	fact_equal(attempt_user(USER(user_read_cycle), 0, 0).cause, CAUSE_ILLEGAL,
		   "cycle without scounteren.CY");
	fact_equal(attempt_user(USER(user_read_time), 0, 0).cause, CAUSE_ILLEGAL,
		   "time without scounteren.TM");
	csr_write(scounteren, 2);
	fact_equal(attempt_user(USER(user_read_time), 0, 0).cause, CAUSE_USER_ECALL,
		   "time with scounteren.TM");
	csr_write(satp, 0);
}

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();

	(void)hart;
	illegal_accesses();
	illegal_value();
	values_kept();
	sstatus_fields();
	interrupt_registers();
	user_mode(mode);
}
