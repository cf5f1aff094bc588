/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vector.h - all that vector instructions can change, as one value: for payloads that look whether
 * it is kept.
 *
 * The assembly is position independent, takes the state in a0, and changes t0 to t3 and a0;
 * sstatus.VS is on.
 */
#ifndef VECTOR_H
#define VECTOR_H

#include "payload.h"

#define SSTATUS_VS   (3ul << 9)
#define VTYPE_VILL   (1ul << 63)
#define VTYPE_E32_M2 0x11ul
#define MAX_VLENB    128

struct v_state {
	uint64_t vstart, vl, vtype, vcsr;
	uint8_t registers[32 * MAX_VLENB];
};

#define V_ON  ".option push\n.option arch, +v\n"
#define V_END ".option pop\n"

/* vstart first, since whatever comes after it sets it to 0, and begins there. */
#define V_READ                                                                         \
	V_ON "csrrw t0, vstart, zero\n csrr t1, vl\n csrr t2, vtype\n csrr t3, vcsr\n" \
	     "sd t0, 0(a0)\n sd t1, 8(a0)\n sd t2, 16(a0)\n sd t3, 24(a0)\n"           \
	     "addi a0, a0, 32\n csrr t1, vlenb\n slli t1, t1, 3\n"                     \
	     "vs8r.v v0, (a0)\n add a0, a0, t1\n vs8r.v v8, (a0)\n add a0, a0, t1\n"   \
	     "vs8r.v v16, (a0)\n add a0, a0, t1\n vs8r.v v24, (a0)\n csrw vstart, t0\n" V_END

#define V_WRITE                                                                          \
	V_ON "csrw vstart, zero\n csrr t0, vlenb\n slli t0, t0, 3\n addi t1, a0, 32\n"   \
	     "vl8re8.v v0, (t1)\n add t1, t1, t0\n vl8re8.v v8, (t1)\n add t1, t1, t0\n" \
	     "vl8re8.v v16, (t1)\n add t1, t1, t0\n vl8re8.v v24, (t1)\n"                \
	     "ld t0, 8(a0)\n ld t1, 16(a0)\n vsetvl zero, t0, t1\n"                      \
	     "ld t0, 24(a0)\n csrw vcsr, t0\n ld t0, 0(a0)\n csrw vstart, t0\n" V_END

static inline void v_read(struct v_state *state)
{
	register uint64_t a0 __asm__("a0") = (uint64_t)state;

	__asm__ volatile(V_READ : "+r"(a0)::"memory", "t0", "t1", "t2", "t3");
}

static inline void v_write(const struct v_state *state)
{
	register uint64_t a0 __asm__("a0") = (uint64_t)state;

	__asm__ volatile(V_WRITE : "+r"(a0)::"memory", "t0", "t1");
}

/* Bytes of a register, with VS on. */
static inline uint64_t v_length(void)
{
	return csr_read(0xc22);
}

/* Are there vectors?  VS keeps what is written then; it is left as it was. */
static inline bool v_exists(void)
{
	uint64_t before = csr_read(sstatus), with;

	csr_set(sstatus, SSTATUS_VS);
	with = csr_read(sstatus);
	csr_write(sstatus, before);
	return with & SSTATUS_VS;
}

/* Another value for each seed, in all its parts; the same in registers of any length. */
static inline void v_make(struct v_state *state, uint64_t vlenb, uint64_t seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ul + 1;

	state->vtype = VTYPE_E32_M2 | (seed & 3) << 6; /* tail and mask agnostic, or not */
	state->vl = 1 + seed % (vlenb / 2);
	state->vstart = seed % state->vl;
	state->vcsr = seed % 7 + 1;
	for (uint64_t i = 0; i < 32 * vlenb; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		state->registers[i] = x >> 32;
	}
}

static inline bool v_equal(const struct v_state *a, const struct v_state *b, uint64_t vlenb)
{
	bool same = a->vstart == b->vstart && a->vl == b->vl && a->vtype == b->vtype &&
		    a->vcsr == b->vcsr;

	for (uint64_t i = 0; i < 32 * vlenb; i++)
		same &= a->registers[i] == b->registers[i];
	return same;
}

#endif
