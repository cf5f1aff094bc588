/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch.h - the instruction at an address, for firmware and host, which find its code by tables:
 * two halfwords, each read once, that may lie on two pages.
 */
#ifndef SSP_FETCH_H
#define SSP_FETCH_H

#include "pte.h"

/* 32-bit encodings end in 11 ("Base Instruction-Length Encoding"). */
#define INSN_LENGTH(insn) (((insn)&3) == 3 ? 4 : 2)

/*
 * The HPA of the code at va, up to the end of its page; 0: it cannot be fetched, and the caller's
 * state says why.
 */
typedef uint64_t insn_find(void *caller, uint64_t va);
typedef uint16_t insn_load(uint64_t hpa);

/*
 * The length of the instruction at `code`, an HPA; 0: its second half, not read yet, is on another
 * page.
 */
static inline __attribute__((always_inline)) unsigned int
insn_load_within(insn_load *load, uint64_t code, uint64_t *insn)
{
	*insn = load(code);
	if (INSN_LENGTH(*insn) == 2)
		return 2;
	code += 2;
	if (!(code & (PAGE_SIZE - 1)))
		return 0;
	*insn |= (uint32_t)load(code) << 16;
	return 4;
}

/*
 * The instruction's length, 2 or 4 bytes; 0: it cannot be fetched.  Both functions are known where
 * this is expanded, and so become part of it.
 */
static inline __attribute__((always_inline)) unsigned int
insn_fetch(insn_find *find, insn_load *load, void *caller, uint64_t pc, uint64_t *insn)
{
	uint64_t code = find(caller, pc);
	unsigned int length;

	if (!code)
		return 0;
	length = insn_load_within(load, code, insn);
	if (length)
		return length;
	code = find(caller, pc + 2);
	if (!code)
		return 0;
	*insn |= (uint32_t)load(code) << 16;
	return 4;
}

#endif
