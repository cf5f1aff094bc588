/* SPDX-License-Identifier: BSD-2-Clause */
/* flush.h - fences that the guest asked for, of its own hart or by another one. */
#ifndef HM_FLUSH_H
#define HM_FLUSH_H

#include "core/vcpu.h"

/*
 * Fences that the guest asked for: what the engine has to do, and the one that the hart owes then.
 */
#define HM_ALL_ASIDS (~0ull)
enum ssp_fence hm_flush_va(struct hm_vcpu *vcpu, u64 va, u64 asid);
enum ssp_fence hm_flush_pages(struct hm_vcpu *vcpu, u64 va, u64 last, u64 asid);
enum ssp_fence hm_flush_all(struct hm_vcpu *vcpu, u64 asid);

/* A remote SFENCE.VMA has come to its hart; asid HM_ALL_ASIDS means all address spaces. */
void hm_remote_fence_vma(struct hm_vcpu *vcpu, u64 start, u64 size, u64 asid);

#endif
