/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode.h - what a load or store does: one that a device answers, one to a guest table that is
 * write-protected, one that is misaligned.
 */
#ifndef SSP_DECODE_H
#define SSP_DECODE_H

#include <stdint.h>

struct access {
	_Bool store;
	_Bool sign_extend;
	_Bool fp;       /* reg is a floating-point register */
	uint8_t size;   /* bytes: 1, 2, 4, 8 */
	uint8_t reg;    /* register loaded or stored */
	uint8_t base;   /* its address is the sum of register `base` ... */
	int16_t offset; /* ... and this */
};

/*
 * Decodes a scalar load or store of RV64GC, Zcb and Zfh; len is 2 or 4 bytes.
 * False for all others: atomic, cache-block and vector accesses.
 */
_Bool decode_scalar(uint32_t insn, unsigned len, struct access *out);

/* The same without the floating-point ones, which no device of ours can answer. */
_Bool decode_access(uint32_t insn, unsigned len, struct access *out);

/*
 * May it be an access that is not scalar: an atomic or vector one, FLQ, FSQ, or a vendor's in a
 * custom opcode?
 */
_Bool is_other_access(uint32_t insn, unsigned len);

/* The register's new value after a load of the access's size. */
uint64_t extend_loaded(const struct access *a, uint64_t value);

enum store_op {
	STORE_PLAIN,
	STORE_SWAP,
	STORE_ADD,
	STORE_XOR,
	STORE_AND,
	STORE_OR,
	STORE_MIN,
	STORE_MAX,
	STORE_MINU,
	STORE_MAXU,
	STORE_CAS,         /* if memory is what rd was */
	STORE_CONDITIONAL, /* SC */
	STORE_ZERO,        /* cbo.zero: of the hart's block around the address */
};

/* What is stored: register `reg` at the sum of register `base` and offset. */
struct store {
	enum store_op op;
	_Bool fp;     /* reg is a floating-point register */
	uint8_t size; /* bytes: 1, 2, 4, 8; AMOs and SC 4, 8; cbo.zero 0 */
	uint8_t base, reg;
	uint8_t rd; /* AMOs: gets the old value; SC: whether it failed */
	int16_t offset;
};

/*
 * Decodes whatever stores 8 bytes or fewer in RV64GC, Zcb, Zfh and Zacas, and cbo.zero.
 * False for all others: amocas.q and vector stores.
 */
_Bool decode_store(uint32_t insn, unsigned len, struct store *out);

#endif
