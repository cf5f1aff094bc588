/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.h - for payloads that are hosts: they take host-hv's place on the bare machine and
 * call hmcode by themselves.
 */
#ifndef HOST_H
#define HOST_H

#include "hm_abi.h"
#include "payload.h"

#define GUEST_RAM  0x80000000ul
#define GPA(page)  (GUEST_RAM + (uint64_t)(page)*PAGE)
#define SV39       (8ul << 60)
#define ASID(n)    ((uint64_t)(n) << 44)
#define SBI_DENIED (-4)
#define SLOT_ALL   (HM_SLOT_R | HM_SLOT_W | HM_SLOT_X)

/* Instructions of guests. */
#define NOP             0x00000013u
#define ECALL           0x00000073u
#define LD_A1_A0        0x00053583u
#define CSRS_SSTATUS_A1 0x1005a073u
#define LD_A2_A0        0x00053603u

/* A run page. */
union page {
	struct hm_run run;
	uint8_t bytes[PAGE];
	uint64_t words[PAGE / 8];
};

static inline struct sbi hm_call(uint64_t fid, uint64_t arg0, uint64_t arg1, uint64_t arg2,
				 uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	return sbi_call6(HM_EXT_ID, fid, arg0, arg1, arg2, arg3, arg4, arg5);
}

static inline uint64_t vm_create(void)
{
	return hm_call(HM_FID_VM_CREATE, 0, 0, 0, 0, 0, 0).value;
}

static inline int64_t slot_set(uint64_t vm, uint64_t slot, uint64_t gpa, const void *memory,
			       uint64_t size)
{
	return hm_call(HM_FID_SLOT_SET, vm, slot, gpa, (uint64_t)memory, size, SLOT_ALL).error;
}

static inline struct sbi vcpu_create(uint64_t vm, union page *page, uint64_t tables)
{
	return hm_call(HM_FID_VCPU_CREATE, vm, (uint64_t)page, tables, 0, 0, 0);
}

static inline int64_t vcpu_destroy(uint64_t vcpu)
{
	return hm_call(HM_FID_VCPU_DESTROY, vcpu, 0, 0, 0, 0, 0).error;
}

/* Until the guest exits for a reason of its own: an entry may take more than one call. */
static inline struct sbi vcpu_run(uint64_t vcpu)
{
	struct sbi ret;

	do {
		ret = hm_call(HM_FID_VCPU_RUN, vcpu, 0, 0, 0, 0, 0);
	} while (!ret.error && ret.value == HM_EXIT_INTERRUPT);
	return ret;
}

/* The same as one number: the error, or the reason. */
static inline int64_t exit_of(uint64_t vcpu)
{
	struct sbi ret = vcpu_run(vcpu);

	return ret.error ? ret.error : (int64_t)ret.value;
}

/* A guest that will begin at the start of its RAM in S-mode, and whose ecalls are the host's. */
static inline void run_reset(struct hm_run *run)
{
	uint64_t *words = (uint64_t *)run;

	for (unsigned int i = 0; i < sizeof(*run) / 8; i++)
		words[i] = 0;
	run->pc = GUEST_RAM;
	run->priv = 1;
	run->x[17] = SBI_HSM;
	run->policy = HM_POLICY_ALL;
	run->slice_end = run->stimecmp = ~0ul;
	run->flags = HM_RUN_FENCE_I;
}

static inline uint64_t pool_free_pages(void)
{
	static struct hm_info info;

	hm_call(HM_FID_INFO, (uint64_t)&info, sizeof(info), 0, 0, 0, 0);
	return *(volatile uint64_t *)&info.pool_free_pages;
}

static inline void full_fence(void)
{
	__asm__ volatile("fence rw, rw" ::: "memory");
}

/* Another hart's entry, for SBI's HSM: a1 is its stack, then it calls `function`. */
#define OTHER_HART(entry, function)                            \
	void function(void);                                   \
	extern const char entry[];                             \
	__asm__(".pushsection .text\n.balign 4\n" #entry ":\n" \
		"mv sp, a1\n call " #function "\n1: wfi\n j 1b\n.popsection\n")

static inline int64_t start_hart(uint64_t hart, const char *entry, uint8_t *stack_end)
{
	return sbi_call(SBI_HSM, 0, hart, (uint64_t)entry, (uint64_t)stack_end, 0, 0).error;
}

/* "Hart State Management Extension" */
enum { HSM_STOP = 1, HSM_STATUS, HSM_SUSPEND };
enum { STOPPED = 1, SUSPENDED = 4 };
#define NON_RETENTIVE 0x80000000ul
#define PATIENCE      20000000ul /* rounds of a loop that waits for another hart */

/* Another hart does so within a time; false: not. */
static inline bool hart_comes_to(uint64_t hart, uint64_t status)
{
	uint64_t spins = 0;

	while (sbi_call(SBI_HSM, HSM_STATUS, hart, 0, 0, 0, 0).value != status &&
	       ++spins < PATIENCE)
		;
	full_fence();
	return spins < PATIENCE;
}

/* This hart sleeps and loses its registers; a soft interrupt wakes it at the entry. */
static inline void sleep_until_kicked(const char *entry, uint8_t *stack_end)
{
	csr_set(sie, 1ul << IRQ_SOFT);
	full_fence();
	sbi_call(SBI_HSM, HSM_SUSPEND, NON_RETENTIVE, (uint64_t)entry, (uint64_t)stack_end, 0, 0);
}

/* This hart's last word, which it adds to how often it was started. */
static inline void stop_hart(volatile uint64_t *starts)
{
	full_fence();
	++*starts;
	sbi_call(SBI_HSM, HSM_STOP, 0, 0, 0, 0, 0);
	for (;;)
		;
}

#endif /* HOST_H */
