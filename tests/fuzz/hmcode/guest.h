/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.h - what guest.c (accesses and tables) and traps.c (instructions, calls) have in common. */
#ifndef FUZZ_GUEST_H
#define FUZZ_GUEST_H

#include "fuzz.h"

#define RING_OF(vcpu) (guest_table(GUEST_TABLES) + (u64)((vcpu)-fuzz.vcpu) * PAGE_SIZE)
#define RING_GVA      0x1234567000ull

struct hm_run *guest_run_page(const struct fuzz_vcpu *vcpu);
struct hm_vcpu *guest_object(const struct fuzz_vcpu *vcpu);

/* A trap; was an exception given to the guest, and may it be one of this access? */
enum hm_next guest_take(struct fuzz_vcpu *vcpu, u64 cause, u64 tval, bool race);
bool guest_was_raised(void);
void guest_expect_raised(struct fuzz_vcpu *vcpu, struct access access, u64 pc);

/* An address of the small space that the guest lives in; an access, true: it left the guest world. */
u64 guest_address(struct fuzz_vcpu *vcpu);
bool guest_access(struct fuzz_vcpu *vcpu, const struct access *access);
unsigned int guest_state(void);

/* traps.c */
u64 guest_any_satp(const struct fuzz_vcpu *vcpu); /* mostly one of a few, sometimes one of many */
bool guest_fence_everything(struct fuzz_vcpu *vcpu);
bool guest_step_trap(struct fuzz_vcpu *vcpu, unsigned int kind);

#endif
