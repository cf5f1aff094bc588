/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * misaligned.c - loads and stores that the hart leaves to firmware because they are misaligned.
 *
 *	fetch --> decode --> find its one or two pages --> move the bytes, step over it
 *	  |          |              |
 *	  |          no scalar one: the guest's own exception
 *	  not there, or not with these rights: the page fault that a hart would have taken which
 *	  does such accesses itself, by its own route; the guest repeats the instruction then
 *
 * All translation is by the tables that the hart has loaded, walked as the hart walks them.  So
 * whoever's they are, a fill, a true fault, a device and a table that the host protects are what
 * they are for an aligned access.
 */
#include "ssp/decode.h"
#include "ssp/fetch.h"
#include "core/ram.h"
#include "trap/pmu.h"
#include "trap/trap.h"

/* What a walk of the loaded tables comes to. */
enum found {
	FOUND,
	ABSENT, /* or not with the rights that the access needs */
	NO_RAM, /* the host's tables lead out of its RAM */
};

/* Where an access lies. */
struct span {
	u64 hpa[2];            /* its first byte in each page */
	unsigned int size;     /* bytes, ... */
	unsigned int in_first; /* ... of which so many are in the first page, or more */
};

/* mstatus.UXL */
#define UXL_32 (1ull << 32)

/*
 * To ask takes some 300 instructions, and a walk asks of each table.  What is the host's RAM stays
 * that, so each hart remembers regions that are it as a whole.
 */
#define REGION (2ull << 20)

static bool is_ram(struct hm_hart *hart, u64 page)
{
	u64 region = page & -REGION, *known = &hart->ram_known[page / REGION % HM_RAM_KNOWN];

	if (*known == (region | 1))
		return true;
	if (!hm_is_ram(region, REGION))
		return hm_is_ram(page, PAGE_SIZE);
	*known = region | 1;
	return true;
}

/* Our own tables name slots alone, and lie in our pool; the host's may name anything. */
static bool may_touch(const struct hm_vcpu *vcpu, u64 page)
{
	return !hm_host_tables(vcpu) || is_ram(vcpu->hart, page);
}

/* As "Virtual Address Translation Process"; sPTEs have A and D preset, so none is ever written. */
static enum found walk_loaded_tables(const struct hm_vcpu *vcpu, u64 va, enum ssp_access access,
				     u64 *hpa)
{
	u64 satp = hart_read(CSR_SATP), table = satp_table(satp);
	const struct satp_mode_info *mode = &satp_modes[satp_mode(satp)];
	unsigned int state = hm_access_state(hart_read(CSR_MSTATUS));

	if (!va_is_canonical(va, mode->va_bits))
		return ABSENT;
	for (int level = mode->levels - 1; level >= 0; level--) {
		u64 pte, offset = va & (level_size(level) - 1);

		if (!may_touch(vcpu, table))
			return NO_RAM;
		pte = hm_load_u64(table + 8 * pte_index(va, level));
		table = pte_address(pte);
		if (PTE_IS_INVALID(pte))
			return ABSENT;
		if (!pte_is_leaf(pte))
			continue;
		if (!ssp_leaf_allows(pte, access, state) || table & (level_size(level) - 1))
			return ABSENT;
		*hpa = table + offset;
		return may_touch(vcpu, *hpa & -PAGE_SIZE) ? FOUND : NO_RAM;
	}
	return ABSENT;
}

/*
 * Find one page of an access.  False: *next is what comes of it, as the hart would have made of it.
 */
static bool find_page(struct hm_trap *trap, u64 va, enum ssp_access access, u64 *hpa,
		      enum hm_next *next)
{
	enum found found = walk_loaded_tables(trap->vcpu, va, access, hpa);

	if (found == ABSENT) {
		*next = hm_page_fault(trap, ssp_page_fault(access), va);
	} else if (found == NO_RAM) {
		hm_count(trap->vcpu, HM_TRAP_OTHER, trap->tval);
		hm_inject(trap, ssp_access_fault(access), va);
		*next = HM_RESUME;
	}
	return found == FOUND;
}

/* Whose code it is, and what comes of a page that is not there. */
struct fetch {
	struct hm_trap *trap;
	enum hm_next next;
};

/* By what the hart can have of it now. */
static u64 find_code(void *caller, u64 va)
{
	struct fetch *fetch = caller;
	u64 hpa;

	return find_page(fetch->trap, va, SSP_FETCH, &hpa, &fetch->next) ? hpa : 0;
}

/*
 * Another instruction than the one that trapped: the hart had that by an older translation, or from
 * before a store.  It runs again as it is now, and if it traps again it is the one that is found
 * here.
 */
static enum hm_next refetch(struct hm_trap *trap)
{
	hart_fence_page(trap->pc);
	hart_fence_page(trap->pc + 2);
	hart_fence_code();
	hm_count(trap->vcpu, HM_TRAP_OTHER, trap->tval);
	return HM_RESUME;
}

/* A program of 32 bits: some of its compressed accesses are others. */
static bool is_short_program(u64 mstatus)
{
	return !(mstatus & MSTATUS_MPP) && (mstatus & MSTATUS_UXL) == UXL_32;
}

/*
 * Is it one that the hart gives up here: of this kind, misaligned, at this address (if the hart
 * says one)?
 */
static bool is_trapped(const struct hm_trap *trap, const struct access *a, u64 va)
{
	if (a->fp && !(hart_read(CSR_MSTATUS) & MSTATUS_FS))
		return false;
	if (a->store != (trap->cause == CAUSE_MISALIGNED_STORE) || !(va & (a->size - 1)))
		return false;
	return !trap->tval || trap->tval - va < a->size;
}

static u64 byte_of(const struct span *span, unsigned int n)
{
	return n < span->in_first ? span->hpa[0] + n : span->hpa[1] + n - span->in_first;
}

/* Byte by byte: of a misaligned access no guest may expect more ("Memory Consistency Model"). */
static u64 load_bytes(const struct span *span)
{
	u64 value = 0;

	for (unsigned int n = 0; n < span->size; n++)
		value |= (u64)hm_load_u8(byte_of(span, n)) << 8 * n;
	return value;
}

static void store_bytes(const struct span *span, u64 value)
{
	for (unsigned int n = 0; n < span->size; n++)
		hm_store_u8(byte_of(span, n), value >> 8 * n);
}

static void move_bytes(u64 *x, const struct access *a, const struct span *span)
{
	if (a->store)
		store_bytes(span, a->fp ? hm_fp_read(a->reg) : x[a->reg]);
	else if (a->fp)
		hm_fp_write(a->reg, extend_loaded(a, load_bytes(span)));
	else if (a->reg)
		x[a->reg] = extend_loaded(a, load_bytes(span));
}

/* Nothing is moved before both pages are found. */
static enum hm_next perform_access(struct hm_trap *trap, const struct access *a, u64 va,
				   unsigned int length)
{
	struct span span = { .size = a->size, .in_first = PAGE_SIZE - (va & (PAGE_SIZE - 1)) };
	enum ssp_access access = a->store ? SSP_STORE : SSP_LOAD;
	enum hm_next next;

	if (!find_page(trap, va, access, &span.hpa[0], &next))
		return next;
	if (span.in_first < span.size &&
	    !find_page(trap, va + span.in_first, access, &span.hpa[1], &next))
		return next;
	move_bytes(trap->frame->x, a, &span);
	trap->pc += length;
	hm_count(trap->vcpu, HM_TRAP_OTHER, trap->tval);
	return HM_RESUME;
}

enum hm_next hm_route_misaligned(struct hm_trap *trap)
{
	struct fetch fetch = { .trap = trap };
	u64 va, insn;
	unsigned int length = insn_fetch(find_code, hm_load_u16, &fetch, trap->pc, &insn);
	struct access a;

	hm_pmu_count(trap->vcpu, trap->cause == CAUSE_MISALIGNED_STORE ?
					 SBI_PMU_FW_MISALIGNED_STORE :
					 SBI_PMU_FW_MISALIGNED_LOAD);
	if (!length)
		return fetch.next;
	/* With the cause that the hart gave it: QEMU's makes an AMO's that of a load. */
	if (is_other_access(insn, length) || is_short_program(hart_read(CSR_MSTATUS))) {
		hm_count(trap->vcpu, HM_TRAP_OTHER, trap->tval);
		hm_inject(trap, trap->cause, trap->tval);
		return HM_RESUME;
	}
	if (!decode_scalar(insn, length, &a))
		return refetch(trap);
	trap->frame->x[0] = 0;
	va = trap->frame->x[a.base] + a.offset;
	return is_trapped(trap, &a, va) ? perform_access(trap, &a, va, length) : refetch(trap);
}
