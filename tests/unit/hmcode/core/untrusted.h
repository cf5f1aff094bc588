/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * untrusted.h - hmcode/core/untrusted.h on the build machine: each read is a call of machine.c,
 * which may write something else there at once, as another hart of the host or of the guest might.
 */
#ifndef HM_UNTRUSTED_H
#define HM_UNTRUSTED_H

#include <sbi/sbi_types.h>

/* size bytes at hpa were read; a store or an answer is about to be made there. */
void model_was_read(u64 hpa, u64 size);
void model_will_write(u64 hpa, u64 size);
void model_copy(u64 hpa, const void *from, u64 size);

#define hm_read(field)                                                                    \
	({                                                                                \
		__typeof__(field) value_ = *(const volatile __typeof__(field) *)&(field); \
		model_was_read((u64) & (field), sizeof(field));                           \
		value_;                                                                   \
	})

#define MODEL_LOAD(type, name)                            \
	static inline type name(u64 hpa)                  \
	{                                                 \
		type value = *(const volatile type *)hpa; \
                                                          \
		model_was_read(hpa, sizeof(type));        \
		return value;                             \
	}
MODEL_LOAD(u8, hm_load_u8)
MODEL_LOAD(u16, hm_load_u16)
MODEL_LOAD(u64, hm_load_u64)

static inline void hm_store_u8(u64 hpa, u8 value)
{
	model_will_write(hpa, 1);
	*(volatile u8 *)hpa = value;
}

static inline void hm_store_answer(u64 hpa, const void *answer, u64 size)
{
	model_will_write(hpa, size);
	model_copy(hpa, answer, size);
}

#endif
