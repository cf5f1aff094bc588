/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm.h - guests: a VM has one range of RAM, its devices, and vCPUs, each of
 * which belongs to one hart for life.  guest/ makes them.
 */
#ifndef VM_H
#define VM_H

#include "core/lib.h"
#include "hm_abi.h"

#define MAX_GUESTS 8
#define MAX_VCPUS  16 /* of one VM, and on one hart */

struct devices;
struct guest_load;
struct hap_vcpu;
struct hap_vm;
struct hart;
struct shadow;
struct vm;
struct vm_tsp;

enum vcpu_state {
	VCPU_STOPPED,  /* as HSM: waits for hart_start */
	VCPU_STARTING, /* another vCPU is filling in its registers */
	VCPU_RUNNABLE,
	VCPU_WAITING,   /* in WFI, until an interrupt or its deadline */
	VCPU_SUSPENDED, /* by HSM or SUSP, likewise */
};

/* Who sets A and D in a guest's PTEs: the extension that its harts have. */
enum svadu {
	SVADU_NEVER,  /* Svade: the guest */
	SVADU_ALWAYS, /* Svadu: host-hv or the firmware */
	SVADU_FWFT,   /* both are declared, and each hart of the guest turns it on and off by SBI */
};

/* A remote fence as SBI's RFENCE describes it, owed before the next guest instruction. */
struct fence {
	uint64_t flags; /* HM_RUN_FENCE_*; 0: none */
	uint64_t start, size, asid;
};

#define FENCE_ALL (~0UL) /* as size or asid */

#define EXTERNAL_LEVEL 1u /* it is pending */
/* the hart was kicked for a change, and has not entered the vCPU since */
#define EXTERNAL_TOLD  2u
/* before it is entered it serves its guest's devices, of which the platform's have interrupted */
#define EXTERNAL_SERVE 4u

struct vcpu {
	/* Constant after creation. */
	struct vm *vm;
	unsigned id;      /* the guest's hart id */
	unsigned long hm; /* the firmware's number */
	struct hart *hart;
	struct shadow *shadow; /* shadow/shadow.h */

	/* Owned by its hart while it is not stopped. */
	struct hm_run *run;
	/* that its page and its shadow were made ready for; 0: none, as after a reset */
	uint64_t policy;
	uint64_t deadline; /* while it sleeps: waits or is suspended */
	uint64_t wakes;    /* likewise: sie, the interrupts that end it */
	int64_t used;      /* ticks of its hart (sched.c) */
	/* exits by another's fence of translations, since the record was begun */
	uint64_t fence_kicks;
	unsigned ends; /* of its VM after which it was released */

	/* Written from any hart, atomically; a kick of the hart follows. */
	int state;             /* enum vcpu_state */
	uint32_t external_irq; /* EXTERNAL_*, of the guest's SEIP and of its devices */
	uint32_t software_irq; /* an IPI came: sets SSIP at the next entry */
	uint32_t reset_stats;  /* start counting at the next entry */

	/* Fences that other vCPUs asked for (fence.c), guarded by fence_lock. */
	struct spinlock fence_lock;
	struct fence fence;
	uint32_t entries;  /* also read without it, with resident */
	uint32_t resident; /* may be running guest code */

	struct hap_vcpu *hap; /* hap/hap.h; NULL in other modes */
};

enum vm_end {
	VM_RUNS,
	VM_SHUTDOWN,
	VM_REBOOT,
	VM_FAILURE,
	VM_RESTARTS, /* it has rebooted and will run again (restart.c) */
};

struct vm {
	int id;
	unsigned long hm; /* the firmware's number */
	struct range ram; /* GPA */
	uint64_t hpa;     /* of its first byte */
	unsigned vcpu_count;
	bool marks;          /* the measurement marker is one, not an illegal instruction */
	uint32_t marked;     /* enum hm_record_state; atomic */
	bool restarts;       /* when it reboots */
	bool split_counters; /* the firmware knows whose instructions were */
	uint8_t svadu;       /* enum svadu */
	uint8_t roots;       /* that each vCPU's shadow keeps, the firmware's and ssp_handler.c's */
	struct vcpu vcpu[MAX_VCPUS];

	struct devices *devices; /* device/devices.h */
	struct vm_tsp *tsp;      /* shadow/tsp_handler.h; shared by its vCPUs */
	uint64_t policy;         /* HM_POLICY_*, for the next entry of each vCPU; atomic */
	int end;                 /* enum vm_end; atomic */
	unsigned ends;           /* how often it has ended; atomic */
	unsigned vcpus_left;     /* not yet off their harts after the end; atomic */

	struct hap_vm *hap;      /* hap/hap.h; NULL in other modes */
	struct guest_load *load; /* guest/load.h */
	struct vcpu *restarter;  /* in whose turns it is made anew, or NULL; atomic */
};

/* The next guest, of which its number is set and nothing else. */
struct vm *vm_add(void);

/* Guest number id, whether or not it has ended; NULL: there is none. */
struct vm *vm_find(unsigned id);

/*
 * The guest is over: its vCPUs leave their harts, and the last guest takes the machine along;
 * or it has rebooted, and begins anew if that is wanted (reboot=).
 */
void vm_end(struct vm *vm, enum vm_end how);

/* Its vCPUs leave their harts. */
static inline bool vm_ended(const struct vm *vm)
{
	return __atomic_load_n(&vm->end, __ATOMIC_ACQUIRE) != VM_RUNS;
}

/* And it does not come back. */
static inline bool vm_is_over(const struct vm *vm)
{
	int end = __atomic_load_n(&vm->end, __ATOMIC_RELAXED);

	return end != VM_RUNS && end != VM_RESTARTS;
}

/* host-hv's own address for size bytes of a guest's RAM; NULL if they are not all RAM. */
void *vm_memory(const struct vm *vm, uint64_t gpa, uint64_t size);

#endif
