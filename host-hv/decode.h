/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.h - the load or store behind an access to a device. */
#ifndef DECODE_H
#define DECODE_H

#include "lib.h"

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

#endif
