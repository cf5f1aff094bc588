/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vcpu.h - the firmware's objects.
 *
 *	hm_hart   one a hart, as long as the machine lives: allocator of ASIDs, the host world while
 *	          the guest world runs, and the frame that traps are saved in
 *	hm_vm     slots; vCPUs of a VM each have a copy of them
 *	hm_vcpu   a shadow space, the guest world while the host runs, counters
 *	hm_roots  of a vCPU whose shadow tables are the host's: its root buffer
 */
#ifndef HM_VCPU_H
#define HM_VCPU_H

#include <sbi/sbi_scratch.h>

#include "core/pmu.h"
#include "core/trace.h"
#include "core/untrusted.h"
#include "hm_abi.h"
#include "metal/hart.h"
#include "metal/metal.h"
#include "ssp/ring.h"
#include "ssp/ssp.h"
#include "ssp/sstatus.h"

#define HM_MAX_VMS     16
#define HM_MAX_VCPUS   64
#define HM_STACK_SIZE  8192
#define HM_RAM_KNOWN   8
#define HM_NO_DEADLINE (~0ull)

/*
 * What a page fault of the guest is: found out once (trap/fault.c), and handed on to whoever ends
 * it.
 */
enum hm_fault_class {
	HM_FAULT_FILLED, /* hidden: the shadow has the entry now, and the hart is fenced */
	HM_FAULT_GUEST,  /* the guest's own: it gets the exception `cause` */
	HM_FAULT_MMIO,   /* a load or store outside the slots, at `gpa` */
	HM_FAULT_HOST,   /* the policy leaves it to the host: an exit for `reason` */
};

struct hm_fault {
	enum hm_fault_class class;
	union {
		u64 cause, gpa, reason;
	};
};

/* The exit for an instruction that TVM trapped and that the policy leaves to the host. */
struct hm_mmu_exit {
	u64 reason, value;
};

/* An instruction that TVM traps, once it is decoded (trap/tvm_short.c). */
enum hm_known_kind {
	HM_KNOWN_FENCE_PAGE_ASID, /* SFENCE.VMA rs1, rs2 */
	HM_KNOWN_FENCE_PAGE,      /* SFENCE.VMA rs1, x0 */
	HM_KNOWN_SATP,            /* CSRRW x0, satp, rs1 */
	HM_KNOWN_FENCE_ASID,      /* SFENCE.VMA x0, rs2 */
	HM_KNOWN_FENCE_ALL,       /* SFENCE.VMA x0, x0 */
	HM_KNOWN_KINDS
};

struct hm_known_insn {
	u64 insn;              /* as mtval has it */
	const char *rs1, *rs2; /* the code that reads each source */
};

/*
 * Registers of the interrupted guest; mscratch points here while the guest
 * world runs, and the stack that traps use lies right below.
 */
struct hm_frame {
	u64 x[32]; /* x[0] not used */
	struct hm_vcpu *vcpu;
	struct hm_hart *hart;
	struct hm_run *run;          /* the vCPU's */
	u64 rs1, rs2;                /* source values of an instruction that TVM trapped */
	struct hm_mmu_exit mmu_exit; /* from hm_mmu_instruction(), if it is HM_MMU_LEFT */
	u64 scratch;                 /* OpenSBI's mscratch of this hart */
	u64 host_ra, host_sp;        /* the way back of hm_guest_run() */
	const char *vector;          /* mtvec while the guest runs */
	struct hm_known_insn known[HM_KNOWN_KINDS]; /* the last of each kind; always one */
} __attribute__((aligned(16)));

/*
 * Supervisor CSRs of the host while the guest world runs (world/csrs.h); its sstatus is in the
 * mstatus of its call, its sie in mie.
 */
struct hm_s_state {
	u64 sip, stvec, sscratch, sepc, scause, stval;
	u64 satp, scounteren, senvcfg, stimecmp;
};

struct hm_hart {
	/* The ASID allocator (asid.c). */
	u64 asid_generation;       /* never 0 and never repeated by any hart */
	u32 asid_next, asid_limit; /* hardware ASIDs left in this generation: [next, limit) */

	/* The host world while the guest world runs (switch.c). */
	struct hm_s_state host;
	/* HM_RUN_LENDS_CSRS: the vCPU whose CSRs the hart has, in either world (world/lending.h) */
	struct hm_vcpu *lent_to;
	u64 host_mie;
	/* The host world's M-mode CSRs and what comes of them; known until OpenSBI has worked. */
	bool host_known;
	u64 host_medeleg, host_mideleg, host_menvcfg, guest_menvcfg;
	u64 host_timer;    /* the host's last SBI TIME call, without Sstc */
	u64 host_deadline; /* mtime at which the host's timer is due */

	HM_TRACED_ONLY(union hm_trace trace;) /* while the guest world does not run */
	struct hm_vcpu *last_vcpu; /* ran here last; its FP and V state may be in the registers */
	bool has_run;              /* a vCPU, ever */
	u64 insn_mark;             /* hart_count_below_m() at the last switch */
	bool seip;                 /* the software SEIP of the host */

	/* Properties: found once, since the hart stays what it is when it starts again. */
	bool known;     /* they were */
	bool supported; /* it can run guests */
	bool sstc, svvptc, envcfg, inhibit, split_counters;
	bool retired; /* hart_count_retired() counts what its name says */
	bool older;   /* no Sstc, or no menvcfg: what each switch of worlds asks first */
	u32 asid_bits;
	u32 satp_modes;
	u64 host_mcounteren;         /* OpenSBI sets it as the hart starts, always to the same */
	u64 ram_known[HM_RAM_KNOWN]; /* regions of the host's RAM (misaligned.c); 0: none */
	u32 vlenb;                   /* bytes of a vector register; 0: there are none */

	u64 moved_all,
		moved_below; /* by what a native kernel has set mcycle and minstret forward */

	/* Last: what is above is within reach of a load's offset. */
	u8 stack[HM_STACK_SIZE] __attribute__((aligned(16)));
	struct hm_frame frame; /* directly above the stack */
};
/* The stack pointer of trap C code is the frame's address (RISC-V ELF psABI: 16-byte aligned). */
_Static_assert(sizeof(struct hm_frame) % 16 == 0, "stack alignment");
_Static_assert(__builtin_offsetof(struct hm_hart, frame) % 16 == 0, "stack alignment");

/*
 * All of it under hm_objects_lock, but for unknown_told, which is atomic, and roots, which never
 * changes; slots and memory_generation are read by vCPUs that run, while nothing changes them.
 */
struct hm_vm {
	bool used;
	bool changing;    /* its memory is: nobody enters */
	u32 unknown_told; /* the host, of an SBI extension that is not there */
	u32 vcpus;
	u32 roots; /* of each vCPU's space */
	/* another with each change; a vCPU catches up before it runs; never 0 */
	u64 memory_generation;
	struct ssp_slot slots[HM_MAX_SLOTS];
};

/* An entry of hm_run.roots as it was taken over, and the hardware ASID that we gave it. */
struct hm_host_root {
	u64 gsatp;
	u64 root; /* MODE and PPN of the shadow; 0: not in use */
	u64 generation;
	u64 hsatp, asid_generation; /* as in struct ssp_root */
};

#define HM_ROOT_HINTS 64

struct hm_roots {
	struct hm_host_root *current; /* the root that the guest runs on */
	struct hm_host_root *next;    /* the one that this entry asks for */
	u64 uses;                     /* clock of hm_root.used */
	struct hm_host_root root[HM_ROOTS];
	u8 hint[HM_ROOT_HINTS]; /* by guest ASID: the root to look at first */
};

struct hm_vcpu {
	/*
	 * First: within reach of a load's offset, as is the beginning of the space.  Without
	 * insn_total and insn_hm, which are made of others when they are asked for.
	 */
	struct hm_stats stats;
	HM_TRACED_ONLY(union hm_trace trace;) /* the hart's, while it runs */
	HM_TRACED_ONLY(u64 trace_name;)       /* the value of its HM_TRACE_ENTER */
	u64 ring_gva; /* by which the guest commits its ring; HM_RING_NONE: it has none */
	u64 medeleg, mcounteren; /* while it runs */
	/*
	 * Of this entry, without HM_POLICY_SET_AD; HM_POLICY_HOST_TABLES: the space holds slots
	 * alone.
	 */
	u64 policy;
	const char *vector; /* mtvec while it runs, by its policy */
	struct hm_run *run;
	struct hm_hart *hart; /* the one it ran on first, and stays on */
	u64 timer; /* guest's deadline without Sstc; hm_run.stimecmp while it does not run */
	u64 slice_end;
	u64 total_base;  /* hm_count_total() at the last reset */
	u64 total;       /* the same of the trap by which it exited last */
	u64 trap_cycle;  /* hart_count_all() when the present trap was entered */
	u64 fence_count; /* fences in hm_run.fences since this entry */
	struct hm_vm *vm;
	u64 memory_generation; /* the VM's that its slots, tables and hart are of */
	bool ring_lost; /* the ring's memory was taken away since then; under hm_objects_lock */
	u8 root;        /* roots.current's number, in hm_run.roots */
	bool delegation_locked; /* by SBI's FWFT: MISALIGNED_EXC_DELEG stays until a reset */
	u64 asked_policy;       /* hm_run.policy, as this entry found it */
	u64 exit_reason;        /* what was told the host last */
	u64 ring_gpa;           /* HM_RING_NONE: there is no ring, or it was lost */
	u64 ring_generation;    /* another with each change of the ring */
	struct hm_roots roots;
	struct ssp_space space;

	u64 ring_page; /* the ring's HPA */
	struct hm_pmu pmu;
	struct hm_fp_state fp;
	u32 vlenb;           /* of the hart that it was made on, for which v has room */
	struct hm_v_state v; /* last: as large as vlenb needs */
};
_Static_assert(__builtin_offsetof(struct hm_vcpu, space.log_head) < 2048,
	       "within reach of a load's offset");

/*
 * What goes straight to the guest.  Faults, misaligned accesses, illegal instructions and its SBI
 * calls come to M.
 */
#define HM_GUEST_MEDELEG \
	(1u << CAUSE_MISALIGNED_FETCH | 1u << CAUSE_BREAKPOINT | 1u << CAUSE_USER_ECALL)
/* These go there as well if it asks for it. */
#define HM_MISALIGNED (1u << CAUSE_MISALIGNED_LOAD | 1u << CAUSE_MISALIGNED_STORE)

/*
 * cycle and time; instret is what the hart retires in either world, so a guest's own is the
 * firmware's to say (trap/pmu.c).  The programmable counters are the host's.
 */
#define HM_GUEST_COUNTERS (1u << HM_COUNTER_CYCLE | 1u << HM_COUNTER_TIME)

/* pmu: which a new vCPU has cleared already. */
static inline void hm_reset_features(struct hm_vcpu *vcpu, bool pmu)
{
	vcpu->medeleg = HM_GUEST_MEDELEG;
	vcpu->mcounteren = HM_GUEST_COUNTERS;
	vcpu->delegation_locked = false;
	if (pmu)
		vcpu->pmu = (struct hm_pmu){ .insn_before = vcpu->pmu.insn_before };
}

/* The bits of a policy for debuggers, which see no macros (gdb/hm.py). */
enum hm_policy_bit {
	HM_POLICY_BIT_INJECT = HM_POLICY_INJECT,
	HM_POLICY_BIT_SATP = HM_POLICY_SATP,
	HM_POLICY_BIT_FLUSH = HM_POLICY_FLUSH,
	HM_POLICY_BIT_FILL = HM_POLICY_FILL,
	HM_POLICY_BIT_HOST_TABLES = HM_POLICY_HOST_TABLES,
	HM_POLICY_BIT_LOG_FENCES = HM_POLICY_LOG_FENCES,
};
_Static_assert((HM_POLICY_BIT_INJECT | HM_POLICY_BIT_SATP | HM_POLICY_BIT_FLUSH |
		HM_POLICY_BIT_FILL) == HM_POLICY_ALL,
	       "each event has a name");

static inline bool hm_host_tables(const struct hm_vcpu *vcpu)
{
	return vcpu->policy & HM_POLICY_BIT_HOST_TABLES;
}

/* The guest's own satp. */
static inline u64 hm_guest_satp(const struct hm_vcpu *vcpu)
{
	return hm_host_tables(vcpu) ? vcpu->roots.current->gsatp : vcpu->space.current->gsatp;
}

/* Does the firmware finish this kind of event itself? */
static inline bool hm_finishes(const struct hm_vcpu *vcpu, u64 policy)
{
	return (vcpu->policy & policy) == policy;
}

/* MPP of a guest is U, 0, or S, 1: its low bit is bit 11, that of SSP_USER is 4. */
static inline u64 hm_access_state(u64 mstatus)
{
	return ssp_access_state(mstatus, ~mstatus >> 7 & SSP_USER);
}

/* ssp_not_user() of it. */
static inline u64 hm_not_user(u64 mstatus)
{
	return mstatus >> 7 & SSP_USER;
}

/* value: what the trace has of it, an address most often. */
static inline void hm_count(struct hm_vcpu *vcpu, enum hm_trap_kind kind, u64 value)
{
	vcpu->stats.traps[kind]++;
	hm_trace(&vcpu->trace, kind, value);
}

#ifdef HM_TRACED
/* The hart's events go on in the vCPU's hands, and come back. */
static inline void hm_trace_enter(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	vcpu->trace = hart->trace;
	hm_trace(&vcpu->trace, HM_TRACE_ENTER, vcpu->trace_name);
}

static inline void hm_trace_leave(struct hm_hart *hart, const struct hm_vcpu *vcpu)
{
	hart->trace = vcpu->trace;
}
#else
#define hm_trace_enter(hart, vcpu) ((void)(hart))
#define hm_trace_leave(hart, vcpu) ((void)(hart))
#endif

/*
 * Instructions of all modes until hart_count_all() was `then`, in the same stay in M-mode: nobody
 * waits there.  A hart that cannot count them counts its cycles.
 */
static inline u64 hm_count_total(const struct hm_hart *hart, u64 then)
{
	return hart->retired ? hart_count_retired() - (hart_count_all() - then) : then;
}

/*
 * Entry and return of a trap after which the guest goes on, which the two readings of the counter
 * do not see: at most so many, by the slowest way.  What follows an exit is bounded by itself.
 */
#define HM_STAY_AROUND 160

static inline void hm_stay_ends(struct hm_vcpu *vcpu, u64 begin)
{
	u64 stay = hart_count_all() - begin + HM_STAY_AROUND;

	if (stay > vcpu->stats.longest_m_stay)
		vcpu->stats.longest_m_stay = stay;
}

#endif
