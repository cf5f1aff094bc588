/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gstage.c - a guest's G-stage tables: GPA to HPA, in Sv39x4 ("Two-Stage Address Translation").
 *
 * Sv39x4 is Sv39 with a root of 2048 entries, 16 KiB, and 41 bits of GPA.  Pages are mapped when
 * the guest touches them first, as KVM does, each as large as the guest's memory has it.  Nothing
 * is ever unmapped or moved, so entries go from invalid to valid alone.
 */
#include "arch/hfence.h"
#include "core/console.h"
#include "core/memory.h"
#include "hap/internal.h"
#include "ssp/pte.h"

#define ROOT_SIZE    (4 * PAGE)
#define ROOT_INDEXES 2047 /* less 1 */
#define TOP_LEVEL    2

/*
 * "As though for a user-level access": U is needed.  A and D are set beforehand, so no hart has
 * any to set.
 */
#define LEAF (PTE_V | PTE_RWX | PTE_U | PTE_A | PTE_D)

/*
 * Tables below the root: one for each GiB that the RAM touches, and for each 2 MiB where leaves are
 * small.
 */
static uint64_t tables_needed(struct range ram, bool small)
{
	uint64_t gibs = (ALIGN_UP(ram.base + ram.size, GIB) - ALIGN_DOWN(ram.base, GIB)) / GIB;

	return gibs + (small ? ram.size / (2 * MIB) : 0);
}

void hap_create(struct vm *vm, bool small)
{
	static struct hap_vm all[MAX_GUESTS];
	struct hap_vm *hap = &all[vm->id];
	uint64_t size = ROOT_SIZE + tables_needed(vm->ram, small) * PAGE;

	hap->root = memory_alloc(size, ROOT_SIZE);
	if (!hap->root)
		fail("vm%d: %lu KB for its G-stage tables are not there: give the machine more memory",
		     vm->id, size / KIB);
	memset((void *)hap->root, 0, size);
	hap->next = hap->root + ROOT_SIZE;
	hap->end = hap->root + size;
	hap->most_levels = small ? 0 : TOP_LEVEL;
	vm->hap = hap;
}

/* The level of the largest leaf around gpa: inside the RAM, and congruent. */
static unsigned leaf_level(const struct vm *vm, uint64_t gpa)
{
	unsigned level = vm->hap->most_levels;

	for (; level; level--) {
		uint64_t size = level_size(level);
		struct range block = { ALIGN_DOWN(gpa, size), size };

		if (range_holds(vm->ram, block) && !((vm->hpa - vm->ram.base) & (size - 1)))
			break;
	}
	return level;
}

static uint64_t *entry_of(const struct hap_vm *hap, uint64_t table, uint64_t gpa, unsigned level)
{
	uint64_t index = table == hap->root ? gpa >> 30 & ROOT_INDEXES : pte_index(gpa, level);

	return (uint64_t *)table + index;
}

/* A table becomes visible to other harts' walks only with its zeroes. */
static void store(uint64_t *entry, uint64_t hpa, uint64_t bits)
{
	__atomic_store_n(entry, hpa >> PAGE_SHIFT << PTE_PPN_SHIFT | bits, __ATOMIC_RELEASE);
}

/* With the lock.  There are as many pages as tables_needed() says. */
static uint64_t table_below(struct hap_vm *hap, uint64_t *entry)
{
	if (!(*entry & PTE_V)) {
		store(entry, hap->next, PTE_V);
		hap->next += PAGE;
	}
	return *entry >> PTE_PPN_SHIFT << PAGE_SHIFT;
}

/* Another vCPU may have been quicker; then the leaf stands there already. */
static void map(const struct vm *vm, uint64_t gpa)
{
	struct hap_vm *hap = vm->hap;
	unsigned level = TOP_LEVEL, leaf = leaf_level(vm, gpa);
	uint64_t table = hap->root, *entry, page = ALIGN_DOWN(gpa, level_size(leaf));

	spin_lock(&hap->lock);
	for (; level > leaf; level--)
		table = table_below(hap, entry_of(hap, table, gpa, level));
	entry = entry_of(hap, table, gpa, level);
	if (!(*entry & PTE_V))
		store(entry, vm->hpa + (page - vm->ram.base), LEAF);
	spin_unlock(&hap->lock);
}

/*
 * "Memory-Management Fences": a hart may remember that there was no entry.  Other harts of the
 * guest's take the fault themselves, and find the entry.
 */
void gstage_map(struct vcpu *v, uint64_t gpa)
{
	map(v->vm, gpa);
	hfence_gvma(gpa, vmid_of(v->hap->hgatp));
}
