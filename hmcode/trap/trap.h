/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.h - the stations of a trap from the guest world.
 *
 *	guest_vector.S	hm_guest_vector	saves a few registers
 *	fault_short.c	hm_fault_short	page faults that the walk cache answers; devices
 *	tvm_short.c	hm_..._short	fences, satp writes and commits likewise
 *	fault.c		hm_trap_unknown	page faults of which the short way knows no walk
 *	tvm.c		hm_..._way	those that are one call of the engine's, by hm_middle
 *	tvm.c		hm_trap_mmu	those that take the engine's general functions; what of them
 *					the policy leaves to the host; by fault.c, other devices
 *	route.c		hm_trap_route	everything else, by cause, all registers saved; from the
 *					vector at once where it is neither a page fault nor an
 *					instruction
 *			illegal.c misaligned.c interrupt.c sbi.c
 *	tvm.c		hm_fault_to_host, hm_fence_to_host	of which the host gets all
 *			hm_device_to_host	from fault_short.c
 *	guest_ways.S	hm_resume	back to the guest, or
 *			hm_guest_leave	(metal/world_switch.S) to world/switch.c: a VM exit
 *
 * Each station may hand on to the next.  It changes the guest's state only once it is sure to
 * finish the event.
 */
#ifndef HM_TRAP_H
#define HM_TRAP_H

#include "core/vcpu.h"
#include "metal/hart.h"
#include "trap/outcome.h"

/* What becomes of a trap. */
enum hm_next {
	HM_RESUME = 0, /* back to the guest */
	HM_EXIT = 1,   /* to the host: run->exit_* say why */
};

/* What becomes of an instruction that TVM may have trapped. */
enum hm_mmu {
	HM_MMU_DONE,
	HM_MMU_OTHER, /* it is none */
	HM_MMU_LEFT,  /* to the host: frame->mmu_exit says how */
};

/* A trap as the routes see it: all registers saved, the guest's S CSRs live. */
struct hm_trap {
	struct hm_frame *frame;
	struct hm_hart *hart;
	struct hm_vcpu *vcpu;
	u64 cause, tval, pc;
};

static inline struct hm_trap hm_trap_of(struct hm_frame *frame, u64 cause)
{
	return (struct hm_trap){
		.frame = frame,
		.hart = frame->hart,
		.vcpu = frame->vcpu,
		.cause = cause,
		.tval = hart_read(CSR_MTVAL),
		.pc = hart_read(CSR_MEPC),
	};
}

/*
 * A part of a short way: jumped to as the last thing of the one before, so that the commonest ways
 * need the fewest registers.
 */
#define APART static __attribute__((noinline))

/*
 * guest_vector.S: the second asks the policy about each event, and the third is for tables of the
 * host, which gets all page faults.
 */
extern const char hm_guest_vector[], hm_policy_vector[], hm_exit_vector[];

static inline const char *hm_vector_of(u64 policy)
{
	if (policy == HM_POLICY_ALL)
		return hm_guest_vector;
	return policy & HM_POLICY_HOST_TABLES && !(policy & HM_POLICY_INJECT) ? hm_exit_vector :
										hm_policy_vector;
}

/* sources.S: 32 pieces of code, one a register, that read a source register of an instruction. */
extern const char hm_read_rs1[], hm_read_rs2[];

/*
 * guest_ways.S: where the short ways end.  Only ever called as the last thing, which the compiler
 * makes a jump of: ra is still the guest's.
 */
void hm_short_done(void);   /* the guest resumes */
void hm_short_exit(void);   /* to the host by hm_fence_to_host() */
void hm_device_exit(void);  /* ... by hm_device_to_host() */
void hm_general(void);      /* hm_trap_mmu() */
void hm_unknown(void);      /* hm_trap_unknown() */
void hm_general_insn(void); /* the same where the sources are not in the frame yet */

/*
 * A middle way: a C function that may change what C may, and whose instruction is known.  It ends
 * the event.
 */
typedef void hm_way(struct hm_vcpu *vcpu, u64 value);
void hm_middle(struct hm_vcpu *vcpu, u64 value, hm_way *way);
hm_way hm_fence_asid_way, hm_fence_all_way, hm_satp_way;

/* The short ways, to which guest_vector.S jumps. */
void hm_fault_short(struct hm_vcpu *vcpu, u64 cause);
void hm_fence_page_asid_short(struct hm_vcpu *vcpu, u64 va, u64 asid);
void hm_fence_page_short(struct hm_vcpu *vcpu, u64 va);
void hm_satp_short(struct hm_vcpu *vcpu, u64 value);
void hm_fence_asid_short(struct hm_vcpu *vcpu, u64 rs1, u64 asid);
void hm_fence_all_short(struct hm_vcpu *vcpu);
void hm_tvm_short_policy(struct hm_frame *frame, u64 rs1, u64 rs2, u64 insn);

/* Called by the assembler's files; all that return something: 0 or 1, or what outcome.h says. */
u64 hm_learn_tvm(struct hm_frame *frame, u64 insn);
void hm_learn_first(struct hm_frame *frame);
u64 hm_trap_mmu(struct hm_frame *frame, u64 cause);
u64 hm_trap_unknown(struct hm_frame *frame, u64 cause);
u64 hm_trap_route(struct hm_frame *frame);
void hm_fault_to_host(struct hm_frame *frame);
void hm_device_to_host(struct hm_frame *frame);
void hm_fence_to_host(struct hm_frame *frame);

/* The routes; trap->pc is written back to mepc by route.c. */
enum hm_next hm_route_illegal(struct hm_trap *trap);
enum hm_next hm_route_access_fault(struct hm_trap *trap);
enum hm_next hm_route_misaligned(struct hm_trap *trap);
enum hm_next hm_route_sbi(struct hm_trap *trap);
enum hm_next hm_route_interrupt(struct hm_trap *trap);

/*
 * Give the guest an exception from pc, as the hart would ("Supervisor Trap Handling"); returns its
 * new pc.
 */
static inline u64 hm_raise(u64 cause, u64 tval, u64 pc, u64 mstatus)
{
	u64 spp = mstatus >> 3 & MSTATUS_SPP; /* MPP bit 11 (0 U, 1 S), SPP bit 8 */

	hart_write(CSR_SCAUSE, cause);
	hart_write(CSR_STVAL, tval);
	hart_write(CSR_SEPC, pc);
	hart_write(CSR_MSTATUS,
		   status_after_exception(mstatus, spp) | (u64)PRV_S << MSTATUS_MPP_SHIFT);
	return stvec_base(hart_read(CSR_STVEC));
}

/* The same for a route. */
static inline void hm_inject(struct hm_trap *trap, u64 cause, u64 tval)
{
	trap->pc = hm_raise(cause, tval, trap->pc, hart_read(CSR_MSTATUS));
}

/* Leave for the host. */
static inline enum hm_next hm_exit(struct hm_trap *trap, u64 reason, u64 value)
{
	struct hm_run *run = trap->vcpu->run;

	trap->vcpu->exit_reason = run->exit_reason = reason;
	run->exit_cause = trap->cause;
	run->exit_value = value;
	if (reason != HM_EXIT_MARK)
		trap->vcpu->stats.exits[reason]++;
	hm_trace_detailed(&trap->vcpu->trace, HM_TRACE_EXIT, value, reason);
	return HM_EXIT;
}

/* The end of hm_trap_mmu and hm_trap_unknown, entered when the count was `begin`. */
static inline u64 hm_mmu_ends(struct hm_vcpu *vcpu, u64 begin, u64 next)
{
	if (next == 1)
		return 1;
	if (next == HM_TRAP_EXIT)
		vcpu->trap_cycle = begin;
	hm_stay_ends(vcpu, begin);
	return next;
}

/*
 * What a page fault is, by the guest's tables and the policy; a hidden one that is the firmware's
 * is filled.
 */
struct hm_fault hm_find_fault(struct hm_vcpu *vcpu, u64 cause, u64 va, u64 mstatus);

/*
 * For hm_trap_mmu and hm_trap_unknown, which return what this does: one that is neither filled nor
 * the guest's own.
 */
u64 hm_page_fault_left(struct hm_frame *frame, u64 cause, struct hm_fault fault);

/*
 * The page fault of an access that the firmware makes for the guest: as if the hart had taken it.
 */
enum hm_next hm_page_fault(struct hm_trap *trap, u64 cause, u64 va);

/*
 * Fetch the instruction at trap->pc; its length, 0: the fetch itself faults and has been injected.
 */
unsigned int hm_fetch(struct hm_trap *trap, u64 *insn);

/* tvm.c */
void hm_fill(struct hm_vcpu *vcpu, u64 cause, u64 va, u64 mstatus);
enum hm_mmu hm_mmu_instruction(struct hm_frame *frame, u32 insn);

#endif
