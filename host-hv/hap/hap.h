/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hap.h - hardware-assisted paging: guests on harts with the H extension, whose memory the hart
 * translates in two stages.  No firmware takes part: what HM_FID_VCPU_RUN is to other modes, this
 * room is here, with the same run page and the same numbers of exits.
 *
 *	run/enter.c --> world.c: into VS-mode and back --> exit.c: why it came back
 *	                             |  gstage.c: memory that is not mapped yet
 *	                             `- sbi.c: calls that concern the vCPU alone
 */
#ifndef HAP_H
#define HAP_H

#include "arch/hypervisor.h"
#include "core/vcpu.h"

/* A guest's G-stage tables; all its vCPUs share them. */
struct hap_vm {
	struct spinlock lock;
	uint64_t root;         /* HPA, 16 KiB */
	uint64_t next, end;    /* pages for further tables, of the same allocation */
	unsigned most_levels;  /* of a leaf: 0 for 4 KiB alone, 2 for up to 1 GiB */
	uint32_t unknown_told; /* a call to an SBI extension that there is not; atomic */
};

struct hap_vcpu {
	uint64_t hgatp;
	bool loaded; /* its VS-level CSRs are the hart's, not the run page's */
	struct fp_state fp;
	/* Since the record was begun, with what else struct hm_stats has. */
	struct hm_stats stats;
	uint64_t g_stage_faults, instructions; /* exits for them */
	uint64_t all_base; /* of all instructions, as this record counts them: */
	bool retired;      /* the hart has a counter of them (HM_INFO_RETIRED) */
};

/*
 * For all guests: whether counting is split (HM_INFO_SMCNTRPMF), and marks are not the guest's
 * illegal instructions.
 */
void hap_init(bool split, bool marks);

/* The bits of VMID that the hart has, and the modes of vsatp as HM_FID_INFO tells those of satp. */
unsigned hap_vmid_bits(void);
uint64_t hap_satp_modes(void);

/*
 * A new guest's tables, empty; ends the machine if memory is short.  small: of 4 KiB pages alone.
 */
void hap_create(struct vm *vm, bool small);

/* Before a vCPU runs for the first time, and again after the guest's restart. */
void hap_start(struct vcpu *v);

/* Its guest has ended: on the vCPU's own hart. */
void hap_release(const struct vcpu *v);

/* Around a vCPU's turn on its hart. */
void hap_begin_turn(struct vcpu *v);
void hap_end_turn(struct vcpu *v);

/* Runs the guest until it exits. */
void hap_enter(struct vcpu *v);

/*
 * Why it did: HM_EXIT_*, with its particulars in the run page.  Negative: that is done with, and
 * the guest runs again, or has ended.
 */
enum { HAP_RESUME = -1, HAP_YIELD = -2 };
long hap_exit(struct vcpu *v);

#endif
