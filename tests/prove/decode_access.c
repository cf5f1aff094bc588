/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode_access.c - what is decoded is what the unprivileged specification lists, so that a load is
 * taken for a cause of loads alone and a store for one of stores (ssp/decode.c, core/insn.h).
 *
 * Sizes: all instructions of 16 and 32 bits.
 */
#include "prove.h"

#include "decode.c"
#include "fetch.h"

typedef uint32_t u32;
#include "core/insn.h"

#define CSR_SATP 0x180

/* Where an instruction has its offset, and by which register it is addressed. */
enum form { I, S, CL_W, CL_D, C_LWSP, C_LDSP, C_SWSP, C_SDSP, ZCB_BYTE, ZCB_HALF };

struct row {
	uint32_t mask, match;
	enum form form;
	bool store, fp, sign_extend;
	uint8_t size;
};

/* "RV32/64G Instruction Set Listings", "RVC Instruction Set Listings", Zfh, Zcb. */
static const struct row rows[] = {
	{ 0x707f, 0x0003, I, 0, 0, 1, 1 },        { 0x707f, 0x1003, I, 0, 0, 1, 2 },
	{ 0x707f, 0x2003, I, 0, 0, 1, 4 },        { 0x707f, 0x3003, I, 0, 0, 1, 8 },
	{ 0x707f, 0x4003, I, 0, 0, 0, 1 },        { 0x707f, 0x5003, I, 0, 0, 0, 2 },
	{ 0x707f, 0x6003, I, 0, 0, 0, 4 },        { 0x707f, 0x0023, S, 1, 0, 0, 1 },
	{ 0x707f, 0x1023, S, 1, 0, 0, 2 },        { 0x707f, 0x2023, S, 1, 0, 0, 4 },
	{ 0x707f, 0x3023, S, 1, 0, 0, 8 },        { 0x707f, 0x1007, I, 0, 1, 0, 2 },
	{ 0x707f, 0x2007, I, 0, 1, 0, 4 },        { 0x707f, 0x3007, I, 0, 1, 0, 8 },
	{ 0x707f, 0x1027, S, 1, 1, 0, 2 },        { 0x707f, 0x2027, S, 1, 1, 0, 4 },
	{ 0x707f, 0x3027, S, 1, 1, 0, 8 },        { 0xe003, 0x4000, CL_W, 0, 0, 1, 4 },
	{ 0xe003, 0x6000, CL_D, 0, 0, 1, 8 },     { 0xe003, 0x2000, CL_D, 0, 1, 0, 8 },
	{ 0xe003, 0xc000, CL_W, 1, 0, 0, 4 },     { 0xe003, 0xe000, CL_D, 1, 0, 0, 8 },
	{ 0xe003, 0xa000, CL_D, 1, 1, 0, 8 },     { 0xe003, 0x4002, C_LWSP, 0, 0, 1, 4 },
	{ 0xe003, 0x6002, C_LDSP, 0, 0, 1, 8 },   { 0xe003, 0x2002, C_LDSP, 0, 1, 0, 8 },
	{ 0xe003, 0xc002, C_SWSP, 1, 0, 0, 4 },   { 0xe003, 0xe002, C_SDSP, 1, 0, 0, 8 },
	{ 0xe003, 0xa002, C_SDSP, 1, 1, 0, 8 },   { 0xfc03, 0x8000, ZCB_BYTE, 0, 0, 0, 1 },
	{ 0xfc43, 0x8400, ZCB_HALF, 0, 0, 0, 2 }, { 0xfc43, 0x8440, ZCB_HALF, 0, 0, 1, 2 },
	{ 0xfc03, 0x8800, ZCB_BYTE, 1, 0, 0, 1 }, { 0xfc43, 0x8c00, ZCB_HALF, 1, 0, 0, 2 },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Bits high..low of the instruction are these bits of the offset, from `to` on. */
static int bits(uint32_t i, int high, int low, int to)
{
	return (i >> low & ((1u << (high - low + 1)) - 1)) << to;
}

static int offset_of(uint32_t i, enum form form)
{
	switch (form) {
	case I: return (int32_t)i >> 20;
	case S: return ((int32_t)i >> 25) * 32 + bits(i, 11, 7, 0);
	case CL_W: return bits(i, 12, 10, 3) + bits(i, 6, 6, 2) + bits(i, 5, 5, 6);
	case CL_D: return bits(i, 12, 10, 3) + bits(i, 6, 5, 6);
	case C_LWSP: return bits(i, 12, 12, 5) + bits(i, 6, 4, 2) + bits(i, 3, 2, 6);
	case C_LDSP: return bits(i, 12, 12, 5) + bits(i, 6, 5, 3) + bits(i, 4, 2, 6);
	case C_SWSP: return bits(i, 12, 9, 2) + bits(i, 8, 7, 6);
	case C_SDSP: return bits(i, 12, 10, 3) + bits(i, 9, 7, 6);
	case ZCB_BYTE: return bits(i, 6, 6, 0) + bits(i, 5, 5, 1);
	case ZCB_HALF: return bits(i, 5, 5, 1);
	}
	return 0;
}

static unsigned int base_of(uint32_t i, enum form form)
{
	if (form == I || form == S)
		return bits(i, 19, 15, 0);
	return form >= C_LWSP && form <= C_SDSP ? 2 : 8 + bits(i, 9, 7, 0);
}

static unsigned int register_of(uint32_t i, enum form form)
{
	switch (form) {
	case I:
	case C_LWSP:
	case C_LDSP: return bits(i, 11, 7, 0);
	case S: return bits(i, 24, 20, 0);
	case C_SWSP:
	case C_SDSP: return bits(i, 6, 2, 0);
	default: return 8 + bits(i, 4, 2, 0);
	}
}

/* C.LWSP and C.LDSP of x0 are reserved. */
static bool is_reserved(uint32_t i, const struct row *row)
{
	return !row->fp && (row->form == C_LWSP || row->form == C_LDSP) && !bits(i, 11, 7, 0);
}

static const struct row *row_of(uint32_t insn)
{
	for (unsigned int n = 0; n < ROWS; n++)
		if ((insn & rows[n].mask) == rows[n].match)
			return is_reserved(insn, &rows[n]) ? 0 : &rows[n];
	return 0;
}

static uint32_t any_instruction(void)
{
	uint32_t insn = any();

	return INSN_LENGTH(insn) == 4 ? insn : insn & 0xffff;
}

void prove_decode(void)
{
	uint32_t insn = any_instruction();
	unsigned int len = INSN_LENGTH(insn);
	const struct row *row = row_of(insn);
	struct access a;
	bool decoded = decode_scalar(insn, len, &a);

	PROVE(decoded == !!row, "another set of instructions than the specification's");
	PROVE(!decoded || !is_other_access(insn, len), "a scalar access that counts as another");
	if (!decoded)
		return;
	PROVE(a.store == row->store, "a load for a store's cause, or a store for a load's");
	PROVE(a.size == row->size && a.fp == row->fp, "another width");
	PROVE(row->store || row->fp || a.sign_extend == row->sign_extend, "another extension");
	PROVE(a.base == base_of(insn, row->form), "another base register");
	PROVE(a.reg == register_of(insn, row->form), "another register");
	PROVE(a.offset == offset_of(insn, row->form), "another offset");
}

/* Which of them a device answers, and which store a table gets. */
void prove_stores(void)
{
	uint32_t insn = any_instruction();
	unsigned int len = INSN_LENGTH(insn);
	const struct row *row = row_of(insn);
	struct access a;
	struct store s;

	PROVE(decode_access(insn, len, &a) == (row && !row->fp), "a device answers something else");
	if (!decode_store(insn, len, &s))
		return;
	if (s.op == STORE_PLAIN) {
		PROVE(row && row->store, "a store that is none");
		PROVE(s.size == row->size && s.fp == row->fp, "a store of another width");
		PROVE(s.reg == register_of(insn, row->form) && s.base == base_of(insn, row->form) &&
			      s.offset == offset_of(insn, row->form),
		      "a store of another register, or elsewhere");
	} else if (s.op == STORE_ZERO) {
		PROVE((insn & 0xfff07fff) == 0x0040200f, "another instruction than cbo.zero");
	} else {
		PROVE((insn & 0x7f) == 0x2f && insn >> 27 != 2,
		      "another instruction than an AMO or SC");
		PROVE(s.size == ((insn >> 12 & 7) == 2 ? 4 : 8) && (insn >> 13 & 3) == 1,
		      "an AMO of another width");
	}
}

/* What mstatus.TVM traps: SFENCE.VMA, SINVAL.VMA, accesses to satp; nothing counts as two. */
void prove_tvm(void)
{
	uint32_t insn = any();
	bool system = (insn & 0x7f) == 0x73,
	     fence = system && !(insn >> 7 & 31) && !(insn >> 12 & 7);
	bool csr = system && (insn >> 12 & 3) && insn >> 20 == CSR_SATP;

	PROVE(INSN_IS_SFENCE_VMA(insn) == (fence && insn >> 25 == 0x09), "SFENCE.VMA");
	PROVE(INSN_IS_SINVAL_VMA(insn) == (fence && insn >> 25 == 0x0b), "SINVAL.VMA");
	PROVE(!!INSN_IS_CSR(insn, CSR_SATP) == csr, "an access to satp");
	PROVE(INSN_IS_CSRW(insn, CSR_SATP) == (csr && (insn >> 12 & 7) == 1 && !(insn >> 7 & 31)),
	      "CSRW satp");
	PROVE(!INSN_IS_FENCE_VMA(insn) || !INSN_IS_CSR(insn, CSR_SATP),
	      "a fence and a write of satp");
}
