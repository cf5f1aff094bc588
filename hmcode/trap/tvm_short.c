/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tvm_short.c - what mstatus.TVM traps and needs no more than a look at the walk
 * cache or the root buffer: pages fenced, roots switched, rings committed.
 *
 *	new to the hart ----> hm_learn_tvm()
 *	SFENCE.VMA va, asid -> hm_fence_page_asid_short()
 *	SFENCE.VMA va ------> hm_fence_page_short() --> commit(): va is the ring's
 *	CSRW satp ----------> hm_satp_short() --------> hm_satp_way(): not ready
 *	SFENCE.VMA x0, asid -> hm_fence_asid_short() --> hm_fence_asid_way()
 *	SFENCE.VMA ---------> hm_fence_all_short() ---> hm_fence_all_way()
 *
 * guest_vector.S jumps here with a handful of registers saved.  This file is compiled
 * so that its functions preserve all others (FAST_CFLAGS in the Makefile), and
 * calls nothing outside.  Each ends by a jump: hm_short_done(), hm_middle() where the engine's
 * general function is to be called, or hm_general_insn() for what is left.
 */
#include "ssp/hits.h"
#include "core/insn.h"
#include "mmu/flush.h"
#include "mmu/roots.h"
#include "trap/trap.h"

/* The longest way through a ring here: all its entries together flush so many pages. */
#define RING_PAGES 128

/*
 * CSRRW to satp of a root that is ready, between address spaces of one mode.  Another mode takes
 * the long way, which fences the hart: its global entries of one mode match addresses of the other.
 * Only a guest that the specification does not cover needs this: to change satp.MODE between two
 * paged modes is no fence of its own global entries on the bare machine either.
 */
static inline bool switch_root(struct hm_vcpu *vcpu, u64 value)
{
	struct ssp_space *space = &vcpu->space;
	struct ssp_root *root = ssp_root_ready(space, value);

	if (!root || root->asid_generation != vcpu->hart->asid_generation ||
	    satp_mode(value ^ space->current->gsatp))
		return false;
	ssp_root_use(space, root);
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

	if (!root || root->asid_generation != frame->hart->asid_generation || vcpu->fence_count ||
	    satp_mode(root->root) != satp_mode(old->root) || !old->gsatp || !value)
		return false;
	hm_root_use(vcpu, root);
	vcpu->space.root_hits++;
	hart_write(CSR_SATP, root->hsatp);
	hm_count(vcpu, HM_TRAP_SATP_HIT, value);
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

static inline void finish(void)
{
	hart_write(CSR_MEPC, hart_read(CSR_MEPC) + 4);
	hm_short_done();
}

/* The walk to a leaf table of the root's own; NULL: the walk cache has none. */
static inline struct ssp_walk *own_walk(struct ssp_root *root, u64 va)
{
	struct ssp_walk *walk = ssp_walk_hit(root, va);

	return walk && !ssp_is_global(walk) ? walk : NULL;
}

/* Pages of one leaf table. */
static inline bool flush_pages(struct ssp_space *space, struct ssp_walk *walk, u64 va, u64 pages)
{
	u64 offset = ssp_entry_offset(va), end = offset + 8 * pages;

	if (!walk || end > PAGE_SIZE)
		return false;
	for (; offset != end; offset += 8, va += PAGE_SIZE) {
		ssp_own_leaf_anew(space, walk, offset);
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
	u64 offset = ssp_entry_offset(va), old, leaf;

	if (!walk)
		return 0;
	old = walk->shadow[offset / 8];
	leaf = ssp_own_leaf_anew(space, walk, offset);
	/* more rights: this saves a fault of the hart that has the old leaf */
	if (old && leaf != old)
		hart_fence_page(va);
	return leaf != old;
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

static inline void finish_commit(struct hm_vcpu *vcpu)
{
	hm_count(vcpu, HM_TRAP_RING, 0);
	finish();
}

/*
 * What ssp_ring_drain() does, for flushes and single hints of the address space
 * that runs.  From the first other entry on it is left to that.
 */
APART void drain(struct hm_vcpu *vcpu, u32 head)
{
	struct ssp_space *space = &vcpu->space;
	struct ssp_root *root = space->current;
	struct ssp_ring *ring = &space->ring;
	struct ssp_walk *walk = NULL;
	u64 own = SSP_RING_PAGES_OF(root->ring_page), region = ~0ull;
	u64 flushes = 0, used = 0, budget = RING_PAGES;
	u32 n = ring->tail;

	if (!root->ring_page || ssp_ring_is_overrun(n, head))
		return hm_general_insn();
	/*
	 * A whole address space, at the end, comes before the hints: ssp_ring_drain() does it
	 * first. Otherwise it would drop what they have just read, which costs faults and is right
	 * as well.
	 */
	if (ssp_ring_ends_with_all(ring->hpa, head))
		return hm_general_insn();
	for (; n != head; n++) {
		struct ssp_ring_words said = ssp_ring_read(ring->hpa, n, own);

		if (said.va >> SSP_WALK_SHIFT != region) {
			region = said.va >> SSP_WALK_SHIFT;
			walk = own_walk(root, said.va);
		}
		if (ssp_ring_hints_a_page(said)) {
			used += fill_hinted_page(space, walk, said.va);
		} else if (ssp_ring_is_flush(said) && said.pages - 1 < budget &&
			   flush_pages(space, walk, said.va, said.pages)) {
			budget -= said.pages;
			flushes++;
		} else {
			break;
		}
	}
	advance_tail(ring, n, flushes, used);
	if (n != head)
		return hm_general_insn();
	ssp_port_fence();
	ssp_ring_publish(ring);
	finish_commit(vcpu);
}

/* The same for the one entry before head, if it flushes one page: the commonest of all. */
APART void drain_page(struct hm_vcpu *vcpu, u32 head)
{
	struct ssp_space *space = &vcpu->space;
	struct ssp_walk *walk;
	u64 va;

	if (!ssp_ring_flushes_a_page(space->ring.hpa, head, space->current->ring_page, &va))
		return drain(vcpu, head);
	walk = own_walk(space->current, va);
	if (!walk)
		return drain(vcpu, head);
	ssp_own_leaf_anew(space, walk, ssp_entry_offset(va));
	hart_fence_page(va);
	space->ring.tail = head;
	ssp_port_fence();
	ssp_ring_publish(&space->ring);
	finish_commit(vcpu);
}

/* The ring's owner has pushed what it wants to push. */
APART void commit(struct hm_vcpu *vcpu)
{
	const struct ssp_ring *ring = &vcpu->space.ring;
	u32 head, pushed;

	if (!ring->hpa)
		return hm_general_insn();
	head = ssp_ring_head(ring->hpa);
	pushed = head - ring->tail;
	if (!pushed)
		return finish_commit(vcpu);
	return pushed == 1 ? drain_page(vcpu, head) : drain(vcpu, head);
}

/* From U-mode all of it is illegal.  MPP is U, 0, or S, 1. */
static inline bool is_from_s_mode(void)
{
	return (s64)(hart_read(CSR_MSTATUS) << (63 - MSTATUS_MPP_SHIFT)) < 0;
}

static inline void finish_fence(struct hm_vcpu *vcpu, u64 va)
{
	hart_fence_page(va);
	hm_count(vcpu, HM_TRAP_SFENCE_VA, va);
	finish();
}

APART void fence_spared(struct hm_vcpu *vcpu, u64 va)
{
	finish_fence(vcpu, va);
}

APART void fence_own(struct hm_vcpu *vcpu, u64 va, struct ssp_walk *walk)
{
	ssp_own_leaf_anew(&vcpu->space, walk, ssp_entry_offset(va));
	finish_fence(vcpu, va);
}

APART void fence_global(struct hm_vcpu *vcpu, u64 va, struct ssp_walk *walk)
{
	ssp_leaf_anew(&vcpu->space, walk, pte_index(va, 0));
	finish_fence(vcpu, va);
}

/* What ssp_flush_va_asid_fast() does, in parts. */
void hm_fence_page_asid_short(struct hm_vcpu *vcpu, u64 va, u64 asid)
{
	struct ssp_walk *walk;

	if (!is_from_s_mode())
		return hm_general_insn();
	walk = ssp_fence_asid_hit(&vcpu->space, va, asid);
	if (!walk)
		return hm_general_insn();
	return ssp_is_global(walk) ? fence_spared(vcpu, va) : fence_own(vcpu, va, walk);
}

/* What ssp_flush_va_fast() does, in parts, or a commit. */
void hm_fence_page_short(struct hm_vcpu *vcpu, u64 va)
{
	struct ssp_walk *walk;
	bool global;

	if (!is_from_s_mode())
		return hm_general_insn();
	if (va == vcpu->ring_gva)
		return commit(vcpu);
	walk = ssp_fence_hit(&vcpu->space, va, &global);
	if (!walk)
		return hm_general_insn();
	ssp_log_fence(&vcpu->space, va);
	return global ? fence_global(vcpu, va, walk) : fence_own(vcpu, va, walk);
}

void hm_satp_short(struct hm_vcpu *vcpu, u64 value)
{
	if (!is_from_s_mode())
		return hm_general_insn();
	return switch_root(vcpu, value) ? finish() : hm_middle(vcpu, value, hm_satp_way);
}

/* rs1 is x0, and is not read. */
void hm_fence_asid_short(struct hm_vcpu *vcpu, u64 rs1, u64 asid)
{
	(void)rs1;
	return is_from_s_mode() ? hm_middle(vcpu, asid, hm_fence_asid_way) : hm_general_insn();
}

void hm_fence_all_short(struct hm_vcpu *vcpu)
{
	return is_from_s_mode() ? hm_middle(vcpu, HM_ALL_ASIDS, hm_fence_all_way) :
				  hm_general_insn();
}

/*
 * The next time that this hart takes a trap for this instruction, guest_vector.S knows by one
 * compare what it is and from where its sources are read.  The instruction is all that is decoded,
 * so that nothing else can make what was learned wrong.
 */
u64 hm_learn_tvm(struct hm_frame *frame, u64 insn)
{
	enum hm_known_kind kind = HM_KNOWN_SATP;

	if (INSN_IS_SFENCE_VMA(insn) && INSN_RS1(insn))
		kind = INSN_RS2(insn) ? HM_KNOWN_FENCE_PAGE_ASID : HM_KNOWN_FENCE_PAGE;
	else if (INSN_IS_SFENCE_VMA(insn))
		kind = INSN_RS2(insn) ? HM_KNOWN_FENCE_ASID : HM_KNOWN_FENCE_ALL;
	else if (!INSN_IS_CSRW(insn, CSR_SATP))
		return 1;
	frame->known[kind] = (struct hm_known_insn){
		insn,
		hm_read_rs1 + HM_READ_SIZE * INSN_RS1(insn),
		hm_read_rs2 + HM_READ_SIZE * INSN_RS2(insn),
	};
	return 0;
}

/* Before there is a guest: guest_vector.S reads what stands there, whatever it is. */
void hm_learn_first(struct hm_frame *frame)
{
	hm_learn_tvm(frame, INSN_SFENCE_VMA(10, 11));
	hm_learn_tvm(frame, INSN_SFENCE_VMA(10, 0));
	hm_learn_tvm(frame, INSN_CSRW(CSR_SATP, 10));
	hm_learn_tvm(frame, INSN_SFENCE_VMA(0, 10));
	hm_learn_tvm(frame, INSN_SFENCE_VMA(0, 0));
}

/*
 * Where the host has a share: only switches and fences that need none of the firmware's tables.
 * frame->rs1 and rs2 are the same, for whoever goes on.
 */
void hm_tvm_short_policy(struct hm_frame *frame, u64 rs1, u64 rs2, u64 insn)
{
	struct hm_vcpu *vcpu = frame->vcpu;

	if (!hm_host_tables(vcpu) || !is_from_s_mode())
		return hm_general();
	if (INSN_IS_CSRW(insn, CSR_SATP) && hm_finishes(vcpu, HM_POLICY_SATP))
		return switch_host_root(frame, rs1) ? finish() : hm_general();
	if (!INSN_IS_SFENCE_VMA(insn) || rs1 == vcpu->ring_gva)
		return hm_general();
	if (!hm_finishes(vcpu, HM_POLICY_FLUSH)) {
		u64 asid = INSN_RS2(insn) ? rs2 & SATP_ASID_MASK : HM_ALL_ASIDS;

		return INSN_RS1(insn) && log_fence(vcpu, rs1, asid) ? finish() : hm_short_exit();
	}
	return INSN_RS1(insn) ? finish_fence(vcpu, rs1) : hm_general();
}
