/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h - the last 256 events of each hart (include/hm_trace.h), in the build with TRACED=1; in
 * any other build nothing of it is there.
 *
 * The address of the next slot goes around by itself, since only its low 16 bits are stored.  The
 * vCPU has it in the guest world, the hart otherwise.  An event whose value is in a register is six
 * instructions: load the address, read mcycle, store both words, add, store the address.
 */
#ifndef HM_TRACE_H
#define HM_TRACE_H

#include <sbi/sbi_types.h>

#include "hm_trace.h"
#include "metal/hart.h"

/* Where the next event goes. */
union hm_trace {
	u64 next;
	u16 low; /* goes around */
};

#ifdef HM_TRACED

#define HM_TRACED_ONLY(...)            __VA_ARGS__
#define HM_TRACED_OR(value, otherwise) (value) /* what would have to be read again */

static inline void hm_trace(union hm_trace *trace, unsigned int kind, u64 value)
{
	u64 next = trace->next;
	volatile u64 *slot = (volatile u64 *)next;

	slot[0] = value; /* first: who sees the time sees an event */
	slot[1 + kind] = hart_count_all();
	trace->low = next + (1 << HM_TRACE_SLOT_SHIFT);
}

static inline void hm_trace_detailed(union hm_trace *trace, unsigned int kind, u64 value,
				     u64 detail)
{
	((volatile u64 *)trace->next)[HM_TRACE_DETAIL] = detail;
	hm_trace(trace, kind, value);
}

/* The events of a hart by its index. */
void hm_trace_begin(union hm_trace *trace, u32 hart);

/* At the end of the machine: what there is of each hart, the oldest first. */
void hm_trace_show(void (*put)(const char *line));

#else

#define HM_TRACED_ONLY(...)
#define HM_TRACED_OR(value, otherwise)                (otherwise)
#define hm_trace(trace, kind, value)                  ((void)(value))
#define hm_trace_detailed(trace, kind, value, detail) ((void)(value))
#define hm_trace_begin(trace, hart)                   ((void)(hart))

#endif
#endif
