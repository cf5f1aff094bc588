/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vcpu.h - the firmware's objects.
 *
 *	hm_hart   one a hart, as long as the machine lives: allocator of ASIDs, the host world while the guest
 *	          world runs, and the frame that traps are saved in
 *	hm_vm     slots; vCPUs of a VM each have a copy of them
 *	hm_vcpu   a shadow space, the guest world while the host runs, counters
 *	hm_roots  of a vCPU whose shadow tables are the host's: its root buffer
 */
#ifndef HM_VCPU_H
#define HM_VCPU_H

#include <sbi/sbi_scratch.h>

#include "hm_abi.h"
#include "metal/metal.h"
#include "ssp/ring.h"
#include "ssp/ssp.h"

#define HM_MAX_VMS		16
#define HM_MAX_VCPUS		64
#define HM_STACK_SIZE		8192
#define HM_RAM_KNOWN		8
#define HM_NO_DEADLINE		(~0ull)

/*
 * A field of hm_run, which another hart of the host may write at any time: read once, checked,
 * and only what was read is used.
 */
#define hm_read(field)		(*(const volatile __typeof__(field) *)&(field))

/*
 * Registers of the interrupted guest; mscratch points here while the guest
 * world runs, and the stack that traps use lies right below.
 */
struct hm_frame {
	u64 x[32];			/* x[0] not used */
	struct hm_vcpu *vcpu;
	struct hm_hart *hart;
	struct hm_run *run;		/* the vCPU's */
	u64 need[4];			/* what the page faults 12 to 15 need of a PTE (guest_vector.S) */
	u64 rs1, rs2;			/* source values of an instruction that TVM trapped */
	u64 fault_exit;			/* what hm_fault_exit() said of a page fault */
	u64 scratch;			/* OpenSBI's mscratch of this hart */
	u64 host_sp;			/* where hm_guest_run() left the host's registers */
	const char *vector;		/* mtvec while the guest runs */
} __attribute__((aligned(16)));

/* Supervisor state that both worlds have in the same registers. */
struct hm_s_state {
	u64 sstatus, sie, sip, stvec, sscratch, sepc, scause, stval;
	u64 satp, scounteren, senvcfg, stimecmp;
};

struct hm_hart {
	/* The ASID allocator (asid.c). */
	u64 asid_turn;			/* never 0 and never repeated by any hart */
	u32 asid_next, asid_limit;	/* hardware ASIDs left in this turn: [next, limit) */

	/* The host world while the guest world runs (switch.c). */
	struct hm_s_state host;
	u64 host_medeleg, host_mideleg, host_mie, host_menvcfg, host_mcounteren;
	u64 host_timer;			/* the host's last SBI TIME call, without Sstc */
	u64 host_deadline;		/* mtime at which the host's timer is due */

	struct hm_vcpu *last_vcpu;	/* ran here last; its FP and V state may be in the registers */
	u64 insn_mark;			/* hm_count_below_m() at the last switch */
	bool seip;			/* the software SEIP of the host */

	/* Properties: found once, since the hart stays what it is when it starts again. */
	bool known;			/* they were */
	bool supported;			/* it can run guests */
	bool sstc, svvptc, envcfg, inhibit, split_counters;
	u32 asid_bits;
	u32 satp_modes;
	u64 ram_known[HM_RAM_KNOWN];	/* regions of the host's RAM (misaligned.c); 0: none */
	u32 vlenb;			/* bytes of a vector register; 0: there are none */

	/* Last: what is above is within reach of a load's offset. */
	u8 stack[HM_STACK_SIZE] __attribute__((aligned(16)));
	struct hm_frame frame;		/* directly above the stack */
};
/* The stack pointer of trap C code is the frame's address (RISC-V ELF psABI: 16-byte aligned). */
_Static_assert(sizeof(struct hm_frame) % 16 == 0, "stack alignment");
_Static_assert(__builtin_offsetof(struct hm_hart, frame) % 16 == 0, "stack alignment");

/*
 * All of it under objects.c's lock, but for unknown_told, which is atomic; slots and memory_turn are read by
 * vCPUs that run, while nothing changes them.
 */
struct hm_vm {
	bool used;
	bool changing;			/* its memory is: nobody enters */
	u32 unknown_told;		/* the host, of an SBI extension that is not there */
	u32 vcpus;
	u64 memory_turn;		/* another with each change; a vCPU catches up before it runs; never 0 */
	struct ssp_slot slots[HM_MAX_SLOTS];
};

/* An entry of hm_run.roots as it was taken over, and the hardware ASID that we gave it. */
struct hm_host_root {
	u64 gsatp;
	u64 root;			/* MODE and PPN of the shadow; 0: not in use */
	u64 stamp;
	u64 hsatp, asid_turn;		/* as in struct ssp_root */
};

#define HM_ROOT_HINTS		64

struct hm_roots {
	struct hm_host_root *current;	/* the root that the guest runs on */
	struct hm_host_root *next;	/* the one that this entry asks for */
	u64 uses;			/* clock of hm_root.used */
	struct hm_host_root root[HM_ROOTS];
	u8 hint[HM_ROOT_HINTS];		/* by guest ASID: the root to look at first */
};

struct hm_vcpu {
	/* First: within reach of a load's offset, as is the beginning of the space. */
	struct hm_stats stats;
	u64 ring_gva;			/* by which the guest commits its ring; HM_RING_NONE: it has none */
	u64 medeleg;			/* while it runs */
	u64 policy;			/* of this entry; HM_POLICY_HOST_TABLES: the space holds slots alone */
	struct hm_run *run;
	struct hm_hart *hart;		/* the one it ran on first, and stays on */
	u64 timer;			/* guest's deadline without Sstc; hm_run.stimecmp while it does not run */
	u64 slice_end;
	u64 cycle_base;			/* hm_count_all() at the last reset */
	u64 trap_cycle;			/* the same when the present trap was entered */
	u64 fence_count;		/* fences in hm_run.fences since this entry */
	struct hm_vm *vm;
	u64 memory_turn;		/* the VM's that its slots, tables and hart are of */
	bool ring_lost;			/* the ring's memory was taken away since then; under objects.c's lock */
	bool seip;			/* software SEIP, set by the host */
	bool delegation_locked;		/* by SBI's FWFT: MISALIGNED_EXC_DELEG stays until a reset */
	u64 exit_reason;		/* what was told the host last */
	u64 ring_gpa;			/* HM_RING_NONE: there is no ring, or it was lost */
	u64 ring_turn;			/* another with each change of the ring */
	struct hm_roots roots;
	struct ssp_space space;

	u64 ring_page;			/* the ring's HPA */
	struct hm_fp_state fp;
	u32 vlenb;			/* of the hart that it was made on, for which v has room */
	struct hm_v_state v;		/* last: as large as vlenb needs */
};

/* What goes straight to the guest.  Faults, misaligned accesses, illegal instructions and its SBI calls come to M. */
#define HM_GUEST_MEDELEG	(1u << CAUSE_MISALIGNED_FETCH | 1u << CAUSE_BREAKPOINT | 1u << CAUSE_USER_ECALL)
/* These go there as well if it asks for it. */
#define HM_MISALIGNED		(1u << CAUSE_MISALIGNED_LOAD | 1u << CAUSE_MISALIGNED_STORE)

static inline void hm_reset_features(struct hm_vcpu *vcpu)
{
	vcpu->medeleg = HM_GUEST_MEDELEG;
	vcpu->delegation_locked = false;
}

/* boot/boot.c */
extern unsigned long hm_hart_offset;	/* in scratch space: struct hm_hart * */

static inline struct hm_hart *hm_this_hart(void)
{
	return *(struct hm_hart **)sbi_scratch_thishart_offset_ptr(hm_hart_offset);
}

u64 hm_timebase(void);

/* boot/place.c */
bool hm_is_ram(u64 hpa, u64 size);

/* boot/support.c: hm_pmp_covers() says why where it is false; more: entries that are not in the hart's domain yet */
bool hm_pmp_covers(struct sbi_scratch *scratch, u64 base, u64 size, u32 more);
const char *hm_hart_obstacle(struct sbi_scratch *scratch);
u32 hm_vlenb(void);

/* pool.c: contiguous pages of the protected region; 0: none left. */
extern u64 hm_pool_base, hm_pool_size;
void hm_pool_init(u64 base, u64 size);
u64 hm_pool_alloc(u32 pages);
void hm_pool_free(u64 hpa);
u32 hm_pool_free_pages(void);

/* host/objects.c: all return an SBI error code; *value is the call's second result. */
long hm_vm_create(u64 flags, unsigned long *value);
long hm_vm_destroy(u64 vm);
long hm_slot_set(u64 vm, u64 n, u64 gpa, u64 hpa, u64 size, u64 rights);
long hm_vm_invalidate(u64 vm, u64 gpa, u64 size);
long hm_vcpu_create(u64 vm, u64 run, u64 table_pages, unsigned long *value);
long hm_vcpu_destroy(u64 vcpu);
long hm_vcpu_stats(u64 vcpu, u64 hpa, u64 size);

/*
 * A vCPU to run it: until it is put back nobody else has it, and its VM's memory stays as it
 * is.  NULL: *error says why.  hm_vcpu_catch_up() is for one that lags behind its VM's memory.
 */
struct hm_vcpu *hm_vcpu_take(u64 number, long *error);
void hm_vcpu_put(u64 number);
void hm_vcpu_catch_up(struct hm_vcpu *vcpu);

static inline bool hm_vcpu_lags(const struct hm_vcpu *vcpu)
{
	return vcpu->memory_turn != vcpu->vm->memory_turn;
}

/* mmu/ring.c: the space has other slots, or ring_lost is set */
void hm_ring_check(struct hm_vcpu *vcpu);

/* world/switch.c */
long hm_vcpu_run(u64 number, unsigned long *exit_reason);
void hm_hart_pauses(struct hm_hart *hart);
void hm_timer_update(struct hm_hart *hart, struct hm_vcpu *vcpu);

/* mmu/asid.c: make the vCPU's current root the one that the hart walks; give no root the ASID that it had. */
void hm_asid_init(struct hm_hart *hart);
void hm_load_root(struct hm_hart *hart, struct hm_vcpu *vcpu);
void hm_retire_roots(struct hm_vcpu *vcpu);

static inline bool hm_host_tables(const struct hm_vcpu *vcpu)
{
	return vcpu->policy & HM_POLICY_HOST_TABLES;
}

/* The guest's own satp. */
static inline u64 hm_guest_satp(const struct hm_vcpu *vcpu)
{
	return hm_host_tables(vcpu) ? vcpu->roots.current->gsatp : vcpu->space.current->gsatp;
}

/* mmu/roots.c: the root buffer of a host that owns the tables. */
bool hm_roots_take(struct hm_hart *hart, struct hm_vcpu *vcpu);
void hm_roots_load(struct hm_hart *hart, struct hm_vcpu *vcpu);
void hm_roots_fence(struct hm_vcpu *vcpu, u64 fence);
struct hm_host_root *hm_root_find(struct hm_vcpu *vcpu, u64 gsatp);
void hm_root_switch(struct hm_hart *hart, struct hm_vcpu *vcpu, struct hm_host_root *root);
enum ssp_fence hm_roots_flush_asid(struct hm_vcpu *vcpu, u64 asid);

static inline u8 *hm_root_hint(struct hm_vcpu *vcpu, u64 gsatp)
{
	return &vcpu->roots.hint[satp_asid(gsatp) % HM_ROOT_HINTS];
}

/* The root where it was last, or NULL: look further. */
static inline struct hm_host_root *hm_root_hinted(struct hm_vcpu *vcpu, u64 gsatp)
{
	struct hm_host_root *root = &vcpu->roots.root[*hm_root_hint(vcpu, gsatp)];

	return root->root && root->gsatp == gsatp ? root : NULL;
}

/* The first part of an entry: the root that the host chose, then the fence that it asks for. */
static inline void hm_roots_enter(struct hm_hart *hart, struct hm_vcpu *vcpu)
{
	const struct hm_host_root *next = vcpu->roots.next;
	u64 fence = hm_read(vcpu->run->hw_fence);

	if (next == vcpu->roots.current && next->asid_turn == hart->asid_turn && hart->asid_limit)
		csr_write(CSR_SATP, next->hsatp);	/* most often: nothing is new */
	else
		hm_roots_load(hart, vcpu);
	if (fence)
		hm_roots_fence(vcpu, fence);
}

static inline void hm_roots_leave(struct hm_vcpu *vcpu)
{
	vcpu->run->root = vcpu->roots.current - vcpu->roots.root;
}

static inline void hm_root_use(struct hm_vcpu *vcpu, struct hm_host_root *root)
{
	vcpu->roots.current = root;
	vcpu->run->roots[root - vcpu->roots.root].used = ++vcpu->roots.uses;
}

#endif
