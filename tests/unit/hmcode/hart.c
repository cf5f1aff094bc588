// SPDX-License-Identifier: BSD-2-Clause
/*
 * hart.c - CSRs as the privileged specification has them: which bits can be written, which are
 * others' views, which values are refused.  A CSR that is not in the table, or that the hart lacks,
 * ends the test: on a hart the access traps.
 */
#include "test.h"

#include "hart.h"
#include "ssp/geometry.h"
#include "ssp/pte.h"

struct model_hart model;

#define S_INTERRUPTS (MIP_SSIP | MIP_STIP | MIP_SEIP)
#define M_INTERRUPTS (MIP_MSIP | MIP_MTIP | MIP_MEIP)
#define SSTATUS                                                                             \
	(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_VS | MSTATUS_FS | MSTATUS_SUM | \
	 MSTATUS_MXR)
#define MSTATUS                                                                            \
	(SSTATUS | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TVM | \
	 MSTATUS_TW | MSTATUS_TSR)
#define XL_64     (2ull << 32 | 2ull << 34) /* UXL and SXL, which nobody can change */
#define ENVCFG_S  (1ull | 3ull << 4 | 1ull << 6 | 1ull << 7)
#define ENVCFG_M  (ENVCFG_S | ENVCFG_ADUE | ENVCFG_PBMTE | ENVCFG_STCE)
#define CAUSES    (1ull << 63 | 0x3f)
#define READ_ONLY 0ull

/* In the order of the specification's tables; writable: the bits that a write can change. */
static const struct {
	u32 number;
	u64 writable;
} csrs[] = {
	{ CSR_SSTATUS, SSTATUS },
	{ CSR_SIE, S_INTERRUPTS },
	{ CSR_SIP, MIP_SSIP },
	{ CSR_STVEC, ~2ull },
	{ CSR_SCOUNTEREN, 0xffffffff },
	{ CSR_SENVCFG, ENVCFG_S },
	{ CSR_SSCRATCH, ~0ull },
	{ CSR_SEPC, ~1ull },
	{ CSR_SCAUSE, CAUSES },
	{ CSR_STVAL, ~0ull },
	{ CSR_SATP, ~0ull },
	{ CSR_STIMECMP, ~0ull },
	{ CSR_MVENDORID, READ_ONLY },
	{ CSR_MARCHID, READ_ONLY },
	{ CSR_MIMPID, READ_ONLY },
	{ CSR_MHARTID, READ_ONLY },
	{ CSR_MSTATUS, MSTATUS },
	/* Bits 0 to 9, 12, 13, 15: exceptions that can come from below M-mode and have a number. */
	{ CSR_MEDELEG, 0xb3ff },
	{ CSR_MIDELEG, S_INTERRUPTS },
	{ CSR_MIE, S_INTERRUPTS | M_INTERRUPTS },
	{ CSR_MIP, S_INTERRUPTS },
	{ CSR_MTVEC, ~2ull },
	{ CSR_MCOUNTEREN, 0xffffffff },
	{ CSR_MENVCFG, ENVCFG_M },
	{ CSR_MSCRATCH, ~0ull },
	{ CSR_MEPC, ~1ull },
	{ CSR_MCAUSE, CAUSES },
	{ CSR_MTVAL, ~0ull },
	{ CSR_MCYCLE, ~0ull },
	{ CSR_MINSTRET, ~0ull },
	{ CSR_MCOUNTINHIBIT, 0xfffffffd },
	{ CSR_MCYCLECFG, ~0ull },
	{ CSR_MINSTRETCFG, ~0ull },
	{ CSR_MHPMCOUNTER18, ~0ull },
	{ CSR_MHPMEVENT18, ~0ull },
};

static bool lacks(u32 csr)
{
	switch (csr) {
	case CSR_STIMECMP: return !model.sstc;
	case CSR_SENVCFG:
	case CSR_MENVCFG: return !model.envcfg;
	case CSR_MCOUNTINHIBIT: return !model.inhibit;
	case CSR_MCYCLECFG:
	case CSR_MINSTRETCFG: return !model.split;
	case CSR_MHPMCOUNTER18:
	case CSR_MHPMEVENT18: return !model.counter_bits;
	default: return false;
	}
}

static int find(u32 csr)
{
	for (unsigned int i = 0; i < COUNT(csrs); i++)
		if (csrs[i].number == csr)
			return lacks(csr) ? -1 : (int)i;
	return -1;
}

/*
 * "Machine Interrupt Registers": STIP is stimecmp's while menvcfg.STCE says so, SEIP the line or
 * the software bit.
 */
static u64 pending(void)
{
	u64 bits = model.csr[CSR_MIP] | model.lines;

	if (model.sstc && model.csr[CSR_MENVCFG] & ENVCFG_STCE)
		bits = (bits & ~(u64)MIP_STIP) |
		       (model.time >= model.csr[CSR_STIMECMP] ? MIP_STIP : 0);
	return bits;
}

static u64 status(void)
{
	u64 value = model.csr[CSR_MSTATUS] | XL_64;
	bool dirty = (value & MSTATUS_FS) == MSTATUS_FS || (value & MSTATUS_VS) == MSTATUS_VS;

	return value | (dirty ? 1ull << 63 : 0);
}

u64 model_read(u32 csr)
{
	if (find(csr) < 0)
		fail_msg("CSR %#x is read, which the hart lacks", csr);
	switch (csr) {
	case CSR_MSTATUS: return status();
	case CSR_SSTATUS: return status() & (SSTATUS | MSTATUS_UXL | 1ull << 63);
	case CSR_MIP: return pending();
	case CSR_SIP: return pending() & model.csr[CSR_MIDELEG];
	case CSR_SIE: return model.csr[CSR_MIE] & model.csr[CSR_MIDELEG];
	default: return model.csr[csr];
	}
}

/* "an attempt to write satp with an unsupported MODE has no effect": of all its bits. */
static u64 legal_satp(u64 old, u64 value)
{
	u64 mode = satp_mode(value), asid = satp_asid(value) & ((1u << model.asid_bits) - 1);

	if (mode && !(model.satp_modes >> mode & 1))
		return old;
	return mode << SATP_MODE_SHIFT | asid << SATP_ASID_SHIFT | (value & SATP_PPN_MASK);
}

static u64 legal(u32 csr, u64 old, u64 value)
{
	if (csr == CSR_SATP)
		return legal_satp(old, value);
	/* MPP 2 is no mode. */
	if (csr == CSR_MSTATUS && (value & MSTATUS_MPP) == 2ull << MSTATUS_MPP_SHIFT)
		return (value & ~(u64)MSTATUS_MPP) | (old & MSTATUS_MPP);
	if (csr == CSR_MHPMCOUNTER18 && model.counter_bits < 64)
		return value & ((1ull << model.counter_bits) - 1);
	if (csr == CSR_MIP && model.sstc && model.csr[CSR_MENVCFG] & ENVCFG_STCE)
		return (value & ~(u64)MIP_STIP) | (old & MIP_STIP);
	return value;
}

/* Which register a view shows, and by which bits. */
static u32 behind(u32 csr, u64 *writable)
{
	switch (csr) {
	case CSR_SSTATUS: return CSR_MSTATUS;
	case CSR_SIE: *writable &= model.csr[CSR_MIDELEG]; return CSR_MIE;
	case CSR_SIP: *writable &= model.csr[CSR_MIDELEG]; return CSR_MIP;
	default: return csr;
	}
}

void model_write(u32 csr, u64 value)
{
	int at = find(csr);
	u64 writable = at < 0 ? 0 : csrs[at].writable, old;
	u32 to = behind(csr, &writable);

	if (at < 0 || csrs[at].writable == READ_ONLY)
		fail_msg("CSR %#x is written, which the hart cannot", csr);
	old = model.csr[to];
	model.csr[to] = legal(to, old, (old & ~writable) | (value & writable));
}

/* CSRRS and CSRRC of mip work on the software bit of SEIP, not on its line. */
u64 model_change(u32 csr, u64 clear, u64 set)
{
	u64 old = model_read(csr), base = csr == CSR_MIP ? model.csr[CSR_MIP] : old;

	model_write(csr, (base & ~clear) | set);
	return old;
}

u64 model_read_allowed(u32 csr, struct sbi_trap_info *trap)
{
	trap->cause = find(csr) < 0 ? CAUSE_ILLEGAL_INSTRUCTION : 0;
	return trap->cause ? 0 : model_read(csr);
}

void model_write_allowed(u32 csr, struct sbi_trap_info *trap, u64 value)
{
	trap->cause = find(csr) < 0 ? CAUSE_ILLEGAL_INSTRUCTION : 0;
	if (!trap->cause)
		model_write(csr, value);
}

u64 model_count(u32 csr)
{
	return model.csr[csr] += model.step;
}

/* It stands still while it has no event, or is stopped. */
u64 model_count_loop(u64 turns)
{
	bool runs = model_read(CSR_MHPMEVENT18) == HART_RETIRED_EVENT &&
		    !(model.inhibit && model_read(CSR_MCOUNTINHIBIT) >> HART_RETIRED & 1);

	return !runs ? 0 : model.counts ? model.counts(turns) : HART_LOOP(turns);
}

void model_fence(enum model_fence kind, u64 what)
{
	if (model.fences < FENCES_KEPT) {
		model.fence[model.fences].kind = kind;
		model.fence[model.fences].what = what;
	}
	model.fences++;
	model.fences_of[kind]++;
}

void model_break_reservation(void)
{
	model.reservations++;
}

/* "Virtual Address Translation Process", of what satp holds, with S-mode's rights, SUM and MXR. */
bool model_maps_page(u64 va)
{
	const struct satp_mode_info *mode = &satp_modes[satp_mode(model.csr[CSR_SATP])];
	u64 table = (model.csr[CSR_SATP] & SATP_PPN_MASK) << PAGE_SHIFT;

	if (!va_is_canonical(va, mode->va_bits))
		return false;
	for (int level = mode->levels - 1; level >= 0; level--) {
		u64 pte = ((const u64 *)table)[pte_index(va, level)];

		table = pte_address(pte);
		if (!(pte & PTE_V))
			return false;
		if (pte_is_leaf(pte))
			return pte & (PTE_R | PTE_X);
	}
	return false;
}

void model_forget_fences(void)
{
	model.fences = model.reservations = 0;
	memset(model.fences_of, 0, sizeof(model.fences_of));
}

void model_reset(void)
{
	model = (struct model_hart){
		.sstc = true,
		.envcfg = true,
		.inhibit = true,
		.split = true,
		.priv = PRV_S,
		.step = 1,
		.counter_bits = 64,
		.asid_bits = 16,
		.satp_modes = 1u << SATP_SV39 | 1u << SATP_SV48 | 1u << SATP_SV57,
	};
	model.csr[CSR_STIMECMP] = ~0ull;
	model.csr[CSR_MVENDORID] = 0x111;
	model.csr[CSR_MARCHID] = 0x222;
	model.csr[CSR_MIMPID] = 0x333;
}

void model_trap(u64 cause, u64 tval, u64 pc)
{
	u64 mstatus = model.csr[CSR_MSTATUS] & ~(u64)(MSTATUS_MPP | MSTATUS_MPIE | MSTATUS_MIE);

	model.csr[CSR_MSTATUS] = mstatus | model.priv << MSTATUS_MPP_SHIFT |
				 ((model.csr[CSR_MSTATUS] & MSTATUS_MIE) ? MSTATUS_MPIE : 0);
	model.csr[CSR_MCAUSE] = cause;
	model.csr[CSR_MTVAL] = tval;
	model.csr[CSR_MEPC] = pc;
}
