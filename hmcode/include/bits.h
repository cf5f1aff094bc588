/* SPDX-License-Identifier: BSD-2-Clause */
/* bits.h - sets of up to 64 things as bits of a number, for firmware and host. */
#ifndef BITS_H
#define BITS_H

#include <stdint.h>

/*
 * Number of the lowest set bit; value is not 0.  Base harts have no instruction
 * for it: six bits in a row of a de Bruijn sequence tell where they are.
 */
static inline uint64_t lowest_bit(uint64_t value)
{
	static const uint8_t position[64] = {
		0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,
		62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
		63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
		46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6,
	};

	return position[(value & -value) * 0x03f79d71b4cb0a89ull >> 58];
}

#endif
