/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route.c - where a trap goes that is no page fault: one table by cause.  A cause that has no route
 * ends the guest's run; nothing from the guest world reaches OpenSBI's
 * handlers, which take addresses for physical ones.
 */
#include "trap/trap.h"

typedef enum hm_next (*hm_route)(struct hm_trap *trap);

static const hm_route routes[] = {
	[CAUSE_FETCH_ACCESS] = hm_route_access_fault,
	[CAUSE_ILLEGAL_INSTRUCTION] = hm_route_illegal,
	[CAUSE_MISALIGNED_LOAD] = hm_route_misaligned,
	[CAUSE_LOAD_ACCESS] = hm_route_access_fault,
	[CAUSE_MISALIGNED_STORE] = hm_route_misaligned,
	[CAUSE_STORE_ACCESS] = hm_route_access_fault,
	[CAUSE_SUPERVISOR_ECALL] = hm_route_sbi,
};

static enum hm_next route(struct hm_trap *trap)
{
	if (trap->cause & MCAUSE_IRQ_MASK)
		return hm_route_interrupt(trap);
	if (trap->cause < array_size(routes) && routes[trap->cause])
		return routes[trap->cause](trap);
	return hm_exit(trap, HM_EXIT_BROKEN, trap->tval);
}

u64 hm_trap_route(struct hm_frame *frame)
{
	u64 begin = hart_count_all();
	struct hm_trap trap = hm_trap_of(frame, hart_read(CSR_MCAUSE));
	enum hm_next next;

	trap.vcpu->trap_cycle = begin;
	next = route(&trap);
	hart_write(CSR_MEPC, trap.pc);
	hm_stay_ends(trap.vcpu, begin);
	return next;
}
