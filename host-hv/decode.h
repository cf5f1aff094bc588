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
};

/* What is stored: register `reg` at the sum of register `base` and offset. */
struct store {
	enum store_op op;
	uint8_t size;		/* bytes: 1, 2, 4, 8; AMOs 4, 8 */
	uint8_t base, reg;
	uint8_t rd;		/* AMOs: gets the old value */
	int16_t offset;
};

/*
 * Decodes an integer store of RV64IC and Zcb or an AMO of Zaamo.  False for all
 * others: SC, floating-point, cache-block and vector stores.
 */
bool decode_store(uint32_t insn, unsigned len, struct store *out);

#endif
