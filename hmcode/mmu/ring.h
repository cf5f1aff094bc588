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
void hm_ring_drain(struct hm_vcpu *vcpu);

/* The space has other slots, or ring_lost is set. */
void hm_ring_check(struct hm_vcpu *vcpu);

/*
 * The two that each entry and each exit call.  Most guests have no ring.
 * True: there is something in it that is to be drained before the guest runs.
 */
static inline bool hm_ring_enter(struct hm_vcpu *vcpu)
{
	if (!vcpu->space.ring.hpa)
		return false;
	ssp_ring_enter(&vcpu->space);
	return !hm_host_tables(vcpu) && ssp_ring_pending(&vcpu->space);
}

/* The host drains its own tables' ring: it has to know where that is. */
static inline void hm_ring_leave(struct hm_vcpu *vcpu, struct hm_run *run)
{
	run->ring_gpa = vcpu->ring_gpa;
	run->ring_generation = vcpu->ring_generation;
	if (vcpu->space.ring.hpa)
		ssp_ring_leave(&vcpu->space);
}

#endif
