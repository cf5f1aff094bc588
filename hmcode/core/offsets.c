/* SPDX-License-Identifier: BSD-2-Clause */
/* offsets.c - structure offsets for assembly; compiled to text, never linked. */
#include <stddef.h>

#include "core/fatal.h"
#include "core/vcpu.h"

#define VALUE(name, value)		__asm__ volatile("\n->" #name " %0" :: "i"(value))
#define OFFSET(name, type, member)	VALUE(name, offsetof(struct type, member))

void offsets(void);
void offsets(void)
{
	OFFSET(FRAME_X, hm_frame, x);
	OFFSET(FRAME_VCPU, hm_frame, vcpu);
	OFFSET(FRAME_RUN, hm_frame, run);
	OFFSET(FRAME_SCRATCH, hm_frame, scratch);
	OFFSET(FRAME_HOST_SP, hm_frame, host_sp);
	OFFSET(FRAME_VECTOR, hm_frame, vector);

	OFFSET(FATAL_X, hm_fatal, x);
	OFFSET(FATAL_CAUSE, hm_fatal, cause);
	OFFSET(FATAL_PC, hm_fatal, pc);
	OFFSET(FATAL_VALUE, hm_fatal, value);
	OFFSET(FATAL_HART, hm_fatal, hart);
	VALUE(HM_FATAL_STACK_SIZE, HM_FATAL_STACK_SIZE);

	OFFSET(RUN_X, hm_run, x);
	OFFSET(VCPU_POLICY, hm_vcpu, policy);
#ifdef HM_TRACED
	OFFSET(VCPU_TRACE, hm_vcpu, trace);
	VALUE(TRACE_SLOT, 1 << HM_TRACE_SLOT_SHIFT);
	VALUE(TRACE_RING, 8 * (1 + HM_TRAP_RING));
#endif
	OFFSET(VCPU_ROOT, hm_vcpu, space.current);
	OFFSET(VCPU_RINGS, hm_vcpu, stats.traps[HM_TRAP_RING]);
	OFFSET(VCPU_RAM_BASE, hm_vcpu, space.ram_base);
	OFFSET(VCPU_RAM_SIZE, hm_vcpu, space.ram_size);
	OFFSET(VCPU_RAM_HPA, hm_vcpu, space.ram_hpa);
	OFFSET(VCPU_RING_HPA, hm_vcpu, space.ring.hpa);
	OFFSET(VCPU_RING_TAIL, hm_vcpu, space.ring.tail);

	OFFSET(ROOT_RING_PAGE, ssp_root, ring_page);
	OFFSET(ROOT_WALK_GENERATION, ssp_root, walk_generation);
	OFFSET(ROOT_WALK_TAG, ssp_root, walk[0].tag);
	OFFSET(ROOT_WALK_GUEST, ssp_root, walk[0].guest);
	OFFSET(ROOT_WALK_SHADOW, ssp_root, walk[0].shadow);
	OFFSET(ROOT_WALK_TABLE, ssp_root, walk[0].table);
	OFFSET(TABLE_OCCUPIED, ssp_table, occupied);
	OFFSET(TABLE_OWNER, ssp_table, owner);
	OFFSET(V_VSTART, hm_v_state, vstart);
	OFFSET(V_VL, hm_v_state, vl);
	OFFSET(V_VTYPE, hm_v_state, vtype);
	OFFSET(V_VCSR, hm_v_state, vcsr);
	OFFSET(V_REGISTERS, hm_v_state, registers);
	OFFSET(RING_HEAD, hm_ring, head);
	OFFSET(RING_TAIL, hm_ring, tail);

	VALUE(PTE_V, PTE_V);
	VALUE(PTE_R, PTE_R);
	VALUE(PTE_W, PTE_W);
	VALUE(PTE_X, PTE_X);
	VALUE(PTE_G, PTE_G);
	VALUE(PTE_A, PTE_A);
	VALUE(PTE_D, PTE_D);
	VALUE(PTE_RSW, PTE_RSW);
	VALUE(WALK_SHIFT, SSP_WALK_SHIFT);
	VALUE(WALK_CACHE, SSP_WALK_CACHE);
	VALUE(WALK_SIZE_SHIFT, __builtin_ctz(sizeof(struct ssp_walk)));
}
