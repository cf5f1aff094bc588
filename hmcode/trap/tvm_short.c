/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tvm_short.c - what mstatus.TVM traps and needs no more than a look at the walk
 * cache or the root buffer: pages fenced, roots switched.
 *
 * Called by guest_vector.S with a handful of registers saved.  This file is compiled
 * so that its functions preserve all others (FAST_CFLAGS in the Makefile), and
 * calls nothing.
 */
#include "ssp/hits.h"
#include "core/insn.h"
#include "mmu/flush.h"
#include "mmu/roots.h"
#include "trap/trap.h"

/* The longest way through a ring here: all its entries together flush so many pages. */
#define RING_ENTRIES HM_RING_ENTRIES
#define RING_PAGES   128

/*
 * CSRRW to satp of a root that is ready, between address spaces of one mode.  Another mode takes
 * the long way, which fences the hart: its global entries of one mode match addresses of the other.
 * Only a guest that the specification does not cover needs this: to change satp.MODE between two
 * paged modes is no fence of its own global entries on the bare machine either.
 */
static inline bool switch_root(struct hm_frame *frame, u64 value)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	struct ssp_space *space = &vcpu->space;
	struct ssp_root *root = ssp_root_ready(space, value);

	if (!root || root->asid_generation != frame->hart->asid_generation ||
	    !frame->hart->asid_limit || root->mode != space->current->mode ||
	    !space->current->gsatp || !value)
		return false;
	root->last_use = ++space->uses;
	space->current = root;
	space->root_hits++;
	hart_write(CSR_SATP, root->hsatp);
	hm_count(vcpu, HM_TRAP_SATP_HIT, value);
	return true;
}

/* The same in the root buffer of a host that owns the tables, for modes as well. */
static inline bool switch_host_root(struct hm_frame *frame, u64 value)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	struct hm_host_root *root = hm_root_hinted(vcpu, value), *old = vcpu->roots.current;

	if (!root || root->asid_generation != frame->hart->asid_generation ||
	    !frame->hart->asid_limit || vcpu->fence_count ||
	    satp_mode(root->root) != satp_mode(old->root) || !old->gsatp || !value)
		return false;
	hm_root_use(vcpu, root);
	vcpu->space.root_hits++;
	hart_write(CSR_SATP, root->hsatp);
	hm_count(vcpu, HM_TRAP_SATP_HIT, value);
	return true;
}

static inline bool fence_page(struct hm_vcpu *vcpu, u64 va, bool by_asid, u64 asid)
{
	if (!ssp_flush_va_fast(&vcpu->space, va, by_asid, asid))
		return false;
	hart_fence_page(va);
	hm_count(vcpu, HM_TRAP_SFENCE_VA, va);
	return true;
}

/*
 * A page that the host's tables do not map, in the address space that runs: the host
 * learns of the fence before it fills anything, and before another address space runs.
 * The look is the hart's own: a page that it remembers, unfenced, would be an exit in vain.
 */
static inline bool log_fence(struct hm_vcpu *vcpu, u64 va, u64 asid)
{
	struct hm_run *run = vcpu->run;
	u64 n = vcpu->fence_count;

	if (!(vcpu->policy & HM_POLICY_LOG_FENCES) || n == HM_FENCES ||
	    hm_read(run->fence_exits) >> (va >> 30 & 63) & 1)
		return false;
	hart_fence_page(va); /* first: the hart may remember what is no more, or nothing yet */
	if (hart_maps_page(va))
		return false;
	run->fences[n].va = va & -PAGE_SIZE;
	run->fences[n].asid = asid;
	run->fence_count = vcpu->fence_count = n + 1;
	hm_count(vcpu, HM_TRAP_SFENCE_VA, va);
	return true;
}

/* rs1 and rs2 are for hm_trap_mmu. */
static inline u64 pass_sources(struct hm_frame *frame, u64 next, u64 rs1, u64 rs2)
{
	frame->rs1 = rs1;
	frame->rs2 = rs2;
	return next;
}

static inline u64 finish(struct hm_frame *frame, bool done, u64 rs1, u64 rs2)
{
	if (!done)
		return pass_sources(frame, 1, rs1, rs2);
	hart_write(CSR_MEPC, hart_read(CSR_MEPC) + 4);
	return 0;
}

/* The walk to a leaf table of the root's own; NULL: the walk cache has none. */
static inline struct ssp_walk *own_walk(struct ssp_root *root, u64 va)
{
	struct ssp_walk *walk = ssp_walk_hit(root, va);

	return walk && walk->table->owner != SSP_GLOBAL ? walk : NULL;
}

/* In bytes, of the entry for va in its leaf table. */
static inline u64 entry_offset(u64 va)
{
	return va << (64 - SSP_WALK_SHIFT) >> (64 - SSP_WALK_SHIFT + PAGE_SHIFT) << 3;
}

/* What the guest's tables say by now, or nothing; returns it. */
static inline u64 refill_leaf(struct ssp_space *space, struct ssp_walk *walk, u64 offset)
{
	u64 pte = ssp_port_load(walk->guest + offset), leaf = 0;

	if (ssp_may_hold(pte)) {
		leaf = ssp_own_leaf_of(space, pte);
		walk->table->occupied |= 1ull << offset / 64;
	}
	return walk->shadow[offset / 8] = leaf;
}

/* Pages of one leaf table. */
static inline bool flush_pages(struct ssp_space *space, struct ssp_walk *walk, u64 va, u64 pages)
{
	u64 offset = entry_offset(va), end = offset + 8 * pages;

	if (!walk || end > PAGE_SIZE)
		return false;
	for (; offset != end; offset += 8, va += PAGE_SIZE) {
		refill_leaf(space, walk, offset);
		hart_fence_page(va);
	}
	return true;
}

/*
 * The number of pages that changed: 0 or 1.  A hint promises nothing of an older mapping, which the
 * guest has to flush: what the hart keeps of it is the guest's affair.  The fence is there for the
 * engine's rule that a valid leaf never changes without one, and because the hart would fault
 * again.
 */
static inline u64 fill_hinted_page(struct ssp_space *space, struct ssp_walk *walk, u64 va)
{
	u64 offset = entry_offset(va), old, leaf;

	if (!walk)
		return 0;
	old = walk->shadow[offset / 8];
	leaf = refill_leaf(space, walk, offset);
	/* more rights: this saves a fault of the hart that has the old leaf */
	if (old && leaf != old)
		hart_fence_page(va);
	return leaf != old;
}

static inline u64 finish_commit(struct hm_vcpu *vcpu)
{
	hm_count(vcpu, HM_TRAP_RING, 0);
	hart_write(CSR_MEPC, hart_read(CSR_MEPC) + 4);
	return 0;
}

/* Entries up to n are drained: flushes, and hints of which so many were of use. */
static inline void advance_tail(struct ssp_ring *ring, u32 n, u64 flushes, u64 used)
{
	u64 hints = (u32)(n - ring->tail) - flushes;

	ring->tail = n;
	if (!hints)
		return;
	ring->others += hints;
	ring->hints_used += used;
	ring->hints_lost += hints - used;
}

/*
 * What ssp_ring_drain() does, for flushes and single hints of the address space
 * that runs.  From the first other entry on it is left to that.
 */
u64 hm_drain_short(struct hm_frame *frame)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	struct ssp_space *space = &vcpu->space;
	struct ssp_root *root = space->current;
	struct ssp_ring *ring = &space->ring;
	struct ssp_walk *walk = NULL;
	u64 own = root->ring_page - 1, region = ~0ull;
	u64 flushes = 0, used = 0, budget = RING_PAGES;
	u32 head, n = ring->tail;

	if (!root->ring_page)
		return 1;
	head = ssp_port_load(ring->hpa);
	ssp_port_fence();
	if (head - n > RING_ENTRIES)
		return 1;
	/*
	 * A whole address space, at the end, comes before the hints: ssp_ring_drain() does it
	 * first. Otherwise it would drop what they have just read, which costs faults and is right
	 * as well.
	 */
	if (n != head && !(u32)ssp_port_load(ssp_ring_entry(ring->hpa, head - 1) + 8))
		return 1;
	for (; n != head; n++) {
		u64 entry = ssp_ring_entry(ring->hpa, n);
		u64 va_op = ssp_port_load(entry), pages = ssp_port_load(entry + 8) - own;
		u64 va = va_op & -PAGE_SIZE;

		if (va >> SSP_WALK_SHIFT != region) {
			region = va >> SSP_WALK_SHIFT;
			walk = own_walk(root, va);
		}
		if (va_op - va == HM_RING_OP_MAP && pages == 1) {
			used += fill_hinted_page(space, walk, va);
		} else if (va_op - va == HM_RING_OP_FLUSH && pages - 1 < budget &&
			   flush_pages(space, walk, va, pages)) {
			budget -= pages;
			flushes++;
		} else {
			break;
		}
	}
	advance_tail(ring, n, flushes, used);
	if (n != head)
		return 1;
	ssp_port_fence();
	ssp_ring_publish(ring);
	return finish_commit(vcpu);
}

/* What mstatus.TVM traps; rs1 and rs2 are the values of the instruction's source registers. */
u64 hm_tvm_short(struct hm_frame *frame, u32 insn, u64 rs1, u64 rs2)
{
	bool done = false;

	if (hart_read(CSR_MSTATUS) & MSTATUS_MPP) {
		if (INSN_IS_SFENCE_VMA(insn) && INSN_RS1(insn)) {
			if (rs1 == frame->vcpu->ring_gva)
				return pass_sources(frame, INSN_RS2(insn) ? 1 : HM_SHORT_RING, rs1,
						    rs2);
			done = fence_page(frame->vcpu, rs1, INSN_RS2(insn), rs2);
		} else if (INSN_IS_CSRW(insn, CSR_SATP))
			done = switch_root(frame, rs1);
	}
	return finish(frame, done, rs1, rs2);
}

/* Where the host has a share: only switches and fences that need none of the firmware's tables. */
u64 hm_tvm_short_policy(struct hm_frame *frame, u32 insn, u64 rs1, u64 rs2)
{
	struct hm_vcpu *vcpu = frame->vcpu;
	bool done = false;

	if (hm_host_tables(vcpu) && hart_read(CSR_MSTATUS) & MSTATUS_MPP) {
		if (INSN_IS_CSRW(insn, CSR_SATP) && hm_finishes(vcpu, HM_POLICY_SATP)) {
			done = switch_host_root(frame, rs1);
		} else if (INSN_IS_SFENCE_VMA(insn) && INSN_RS1(insn) && rs1 != vcpu->ring_gva &&
			   hm_finishes(vcpu, HM_POLICY_FLUSH)) {
			hart_fence_page(rs1);
			hm_count(vcpu, HM_TRAP_SFENCE_VA, rs1);
			done = true;
		} else if (INSN_IS_SFENCE_VMA(insn) && rs1 != vcpu->ring_gva &&
			   !hm_finishes(vcpu, HM_POLICY_FLUSH)) {
			done = INSN_RS1(insn) &&
			       log_fence(vcpu, rs1,
					 INSN_RS2(insn) ? rs2 & SATP_ASID_MASK : HM_ALL_ASIDS);
			return finish(frame, done, rs1, rs2) ? HM_SHORT_TO_HOST : 0;
		}
	}
	return finish(frame, done, rs1, rs2);
}
