/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.c - instructions that access memory, as the unprivileged specification lists them. */
#include <stdbool.h>

#include "decode.h"

/* Bits high..low of an instruction. */
#define FIELD(insn, high, low) ((insn) >> (low) & ((1u << ((high) - (low) + 1)) - 1))

#define OPCODE_LOAD     0x03
#define OPCODE_LOAD_FP  0x07
#define OPCODE_STORE    0x23
#define OPCODE_STORE_FP 0x27
#define OPCODE_AMO      0x2f
#define OPCODE_MISC_MEM 0x0f
#define REG_SP          2

/* Compressed instructions are told apart by quadrant (1:0) and funct3 (15:13). */
#define C_KIND(quadrant, funct3) ((quadrant) << 3 | (funct3))

/* A compressed register field names x8 to x15. */
static unsigned c_reg(uint32_t insn, unsigned low)
{
	return 8 + FIELD(insn, low + 2, low);
}

/* Zcb: C.LBU, C.LHU, C.LH, C.SB, C.SH, by bits 12:10; bit 6 tells the halves apart. */
static bool decode_zcb(uint32_t i, struct access *out)
{
	unsigned kind = FIELD(i, 12, 10);
	bool half = kind & 1, bit6 = FIELD(i, 6, 6);

	out->store = kind & 2;
	out->size = half ? 2 : 1;
	out->sign_extend = half && bit6;
	return kind <= 3 && !(out->store && half && bit6);
}

static bool decode_c_form(uint32_t i, struct access *out)
{
	unsigned rd = FIELD(i, 11, 7), rs2 = FIELD(i, 6, 2);

	/* As most of them are; the stack-pointer relative forms have full register fields. */
	*out = (struct access){ .store = FIELD(i, 15, 15),
				.sign_extend = true,
				.reg = c_reg(i, 2),
				.base = (i & 3) == 2 ? REG_SP : c_reg(i, 7) };
	switch (C_KIND(i & 3, FIELD(i, 15, 13))) {
	case C_KIND(0, 2): /* C.LW, C.SW */
	case C_KIND(0, 6): out->size = 4; return true;
	case C_KIND(0, 3): /* C.LD, C.SD */
	case C_KIND(0, 7): out->size = 8; return true;
	case C_KIND(0, 4): return decode_zcb(i, out);
	case C_KIND(2, 2): /* C.LWSP, C.LDSP */
	case C_KIND(2, 3):
		out->size = FIELD(i, 13, 13) ? 8 : 4;
		out->reg = rd;
		return true;
	case C_KIND(2, 6): /* C.SWSP, C.SDSP */
	case C_KIND(2, 7):
		out->size = FIELD(i, 13, 13) ? 8 : 4;
		out->reg = rs2;
		return true;
	}
	return false;
}

/*
 * In bytes: its bits lie as the encoder found it cheap.  Stores by sp have them elsewhere than
 * loads.
 */
static unsigned c_offset_by_sp(uint32_t i, const struct access *a)
{
	if (a->store)
		return a->size == 4 ? FIELD(i, 12, 9) << 2 | FIELD(i, 8, 7) << 6 :
				      FIELD(i, 12, 10) << 3 | FIELD(i, 9, 7) << 6;
	return FIELD(i, 12, 12) << 5 | (a->size == 4 ? FIELD(i, 6, 4) << 2 | FIELD(i, 3, 2) << 6 :
						       FIELD(i, 6, 5) << 3 | FIELD(i, 4, 2) << 6);
}

static unsigned c_offset(uint32_t i, const struct access *a)
{
	switch (a->size) {
	case 1: return FIELD(i, 6, 6) | FIELD(i, 5, 5) << 1;
	case 2: return FIELD(i, 5, 5) << 1;
	case 4: return FIELD(i, 6, 6) << 2 | FIELD(i, 12, 10) << 3 | FIELD(i, 5, 5) << 6;
	}
	return FIELD(i, 12, 10) << 3 | FIELD(i, 6, 5) << 6;
}

static bool decode_compressed(uint32_t i, struct access *out)
{
	if (!decode_c_form(i, out))
		return false;
	out->offset = (i & 3) == 2 ? c_offset_by_sp(i, out) : c_offset(i, out);
	return true;
}

/* funct3 of both loads and stores: bits 1:0 are log2 of the size, bit 2 means unsigned. */
static bool decode_full(uint32_t insn, struct access *out)
{
	unsigned opcode = FIELD(insn, 6, 0), funct3 = FIELD(insn, 14, 12);

	out->size = 1 << (funct3 & 3);
	out->sign_extend = !(funct3 & 4);
	out->store = opcode == OPCODE_STORE;
	out->reg = out->store ? FIELD(insn, 24, 20) : FIELD(insn, 11, 7);
	out->base = FIELD(insn, 19, 15);
	out->offset = out->store ? (int16_t)((insn >> 25 << 5 | FIELD(insn, 11, 7)) << 4) >> 4 :
				   (int32_t)insn >> 20;
	if (out->store)
		return funct3 <= 3;
	return opcode == OPCODE_LOAD && funct3 != 7;
}

static bool decode_integer(uint32_t insn, unsigned len, struct access *out)
{
	switch (len) {
	case 2: return decode_compressed(insn, out);
	case 4: return decode_full(insn, out);
	}
	return false;
}

static bool is_fp_opcode(uint32_t insn)
{
	return FIELD(insn, 6, 0) == OPCODE_LOAD_FP || FIELD(insn, 6, 0) == OPCODE_STORE_FP;
}

/*
 * FLH, FLW, FLD, C.FLD, C.FLDSP and the stores are their integer counterparts but for this.
 * Vector accesses and FLQ have other widths in funct3, 14:12; compressed ones have 1 or 5 in 15:13.
 */
static bool is_fp_access(uint32_t insn, unsigned len)
{
	unsigned funct3 = FIELD(insn, 14, 12);

	if (len == 4)
		return is_fp_opcode(insn) && funct3 >= 1 && funct3 <= 3;
	return !(insn & 1) && FIELD(insn, 14, 13) == 1;
}

/* Bit 2 parts the opcodes LOAD-FP and STORE-FP from LOAD and STORE; bit 14 C.FLD from C.LD. */
#define INTEGER_ACCESS(insn, len) ((len) == 4 ? (insn) & ~4u : (insn) | 1u << 14)

bool decode_scalar(uint32_t insn, unsigned len, struct access *out)
{
	bool fp = is_fp_access(insn, len), by_sp = len == 2 && (insn & 3) == 2;

	if (!decode_integer(fp ? INTEGER_ACCESS(insn, len) : insn, len, out))
		return false;
	out->fp = fp;
	/* C.LWSP and C.LDSP of x0 are reserved. */
	return out->store || fp || !by_sp || out->reg;
}

bool decode_access(uint32_t insn, unsigned len, struct access *out)
{
	return decode_scalar(insn, len, out) && !out->fp;
}

/* custom-0 to custom-3 differ in bits 6:5 alone, by pairs ("RISC-V base opcode map"). */
static bool is_custom(uint32_t insn)
{
	return (insn & 0x5f) == 0x0b || (insn & 0x5f) == 0x5b;
}

bool is_other_access(uint32_t insn, unsigned len)
{
	return len == 4 && (FIELD(insn, 6, 0) == OPCODE_AMO || is_custom(insn) ||
			    (is_fp_opcode(insn) && !is_fp_access(insn, len)));
}

uint64_t extend_loaded(const struct access *a, uint64_t value)
{
	unsigned unused = 64 - 8 * a->size;

	/* "NaN Boxing of Narrower Values": all bits above are 1. */
	if (a->fp)
		return unused ? value | ~0ull << 8 * a->size : value;
	value <<= unused;
	return a->sign_extend ? (uint64_t)((int64_t)value >> unused) : value >> unused;
}

/* funct5, bits 31:27; bits 26:25 are ordering, which a lock and its fences exceed. */
static bool decode_amo(uint32_t insn, struct store *out)
{
	static const uint8_t ops[32] = {
		[0x01] = STORE_SWAP, [0x00] = STORE_ADD,         [0x04] = STORE_XOR,
		[0x0c] = STORE_AND,  [0x08] = STORE_OR,          [0x10] = STORE_MIN,
		[0x14] = STORE_MAX,  [0x18] = STORE_MINU,        [0x1c] = STORE_MAXU,
		[0x05] = STORE_CAS,  [0x03] = STORE_CONDITIONAL,
	};
	unsigned funct3 = FIELD(insn, 14, 12);

	*out = (struct store){
		.op = ops[insn >> 27],
		.size = 1 << (funct3 & 3),
		.base = FIELD(insn, 19, 15),
		.reg = FIELD(insn, 24, 20),
		.rd = FIELD(insn, 11, 7),
	};
	return out->op != STORE_PLAIN && (funct3 == 2 || funct3 == 3);
}

static bool is_cbo_zero(uint32_t insn)
{
	return (insn & ~(31u << 15)) == (4u << 20 | 2u << 12 | OPCODE_MISC_MEM);
}

bool decode_store(uint32_t insn, unsigned len, struct store *out)
{
	struct access a;

	if (len == 4 && FIELD(insn, 6, 0) == OPCODE_AMO)
		return decode_amo(insn, out);
	if (len == 4 && is_cbo_zero(insn)) {
		*out = (struct store){ .op = STORE_ZERO, .base = FIELD(insn, 19, 15) };
		return true;
	}
	if (!decode_scalar(insn, len, &a) || !a.store)
		return false;
	*out = (struct store){ .op = STORE_PLAIN,
			       .fp = a.fp,
			       .size = a.size,
			       .reg = a.reg,
			       .base = a.base,
			       .offset = a.offset };
	return true;
}
