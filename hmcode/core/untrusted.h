/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * untrusted.h - memory that is the guest's or the host's, and that another hart of theirs may write
 * at any time: read once, checked, and only what was read is used.  The engine has
 * ssp/flat/ssp_port.h for the same.
 *
 * hpa: was found to be RAM of theirs; here physical addresses are pointers.
 * tests/unit/hmcode/core/untrusted.h has the same names, and changes what was read as soon as it
 * was.
 */
#ifndef HM_UNTRUSTED_H
#define HM_UNTRUSTED_H

#include <sbi/sbi_string.h>
#include <sbi/sbi_types.h>

/* A field of hm_run.  C reads the page in no other way: tests/unit/layers holds that. */
#define hm_read(field) (*(const volatile __typeof__(field) *)&(field))

static inline u8 hm_load_u8(u64 hpa)
{
	return *(const volatile u8 *)hpa;
}

static inline u16 hm_load_u16(u64 hpa)
{
	return *(const volatile u16 *)hpa;
}

static inline u64 hm_load_u64(u64 hpa)
{
	return *(const volatile u64 *)hpa;
}

static inline void hm_store_u8(u64 hpa, u8 value)
{
	*(volatile u8 *)hpa = value;
}

static inline void hm_store_answer(u64 hpa, const void *answer, u64 size)
{
	sbi_memcpy((void *)hpa, answer, size);
}

#endif
