/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h - the firmware under a fuzzer's bytes: two harts, VMs, a host and guests that do anything.
 *
 *	bytes --> a hart --> in the host world:  a call, an entry          host.c
 *	             |
 *	             `-----> in the guest world: an access, a write,       guest.c
 *	                     a trap from its entry to its end
 *
 * ram.c has the RAM, and what of it the firmware may touch during a step; harts.c the two harts
 * and their turns; check.c what must hold after each step.  VM 0 is `checked`: its host and its
 * guest do as they should, so that the oracle (tests/unit/ssp/oracle.h) can say what each access
 * may come to.  The others do anything.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "test.h"

#include "../../unit/ssp/oracle.h"
#include "core/vcpu.h"
#include "machine.h"
#include "vector.h"
#include "world/vcpus.h"

#define FUZZ_HARTS 2
#define FUZZ_VCPUS 8 /* at a time */
#define RECENT     8

/*
 * Guests' memory, in regions: the first slot at a region's beginning or a little above, for
 * superpages that fit or not.  Between the slots nothing is anybody's.
 */
#define REGIONS       3 /* the checked VM's, and those of all others */
#define REGION_SIZE   0x100000000ull
#define REGION(n)     (RAM_BASE + REGION_SIZE * (1 + (n)))
#define REGION_OF(vm) ((vm) ? 1 + (vm) % (REGIONS - 1) : 0)
#define FUZZ_END      REGION(REGIONS)
#define ANSWERS       (RUN_PAGES + FUZZ_VCPUS * PAGE_SIZE) /* where a host has its answers put */

/* The same memory for the fuzzer itself, never protected. */
#define ALIAS(hpa) ((void *)((hpa) + 0x100000000000ull))

#define NOBODY (~0u)

struct fuzz_vm {
	bool used;
	struct ssp_slot slot[HM_MAX_SLOTS];
};

/* A fence that the host owes a vCPU at its next entry. */
struct fuzz_fence {
	bool due;
	u64 start, size, asid;
};

struct fuzz_vcpu {
	bool used, checked;
	unsigned int vm;
	u64 run;      /* HPA of its page */
	u64 prepared; /* the step at which its host wrote to its page for an entry */
	bool inside;  /* a hart is in its guest world */
	bool exited;  /* its page has an exit that was not answered */
	bool full; /* the oracle has no room for what was to be set: a fence of everything is due */
	struct fuzz_fence fence;

	/* What the guest knows of itself. */
	u64 satp;
	struct oracle oracle;
	struct access recent[GUEST_TABLES][RECENT]; /* let through, by top table */
	struct {
		u64 va, pages, asid;
		unsigned int op;
	} pushed[HM_RING_ENTRIES];
	unsigned int pending; /* flushes pushed and not known to be effective */
	bool ring;
};

struct fuzz {
	struct choices choices;
	struct fuzz_vm vm[HM_MAX_VMS];
	struct fuzz_vcpu vcpu[HM_MAX_VCPUS];
	u64 delta;                        /* of the first slots: HPA - GPA, but for the region */
	unsigned int mode;                /* of satp, mostly */
	unsigned int hart;                /* whose turn it is */
	unsigned int current[FUZZ_HARTS]; /* the vCPU in its guest world, or NOBODY */
	bool closing;
	bool guarded; /* a trap sees nothing of other vCPUs' */
	/* the access whose fault it is, while one is; swaps of an entry that another hart forestalled */
	const struct access *access;
	unsigned int forestalled;
	u64 steps, events;
};
extern struct fuzz fuzz;

static inline u32 pick(u32 n)
{
	return choose(&fuzz.choices, n);
}

static inline bool rarely(u32 n)
{
	return one_in(&fuzz.choices, n);
}

/* With FUZZ_SAY in the environment: each step in words. */
extern bool fuzz_loud;
#define say(...) ((void)(fuzz_loud && fprintf(stderr, __VA_ARGS__)))

/* Any number, mostly with few bits that differ from all others. */
u64 any_number(void);

/* ram.c */
#define MOST_WRITTEN 16
struct fuzz_written {
	unsigned int bytes;
	struct {
		u64 hpa;
		u8 before;
	} byte[MOST_WRITTEN];
};
extern struct fuzz_written fuzz_written; /* by misaligned stores, since ram_for_trap() */
void ram_begin(void);
/* What the firmware may touch: for a vCPU's trap, for its entry, for any other call of a host. */
void ram_for_trap(unsigned int vcpu);
void ram_for_entry(unsigned int vcpu);
void ram_for_call(void);
/* After so many reads of memory that others write too, one of them writes there; 0: never. */
void ram_race(unsigned int reads);
void *ram_dirty(u64 hpa);               /* to write to it; NULL: enough was written to */
u64 ram_home(unsigned int vm, u64 gpa); /* HPA of the first slot's GPA, as it is at the beginning */

/* harts.c */
void harts_begin(void);
void harts_turn(unsigned int hart);
void harts_step(unsigned int hart);
void harts_end(void);
void harts_yield(void);
bool harts_access(const struct access *access, u64 *hpa);

/* host.c: a step in the host world, and all that was made is ended. */
void host_begin(void);
void host_step(void);
void host_end(void);

/* guest.c: a step in the guest world; true: it left it. */
bool guest_step(struct fuzz_vcpu *vcpu);
void guest_begin_tables(unsigned int vm);

/* spec.c: what the checked guest is entitled to. */
void spec_write(struct fuzz_vcpu *vcpu, unsigned int table, unsigned int index, u64 value);
/* A and D of the entry at hpa are set for the guest; false: that has to wait for a fence. */
bool spec_mark(struct fuzz_vcpu *vcpu, u64 hpa, u64 old, u64 new);
void spec_fence_all(struct fuzz_vcpu *vcpu);
void spec_fence(struct fuzz_vcpu *vcpu, u64 start, u64 size, u64 asid);
void spec_satp(struct fuzz_vcpu *vcpu, u64 satp);
void spec_pushed(struct fuzz_vcpu *vcpu);
bool spec_is_full(const struct fuzz_vcpu *vcpu);
void spec_expect(const struct fuzz_vcpu *vcpu, const struct access *access, struct outcome outcome,
		 const char *otherwise);

/* check.c: all of it after a step. */
void check_guest_world(const struct fuzz_vcpu *vcpu);
void check_tables(const struct fuzz_vcpu *vcpu);

#endif
