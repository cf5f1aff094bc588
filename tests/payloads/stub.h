/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stub.h - one instruction, of which every register is known: those before it are given, and those
 * behind it are kept.  A trap that it takes comes behind it as well.
 */
#ifndef STUB_H
#define STUB_H

#include "payload.h"

#define STUBS 2

struct registers {
	uint64_t x[32];
	uint64_t kept[5]; /* stub.S's own */
	uint64_t stvec;   /* behind the instruction */
};

#define STUB(n)                                                                  \
	void stub_##n(const struct registers *before, struct registers *behind); \
	extern uint32_t stub_##n##_hole[];                                       \
	extern const char stub_##n##_behind[]
STUB(0);
STUB(1);
#undef STUB

void floats_load(const uint64_t f[32]);
void floats_store(uint64_t f[32]);

/* Each CPU has a stub of its own. */
static inline void execute(unsigned int stub, uint32_t insn, const struct registers *before,
			   struct registers *behind)
{
	volatile uint32_t *hole = stub ? stub_1_hole : stub_0_hole;

	if (*hole != insn) {
		*hole = insn;
		__asm__ volatile("fence.i" ::: "memory");
	}
	(stub ? stub_1 : stub_0)(before, behind);
}

/* Bit n: xn is not what it was. */
static inline uint32_t registers_changed(const struct registers *before,
					 const struct registers *behind)
{
	uint32_t changed = 0;

	for (unsigned int n = 1; n < 32; n++)
		changed |= (uint32_t)(before->x[n] != behind->x[n]) << n;
	return changed;
}

#endif /* STUB_H */
