/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsp.h - traditional shadow paging: the guest's tables are write-protected,
 * so that the shadow is in step with them at every moment, but for leaf tables that
 * were let go until the guest's next fence (step.c).
 *
 * A shadow table stands for one guest table at one level, for whoever links
 * it: address spaces that share a guest table share its shadow.  Guest
 * superpages that cannot stay whole, and bare mode, have *direct* tables,
 * which map a range of GPA with fixed rights.
 *
 *	frame of guest RAM --- maps     every sPTE that maps it (reverse map)
 *	                   `-- tables   how many shadow tables stand for it
 *	shadow table       --- parents  every link to it
 *
 * Chains run through nodes, one for each entry of each table, so nothing can
 * run out but tables; then the oldest are zapped: emptied, unlinked, given back.
 *
 * The life of a guest table's frame:
 *
 *	data --fault through it--> protected --emulated store--> protected, in step
 *	  ^                            |
 *	  +-- flood, odd store, last link gone, oldest (zap) --+
 *
 * Where leaf tables may be let go (step.c), the first store to one makes its frame
 * writable, and the shadow of it is what a TLB is: right until the guest's next fence.
 *
 *	protected, in step --store--> out of step
 *	   ^                             |
 *	   +--compared-- called back <---+ fence, other root, new link
 *
 * Pure C over ssp_port.h and tsp_port.h.  There is one struct tsp a VM; the
 * caller holds a lock around each call *and* around what the call says is
 * owed: the fence on this hart before the guest runs again, and, if `remote`
 * is set, a fence of everything on the other vCPUs.
 *
 * Invariants (tsp_check() tests them all):
 *  T1  a leaf maps an HPA of a slot, with no more rights than the slot's and
 *      the gPTE's; A and D are preset, W only where the gPTE has D.
 *  T2  no writable leaf covers a frame that a shadow table stands for, unless that is out of step.
 *  T3  each leaf is in its frame's chain, each link in its child's, nothing
 *      else is in any.
 *  T4  each entry is empty or what the guest's entry says now, except in tables that are not in
 *      step.
 *  T5  counts of tables by frame and region, of free tables and of those that are not in step,
 *      are right.
 *  T6  each table is found by its key, and only one has it.
 *  T7  each non-zero entry lies in a group whose occupancy bit is set.
 *  T8  a loaded root is a live table.
 *  T9  what is not in step is a leaf table, and the only table of its frame; one that was called
 *      back may get others.
 */
#ifndef TSP_H
#define TSP_H

#include <stdbool.h>

#include "ssp/ssp.h"

#define TSP_NONE        0xffffffffu
#define TSP_ROOTS       16 /* cached for each vCPU */
#define TSP_VCPUS       16
#define TSP_BUCKETS     1024
#define TSP_LEAF_LEVELS 3 /* shadow leaves of 4 KiB, 2 MiB, 1 GiB */
#define TSP_FLOOD       3 /* stores to a table without a use that unprotect it */
#define TSP_BREAKS      2 /* of superpages by a table; then the region stays in pieces */
#define TSP_MIN_TABLES  (TSP_VCPUS + 3 * MAX_LEVELS) /* loaded roots, and paths */
#define TSP_NO_GSATP    (~0ull)                      /* a mode that no guest can have */
#define TSP_ALL_ASIDS   (~0ull)

enum tsp_verdict {
	TSP_REPEAT,   /* the guest repeats its access, or runs on the root */
	TSP_AGAIN,    /* carry out the fences, then call again: nothing is filled yet */
	TSP_PT_WRITE, /* a store to a guest table: tsp_store() */
	TSP_ASIDE,    /* as TSP_REPEAT, but nothing may be protected: it would fault for ever */
	TSP_LET_GO,   /* likewise: the store is repeated, to a leaf table that is out of step now */
	TSP_STORED,   /* emulated: the guest goes on behind the instruction */
	TSP_MISALIGNED, /* an AMO at va: the guest's exception */
	TSP_FAULT,      /* the guest's, at va: `fault` says of which kind */
};

struct tsp_result {
	enum tsp_verdict verdict;
	enum ssp_fence fence;   /* owed on this hart before the guest runs again */
	bool remote;            /* and SSP_FENCE_ALL on those of all other vCPUs */
	enum ssp_verdict fault; /* TSP_FAULT: SSP_TRUE_FAULT, _ACCESS_FAULT or _OUTSIDE */
	uint64_t va;            /* TSP_FAULT, TSP_MISALIGNED */
	uint64_t gpa;           /* SSP_OUTSIDE, TSP_PT_WRITE: of the access */
};

/* Is the shadow what the guest's table says? */
enum tsp_step {
	TSP_IN_STEP,
	TSP_OUT_OF_STEP, /* the guest writes to its table freely */
	TSP_CALLED_BACK, /* it does no more, once what the call owes is done; then it is compared */
};

/* One shadow table; its page and its page of nodes have its number. */
struct tsp_table {
	uint64_t gfn;      /* of the guest table, or of what entry 0 maps */
	uint64_t occupied; /* bit n: entries 8n to 8n+7 may be non-zero */
	uint32_t parents;  /* chain of the links to it */
	uint32_t same_hash, same_hash_prev;
	uint32_t newer, older; /* by last use; newer alone: the free and the limbo list */
	uint32_t next_doomed;
	uint32_t next_out, prev_out; /* of those that are not in step */
	uint64_t owner;              /* the guest's satp when it was let go, on the only vCPU */
	uint8_t step;                /* enum tsp_step */
	uint8_t level;
	uint8_t role;   /* 0: a guest table; TSP_DIRECT and PTE bits */
	uint8_t loaded; /* vCPUs whose root it is: it stays */
	uint8_t writes; /* since it was last used */
	bool live;      /* found by its key */
	bool doomed;    /* lost its last link in this call */
};
#define TSP_DIRECT 0x80u

/* A frame, or a 2 MiB or 1 GiB region, of guest RAM. */
struct tsp_region {
	uint32_t maps; /* chain of the leaves of this size that map it */
	/* guest tables in it, counted by their shadow tables; of a frame: protected ones */
	uint32_t tables : 24;
	/* times that a table broke writable superpages here, TSP_BREAKS at most */
	uint32_t breaks : 8;
};

struct tsp_node {
	uint32_t next, prev;
};

/* A vCPU's cached roots; the fields of a root are those of the run page's root buffer. */
struct tsp_root {
	uint64_t gsatp;      /* TSP_NO_GSATP: not in use */
	uint64_t satp;       /* MODE and PPN of the shadow; ASID 0 */
	uint64_t generation; /* changes when what hardware cached of it is void */
	uint64_t used;       /* for replacement */
	uint32_t table;
};

struct tsp_vcpu {
	unsigned int current; /* root that it runs on */
	uint32_t changed;     /* bit n: root[n] is new to the host, which clears it */
	uint64_t uses;
	/* for its walks: the slots are tsp's, who sets A and D is its own affair */
	struct ssp_space *guest;
	struct tsp_root root[TSP_ROOTS];
};

struct tsp {
	struct ssp_space *guest; /* for its slots */
	struct tsp_vcpu *vcpu[TSP_VCPUS];
	unsigned int vcpu_count;
	bool fence_after_fill; /* the hart lacks Svvptc */
	uint32_t zero_block;   /* bytes that cbo.zero clears */
	bool lets_go; /* leaf tables may go out of step; the caller's, changes between calls */

	uint64_t pool_hpa;
	struct tsp_table *tables;
	struct tsp_node *nodes; /* number of a node: table * 512 + index */
	struct tsp_region *regions[SSP_MAX_SLOTS][TSP_LEAF_LEVELS];
	uint32_t table_count;
	uint32_t free, free_count; /* list; its tables and the fresh ones */
	uint32_t fresh;            /* tables from here on were never used */
	uint32_t limbo;            /* zapped in this call: some hart may still walk there */
	uint32_t doomed;
	uint32_t oldest, newest;
	uint32_t out;         /* list of the tables that are not in step */
	uint32_t out_count;   /* also read without the lock: tsp_fence() */
	uint32_t called_back; /* of these */
	uint32_t bucket[TSP_BUCKETS];

	/* What this call owes so far. */
	enum ssp_fence fence;
	bool remote;

	uint32_t free_least; /* free_count's least before a table was freed: tsp_tables_peak() */
	/* recycled: of those zapped, to make room; this and created since tsp_reset_counts() */
	uint64_t recycled;
	uint64_t created, zapped, flooded, unprotected, emulated, let_go;
};

/* Bytes of host memory for tables, nodes and regions; to be page aligned. */
uint64_t tsp_memory_size(const struct ssp_space *guest, uint32_t table_count);

/*
 * Prepare.  guest has its slots, which do not overlap in HPA, and keeps them.
 * pool_hpa is page aligned and backs table_count >= TSP_MIN_TABLES pages;
 * memory has tsp_memory_size() bytes.  zero_block is a power of two, a page at most.
 * False if an argument is out of range.
 */
bool tsp_init(struct tsp *tsp, struct ssp_space *guest, uint64_t pool_hpa, void *memory,
	      uint32_t table_count, bool fence_after_fill, uint32_t zero_block);

/* A vCPU joins, without a root; guest has the slots of tsp's.  False: there are too many. */
bool tsp_add_vcpu(struct tsp *tsp, struct tsp_vcpu *vcpu, struct ssp_space *guest);

/* Its roots are forgotten: it has to load one before it runs. */
void tsp_restart_vcpu(struct tsp *tsp, struct tsp_vcpu *vcpu);

static inline bool tsp_has_root(const struct tsp_vcpu *vcpu)
{
	return vcpu->root[vcpu->current].table != TSP_NONE;
}

/*
 * A fence of the guest's, of `pages` pages from va or of everything (0), in one
 * address space or in all (TSP_ALL_ASIDS).  While out_count is not 0 each fence comes here
 * before any hart is fenced for it; if it was 0 when the vCPU was entered, and others let tables go
 * since, the call that did so owed what takes the vCPU out.  TSP_REPEAT or TSP_AGAIN.
 */
struct tsp_result tsp_fence(struct tsp *tsp, uint64_t va, uint64_t pages, uint64_t asid);

/*
 * The vCPU's satp is gsatp, a legal value.  TSP_REPEAT: vcpu->current is the
 * root to run on.
 */
struct tsp_result tsp_load_root(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t gsatp);

/*
 * A page fault: TSP_REPEAT, TSP_LET_GO, TSP_AGAIN, TSP_PT_WRITE or TSP_FAULT.  A true fault
 * shows that the guest uses its tables there: counts of floods begin anew.
 */
struct tsp_result tsp_fault(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t va,
			    enum ssp_access access, unsigned int state);

/*
 * The store behind TSP_PT_WRITE: an instruction of 2 or 4 bytes of a guest
 * with registers x, which faulted at va and would store to gpa.  The lock was held since, so the
 * walk of that page holds still.  TSP_STORED, TSP_REPEAT, TSP_ASIDE, TSP_MISALIGNED or TSP_FAULT.
 */
struct tsp_result tsp_store(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t va, uint64_t gpa,
			    uint32_t insn, unsigned int len, unsigned int state, uint64_t *x);

/* Forget everything, loaded roots too: each vCPU has to load its root again. */
struct tsp_result tsp_reset(struct tsp *tsp);

/* The most tables that were not free at a time since the counts began; limbo is not free. */
static inline uint32_t tsp_tables_peak(const struct tsp *tsp)
{
	uint32_t least = tsp->free_least, now = tsp->free_count;

	return tsp->table_count - (least < now ? least : now);
}

static inline void tsp_reset_counts(struct tsp *tsp)
{
	tsp->created = tsp->recycled = 0;
	tsp->free_least = tsp->free_count;
}

/* All invariants above; returns NULL, or the first one that does not hold, in words. */
const char *tsp_check(struct tsp *tsp);

#endif
