/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.h - the load or store behind an access to a device, the store behind one to a guest table. */
#ifndef DECODE_H
#define DECODE_H

#include <stdbool.h>
#include <stdint.h>

struct access {
	bool store;
	bool sign_extend;
	uint8_t size;		/* bytes: 1, 2, 4, 8 */
	uint8_t reg;		/* integer register loaded or stored */
	uint8_t base;		/* its address is the sum of register `base` ... */
	int16_t offset;		/* ... and this */
};

/*
 * Decodes an integer load or store of RV64IC and Zcb; len is 2 or 4 bytes.
 * False for all others, which no device of ours can answer: floating-point,
 * atomic, cache-block and vector accesses.
 */
bool decode_access(uint32_t insn, unsigned len, struct access *out);

/* The register's new value after a load of the access's size. */
uint64_t extend_loaded(const struct access *a, uint64_t value);

enum store_op {
	STORE_PLAIN,
	STORE_SWAP, STORE_ADD, STORE_XOR, STORE_AND, STORE_OR,
	STORE_MIN, STORE_MAX, STORE_MINU, STORE_MAXU,
	STORE_CAS,		/* if memory is what rd was */
	STORE_CONDITIONAL,	/* SC */
	STORE_ZERO,		/* cbo.zero: of the hart's block around the address */
};

/* What is stored: register `reg` at the sum of register `base` and offset. */
struct store {
	enum store_op op;
	bool fp;		/* reg is a floating-point register */
	uint8_t size;		/* bytes: 1, 2, 4, 8; AMOs and SC 4, 8; cbo.zero 0 */
	uint8_t base, reg;
	uint8_t rd;		/* AMOs: gets the old value; SC: whether it failed */
	int16_t offset;
};

/*
 * Decodes whatever stores 8 bytes or fewer in RV64GC, Zcb, Zfh and Zacas, and cbo.zero.
 * False for all others: amocas.q and vector stores.
 */
bool decode_store(uint32_t insn, unsigned len, struct store *out);

#endif
