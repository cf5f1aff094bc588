/* SPDX-License-Identifier: BSD-2-Clause */
/* internal.h - what the files of hap/ share among themselves. */
#ifndef HAP_INTERNAL_H
#define HAP_INTERNAL_H

#include "hap/hap.h"

/* The VS-level CSRs go to the run page, which is then the one to read and write. */
void hap_save(struct vcpu *v);

/* Maps the largest page around a GPA of RAM that the guest's memory has. */
void gstage_map(struct vcpu *v, uint64_t gpa);

/*
 * An SBI call that concerns the vCPU alone, as hmcode serves in other modes; false: it is
 * run/sbi.c's.
 */
bool hap_serve_sbi(struct vcpu *v);

#endif
