/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hm_abi.h - the one interface between hmcode, its host and its guests.
 *
 * Used by the firmware, the hypervisor, the guest program and the tests; it
 * depends on <stdint.h> alone and may be included from assembly (constants
 * only).  docs/abi.md explains each call in the form of an SBI chapter.
 *
 * Units: addresses and sizes are in bytes unless a name says pages (4096
 * bytes).  HPA and GPA are host and guest physical addresses.
 */
#ifndef HM_ABI_H
#define HM_ABI_H

/* Major changes break callers, minor ones add. */
#define HM_ABI_VERSION_MAJOR	3
#define HM_ABI_VERSION_MINOR	0
#define HM_ABI_VERSION		((HM_ABI_VERSION_MAJOR << 16) | HM_ABI_VERSION_MINOR)

/*
 * The HM extension towards the host: an SBI extension in the experimental
 * range 0x08000000-0x08FFFFFF (SBI 2.0, section 3.1), 'HMC'.
 * Calling convention and error codes are SBI's: a7 = EID, a6 = FID,
 * a0.. = arguments; returns a0 = error, a1 = value.
 */
#define HM_EXT_ID		0x08484d43

#define HM_FID_VERSION		0	/* () -> HM_ABI_VERSION */
#define HM_FID_INFO		1	/* (hpa of struct hm_info, size) */
#define HM_FID_VM_CREATE	2	/* (flags) -> VM number */
#define HM_FID_VM_DESTROY	3	/* (vm) */
#define HM_FID_SLOT_SET		4	/* (vm, slot, gpa, hpa, size, rights) */
#define HM_FID_VCPU_CREATE	5	/* (vm, hpa of struct hm_run, shadow table pages) -> vCPU number */
#define HM_FID_VCPU_DESTROY	6	/* (vcpu) */
#define HM_FID_VCPU_RUN		7	/* (vcpu) -> HM_EXIT_* */
#define HM_FID_VCPU_STATS	8	/* (vcpu, hpa of struct hm_stats, size) */
#define HM_FID_VM_INVALIDATE	9	/* (vm, gpa, size) */
#define HM_FID_EXT_IRQ_DONE	11	/* () the host has served its external interrupt */
#define HM_FID_COUNT		12

/*
 * hm_run.policy: what the firmware finishes itself (the ladder); everything else
 * exits.  Without HOST_TABLES the shadow tables are the firmware's, and what the
 * host decided is done when it asks for it at the next entry.
 */
#define HM_POLICY_INJECT	(1 << 0)	/* true faults */
#define HM_POLICY_SATP		(1 << 1)	/* switches to cached roots; with FILL to new ones too */
#define HM_POLICY_FLUSH		(1 << 2)	/* fences */
#define HM_POLICY_FILL		(1 << 3)	/* hidden faults */
#define HM_POLICY_ALL		0xf		/* of these */
/*
 * The shadow tables are the host's, in its own RAM: the firmware loads them and
 * never writes to them.  FLUSH then means fences of the hart alone, since the host
 * keeps its shadow in step by itself; FILL goes with the firmware's tables only.
 */
#define HM_POLICY_HOST_TABLES	(1 << 4)
/*
 * With HOST_TABLES and without FLUSH: a fence of one page that the host's tables do
 * not map ends in the firmware, and waits in hm_run.fences for the next exit.
 */
#define HM_POLICY_LOG_FENCES	(1 << 5)

/* Slot rights. */
#define HM_SLOT_R		(1 << 0)
#define HM_SLOT_W		(1 << 1)
#define HM_SLOT_X		(1 << 2)
#define HM_MAX_SLOTS		8

/* Why HM_FID_VCPU_RUN returned.  hm_run.exit_* hold the particulars. */
#define HM_EXIT_INTERRUPT	0	/* the host's own interrupt (or its slice) is due, or an entry takes another call: run again */
#define HM_EXIT_MMIO		1	/* load or store outside the slots: exit_gpa, exit_insn; exit_value = GVA */
#define HM_EXIT_SBI		2	/* an SBI call that the host serves: registers a0-a7; exit_value = hart mask of a legacy call */
#define HM_EXIT_WFI		3	/* guest idles; exit_value = next deadline (mtime ticks, ~0 = none) */
#define HM_EXIT_MARK		4	/* measurement marker: exit_value = written value, exit_insn */
#define HM_EXIT_POOL		5	/* shadow tables cannot hold one walk: the pool is too small */
#define HM_EXIT_BROKEN		6	/* the guest cannot continue; exit_cause, exit_value say why */
/* What hm_run.policy leaves to the host; by_reason of the record has the same names. */
#define HM_EXIT_TRUE_FAULT	7	/* page fault of the guest's: exit_cause, exit_value = GVA; the host injects it */
#define HM_EXIT_HIDDEN_FAULT	8	/* likewise, but the shadow's: the host answers with HM_RUN_FILL */
#define HM_EXIT_SATP		9	/* satp written, root cached: exit_value = the value, to be put into hm_run.satp */
#define HM_EXIT_ROOT_MISS	10	/* likewise, no root cached */
#define HM_EXIT_FLUSH		11	/* SFENCE.VMA: fence_* are set, the host answers with HM_RUN_FENCE_VMA */
/* With HM_POLICY_HOST_TABLES in place of 7 and 8: */
#define HM_EXIT_PAGE_FAULT	12	/* page fault, anyone's: exit_cause, exit_value = GVA; the host finds out whose */
#define HM_EXIT_RING		13	/* the guest's flush ring was committed: it is drained before the guest runs again */
#define HM_EXIT_REMOTE_FENCE	14	/* as HM_EXIT_SBI, for REMOTE_SFENCE_VMA, with an ASID or without: memory's, with any policy */
#define HM_EXIT_COUNT		15

/* hm_run.flags, set by the host before a run. */
#define HM_RUN_YIELD_WFI	(1 << 0)	/* WFI exits (TW=1) instead of idling in the guest world */
#define HM_RUN_SEIP		(1 << 1)	/* the guest's supervisor external interrupt is pending */
#define HM_RUN_RESET_STATS	(1 << 2)	/* zero the statistics at this entry, then clears itself */
#define HM_RUN_ADVANCE		(1 << 3)	/* step over an MMIO or SBI exit's instruction (WFI, MARK: already done), then clears itself */
#define HM_RUN_FENCE_VMA	(1 << 4)	/* first the fence of hm_run.fence_*, then clears itself */
#define HM_RUN_FILL		(1 << 6)	/* first fill the shadow for the fault in exit_cause, exit_value, then clears itself */
#define HM_RUN_FENCE_I		(1 << 5)	/* first FENCE.I, then clears itself */
#define HM_RUN_RESET		(1 << 7)	/* a hart of the guest starts: SBI's firmware features are reset, then clears itself */

/* hm_run.hw_fence: what the hart may have cached of the host's tables and has to lose first. */
#define HM_FENCE_NONE		0
#define HM_FENCE_PAGE		1	/* hw_fence_va, of all roots */
#define HM_FENCE_ASID		2	/* all of the current root that is not global */
#define HM_FENCE_ALL		3

#define HM_ROOTS		16
#define HM_FENCES		64

/*
 * Measurement marker: a guest *user* program writes this custom unprivileged
 * CSR (0x800-0x8ff, privileged specification, CSR address ranges).  Every
 * write traps as an illegal instruction, which hmcode recognizes natively and
 * in the guest world alike; on a machine without hmcode, or where the run has not
 * turned markers on (the word marks=1 of bootargs), it is SIGILL.
 * Value: bits 7:0 operation, 15:8 workload number, bit 16 success (END only).
 */
#define HM_CSR_MARK		0x8e0
#define HM_MARK_BEGIN		1	/* counting starts when the guest resumes */
#define HM_MARK_END		2	/* counting stops at the trap; a record is printed */
#define HM_MARK_OK		(1 << 16)

/*
 * The HM extension towards guests: an SBI extension of the same range, 'HMG'.
 * A guest uses it to register its flush ring (struct hm_ring), nothing else.
 */
#define HM_GUEST_EXT_ID		0x08484d47

#define HM_GUEST_FID_FEATURES	0	/* () -> HM_GUEST_FEATURE_* */
#define HM_GUEST_FID_RING_SET	1	/* (gpa of the calling hart's ring or HM_RING_NONE, gva to commit by, HM_RING_VERSION) */

#define HM_GUEST_FEATURE_RING	(1 << 0)

/* Major only: what changes the meaning of what is there gets another number. */
#define HM_RING_VERSION		1
#define HM_RING_NONE		(~0ul)	/* gives the ring back */
#define HM_RING_ENTRIES		128

/* What an entry says: hm_ring_entry.va_op, bits 3:0. */
#define HM_RING_OP_MAP		1	/* pages of this ASID were mapped or widened: a hint, the tables are read again */
#define HM_RING_OP_FLUSH	2	/* as SFENCE.VMA with rs2 = ASID, of each page; no pages: with rs1 = x0 */
#define HM_RING_OP_FLUSH_GLOBAL	3	/* as SFENCE.VMA with rs2 = x0, of each page; no pages: with rs1 = x0; the ASID is 0 */
#define HM_RING_OP_MASK		0xf
#define HM_RING_ASID_SHIFT	32	/* in hm_ring_entry.asid_pages */
#define HM_RING_ASID_MASK	0xffff

/* hm_ring.flags */
#define HM_RING_CACHED		(1 << 0)	/* translations may be held: invalidations have to be committed */
#define HM_RING_RUNNING		(1 << 1)	/* this vCPU may be running: it has not yet to drain before it does */

/*
 * A result record on the console is a JSON text sequence element (RFC 7464):
 * RS, one JSON object, LF.  host-hv removes RS from what guests print.
 */
#define HM_RECORD_RS		0x1e

#ifndef __ASSEMBLER__

#include <stdint.h>

/* Hart and firmware properties, the answer of HM_FID_INFO. */
struct hm_info {
	uint64_t version;		/* HM_ABI_VERSION */
	uint64_t features;		/* HM_INFO_* */
	uint64_t satp_modes;		/* bit N: satp.MODE N works (8 Sv39, 9 Sv48, 10 Sv57) */
	uint64_t asid_bits;		/* hardware ASIDLEN of this hart */
	uint64_t pool_base, pool_size;	/* shadow-table region (HPA, bytes): never touch */
	uint64_t pool_free_pages;
	uint64_t timebase_hz;		/* 0 if not known */
};
#define HM_INFO_SSTC		(1 << 0)
#define HM_INFO_SVVPTC		(1 << 1)	/* the hart itself has it */
#define HM_INFO_SMCNTRPMF	(1 << 2)	/* instruction split is exact */

/* One entry of the root buffer: a guest address space and the host's shadow of it. */
struct hm_root {
	uint64_t gsatp;			/* guest satp; of a MODE that the guest has, or not in use */
	uint64_t root;			/* MODE and PPN of the shadow as in satp; 0: not in use */
	uint64_t stamp;			/* when it changes, nothing that the hart cached of this root is used again */
	uint64_t used;			/* from the firmware: clock of the last switch to it */
};

/* A guest's SFENCE.VMA of one page. */
struct hm_fence {
	uint64_t va;
	uint64_t asid;			/* ~0: all address spaces */
};

/*
 * One vCPU's page, shared between host and firmware: 4096-byte aligned, in
 * host RAM.  Valid while the vCPU is not running.  The firmware treats it as
 * untrusted and checks whatever it reads.
 */
struct hm_run {
	uint64_t x[32];			/* x[0] is ignored */
	uint64_t pc;
	uint64_t priv;			/* 0 U, 1 S */
	/* Guest supervisor CSRs. */
	uint64_t sstatus, sie, sip, stvec, sscratch, sepc, scause, stval;
	uint64_t satp, scounteren, senvcfg, stimecmp;	/* without Sstc, stimecmp is SBI's timer */

	uint64_t flags;			/* HM_RUN_* */
	uint64_t slice_end;		/* mtime at which to exit at the latest; ~0 = none */
	/* HM_RUN_FENCE_VMA, what another vCPU asked for: GVA and bytes as in SBI's RFENCE. */
	uint64_t fence_start, fence_size;
	uint64_t fence_asid;		/* ~0: all address spaces */

	/* The last exit. */
	uint64_t exit_reason;		/* HM_EXIT_* */
	uint64_t exit_cause;		/* mcause of the trap behind it */
	uint64_t exit_gpa;		/* MMIO: guest physical address of the access */
	uint64_t exit_insn;		/* MMIO, MARK: the instruction, 16 or 32 bits, zero extended */
	uint64_t exit_insn_len;		/* 2 or 4 bytes, also for HM_RUN_ADVANCE */
	uint64_t exit_value;		/* see HM_EXIT_* */

	/* From the firmware: the guest's flush ring. */
	uint64_t ring_gpa;		/* HM_RING_NONE: it has none, or none that can be read */
	uint64_t ring_turn;		/* changes with each ring */

	uint64_t policy;		/* HM_POLICY_*; may change at any entry */

	/* HM_POLICY_HOST_TABLES. */
	uint64_t hw_fence, hw_fence_va;	/* HM_FENCE_*: first this, then clears itself */
	uint64_t root;			/* the current one's number in roots; set by both sides */
	uint64_t roots_new;		/* bit n: roots[n] has changed; clears itself */
	struct hm_root roots[HM_ROOTS];

	/* HM_POLICY_LOG_FENCES: from the firmware, since the host last set the number to 0. */
	uint64_t fence_exits;		/* bit va >> 30 & 63: not there, from the host */
	uint64_t fence_count;
	struct hm_fence fences[HM_FENCES];
};

/*
 * One notification.  Other bits than the named ones are 0.
 */
struct hm_ring_entry {
	uint64_t va_op;			/* 63:12 address of the first page, 3:0 HM_RING_OP_* */
	uint64_t asid_pages;		/* 47:32 ASID, 31:0 pages of 4096 bytes; 0: the whole space */
};

/*
 * The flush ring of one vCPU: a 4096-byte aligned page of the guest's RAM.
 * The guest produces and the engine consumes; each line below has one writer.
 * Orderings are in docs/abi.md, "The flush ring".
 */
struct hm_ring {
	/* The guest's. */
	uint32_t head;			/* entries pushed, modulo 2^32 */
	uint32_t reserved0;
	uint64_t own[7];		/* whatever it likes, the engine never looks */
	/* The engine's. */
	uint32_t tail;			/* entries drained */
	uint32_t flags;			/* HM_RING_CACHED, _RUNNING */
	uint32_t reserved1[14];
	uint64_t reserved2[240];
	/* The guest's: entry n is entry[n % HM_RING_ENTRIES]. */
	struct hm_ring_entry entry[HM_RING_ENTRIES];
};

/* Kinds of HM traps: "hm_traps.by_kind" of the result record, in this order. */
enum hm_trap_kind {
	HM_TRAP_TRUE_FAULT,
	HM_TRAP_FILL,
	HM_TRAP_SATP_HIT,
	HM_TRAP_SATP_MISS,
	HM_TRAP_SFENCE_VA,
	HM_TRAP_SFENCE_ASID,
	HM_TRAP_SFENCE_ALL,
	HM_TRAP_RING,
	HM_TRAP_REMOTE_FENCE,		/* SBI's REMOTE_SFENCE_VMA of a guest with one vCPU */
	HM_TRAP_MEMORY_KINDS,		/* the kinds above are "memory" */
	HM_TRAP_SBI_TIME = HM_TRAP_MEMORY_KINDS,
	HM_TRAP_SBI_OTHER,		/* other SBI calls finished in the firmware */
	HM_TRAP_INTERRUPT,		/* timer, IPI: served in M-mode, guest resumed */
	HM_TRAP_ILLEGAL,		/* illegal instructions injected or emulated */
	HM_TRAP_OTHER,
	HM_TRAP_KINDS
};

/* Counters of one vCPU since HM_RUN_RESET_STATS, the answer of HM_FID_VCPU_STATS. */
struct hm_stats {
	uint64_t traps[HM_TRAP_KINDS];
	uint64_t exits[HM_EXIT_COUNT];	/* MARK is never counted */
	uint64_t insn_total;		/* retired, all modes, since the reset, up to the last marker or exit */
	uint64_t insn_guest;
	uint64_t insn_host;
	uint64_t insn_hm;		/* total - guest - host */
	uint64_t longest_m_stay;	/* instructions of the longest uninterrupted stay in M-mode */
	/* Inside the engine; names as in ssp/. */
	uint64_t tables_allocated, tables_recycled, root_hits, root_misses;
	uint64_t ring_entries, ring_flushes;		/* drained, and those of them that invalidate */
	uint64_t ring_hints_used, ring_hints_lost;	/* pages */
};

#endif /* __ASSEMBLER__ */
#endif /* HM_ABI_H */
