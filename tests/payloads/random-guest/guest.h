/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.h - a guest that does at random whatever a guest may do, and knows what must come of it.
 *
 *	steps.c		chooses what is done next
 *	harts.c		has it done on this hart or on the other one
 *	access.c	makes one access and finds out where it ended
 *	model.c		says whether a TLB may have answered so
 *	world.c		frames, page tables, addresses: the same few again and again
 *	ring.c noise.c	the flush ring; CSRs and SBI calls
 *	probe.S		the accesses themselves, and the way out of their traps
 *
 * The guest holds no translation for right because the tables say so now: a TLB may hold
 * whatever was valid since the last fence that covers it.  model.c keeps the history.
 */
#ifndef RANDOM_GUEST_H
#define RANDOM_GUEST_H

#include "payload.h"

/* ---- chance: xorshift, the same for the same seed on every machine ---- */

extern uint64_t chance_state;

static inline uint64_t chance(void)
{
	uint64_t x = chance_state;

	x ^= x << 13;
	x ^= x >> 7;
	return chance_state = x ^ x << 17;
}

static inline unsigned int choose(unsigned int count)
{
	return (chance() >> 32) * count >> 32;
}

static inline bool one_in(unsigned int count)
{
	return choose(count) == 0;
}

/* ---- world.c ---- */

#define ROOTS      20
#define TABLES     56 /* the roots among them */
#define FRAMES     24
#define MAX_LEVELS 5
#define ENTRIES    512

/*
 * What lies in each frame, by offset; code at CODE and CODE_END is "li a0, number + 1; ret".
 * No 64-bit word is a PTE without reserved bits, whatever is stored: a frame that is taken
 * for a table maps nothing.
 */
#define FRAME_WORD       0 /* 32 bits: FRAME_WORD_FIRST + number */
#define FRAME_CODE       16
#define FRAME_CODE_END   0xff8
#define FRAME_IDS        0x400 /* 64 bits each: frame_id() */
#define FRAME_DATA       0x800 /* stores go here */
#define FRAME_WORD_FIRST 0x1000
#define RESERVED_BITS    (0xf4a3ul << 48)

/*
 * A device's page that no superpage of it can be: the interrupt controller's threshold for S-mode
 * of hart 0.
 */
#define DEVICE_PAGE     0x0c201000ul
#define DEVICE_VALUES   8
#define HOLE_PAGE       0x14000000ul /* nothing is there on virt */
#define PTE_PPN(pte)    ((pte) << 10 >> 20)
#define SATP_MODE(satp) ((satp) >> 60)
#define SATP_ASID(satp) ((satp) >> 44 & 0xffff)
#define SATP_ROOT(satp) ((satp) << 20 >> 8)

extern uint64_t frames[FRAMES], tables_base;
extern unsigned int table_slots;     /* entries of a table that change */
extern uint16_t slot_index[ENTRIES]; /* slot -> index */
extern uint8_t index_slot[ENTRIES];  /* index -> slot */
#define NO_SLOT   255
#define MAX_SLOTS 24

void world_make(void);
uint64_t world_satp(unsigned int root, uint64_t asid);
uint64_t world_asid(unsigned int root);                 /* what it mostly has */
unsigned int world_levels(uint64_t satp);               /* 0: bare */
uint64_t world_va(uint64_t satp);                       /* a random address of a page */
uint64_t world_beside(uint64_t va, unsigned int level); /* with another index there */
uint64_t world_pte(unsigned int table);                 /* a random entry of it */
uint64_t world_leaf(unsigned int level);
uint64_t world_link(unsigned int level);
bool world_may_be(unsigned int table, uint64_t pte);
bool world_is_fixed(unsigned int table, unsigned int slot);
uint64_t world_user(uint64_t satp, const char *stub); /* where user code sees a stub of probe.S */
uint64_t frame_id(unsigned int frame, uint64_t offset);
bool is_ram(uint64_t pa);

static inline uint64_t *entry_of(unsigned int table, unsigned int slot)
{
	return (uint64_t *)(tables_base + table * PAGE) + slot_index[slot];
}

static inline unsigned int index_at(uint64_t va, unsigned int level)
{
	return va >> (12 + 9 * level) & (ENTRIES - 1);
}

/* ---- harts ---- */

struct fence {
	uint64_t time, first, last; /* first page to last page */
	uint16_t asid;
	bool any_va, any_asid;
};

#define EVENTS 96
#define PUSHED 40

struct hart {
	/* What its traps leave, by sscratch: probe.S knows the order. */
	struct trap {
		uint64_t ra, sp, cause, tval, epc, status;
	} trap;
	uint64_t id;
	bool other; /* not the one that runs the steps */
	uint64_t satp;
	/* What its TLB may hold, since it last forgot everything. */
	uint64_t forgot;
	unsigned int runs, fences;
	struct {
		uint64_t from, satp;
	} run[EVENTS];
	struct fence fence[EVENTS];
	/* Its flush ring; entries that were pushed, not committed yet. */
	uint64_t ring_page, ring_gva;
	bool ring;
	unsigned int pushed;
	struct fence push[PUSHED];
};

extern struct hart harts[2];
extern unsigned int hart_count;

static inline struct hart *any_hart(void)
{
	return &harts[hart_count > 1 && one_in(3)];
}

typedef uint64_t (*act_fn)(struct hart *hart, uint64_t a, uint64_t b, uint64_t c);

/* harts.c: run a function on a hart; post() does not wait, collect() does. */
void harts_start(uint64_t boot_hart, unsigned int wanted);
uint64_t on(struct hart *hart, act_fn act, uint64_t a, uint64_t b, uint64_t c);
void post(act_fn act, uint64_t a, uint64_t b, uint64_t c);
uint64_t collect(void);
struct sbi sbi_on(struct hart *hart, uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1,
		  uint64_t a2, uint64_t a3, uint64_t a4);

/* ---- access.c ---- */

enum access_kind { LOAD, STORE, FETCH };
#define STATE_USER 1
#define STATE_SUM  2
#define STATE_MXR  4

struct access {
	uint64_t va;
	enum access_kind kind;
	unsigned int state; /* STATE_* */
};

/*
 * Where an access ended: an address, or one of these; from a table outside RAM either fault is
 * right.
 */
#define ENDED_PAGE_FAULT   (~0ul)
#define ENDED_ACCESS_FAULT (~1ul)
#define ENDED_EITHER_FAULT (~2ul)
#define ENDED_NOWHERE      (~3ul) /* what was loaded or stored is in no frame */

void access_check(struct hart *hart, const struct access *access);
void access_race(const struct access *access, unsigned int count, void (*meanwhile)(void));
void illegal_check(struct hart *hart);
void access_settle(void);

/* ---- model.c: what a TLB may hold ---- */

/* Where the tables as they are lead. */
uint64_t model_walk(uint64_t satp, const struct access *access);
/* Whether a TLB may lead there; fences after `since` may not have been made yet. */
bool model_allows(const struct hart *hart, const struct access *access, uint64_t ended,
		  uint64_t since);
/* False: no room in the history, fence everything first. */
bool model_write(unsigned int table, unsigned int slot, uint64_t value);
bool model_satp(struct hart *hart, uint64_t satp);
bool model_fence(struct hart *hart, struct fence fence);
bool model_fenced(struct hart *hart, struct fence fence); /* at fence.time, some time ago */
void model_forget(struct hart *hart);
void model_reset(void);
uint64_t model_now(void);

/* ---- steps.c ---- */

void steps_begin(void);
void step(void);
void fence_everything(void);
void write_entry(unsigned int table, unsigned int slot, uint64_t value);
void change_satp(struct hart *hart, uint64_t value);
void make_fence(struct hart *hart, struct fence fence);
struct fence random_fence(struct hart *hart);
void flush_all_by(struct hart *hart, void (*flush)(struct hart *hart));
struct access random_access(const struct hart *hart);

/* ---- ring.c, noise.c ---- */

extern bool ring_there;
void ring_step(struct hart *hart);
void ring_fence(struct hart *hart, struct fence fence); /* by the ring, if there is one */
void ring_ended(struct hart *hart);
void noise_step(struct hart *hart);

/* ---- the run ---- */

extern uint64_t steps_made, checks_made, stale_seen;
extern uint64_t asid_mask;
extern bool
	is_guest; /* of hmcode's, and not of the H extension, by which the hart itself translates */
extern unsigned int mode_count;
extern const struct mode *modes;

/* trace=: what is done from a step on */
void trace(const char *what, const struct hart *hart, uint64_t a, uint64_t b, uint64_t c);

/* One thing was not as it must be: says what, and ends the run. */
void broken(const struct hart *hart, const char *what, uint64_t got, uint64_t expected,
	    const struct access *access) __attribute__((noreturn));

/* ---- probe.S ---- */

uint64_t probe_supervisor(uint64_t a0, uint64_t a1, uint64_t pc, uint64_t status);
uint64_t probe_user(uint64_t a0, uint64_t a1, uint64_t pc, uint64_t status);
extern const char probe_vector[], probe_hart[];
extern const char probe_user_page[];
#define STUBS(X)         X(load) X(load_reserved) X(store) X(swap) X(load_word) X(store_word)
#define STUB_NAMES(name) extern const char supervisor_##name[], user_##name##_stub[];
STUBS(STUB_NAMES)
extern const char user_jump_stub[];
extern const char user_illegal[], supervisor_illegal[];
#define USER_ILLEGAL       7
#define SUPERVISOR_ILLEGAL 6

#endif /* RANDOM_GUEST_H */
