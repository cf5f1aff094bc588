/* SPDX-License-Identifier: BSD-2-Clause */
/* pool.h - contiguous pages of the protected region. */
#ifndef HM_POOL_H
#define HM_POOL_H

#include <sbi/sbi_types.h>

extern u64 hm_pool_base, hm_pool_size;
void hm_pool_init(u64 base, u64 size);
u64 hm_pool_alloc(u32 pages); /* 0: none left */
void hm_pool_free(u64 hpa);
u32 hm_pool_free_pages(void);

#endif
