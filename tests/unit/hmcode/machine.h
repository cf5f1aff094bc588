/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h - RAM where physical addresses are pointers, one hart, and the host's calls.
 *
 *	RAM_BASE     the firmware's
 *	FIRMWARE_END the host's: run pages, then a guest's RAM
 *	POOL_BASE    the pool, up to POOL_END
 *	POOL_END     the host's, up to RAM_END
 */
#ifndef MODEL_MACHINE_H
#define MODEL_MACHINE_H

#include "hart.h"
#include "core/vcpu.h"

/* Above what the sanitizer takes, and below 2^56. */
#define RAM_BASE     0x200000000000ull
#define FIRMWARE_END (RAM_BASE + 0x100000)
#define POOL_BASE    (RAM_BASE + 0x1800000)
#define POOL_END     (RAM_BASE + 0x2000000)
#define RAM_END      (RAM_BASE + 0x2400000)

#define RUN_PAGES  FIRMWARE_END /* one a vCPU, by its number */
#define GUEST_HPA  (RAM_BASE + 0x400000)
#define GUEST_BASE 0x80000000ull
#define GUEST_SIZE 0x800000ull

#define ROM      0x70000000ull /* a slot of R alone, of guest_begin() */
#define ROM_HPA  (GUEST_HPA + GUEST_SIZE)
#define ROM_SIZE 0x100000ull

/* In scratch space, for what the firmware asks for. */
#define OFFSET_FREE 520

struct machine {
	struct hm_hart *hart;
	struct sbi_ecall_extension *extension;
	void (*guest)(void);    /* runs where the guest would */
	void (*ipi)(void);      /* what OpenSBI's events do */
	void (*opensbi)(void);  /* ... and its trap handler */
	struct hm_frame *frame; /* while the guest runs */
	u64 timer;              /* what the timer was last set to */
	u64 insn;               /* that OpenSBI fetches */
	unsigned int traps_of_opensbi;
	bool has_h;            /* misa's letter */
	unsigned int counters; /* programmable ones, as OpenSBI finds them */
	/* Those that its arrays have of harts, 0: mcycle, time, minstret; what it was asked for. */
	unsigned int hart_counters;
	struct {
		u64 base, mask;
		unsigned int calls;
	} asked;
	/*
	 * Another hart writes to [from, to) as soon as something there was read: this, if it
	 * writes.
	 */
	u64 hostile_from, hostile_to, written;
	unsigned int reads; /* there */
	bool faster;        /* another hart of the guest changes the entry before the next swap */
	char said[1024];
};
extern struct machine machine;

/* For cmocka: a machine without VMs; all that a test made is ended. */
int machine_begin(void **state);
int machine_end(void **state);

/* A call of the host to the HM extension; *value is its second result where it has one. */
long host_call(u64 function, const u64 argument[6], unsigned long *value);
#define CALL(function, ...) host_call(function, (const u64[6]){ __VA_ARGS__ }, NULL)

/* HM_FID_VCPU_RUN; the vCPU's page; and the vCPU itself. */
long host_run(u64 vcpu);
struct hm_run *run_page(u64 vcpu);
struct hm_vcpu *vcpu_of(u64 vcpu);

/* A VM with its RAM, and vCPUs, that tests share: numbers are returned. */
u64 make_vm(void);
u64 make_vcpu(u64 vm);

#endif
