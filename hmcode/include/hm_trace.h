/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hm_trace.h - the rings of events that hmcode keeps in the build with TRACED=1, as it and tools see them.
 *
 * A hart has a ring of 256 slots of 256 bytes, aligned to its size.  An event is two words of a slot: the first is its
 * value, and the word of its kind is the time, mcycle.  So the kind costs no instruction.  Words of older events
 * stay in the slot: the event is the word with the latest time.  A few kinds have a detail, in the last word.
 *
 * hmcode/core/trace.h stores them.  A plugin of QEMU's, qemu-platform/plugins/trace.c, watches these stores, and
 * qemu-platform/hmode/trace.py reads the list of kinds.
 */
#ifndef HM_TRACE_ABI_H
#define HM_TRACE_ABI_H

#include "hm_abi.h"

#define HM_TRACE_SLOT_SHIFT 8
#define HM_TRACE_RING_SHIFT 16

/* Kinds beside those of HM_TRAPS, whose numbers come first: X(NAME, name, whether it has a detail). */
#define HM_TRACE_MORE(X)                                                       \
	/* The guest world ends: exit_value; the detail is HM_EXIT_*. */       \
	X(EXIT, exit, 1)                                                       \
	/* It begins: the vCPU's number in the low byte, its VM's above it. */ \
	X(ENTER, enter, 0)                                                     \
	/* The host's supervisor calls firmware: a7, the extension; a6. */     \
	X(CALL, host_call, 1)                                                  \
	/* It traps otherwise: mcause. */                                      \
	X(TRAP, host_trap, 0)

enum hm_trace_kind {
	HM_TRACE_TRAPS = HM_TRAP_KINDS - 1,
#define HM_TRACE_KIND(NAME, name, value) HM_TRACE_##NAME,
	HM_TRACE_MORE(HM_TRACE_KIND)
#undef HM_TRACE_KIND
		HM_TRACE_KINDS
};

/* A slot in words: the value, a word for each kind, the detail. */
#define HM_TRACE_DETAIL ((1 << HM_TRACE_SLOT_SHIFT >> 3) - 1)
#define HM_TRACE_SLOTS  (1 << HM_TRACE_RING_SHIFT >> HM_TRACE_SLOT_SHIFT)
_Static_assert(1 + (int)HM_TRACE_KINDS <= HM_TRACE_DETAIL, "each kind has a word");

#endif
