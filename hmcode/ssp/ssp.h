/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssp.h - the shadow engine: a shadow page table that behaves like one big TLB.
 *
 * The principle: dropping or re-reading an entry is always allowed; keeping a
 * stale one past a flush that covers it never is.  What a TLB may hold is
 * defined by the privileged specification, "Supervisor Memory-Management
 * Fence Instruction" (SFENCE.VMA).
 *
 * The engine is pure C: no CSR, no assembly, no library.  It touches memory
 * only through ssp_port.h, which each embedder supplies on its include path.
 * It never fences the hart: each function returns the fence that its caller
 * owes before the guest runs again (enum ssp_fence).  Between the call and
 * that fence no table walk of the guest can begin, since satp is not active in
 * the mode that the engine runs in; so a table may be reused in between.
 *
 *	space ---- roots[0]   the global tree: leaves whose path carries G
 *	      ---- roots[1..] one per cached guest satp: private tables; their
 *	                      top-level entries may also link tables of the
 *	                      global tree
 *
 * Each root is a tree of tables that is never torn down by a flush: a link
 * whose V bit is clear is *dormant*, it still names its child, and the child
 * is made current (its leaves cleared, its own links put to sleep) before the
 * link is woken.  The tree is therefore its own index: no hash finds tables, the
 * address does.  A table that has lost its place is *spare*, with all that hangs
 * below it; taking one table off a tree of spare ones is one step, however many
 * hang below, since the children of a table stand in a ring of their own.
 *
 * Invariants (ssp_check() tests them all):
 *  I1  a leaf maps an HPA of a slot, with no more rights than the slot's.
 *  I2  a table hangs at no more than one place of its owner's tree.
 *  I3  only tables of the global tree hold leaves with G, and only those; a
 *      private tree links them at its top level alone, where their own tree
 *      has them.
 *  I4  a table that was ever used is a root's top, or stands in one ring: its
 *      parent's children, its root's spare ones or the free ones.  A table's
 *      children are what its own links name, dormant ones included.
 *  I5  every non-zero entry lies in a group whose occupancy bit is set.
 *  I6  a table with leaves, reachable by valid links, is on its owner's filled list.
 *  I7  a live walk-cache entry names a table reachable by valid links from
 *      its root, on its owner's filled list, whose identity is the guest's table.
 *  I8  a link says whose table it names: of its own tree by a bit that no leaf has.
 */
#ifndef SSP_H
#define SSP_H

#include <stddef.h>

#include "hm_abi.h"
#include "pte.h"

#define SSP_GLOBAL 0 /* index of the global tree */
#define SSP_NONE   0xffffffffu

/* What an access came to. */
enum ssp_verdict {
	SSP_ALLOWED,    /* by the guest's tables; from ssp_fault(): a hidden fault, filled by now */
	SSP_TRUE_FAULT, /* the guest's tables forbid it: page fault for the guest */
	SSP_ACCESS_FAULT, /* a guest page table lies outside RAM: access fault for the guest */
	SSP_OUTSIDE,      /* allowed by the guest's tables, but the GPA is no RAM: MMIO */
	/*
	 * Allowed once A, and for a store D, is set in the guest's PTE: where sets_ad; not from
	 * ssp_fault().
	 */
	SSP_UNMARKED,
	SSP_SLOW, /* of hits.h alone: take the general way */
};

/* The fence that is owed on this hart; for the current root each covers the ones before it. */
enum ssp_fence {
	SSP_FENCE_NONE,
	SSP_FENCE_PAGE, /* sfence.vma va, x0: of all ASIDs */
	SSP_FENCE_ASID, /* sfence.vma x0, asid of the current root */
	SSP_FENCE_ALL,  /* sfence.vma x0, x0 */
};

static inline enum ssp_fence fence_max(enum ssp_fence a, enum ssp_fence b)
{
	return a > b ? a : b;
}

enum ssp_access {
	SSP_FETCH = 0, /* the low two bits of the page-fault causes 12, 13, 15 */
	SSP_LOAD = 1,
	SSP_STORE = 3, /* and AMO */
};

static inline uint64_t ssp_page_fault(enum ssp_access access)
{
	return 12 + access;
}

/* What an access sets in the guest's PTE, where that is ours to do. */
static inline uint64_t ssp_marks(enum ssp_access access)
{
	return access == SSP_STORE ? PTE_A | PTE_D : PTE_A;
}

/* The cause of an access fault: 1, 5, 7. */
static inline uint64_t ssp_access_fault(enum ssp_access access)
{
	return access == SSP_FETCH ? 1 : access + 4;
}

/* What the guest gets for a verdict that is neither SSP_ALLOWED nor served as MMIO. */
static inline uint64_t ssp_fault_cause(enum ssp_verdict verdict, enum ssp_access access)
{
	return verdict == SSP_TRUE_FAULT ? ssp_page_fault(access) : ssp_access_fault(access);
}

/* In what state an access is made. */
#define SSP_USER (1u << 4)  /* in U-mode; where a PTE has U */
#define SSP_SUM  (1u << 18) /* sstatus.SUM, and where that has it */
#define SSP_MXR  (1u << 19) /* likewise */

struct ssp_result {
	enum ssp_verdict verdict;
	enum ssp_fence fence;
	uint64_t gpa; /* SSP_OUTSIDE: of the access */
};

/* A range of guest RAM: [gpa, gpa + size) at gpa + delta. */
struct ssp_slot {
	uint64_t gpa, size;
	uint64_t delta;  /* HPA - GPA, modulo 2^64 */
	uint64_t rights; /* PTE_R | PTE_W | PTE_X */
};

/* HM_SLOT_* (docs/abi.md, "Slots") in the bits of an sPTE. */
static inline uint64_t ssp_slot_rights(uint64_t rights)
{
	return (rights & HM_SLOT_R ? PTE_R : 0) | (rights & HM_SLOT_W ? PTE_W : 0) |
	       (rights & HM_SLOT_X ? PTE_X : 0);
}

/* One shadow table; the page itself is found by its position in the pool. */
struct ssp_table {
	uint64_t occupied;          /* bit n: entries 8n to 8n+7 may be non-zero */
	uint64_t ident;             /* what it shadows: SSP_IDENT_* */
	uint64_t filled_generation; /* on the owner's filled list if equal to its generation */
	uint32_t next_filled;
	uint32_t next, prev; /* the ring that it stands in (I4) */
	uint32_t children;   /* ring of the tables that it links; SSP_NONE: none */
	uint32_t parent;     /* the table that links it, while it hangs */
	uint16_t index;      /* of the link in the parent */
	uint8_t level;
	uint8_t owner; /* root */
	uint64_t pad[2];
};
_Static_assert(sizeof(struct ssp_table) == 64, "a table's number is found by shifting");

/* A guest table's frame number, or the frame of a guest leaf that is mapped in smaller pieces. */
#define SSP_IDENT_SPLIT (1ull << 63)

/*
 * The walk cache: VA >> 21 to the guest's and the shadow's leaf table.  As a
 * cache of non-leaf entries it may outlive fences with rs1 != x0, no others.
 * The high bits of the tag are a count, so that one addition drops all.
 */
struct ssp_walk {
	uint64_t tag;
	uint64_t guest;   /* HPA of the guest's level-0 table */
	uint64_t *shadow; /* the shadow's */
	struct ssp_table *table;
};

/*
 * How a walk went.  One that was dropped can be taken up again: if the shadow's
 * tree has not changed and the guest's links, read anew, are what they were, a
 * full walk would end in the same tables.
 */
struct ssp_path {
	uint64_t tree_generation; /* the root's when the walk was made */
	uint64_t link_generation; /* the root's, if the walk ends in the global tree; else 0 */
	uint64_t links;           /* how many of the following */
	struct ssp_link {
		uint64_t hpa, pte;
	} link[MAX_LEVELS - 1];
};
#define SSP_WALK_SHIFT   (PAGE_SHIFT + PTE_INDEX_BITS)
#define SSP_WALK_VA_BITS (64 - SSP_WALK_SHIFT)

struct ssp_root {
	/* Read by every fault. */
	struct ssp_walk walk[SSP_WALK_CACHE];
	uint64_t walk_generation; /* high part of live tags */

	uint64_t tree_generation; /* changes when tables that walks may name lose their place */
	/*
	 * the global tree's tree_generation when links to it were last right: later all of it was
	 * put to sleep
	 */
	uint64_t global_generation;
	uint64_t link_generation;             /* changes when the links to the global tree go */
	struct ssp_path path[SSP_WALK_CACHE]; /* of the walk with the same number */

	uint64_t gsatp; /* guest satp: mode, ASID, PPN; the key */
	/* what an entry of the ring says of one page of this ASID; 0: other roots may have it */
	uint64_t ring_page;
	uint64_t log_position; /* current up to here */
	uint64_t filled_generation;
	uint64_t last_use;             /* for replacement */
	uint32_t filled, filled_count; /* tables that may hold leaves */
	uint32_t spare;                /* ring of its tables that have no place */
	uint32_t tables;               /* how many it has, in its tree or spare */
	uint32_t top;                  /* top table; SSP_NONE: root not in use */
	uint8_t next_asid;             /* root of the same ASID bucket; 0: none */
	uint8_t mode;                  /* of the shadow; satp encoding */

	/* Owned by whoever loads the root into satp (mmu/asid.c). */
	uint64_t hsatp;           /* hardware satp: mode, hardware ASID, shadow PPN */
	uint64_t asid_generation; /* the allocator's generation that gave the ASID; 0: none */
	uint64_t pad[2];          /* a root's number is found by shifting */
};

/* The guest's flush ring (ring.h): what the engine knows of it by itself. */
struct ssp_ring {
	uint64_t hpa;         /* of its page; 0: none */
	uint32_t tail, flags; /* entries drained, HM_RING_*: as last stored there */
	uint32_t begin;       /* tail when counting began */
	uint64_t others;      /* of the entries drained since then: those that do not invalidate */
	uint64_t hints_used, hints_lost; /* pages */
};

struct ssp_space {
	struct ssp_root *current; /* the root that the guest runs on */
	/*
	 * Slot 0 for hits.h, if it has all rights, in the form of PTEs: where guests see it, its
	 * size, where it is.
	 */
	uint64_t ram_base, ram_size, ram_hpa;
	uint64_t last_read; /* number of the page that a load or fetch last faulted for: hits.h */
	uint8_t need[4];    /* what an access needs of a leaf in S-mode, by its number */
	_Bool fence_after_fill;    /* the hart lacks Svvptc */
	_Bool sets_ad;             /* ssp_set_ad() */
	uint64_t *global_top;      /* entries of the global tree's top table ... */
	unsigned int global_shift; /* ... indexed by an address from this bit on */
	uint8_t rights[4];         /* need[] without what ssp_set_ad() has us set */
	uint8_t plain[4];          /* need[] with R and U: ssp_leaf_plainly_allows() */
	struct ssp_ring ring;

	/*
	 * Bit va >> 30 & 63: a guest leaf there was ever mapped in pieces, so that more
	 * than the page itself has to go when it is fenced.
	 */
	uint64_t split;

	uint64_t uses;      /* clock of last_use */
	uint32_t begun;     /* roots below this number are or were in use: they have a top table */
	uint32_t roots_end; /* those from here on never are: ssp_limit_roots() */
	uint64_t root_hits, root_misses;
	uint8_t asid_bucket[SSP_ASID_BUCKETS];
	/*
	 * Roots, by their last use when they were sorted last; those before `aged` were taken over
	 * since, or used.
	 */
	uint8_t by_age[SSP_ROOTS - 1];
	uint8_t aged;
	uint64_t sorted_at; /* the last of these uses */

	uint64_t log_head;
	/* What fences and switches use lies above: one instruction reaches it from the vCPU. */
	unsigned int slot_count;
	struct ssp_slot slots[SSP_MAX_SLOTS];
	uint64_t log[SSP_LOG_SIZE]; /* page addresses of fences with rs2 = x0 */

	uint64_t pool_hpa;
	struct ssp_table *tables;
	uint32_t table_count;
	uint32_t free_count; /* in or below the ring, or fresh */
	uint32_t free;       /* ring of tables without an owner */
	uint32_t fresh;      /* tables from here on were never used */

	uint8_t bare_mode;   /* shadow mode behind a guest in bare mode */
	uint16_t satp_modes; /* bit N: satp.MODE N is offered to the guest */
	uint32_t free_least; /* free_count's least before tables were recycled: ssp_tables_peak() */

	uint64_t tables_allocated, tables_recycled;
	struct ssp_root roots[SSP_ROOTS];
};

/*
 * Prepare a space.  pool_hpa is page aligned and backs table_count >=
 * SSP_MIN_TABLES pages; tables has as many elements.  offered: satp modes, with
 * bit 8 (Sv39) at least.  Returns false if an argument is out of range.
 */
_Bool ssp_init(struct ssp_space *space, uint64_t pool_hpa, struct ssp_table *tables,
	       uint32_t table_count, uint16_t offered, _Bool fence_after_fill);

/*
 * So many guest satp values are cached, 1 to SSP_ROOTS - 1, which is what ssp_init() leaves.
 * Once, right after that: ssp_root_new() counts on it.
 */
void ssp_limit_roots(struct ssp_space *space, unsigned int count);

/*
 * The most tables that had an owner at a time since the counts began.  Free ones become more by
 * recycling alone, which is where it is noted.
 */
static inline uint32_t ssp_tables_peak(const struct ssp_space *space)
{
	uint32_t least = space->free_least, now = space->free_count;

	return space->table_count - (least < now ? least : now);
}

static inline void ssp_tables_reset_counts(struct ssp_space *space)
{
	space->tables_allocated = space->tables_recycled = 0;
	space->free_least = space->free_count;
}

/*
 * Who sets A and D in the guest's PTEs, as extensions have it.  Off, as it is at first (Svade): the
 * guest, where its tables forbid what lacks them.  On (Svadu): the engine, by compare-and-swap, at
 * the fault of the access that needs them.  What is cached is right for both.
 */
void ssp_set_ad(struct ssp_space *space, _Bool on);

/*
 * Add or, with size 0, remove slot n.  Everything cached is dropped.  The caller owes
 * SSP_FENCE_ALL.
 */
void ssp_slot_set(struct ssp_space *space, unsigned int n, struct ssp_slot slot);

/* The same for all slots, but that nothing is dropped yet: the caller owes ssp_flush_all() too. */
void ssp_slots_set(struct ssp_space *space, const struct ssp_slot slots[SSP_MAX_SLOTS]);

/* The slot that holds gpa, or NULL: the only way from GPA to HPA. */
static inline const struct ssp_slot *ssp_slot_of(const struct ssp_space *space, uint64_t gpa)
{
	for (unsigned int i = 0; i < space->slot_count; i++)
		if (gpa - space->slots[i].gpa < space->slots[i].size)
			return &space->slots[i];
	return NULL;
}

/*
 * A page fault of the guest at va: find out whose fault it is and fill the
 * shadow if it is ours.
 */
struct ssp_result ssp_fault(struct ssp_space *space, uint64_t va, enum ssp_access access,
			    unsigned int state);

/*
 * The same where no walk to va is known, nor one that can be taken up again: ssp_walk_take_up() has
 * said so.  The guest's ring, if it has one, says already that something is cached.  A fence may be
 * owed for SSP_TRUE_FAULT as well, since the walk to a page that the guest has is known afterwards.
 */
struct ssp_result ssp_fault_unknown(struct ssp_space *space, uint64_t va, enum ssp_access access,
				    unsigned int state);

/*
 * The same for a fault that ssp_translate() has called hidden.  ssp_fault() may go by
 * an older link that is cached and not flushed, and find a fault there or a device: the
 * access would fault again, be called hidden again, and so for ever.
 */
struct ssp_result ssp_fill(struct ssp_space *space, uint64_t va, enum ssp_access access,
			   unsigned int state);

/*
 * Fault-around: neighbours of a page that host-hv filled by ssp_fault_fast(); ssp_fault()
 * does it by itself.
 */
void ssp_fill_around(struct ssp_space *space, uint64_t va);

/*
 * Translate by the guest's tables alone, for the embedder's own accesses on behalf of the guest.
 * SSP_ALLOWED: *address is the HPA where va lies, up to the end of its 4 KiB page. SSP_OUTSIDE:
 * it is va's GPA. SSP_UNMARKED, since nothing is set here: as SSP_ALLOWED, but 0 if it would be
 * SSP_OUTSIDE then.
 */
enum ssp_verdict ssp_translate(struct ssp_space *space, uint64_t gsatp, uint64_t va,
			       enum ssp_access access, unsigned int state, uint64_t *address);

/* Does a leaf that is valid and aligned, of the guest or of a shadow, allow the access? */
_Bool ssp_leaf_allows(uint64_t pte, enum ssp_access access, unsigned int state);

/*
 * The guest's SFENCE.VMA in its four forms ("SFENCE.VMA", cases by rs1 and rs2); by
 * address also for several pages, at most SSP_LOG_SIZE: [va, last], which does not wrap.
 */
enum ssp_fence ssp_flush_va(struct ssp_space *space, uint64_t va);
enum ssp_fence ssp_flush_va_asid(struct ssp_space *space, uint64_t va, uint64_t asid);
enum ssp_fence ssp_flush_pages(struct ssp_space *space, uint64_t va, uint64_t last);
enum ssp_fence ssp_flush_pages_asid(struct ssp_space *space, uint64_t va, uint64_t last,
				    uint64_t asid);
enum ssp_fence ssp_flush_asid(struct ssp_space *space, uint64_t asid);
enum ssp_fence ssp_flush_all(struct ssp_space *space);

/* A longer fence by address is one of all addresses, so that the time it takes is bounded. */
#define MAX_FENCE_PAGES SSP_LOG_SIZE

/*
 * The pages of a range as RFENCE has it, of which `most` are fenced one by one; 0: all addresses.
 * A range that wraps around is all, and so is an empty one, wherever it begins.
 */
static inline uint64_t ssp_fence_pages(uint64_t start, uint64_t size, uint64_t most)
{
	uint64_t last = start + size - 1, pages;

	if (size - 1 >= most * PAGE_SIZE || last < start)
		return 0;
	pages = (last >> PAGE_SHIFT) - (start >> PAGE_SHIFT) + 1;
	return pages > most ? 0 : pages;
}

/* How many roots a fence for one guest ASID has to visit. */
unsigned int ssp_roots_of_asid(const struct ssp_space *space, uint64_t asid);

/* A range of GPA is taken away or changes its HPA: nothing cached names it afterwards. */
enum ssp_fence ssp_invalidate_gpa(struct ssp_space *space, uint64_t gpa, uint64_t size);

/*
 * What a write of satp leaves in it.  "Supervisor Address Translation and Protection (satp)
 * Register": a write with an unsupported MODE has no effect; a bare mode has no other field.
 */
static inline uint64_t ssp_satp_legal(const struct ssp_space *space, uint64_t old, uint64_t value)
{
	if (satp_mode(value) == SATP_BARE)
		return 0;
	return space->satp_modes >> satp_mode(value) & 1 ? value : old;
}

/* The mode of the shadow behind a legal satp; in bare mode it maps the identity. */
static inline uint64_t ssp_shadow_mode(const struct ssp_space *space, uint64_t gsatp)
{
	return satp_mode(gsatp) == SATP_BARE ? space->bare_mode : satp_mode(gsatp);
}

/*
 * Root buffer.  ssp_root_find: the cached root or NULL.  ssp_root_new: a root for gsatp, taking the
 * least recently used one; *fence is raised to what is owed for it.  ssp_root_catch_up brings a
 * root up to date with the flush log, and may retire its hardware ASID; ssp_root_enter then makes
 * it current.
 */
static inline struct ssp_root *ssp_root_find(struct ssp_space *space, uint64_t gsatp)
{
	unsigned int i = space->asid_bucket[satp_asid(gsatp) % SSP_ASID_BUCKETS];

	for (; i != SSP_GLOBAL; i = space->roots[i].next_asid) {
		if (space->roots[i].gsatp == gsatp)
			return &space->roots[i];
	}
	return NULL;
}
struct ssp_root *ssp_root_new(struct ssp_space *space, uint64_t gsatp, enum ssp_fence *fence);
void ssp_root_catch_up(struct ssp_space *space, struct ssp_root *root);
void ssp_root_enter(struct ssp_space *space, struct ssp_root *root);

/* HPA of a root's top table, for satp. */
static inline uint64_t ssp_root_hpa(const struct ssp_space *space, const struct ssp_root *root)
{
	return space->pool_hpa + ((uint64_t)root->top << PAGE_SHIFT);
}

/* All invariants above; returns NULL, or the first one that does not hold, in words. */
const char *ssp_check(struct ssp_space *space);

#endif
