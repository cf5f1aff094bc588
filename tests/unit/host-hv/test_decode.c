/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoder agrees with the assembler, and takes nothing else for a device access. */
#include "test.h"

#include "ssp/decode.h"

struct expected {
	const char *text;
	bool store, sign_extend, fp;
	unsigned size, reg, base;
	int offset;
};

static const struct expected table[] = {
#define INSN(text, store, sign, size, reg, base, offset) \
	{ text, store, sign, false, size, reg, base, offset },
#define FP_INSN(text, store, size, reg, base, offset) \
	{ text, store, false, true, size, reg, base, offset },
#include "insns.h"
};

struct expected_store {
	const char *text;
	enum store_op op;
	bool fp;
	int size, base, reg, rd, offset;
};

static const struct expected_store stores[] = {
#define STORE(text, op, size, base, reg, rd, offset) \
	{ text, STORE_##op, false, size, base, reg, rd, offset },
#define FP_STORE(text, size, base, reg, offset) \
	{ text, STORE_PLAIN, true, size, base, reg, 0, offset },
#include "stores.h"
};

/* As assembled: first the one table, then the other. */
static uint32_t words[ARRAY_SIZE(table) + ARRAY_SIZE(stores)];

static unsigned length(uint32_t insn)
{
	return (insn & 3) == 3 ? 4 : 2;
}

static uint32_t encoding(unsigned i)
{
	return length(words[i]) == 4 ? words[i] : words[i] & 0xffff;
}

static void decodes_what_the_assembler_encodes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		const struct expected *e = &table[i];
		struct access a;

		print_message("%s\n", e->text);
		assert_true(decode_scalar(encoding(i), length(encoding(i)), &a));
		assert_int_equal(a.fp, e->fp);
		assert_int_equal(decode_access(encoding(i), length(encoding(i)), &a), !e->fp);
		assert_false(is_other_access(encoding(i), length(encoding(i))));
		assert_int_equal(a.store, e->store);
		assert_int_equal(a.size, e->size);
		assert_int_equal(a.reg, e->reg);
		assert_int_equal(a.base, e->base);
		assert_int_equal(a.offset, e->offset);
		if (!e->store && !e->fp && e->size < 8)
			assert_int_equal(a.sign_extend, e->sign_extend);
	}
}

static void refuses_what_is_no_integer_access(void **state)
{
	static const uint32_t refused[] = {
		0x00053507, /* fld  fa0, 0(a0) */
		0x00a53027, /* fsd  fa0, 0(a0) */
		0x00b5252f, /* amoadd.w a0, a1, (a0) */
		0x1005252f, /* lr.w a0, (a0) */
		0x0045200f, /* cbo.zero (a0) */
		0x00057503, /* load with funct3 7 */
		0x00a54023, /* store with funct3 4 */
		0x2108,     /* c.fld fa0, 0(a0) */
		0xa108,     /* c.fsd fa0, 0(a0) */
		0x2502,     /* c.fldsp fa0, 0(sp) */
		0x4002,     /* c.lwsp x0: reserved */
		0x6002,     /* c.ldsp x0: reserved */
		0x8d64,     /* Zcb, reserved */
		0x9124,     /* Zcb, reserved */
		0x0000,     /* illegal */
		0x8082,     /* ret */
	};
	struct access a;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		assert_false(decode_access(refused[i], length(refused[i]), &a));
	assert_false(decode_access(0x0000b503, 3, &a));
}

/* Atomic and vector accesses, FLQ, FSQ, custom ones; and what accesses nothing. */
static void tells_other_accesses(void **state)
{
	static const uint32_t others[] = {
		0x1005252f, /* lr.w a0, (a0) */
		0x18b5252f, /* sc.w a0, a1, (a0) */
		0x00b5252f, /* amoadd.w a0, a1, (a0) */
		0x02050007, /* vle8.v v0, (a0) */
		0x02057007, /* vle64.v v0, (a0) */
		0x02a50027, /* vse8.v */
		0x00054507, /* flq fa0, 0(a0) */
		0x00a54027, /* fsq fa0, 0(a0) */
		0x0000000b, /* custom-0 */
		0x0000002b, /* custom-1 */
		0x0000005b, /* custom-2 */
		0x0000007b, /* custom-3 */
	};
	static const uint32_t none[] = {
		0x00000013, /* nop */
		0x0000001b, /* addiw x0, x0, 0 */
		0x0000003b, /* addw x0, x0, x0 */
		0x0000006f, /* jal x0, 0 */
		0x0045200f, /* cbo.zero (a0) */
		0x00000073, /* ecall */
		0x0001,     /* c.nop */
		0x8082,     /* ret */
		0x4002,     /* c.lwsp x0: reserved */
	};
	struct access a;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		assert_true(is_other_access(others[i], 4));
		assert_false(decode_scalar(others[i], 4, &a));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(none); i++) {
		assert_false(is_other_access(none[i], length(none[i])));
		assert_false(decode_scalar(none[i], length(none[i]), &a));
	}
}

static void decodes_stores_and_amos(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(stores); i++) {
		const struct expected_store *e = &stores[i];
		uint32_t insn = encoding(ARRAY_SIZE(table) + i);
		struct store s;

		print_message("%s\n", e->text);
		assert_true(decode_store(insn, length(insn), &s));
		assert_int_equal(s.op, e->op);
		assert_int_equal(s.fp, e->fp);
		assert_int_equal(s.size, e->size);
		assert_int_equal(s.base, e->base);
		assert_int_equal(s.reg, e->reg);
		assert_int_equal(s.rd, e->rd);
		assert_int_equal(s.offset, e->offset);
	}
}

static void refuses_what_is_no_store(void **state)
{
	static const uint32_t refused[] = {
		0x0000b503, /* ld   a0, 0(ra) */
		0x1005252f, /* lr.w a0, (a0) */
		0x02a50027, /* vse8.v */
		0x02a57027, /* vse64.v */
		0x00a54027, /* fsq  fa0, 0(a0) */
		0x28b5452f, /* amocas.q */
		0x0025200f, /* cbo.flush (a0) */
		0x0045210f, /* cbo.zero with rd */
		0x2108,     /* c.fld fa0, 0(a0) */
		0x00b5052f, /* AMO of a byte */
		0x00b5452f, /* AMO with funct3 4 */
		0x6108,     /* c.ld a0, 0(a0) */
		0x0000,
	};
	struct store s;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		assert_false(decode_store(refused[i], length(refused[i]), &s));
}

static void extends_by_size_and_sign(void **state)
{
	struct access byte = { .size = 1, .sign_extend = true };
	struct access ubyte = { .size = 1 };
	struct access word = { .size = 4, .sign_extend = true };
	struct access twice = { .size = 8, .sign_extend = true };
	struct access fp_half = { .size = 2, .fp = true };
	struct access fp_word = { .size = 4, .fp = true, .sign_extend = true };
	struct access fp_twice = { .size = 8, .fp = true };

	(void)state;
	assert_int_equal(extend_loaded(&byte, 0x1280), 0xffffffffffffff80);
	assert_int_equal(extend_loaded(&ubyte, 0x1280), 0x80);
	assert_int_equal(extend_loaded(&word, 0x80000000), 0xffffffff80000000);
	assert_int_equal(extend_loaded(&twice, 0x8000000000000001), 0x8000000000000001);
	assert_int_equal(extend_loaded(&fp_half, 0x3c00), 0xffffffffffff3c00);
	assert_int_equal(extend_loaded(&fp_word, 0x3f800000), 0xffffffff3f800000);
	assert_int_equal(extend_loaded(&fp_twice, 0x4000000000000001), 0x4000000000000001);
}

/* Wild bits: an access that is understood has a size and a register that exist. */
static void stays_in_bounds_for_any_bits(void **state)
{
	struct access a;
	struct store s;

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 2000000; i++) {
		uint32_t insn = (uint32_t)rand() << 16 ^ (uint32_t)rand();
		unsigned len = length(insn);

		if (decode_store(len == 2 ? insn & 0xffff : insn, len, &s)) {
			assert_true(s.size == 1 || s.size == 2 || s.size == 4 || s.size == 8 ||
				    (s.size == 0 && s.op == STORE_ZERO));
			assert_true(s.reg < 32 && s.base < 32 && s.rd < 32);
		}
		if (!decode_access(len == 2 ? insn & 0xffff : insn, len, &a))
			continue;
		assert_true(a.size == 1 || a.size == 2 || a.size == 4 || a.size == 8);
		assert_true(a.reg < 32 && a.base < 32);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_what_the_assembler_encodes),
		cmocka_unit_test(refuses_what_is_no_integer_access),
		cmocka_unit_test(tells_other_accesses),
		cmocka_unit_test(decodes_stores_and_amos),
		cmocka_unit_test(refuses_what_is_no_store),
		cmocka_unit_test(extends_by_size_and_sign),
		cmocka_unit_test(stays_in_bounds_for_any_bits),
	};
	FILE *f = fopen(argc > 1 ? argv[1] : "insns.bin", "rb");

	if (!f || fread(words, sizeof(words), 1, f) != 1) {
		fprintf(stderr, "insns.bin is missing or too short\n");
		return 1;
	}
	fclose(f);
	return RUN(tests);
}
