/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/seed.h"

#include <libfdt.h>

#define KEY_SIZE      32
#define DOUBLE_ROUNDS 10

/* RFC 8439, 2.3: four constants, eight words of key, the block's number, a nonce. */
#define CONSTANTS   0x61707865, 0x3320646e, 0x79622d32, 0x6b206574
#define KEY_WORD    4
#define NUMBER_WORD 12

static uint32_t state[16] = { CONSTANTS };
static unsigned host_bytes;

static uint32_t rotate(uint32_t x, unsigned by)
{
	return x << by | x >> (32 - by);
}

/* RFC 8439, 2.1. */
static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b, *d = rotate(*d ^ *a, 16);
	*c += *d, *b = rotate(*b ^ *c, 12);
	*a += *b, *d = rotate(*d ^ *a, 8);
	*c += *d, *b = rotate(*b ^ *c, 7);
}

void chacha20_block(const uint32_t initial[16], uint8_t out[SEED_SIZE])
{
	uint32_t x[16];

	memcpy(x, initial, sizeof(x));
	for (unsigned i = 0; i < DOUBLE_ROUNDS; i++) {
		for (unsigned col = 0; col < 4; col++)
			quarter_round(&x[col], &x[4 + col], &x[8 + col], &x[12 + col]);
		for (unsigned col = 0; col < 4; col++)
			quarter_round(&x[col], &x[4 + (col + 1) % 4], &x[8 + (col + 2) % 4],
				      &x[12 + (col + 3) % 4]);
	}
	for (unsigned i = 0; i < SEED_SIZE; i++)
		out[i] = (uint8_t)((x[i / 4] + initial[i / 4]) >> 8 * (i % 4));
}

/* A seed that is longer than a key is folded, so that all of it counts. */
void seed_init(const void *fdt, int chosen)
{
	int len;
	const uint8_t *seed = fdt_getprop(fdt, chosen, "rng-seed", &len);

	memset(&state[KEY_WORD], 0, sizeof(state) - sizeof(state[0]) * KEY_WORD);
	host_bytes = seed && len > 0 ? (unsigned)len : 0;
	for (unsigned i = 0; i < host_bytes; i++)
		state[KEY_WORD + i % KEY_SIZE / 4] ^= (uint32_t)seed[i] << 8 * (i % 4);
}

unsigned seed_next(uint8_t out[SEED_SIZE])
{
	uint32_t mine[16];

	memcpy(mine, state, sizeof(mine));
	mine[NUMBER_WORD] = __atomic_fetch_add(&state[NUMBER_WORD], 1, __ATOMIC_RELAXED);
	chacha20_block(mine, out);
	return host_bytes < SEED_SIZE ? host_bytes : SEED_SIZE;
}
