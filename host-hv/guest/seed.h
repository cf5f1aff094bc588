/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seed.h - a random seed for each guest, made of the one that the firmware passed.
 *
 * No guest can tell from its own seed the machine's or another guest's: each is
 * a block of the ChaCha20 key stream (RFC 8439) under the machine's as the key.
 */
#ifndef SEED_H
#define SEED_H

#include "core/lib.h"

#define SEED_SIZE 64

/* Takes the machine's seed: the property rng-seed of a node in its tree, if there is one. */
void seed_init(const void *fdt, int chosen);

/*
 * A seed that nobody else gets, and how many bytes of it may be given on: not
 * more than the machine has, 0 where it has none.
 */
unsigned seed_next(uint8_t out[SEED_SIZE]);

/* The ChaCha20 block function, from an initial state to 64 bytes of key stream. */
void chacha20_block(const uint32_t initial[16], uint8_t out[SEED_SIZE]);

#endif
