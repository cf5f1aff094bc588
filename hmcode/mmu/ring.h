/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.h - the guest's flush ring. */
#ifndef HM_RING_H
#define HM_RING_H

#include "core/vcpu.h"

/* An SBI error code. */
long hm_ring_set(struct hm_vcpu *vcpu, u64 gpa, u64 gva, u64 version);
void hm_ring_end(struct hm_vcpu *vcpu);
void hm_ring_attach(struct hm_vcpu *vcpu);
void hm_ring_commit(struct hm_vcpu *vcpu);
bool hm_ring_enter(struct hm_vcpu *vcpu);
void hm_ring_drain(struct hm_vcpu *vcpu);
void hm_ring_leave(struct hm_vcpu *vcpu);

/* The space has other slots, or ring_lost is set. */
void hm_ring_check(struct hm_vcpu *vcpu);

#endif
