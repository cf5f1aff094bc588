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
#define HM_ABI_VERSION_MAJOR	4
#define HM_ABI_VERSION_MINOR	4
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
#define HM_FID_FEATURES		12	/* () -> HM_INFO_* of the hart, also where it offers nothing else */
#define HM_FID_COUNT		13

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
/*
 * No event: A and D in the guest's PTEs are set for it, as Svadu has it, where its tables
 * lack nothing else.  With HOST_TABLES the host sets them, and INJECT leaves such faults to it.
 */
#define HM_POLICY_SET_AD	(1 << 6)

/* HM_FID_VM_CREATE's flags: how many guest satp each vCPU's shadow keeps; 0: HM_ROOTS. */
#define HM_VM_ROOTS		0x1f

/* Slot rights. */
#define HM_SLOT_R		(1 << 0)
#define HM_SLOT_W		(1 << 1)
#define HM_SLOT_X		(1 << 2)
#define HM_MAX_SLOTS		8

/*
 * Why HM_FID_VCPU_RUN returned: X(number, NAME, name, the reason that it counts as).
 * hm_run.exit_* hold the particulars; exit_cause is the mcause of the trap behind it.
 * Numbers are never used again; 5 was HM_EXIT_POOL.
 */
#define HM_EXITS(X)									\
	/* The host's own interrupt (or its slice) is due, or an entry takes another call:	\
	 * run again. */								\
	X(0, INTERRUPT, interrupt, INTERRUPT)						\
	/* Load or store outside the slots: exit_gpa, exit_insn; exit_value = GVA. */	\
	X(1, MMIO, mmio, MMIO)								\
	/* An SBI call that the host serves: registers a0-a7; exit_value = hart mask of a	\
	 * legacy call. */								\
	X(2, SBI, sbi, SBI)								\
	/* The guest idles; exit_value = next deadline (mtime ticks, ~0 = none). */	\
	X(3, WFI, wfi, WFI)								\
	/* Measurement marker: exit_value = written value, exit_insn. */		\
	X(4, MARK, mark, NONE)								\
	/* The guest cannot continue; exit_cause, exit_value say why. */		\
	X(6, BROKEN, broken, NONE)							\
	/* What hm_run.policy leaves to the host.					\
	 * A page fault of the guest's: exit_value = GVA; the host injects it. */	\
	X(7, TRUE_FAULT, true_fault, TRUE_FAULT)					\
	/* Likewise, but the shadow's: the host answers with HM_RUN_FILL. */		\
	X(8, HIDDEN_FAULT, hidden_fault, HIDDEN_FAULT)					\
	/* satp written, root cached: exit_value = the value, to be put into hm_run.satp. */	\
	X(9, SATP, satp, SATP)								\
	/* Likewise, no root cached. */							\
	X(10, ROOT_MISS, root_miss, ROOT_MISS)						\
	/* SFENCE.VMA: fence_* are set, the host answers with HM_RUN_FENCE_VMA. */	\
	X(11, FLUSH, flush, FLUSH)							\
	/* With HM_POLICY_HOST_TABLES in place of 7 and 8: a page fault, anyone's;	\
	 * exit_value = GVA; the host finds out whose. */				\
	X(12, PAGE_FAULT, page_fault, BY_CLASS)						\
	/* The guest's flush ring was committed: it is drained before the guest runs again. */	\
	X(13, RING, ring, RING)								\
	/* As SBI, for REMOTE_SFENCE_VMA, with an ASID or without: memory's, with any policy. */	\
	X(14, REMOTE_FENCE, remote_fence, REMOTE_FENCE)

/*
 * What exits count as, "vm_exits.by_reason" of the result record, in its order:
 * X(NAME, key, whether memory virtualization causes it).
 */
#define HM_REASONS(X)									\
	X(PT_WRITE, pt_write, 1)							\
	X(SATP, satp, 1)								\
	X(FLUSH, flush, 1)								\
	X(TRUE_FAULT, true_fault, 1)							\
	X(HIDDEN_FAULT, hidden_fault, 1)						\
	/* Of the hypervisor extension: a page of the guest's RAM that was not mapped yet. */	\
	X(G_STAGE_FAULT, g_stage_fault, 1)						\
	X(ROOT_MISS, root_miss, 1)							\
	X(RING, ring, 1)								\
	/* Always 0: where the pool is full, tables are recycled. */			\
	X(POOL, pool, 1)								\
	X(REMOTE_FENCE, remote_fence, 1)						\
	X(MMIO, mmio, 0)								\
	X(SBI, sbi, 0)									\
	X(WFI, wfi, 0)									\
	X(INTERRUPT, interrupt, 0)							\
	/* Of the hypervisor extension: the guest is given an illegal instruction. */	\
	X(INSTRUCTION, instruction, 0)

/* Kinds of HM traps, "hm_traps.by_kind" of the result record, in its order: X(NAME, key, memory). */
#define HM_TRAPS(X)									\
	X(TRUE_FAULT, true_fault, 1)							\
	X(FILL, fill, 1)								\
	X(SATP_HIT, satp_hit, 1)							\
	X(SATP_MISS, satp_miss, 1)							\
	X(SFENCE_VA, sfence_va, 1)							\
	X(SFENCE_ASID, sfence_asid, 1)							\
	X(SFENCE_ALL, sfence_all, 1)							\
	X(RING, ring, 1)								\
	/* SBI's REMOTE_SFENCE_VMA of a guest with one vCPU. */				\
	X(REMOTE_FENCE, remote_fence, 1)						\
	X(SBI_TIME, sbi_time, 0)							\
	/* Other SBI calls finished in the firmware. */					\
	X(SBI_OTHER, sbi_other, 0)							\
	/* Timer, IPI: served in M-mode, guest resumed. */				\
	X(INTERRUPT, interrupt, 0)							\
	/* Illegal instructions injected or emulated. */				\
	X(ILLEGAL, illegal, 0)								\
	X(OTHER, other, 0)

/* hm_run.flags, set by the host before a run. */
#define HM_RUN_YIELD_WFI	(1 << 0)	/* WFI exits (TW=1) instead of idling in the guest world */
#define HM_RUN_SEIP		(1 << 1)	/* the guest's supervisor external interrupt is pending */
#define HM_RUN_RESET_STATS	(1 << 2)	/* zero the statistics at this entry, then clears itself */
#define HM_RUN_ADVANCE		(1 << 3)	/* step over an MMIO or SBI exit's instruction (WFI, MARK: already done), then clears itself */
#define HM_RUN_FENCE_VMA	(1 << 4)	/* first the fence of hm_run.fence_*, then clears itself */
#define HM_RUN_FILL		(1 << 6)	/* first fill the shadow for the fault in exit_cause, exit_value, then clears itself */
#define HM_RUN_FENCE_I		(1 << 5)	/* first FENCE.I, then clears itself */
#define HM_RUN_RESET		(1 << 7)	/* a hart of the guest starts: SBI's firmware features are reset, then clears itself */
/* From version 4.4 on: the host lends its guest sscratch to stval, scounteren, senvcfg, and delegation. */
#define HM_RUN_LENDS_CSRS	(1 << 8)
#define HM_RUN_NEW_TRAP		(1 << 9)	/* it has written sepc, scause and stval, then clears itself */
#define HM_RUN_NEW_CSRS		(1 << 10)	/* it has written all of the lent ones, then clears itself */

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
 * Events of a guest's own in the PMU of its SBI: firmware events of the platform's kind (event_idx
 * 0xfffff) with this event_data.  The numbers of kinds and exits are those of the lists above, which
 * nothing but their ends changes.
 */
#define HM_PMU_EXITS		0	/* of any reason */
#define HM_PMU_TRAPS		1	/* of any kind */
#define HM_PMU_TRAPS_MEMORY	2	/* those that memory virtualization causes */
#define HM_PMU_FENCES		3	/* SFENCE.VMA that the firmware finished */
#define HM_PMU_TRAP		0x100	/* + enum hm_trap_kind */
#define HM_PMU_EXIT		0x200	/* + enum hm_exit */

/*
 * A result record on the console is a JSON text sequence element (RFC 7464):
 * RS, one JSON object, LF.  host-hv removes RS from what guests print.
 */
#define HM_RECORD_RS		0x1e

#ifndef __ASSEMBLER__

#include <stdint.h>

enum hm_exit {
#define HM_EXIT_NUMBER(number, NAME, name, reason)	HM_EXIT_##NAME = number,
	HM_EXITS(HM_EXIT_NUMBER)
#undef HM_EXIT_NUMBER
	HM_EXIT_COUNT
};

enum hm_reason {
#define HM_REASON_NUMBER(NAME, key, memory)	HM_REASON_##NAME,
	HM_REASONS(HM_REASON_NUMBER)
#undef HM_REASON_NUMBER
	HM_REASON_COUNT,
	HM_REASON_NONE,			/* never counted */
	HM_REASON_BY_CLASS		/* the host counts it by what it finds */
};

enum hm_trap_kind {
#define HM_TRAP_NUMBER(NAME, key, memory)	HM_TRAP_##NAME,
	HM_TRAPS(HM_TRAP_NUMBER)
#undef HM_TRAP_NUMBER
	HM_TRAP_KINDS
};

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
#define HM_INFO_RETIRED		(1 << 3)	/* instructions of all modes are counted, not cycles; with H in hpmcounter18 */

/* One entry of the root buffer: a guest address space and the host's shadow of it. */
struct hm_root {
	uint64_t gsatp;			/* guest satp; of a MODE that the guest has, or not in use */
	uint64_t root;			/* MODE and PPN of the shadow as in satp; 0: not in use */
	uint64_t generation;			/* when it changes, nothing that the hart cached of this root is used again */
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
	uint64_t ring_generation;		/* changes with each ring */

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

#define HM_STATS_ROOM		32
_Static_assert((int)HM_TRAP_KINDS <= HM_STATS_ROOM && (int)HM_EXIT_COUNT <= HM_STATS_ROOM, "hm_stats holds them all");

/* Counters of one vCPU since HM_RUN_RESET_STATS, the answer of HM_FID_VCPU_STATS. */
struct hm_stats {
	uint64_t insn_total;		/* retired, all modes, since the reset, up to the last marker or exit */
	uint64_t insn_guest;
	uint64_t insn_host;
	uint64_t insn_hm;		/* total - guest - host */
	uint64_t longest_m_stay;	/* instructions of the longest uninterrupted stay in M-mode */
	/* Inside the engine; names as in ssp/. */
	uint64_t tables_allocated, tables_recycled, root_hits, root_misses;
	uint64_t ring_entries, ring_flushes;		/* drained, and those of them that invalidate */
	uint64_t ring_hints_used, ring_hints_lost;	/* pages */
	/* With room, so that another kind or exit moves nothing; unused ones are 0. */
	uint64_t traps[HM_STATS_ROOM];	/* by enum hm_trap_kind */
	uint64_t exits[HM_STATS_ROOM];	/* by enum hm_exit; MARK is never counted */
	/* From version 4.3 on; a host of before asks for what stands above. */
	uint64_t tables_peak;		/* the most shadow tables that had an owner at a time ... */
	uint64_t tables_pool;		/* ... of so many */
};
#define HM_STATS_SIZE_4_2	__builtin_offsetof(struct hm_stats, tables_peak)

#endif /* __ASSEMBLER__ */
#endif /* HM_ABI_H */
