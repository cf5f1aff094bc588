/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host-random.h - the parts of a host that does anything.
 *
 *	../host-random.c  rounds, two harts that meet, what has to be left at the end
 *	values.c          numbers: random, plausible, at edges
 *	calls.c           the calls of the HM extension with such arguments, and each one's answers
 *	model.c           which answer docs/abi.md names, by what exists; for one hart
 *	enter.c, ecall.S  an ecall with every register and CSR at random, and unchanged after it
 *	memory.c          the host's memory: what may change and what must not
 *	guest.c           programs and page tables of guests
 *	page.c            run pages, and what comes back in them
 *	races.c           two calls at the same time
 */
#ifndef HOST_RANDOM_H
#define HOST_RANDOM_H

#include "hm_abi.h"
#include "payload.h"

#define VMS       16
#define VCPUS     64
#define ARGUMENTS 6
#define HARTS     2

/* ecall.S: registers of an ecall, before and after; x[4] is the way back here. */
struct registers {
	uint64_t before[32], after[32];
	uint64_t sp;
};

/* One hart of the host. */
struct hart {
	struct registers registers; /* first: ecall.S */
	uint64_t number;
	uint64_t random;
	uint64_t round, rounds;
	bool alone; /* no other hart: the model holds */
	bool races; /* the next call, with the other hart's */
	bool lends; /* the call is a run whose page may say HM_RUN_LENDS_CSRS */
	/* The call that is made or was made last. */
	uint64_t fid, argument[ARGUMENTS];
	struct sbi answer;
	uint64_t stay; /* instructions of that call, but for a RUN's guest */
	/* What it made and destroyed, by successful calls. */
	int64_t vms, vcpus;
	uint64_t answers, refused, exits[HM_EXIT_COUNT]; /* how many */
	const struct mode *paging;                       /* of the host itself; NULL: bare */
};

extern struct hart harts[HARTS];

/* ../host-random.c: says what was wrong with the last call, once; the host ends soon. */
void violation(struct hart *me, const char *what);
void trace(const struct hart *me);
extern volatile bool given_up;

/* --- values.c --- */

uint64_t random_value(struct hart *me);
uint64_t below(struct hart *me, uint64_t limit); /* 0 to limit - 1 */
bool one_in(struct hart *me, uint64_t times);
uint64_t any_value(struct hart *me);
uint64_t any_hpa(struct hart *me);
uint64_t not_ram(struct hart *me); /* firmware, pool, devices, nothing */

/* --- memory.c: all in pages --- */

#define FRAMES        48 /* of guests, writable */
#define CODE_FRAMES   4  /* the first */
#define HANDLER_FRAME 3  /* the last of them */
#define TABLE_FRAMES  12 /* the next */
#define FIXED         8  /* of guests, never writable */
#define SECRETS       8  /* of nobody's but the host */
#define RUN_PAGES     8
#define SHADOWS       12 /* the host's shadow tables */

/* Where guests see the frames, most often. */
#define GUEST_RAM  0x80000000ul
#define GPA(frame) (GUEST_RAM + (frame)*PAGE)
#define BESIDE     16 /* pages behind them, where other slots are */

/*
 * An entry of the host's shadow tables that names a frame is a page or, in a table that serves
 * as a higher one as well, a misaligned superpage: no frame stands at a multiple of 256 KiB.
 */
extern struct arena {
	uint8_t gap[PAGE], frames[FRAMES * PAGE], fixed[FIXED * PAGE];
} arena;
#define frames arena.frames
#define fixed  arena.fixed
extern uint8_t secrets[SECRETS * PAGE];
extern uint8_t run_pages[RUN_PAGES * PAGE], buffers[HARTS * PAGE];
extern uint64_t shadows[SHADOWS][512];

void memory_init(struct hart *me);
uint64_t pool_base(void), pool_size(void), pool_free_pages(void), satp_modes(void), ram_end(void);
bool intersects(uint64_t base, uint64_t size, const void *range, uint64_t range_size);
bool within(uint64_t base, uint64_t size, const void *range, uint64_t range_size);

/* Holds for a range of HPA: it is the host's RAM. */
enum truth { NO, YES, UNKNOWN };
enum truth is_host_ram(uint64_t hpa, uint64_t size);

void memory_check(struct hart *me); /* what never changes has not */
void buffer_fill(struct hart *me);
void buffer_check(struct hart *me, uint64_t hpa, uint64_t size);
void frames_sum(uint64_t vm); /* before a guest of this VM runs: frames that it must not write */
bool frames_kept(void);       /* and after */
bool is_secret(uint64_t value);

/* --- guest.c --- */

void guest_init(struct hart *me);
void guest_goes_on(struct hart *me);
volatile uint64_t *guest_counts(struct hm_run *run); /* it counts there, and does nothing else */
void guest_change(struct hart *me);                  /* new code, new tables; now and then */
uint64_t guest_satp(struct hart *me);
uint64_t guest_address(struct hart *me);
uint64_t host_root(struct hart *me); /* of a root buffer */

/* --- page.c --- */

void page_fill(struct hart *me, struct hm_run *run);
void page_serve(struct hart *me, struct hm_run *run);
void page_check(struct hart *me, const struct hm_run *run, uint64_t policy);
void page_scribble(struct hart *me, struct hm_run *run);
bool page_is_sound(const struct hm_run *run);
bool page_root_is_one(uint64_t gsatp, uint64_t root);

/* --- calls.c --- */

void call_any(struct hart *me);           /* any of them */
void call(struct hart *me, uint64_t fid); /* one of them */
void call_with(struct hart *me, uint64_t fid, const uint64_t argument[ARGUMENTS]);
void run_any(struct hart *me); /* prepares a page as well */

/* --- enter.c --- */

/* Makes the call of `me` and notes the answer. */
void enter_init(struct hart *me);
void enter(struct hart *me);
void host_csrs(struct hart *me);                  /* other values, paging among them */
void host_wakes(struct hart *me, uint64_t ticks); /* its timer */
uint64_t stay_limit(void);

/* ecall.S */
void enter_ecall(struct registers *registers);
extern const char host_vector[], host_vector_too[], second_hart[];

/* --- races.c --- */

void meet(struct hart *me); /* each hart comes here as often as the other */
void races_init(void);
void races(struct hart *me);
void race_gate(struct hart *me); /* of enter(): the call of a race is next */

/* --- model.c --- */

#define ANSWER(error) (1u << -(error))
#define ANSWER_OK     ANSWER(SBI_OK)
enum { SBI_DENIED = -4, SBI_NO_SHMEM = -9 };

struct slot {
	uint64_t gpa, hpa, size, rights;
};

struct vm {
	bool used;
	unsigned int vcpus;
	struct slot slot[HM_MAX_SLOTS];
};

struct vcpu {
	bool used;
	uint64_t vm;
	struct hm_run *run;
	uint64_t policy;
	uint16_t roots; /* bit n: taken over, and in use */
};

extern struct vm vms[VMS];
extern struct vcpu vcpus[VCPUS];

unsigned int model_answers(struct hart *me); /* before the call */
void model_follow(struct hart *me);          /* after it */
uint64_t model_live_vm(struct hart *me), model_live_vcpu(struct hart *me);
bool model_live(uint64_t vcpu);
bool host_is_interrupted(void);

#endif /* HOST_RANDOM_H */
