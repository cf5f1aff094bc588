/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clauses.h - what the parts of the payload sbi-clauses share: who answers, and the other harts.
 *
 * A clause that OpenSBI answers otherwise than a guest's firmware states both answers: by
 * differs(); docs/abi.md, "Where OpenSBI answers otherwise", gives the reasons.
 */
#ifndef CLAUSES_H
#define CLAUSES_H

#include "payload.h"

enum firmware { GUEST, NATIVE, STOCK }; /* in a guest; on hmcode; on OpenSBI as it is */

extern enum firmware firmware;
extern uint64_t me;        /* this hart */
extern unsigned int harts; /* how many there are; their numbers begin at 0 */
extern uint64_t ms;        /* ticks: a millisecond, of a machine that runs undisturbed */

#define NO_SUCH_HART  4000ul
#define ALL           (~0ul)      /* hart_mask_base */
#define NOWHERE       0x20000ul   /* neither RAM nor a device, natively and in guests */
#define FIRMWARE_ONLY 0x2000000ul /* natively the firmware's own device, in guests nothing */
#define SIP_SOFT      (1ul << IRQ_SOFT)
#define SIP_TIMER     (1ul << IRQ_TIMER)

#define SBI_SUSP 0x53555350ul
#define SBI_FWFT 0x46574654ul
enum { SBI_DENIED = -4, SBI_DENIED_LOCKED = -14 };
enum { FWFT_SET, FWFT_GET };
#define MISALIGNED_EXC_DELEG 0
#define LOCK                 1
enum { HSM_START, HSM_STOP, HSM_STATUS, HSM_SUSPEND };
enum { STARTED, STOPPED, SUSPENDED = 4 };
#define RETENTIVE     0ul
#define NON_RETENTIVE 0x80000000ul
#define RESUMED       1 /* of leave_registers() */

/* The error code is this; an error has no value. */
void is(struct sbi got, int64_t error, const char *what);
void differs(struct sbi got, int64_t guest, int64_t opensbi, const char *what);

/*
 * A hart: what it found at its last arrival in S-mode, and what it is to do (cpu.S knows the
 * offsets).
 */
struct cpu {
	uint64_t a0, a1, satp, sstatus, sie, sip;
	uint64_t sp;
	void (*go)(struct cpu *cpu);
	volatile uint64_t arrivals;

	void (*volatile order)(struct cpu *cpu); /* NULL: done */
	uint64_t hart;
	uint64_t due;
	struct sbi answer;
	uint64_t seen;
};

extern struct cpu cpus[];

/* cpu.S: where harts arrive, with their struct cpu as opaque value. */
extern const char cpu_entry[];

/* cpu.S: a call that ends at cpu_entry; its error code, or RESUMED. */
int64_t leave_registers(struct cpu *cpu, uint64_t eid, uint64_t fid, uint64_t type);

/* The same on the hart that takes traps: these work again afterwards. */
int64_t leave_registers_here(uint64_t eid, uint64_t fid, uint64_t type);

static inline uint64_t now(void)
{
	return csr_read(time);
}

/* Until it holds; false: it did not, for long. */
#define WAIT(condition)                                           \
	({                                                        \
		uint64_t until_ = now() + 500 * ms;               \
		bool holds_;                                      \
		while (!(holds_ = (condition)) && now() < until_) \
			;                                         \
		holds_;                                           \
	})

/* SSIP of this hart comes, or does not, for a while; it is clear afterwards. */
bool ipi_comes(void);
bool ipi_stays_away(void);

/* The registers as specified for a hart's arrival. */
void arrived_well(const struct cpu *cpu, const char *subject);

static inline struct sbi send_ipi(uint64_t mask, uint64_t base)
{
	return sbi_call(SBI_IPI, 0, mask, base, 0, 0, 0);
}

static inline struct sbi set_timer(uint64_t due)
{
	return sbi_call(SBI_TIME, 0, due, 0, 0, 0, 0);
}

static inline struct sbi feature_set(uint64_t feature, uint64_t value, uint64_t flags)
{
	return sbi_call(SBI_FWFT, FWFT_SET, feature, value, flags, 0, 0);
}

static inline struct sbi feature_get(uint64_t feature)
{
	return sbi_call(SBI_FWFT, FWFT_GET, feature, 0, 0, 0, 0);
}

static inline struct sbi hart_status(uint64_t hart)
{
	return sbi_call(SBI_HSM, HSM_STATUS, hart, 0, 0, 0, 0);
}

static inline bool has_status(uint64_t hart, uint64_t status)
{
	return hart_status(hart).value == status;
}

/* Starts a stopped hart, which waits for orders then. */
void start(struct cpu *cpu);
void order(struct cpu *cpu, void (*what)(struct cpu *cpu));
static inline bool is_done(const struct cpu *cpu)
{
	return !cpu->order;
}
void stop(struct cpu *cpu);

/* The parts. */
void calls(void);          /* calls.c: every extension's probe, functions, arguments */
void masks(void);          /* masks.c: hart masks */
void hart_states(void);    /* states.c: HSM */
void legacy(void);         /* legacy.c */
void system_suspend(void); /* suspend.c: SUSP */
void pmu(void);            /* pmu.c: arguments of the PMU */
void counts(void);         /* counts.c: what its counters count */
void suspend_here(void);   /* suspend.c: HSM's suspend of the hart that calls */

#endif
