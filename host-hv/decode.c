/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode.h"

/* Bits high..low of an instruction, placed at bit `at` of an immediate. */
#define FIELD(insn, high, low)		((insn) >> (low) & ((1u << ((high) - (low) + 1)) - 1))
#define PLACE(insn, high, low, at)	(FIELD(insn, high, low) << (at))

#define OPCODE_LOAD	0x03
#define OPCODE_LOAD_FP	0x07
#define OPCODE_STORE	0x23
#define OPCODE_STORE_FP	0x27

#define SP		2

/* Compressed instructions are told apart by quadrant (1:0) and funct3 (15:13). */
#define C_KIND(quadrant, funct3)	((quadrant) << 3 | (funct3))

/* A compressed register field names x8 to x15. */
static unsigned c_reg(uint32_t insn, unsigned low)
{
	return 8 + FIELD(insn, low + 2, low);
}

/* Where each compressed access has its base, its register and its offset. */
struct c_form {
	struct access access;
	unsigned base;
	unsigned offset;
	bool integer;
};

static unsigned offset_word(uint32_t i)		/* C.LW, C.SW */
{
	return PLACE(i, 12, 10, 3) | PLACE(i, 6, 6, 2) | PLACE(i, 5, 5, 6);
}

static unsigned offset_double(uint32_t i)	/* C.LD, C.SD, C.FLD, C.FSD */
{
	return PLACE(i, 12, 10, 3) | PLACE(i, 6, 5, 6);
}

static unsigned offset_lwsp(uint32_t i)
{
	return PLACE(i, 12, 12, 5) | PLACE(i, 6, 4, 2) | PLACE(i, 3, 2, 6);
}

static unsigned offset_ldsp(uint32_t i)
{
	return PLACE(i, 12, 12, 5) | PLACE(i, 6, 5, 3) | PLACE(i, 4, 2, 6);
}

static unsigned offset_swsp(uint32_t i)
{
	return PLACE(i, 12, 9, 2) | PLACE(i, 8, 7, 6);
}

static unsigned offset_sdsp(uint32_t i)
{
	return PLACE(i, 12, 10, 3) | PLACE(i, 9, 7, 6);
}

/* Zcb: C.LBU, C.LHU, C.LH, C.SB, C.SH, by bits 12:10. */
static bool decode_zcb(uint32_t i, struct c_form *f)
{
	unsigned kind = FIELD(i, 12, 10);
	bool half = kind & 1;

	if (kind > 3)
		return false;
	f->access.store = kind & 2;
	f->access.size = half ? 2 : 1;
	f->access.sign_extend = half && FIELD(i, 6, 6) && !f->access.store;
	f->offset = half ? PLACE(i, 5, 5, 1) : PLACE(i, 5, 5, 1) | PLACE(i, 6, 6, 0);
	return !(f->access.store && half && FIELD(i, 6, 6));
}

static void c_stack(struct c_form *f, bool store, unsigned size, unsigned reg, unsigned offset)
{
	f->access = (struct access){ store, !store, size, reg };
	f->base = SP;
	f->offset = offset;
}

static bool decode_compressed(uint32_t i, struct c_form *f)
{
	unsigned rd = FIELD(i, 11, 7), rs2 = FIELD(i, 6, 2);

	*f = (struct c_form){ .base = c_reg(i, 7), .integer = true };
	f->access.reg = c_reg(i, 2);
	switch (C_KIND(i & 3, FIELD(i, 15, 13))) {
	case C_KIND(0, 1):
	case C_KIND(0, 5):
		f->integer = false;	/* C.FLD, C.FSD */
		f->offset = offset_double(i);
		return true;
	case C_KIND(0, 2):
	case C_KIND(0, 6):
		f->access.store = FIELD(i, 15, 15);
		f->access.size = 4;
		f->access.sign_extend = true;
		f->offset = offset_word(i);
		return true;
	case C_KIND(0, 3):
	case C_KIND(0, 7):
		f->access.store = FIELD(i, 15, 15);
		f->access.size = 8;
		f->offset = offset_double(i);
		return true;
	case C_KIND(0, 4):
		return decode_zcb(i, f);
	case C_KIND(2, 1):		/* C.FLDSP */
		f->integer = false;
		/* fall through */
	case C_KIND(2, 3):
		c_stack(f, false, 8, rd, offset_ldsp(i));
		return rd || !f->integer;
	case C_KIND(2, 2):
		c_stack(f, false, 4, rd, offset_lwsp(i));
		return rd;
	case C_KIND(2, 5):		/* C.FSDSP */
		f->integer = false;
		/* fall through */
	case C_KIND(2, 7):
		c_stack(f, true, 8, rs2, offset_sdsp(i));
		return true;
	case C_KIND(2, 6):
		c_stack(f, true, 4, rs2, offset_swsp(i));
		return true;
	}
	return false;
}

/* funct3 of both loads and stores: bits 1:0 are log2 of the size, bit 2 means unsigned. */
static bool decode_full(uint32_t insn, struct access *out)
{
	unsigned opcode = FIELD(insn, 6, 0), funct3 = FIELD(insn, 14, 12);

	out->size = 1 << (funct3 & 3);
	out->sign_extend = !(funct3 & 4);
	out->store = opcode == OPCODE_STORE;
	out->reg = out->store ? FIELD(insn, 24, 20) : FIELD(insn, 11, 7);
	if (out->store)
		return funct3 <= 3;
	return opcode == OPCODE_LOAD && funct3 != 7;
}

bool decode_access(uint32_t insn, unsigned len, struct access *out)
{
	struct c_form form;

	if (len == 4)
		return decode_full(insn, out);
	if (len != 2 || !decode_compressed(insn, &form))
		return false;
	*out = form.access;
	return form.integer;
}

static int64_t offset_full(uint32_t insn)
{
	switch (FIELD(insn, 6, 0)) {
	case OPCODE_LOAD:
	case OPCODE_LOAD_FP:
		return (int32_t)insn >> 20;
	case OPCODE_STORE:
	case OPCODE_STORE_FP:
		return ((int32_t)insn >> 25) * 32 + (int32_t)FIELD(insn, 11, 7);
	}
	return 0;
}

uint64_t decode_address(uint32_t insn, unsigned len, const uint64_t x[32])
{
	struct c_form form;
	unsigned base = FIELD(insn, 19, 15);
	uint64_t offset;

	if (len == 4) {
		offset = offset_full(insn);
	} else {
		decode_compressed(insn, &form);
		base = form.base;
		offset = form.offset;
	}
	return (base ? x[base] : 0) + offset;
}

uint64_t extend_loaded(const struct access *a, uint64_t value)
{
	unsigned unused = 64 - 8 * a->size;

	value <<= unused;
	return a->sign_extend ? (uint64_t)((int64_t)value >> unused) : value >> unused;
}
