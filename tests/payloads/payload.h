/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * payload.h - what a payload can use.
 *
 * A payload is one S-mode program that states facts about the machine.  It
 * must pass on the bare machine, which makes every fact the architecture's own
 * answer, and in a guest, where the same answer is demanded.
 * runtime.c: console, facts, traps, SBI.  paging.c: page tables.  options.c: the command line.
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The payload's own part: states its facts and returns. */
void payload(uint64_t hart);

/* Ends the machine with what the facts came to; returning from payload() does it as well. */
void payload_end(void) __attribute__((noreturn));

/* --- facts ------------------------------------------------------------ */

/* Prints "ok what" or "FAIL what"; the machine's exit status tells if all held. */
void fact(bool holds, const char *what);
void fact_equal(uint64_t got, uint64_t expected, const char *what);
void note(const char *text);
void note_count(const char *what, unsigned int count);
void note_csr(const char *what, unsigned int number, uint64_t value);
void note_value(const char *what, uint64_t value); /* in hexadecimal */
void note_values(const char *what, const uint64_t *value, unsigned int count);

/* Facts stated from here on are about this: a prefix such as "sv39". */
void facts_about(const char *subject);

/* --- options ------------------------------------------------------------ */

/*
 * The word NAME=NUMBER of the command line (the launcher's APPEND), decimal or with 0x
 * hexadecimal; `otherwise` if there is none.
 */
uint64_t payload_option(const char *name, uint64_t otherwise);

/* Where the device tree is. */
uint64_t payload_tree(void);

/*
 * The first property whose name begins so, in all of the tree, and its size; NULL: there is none.
 */
const char *payload_property(const char *name, size_t *size);

/* From runtime.c, before payload(): keeps a copy of the command line. */
void options_read(uint64_t fdt);

/* --- traps ------------------------------------------------------------ */

enum {
	CAUSE_FETCH_ACCESS = 1,
	CAUSE_ILLEGAL = 2,
	CAUSE_BREAKPOINT = 3,
	CAUSE_LOAD_ACCESS = 5,
	CAUSE_STORE_ACCESS = 7,
	CAUSE_USER_ECALL = 8,
	CAUSE_FETCH_PAGE = 12,
	CAUSE_LOAD_PAGE = 13,
	CAUSE_STORE_PAGE = 15,
	CAUSE_NONE = 64,
};

/* The last attempt: CAUSE_NONE if no trap came, then value is what it returned. */
struct outcome {
	uint64_t cause, tval, epc, status, value;
};

typedef uint64_t (*attempt_fn)(uint64_t a, uint64_t b);

struct outcome attempt(attempt_fn function, uint64_t a, uint64_t b);
struct outcome attempt_user(uint64_t pc, uint64_t a, uint64_t b);

/* To be attempted: a load of 1, 2, 4 or 8 bytes, and LR.D. */
uint64_t load_sized(uint64_t at, uint64_t size);
uint64_t load_reserved(uint64_t va, uint64_t unused);

/* The commonest attempts, 64 bits wide. */
struct outcome try_load(uint64_t va);
struct outcome try_store(uint64_t va, uint64_t value);
struct outcome try_fetch(uint64_t va); /* calls code that returns */

/* The cause alone. */
uint64_t load_cause(uint64_t va);
uint64_t store_cause(uint64_t va);
uint64_t fetch_cause(uint64_t va);

/* User stubs of start.S, on the page user_code. */
extern const char user_code[], user_load[], user_store[], user_jump[], user_return[],
	user_read_time[], user_read_cycle[], user_read_sscratch[], user_sfence[], user_sret[],
	user_wfi[], user_ebreak[], user_mark[];

/* Interrupts taken since the start; the handler disables in sie what it took. */
extern volatile unsigned int interrupts_taken[16];
#define IRQ_SOFT     1
#define IRQ_TIMER    5
#define IRQ_EXTERNAL 9

/* --- CSRs and fences ---------------------------------------------------- */

#define csr_read(name)                                          \
	({                                                      \
		uint64_t v_;                                    \
		__asm__ volatile("csrr %0, " #name : "=r"(v_)); \
		v_;                                             \
	})
#define csr_write(name, v) __asm__ volatile("csrw " #name ", %0" ::"r"((uint64_t)(v)) : "memory")
#define csr_set(name, v)   __asm__ volatile("csrs " #name ", %0" ::"r"((uint64_t)(v)) : "memory")
#define csr_clear(name, v) __asm__ volatile("csrc " #name ", %0" ::"r"((uint64_t)(v)) : "memory")

#define SSTATUS_SIE  (1ul << 1)
#define SSTATUS_SPIE (1ul << 5)
#define SSTATUS_SPP  (1ul << 8)
#define SSTATUS_FS   (3ul << 13)
#define SSTATUS_SUM  (1ul << 18)
#define SSTATUS_MXR  (1ul << 19)

static inline void fence_all(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

static inline void fence_page(uint64_t va)
{
	__asm__ volatile("sfence.vma %0, zero" ::"r"(va) : "memory");
}

static inline void fence_asid(uint64_t asid)
{
	__asm__ volatile("sfence.vma zero, %0" ::"r"(asid) : "memory");
}

static inline void fence_page_asid(uint64_t va, uint64_t asid)
{
	__asm__ volatile("sfence.vma %0, %1" ::"r"(va), "r"(asid) : "memory");
}

static inline uint64_t read64(uint64_t address)
{
	return *(volatile uint64_t *)address;
}

static inline void write64(uint64_t address, uint64_t value)
{
	*(volatile uint64_t *)address = value;
}

/* --- page tables -------------------------------------------------------- */

#define PAGE 4096ul
#define MEGA (2ul << 20)
#define GIGA (1ul << 30)

#define PTE_V          (1ul << 0)
#define PTE_R          (1ul << 1)
#define PTE_W          (1ul << 2)
#define PTE_X          (1ul << 3)
#define PTE_U          (1ul << 4)
#define PTE_G          (1ul << 5)
#define PTE_A          (1ul << 6)
#define PTE_D          (1ul << 7)
#define PTE_AD         (PTE_A | PTE_D)
#define PTE_RW         (PTE_V | PTE_R | PTE_W | PTE_AD)
#define PTE_RX         (PTE_V | PTE_R | PTE_X | PTE_AD)
#define PTE_RWX        (PTE_RW | PTE_X)
#define PTE(pa, flags) ((pa) >> 12 << 10 | (flags))

struct mode {
	const char *name;
	unsigned int satp_mode, levels;
};

/*
 * The modes that satp accepts, the narrowest first (Sv39, Sv48, Sv57); NULL: there is no further
 * one. first_mode() tries them all, so satp is Bare afterwards.
 */
const struct mode *first_mode(void);
const struct mode *next_mode(const struct mode *mode);

/* How many there are from this one on; they stand in an array. */
unsigned int modes_from(const struct mode *mode);

/* Takes up each mode; facts are about it. */
#define for_each_mode(mode) \
	for (mode = first_mode(); mode && (facts_about(mode->name), true); mode = next_mode(mode))

/* A zeroed page of RAM; never freed. */
uint64_t page_alloc(void);

/* 2 MiB of RAM at their natural alignment; only the first page is zeroed. */
uint64_t mega_alloc(void);

/* A root in which RAM, the payload itself and the first GiB (devices) are identity mapped. */
uint64_t root_new(const struct mode *mode);

/* The same in first_mode(), which *mode is then. */
uint64_t root_in_first_mode(const struct mode **mode);

/* The entry for va at a level (0 = 4 KiB); tables above are made as needed. */
uint64_t *pte_of(const struct mode *mode, uint64_t root, uint64_t va, unsigned int level);

void map_page(const struct mode *mode, uint64_t root, uint64_t va, uint64_t pa, uint64_t flags);
uint64_t satp_value(const struct mode *mode, uint64_t root, uint64_t asid);
void satp_load(const struct mode *mode, uint64_t root, uint64_t asid);

/* Number of ASID bits that satp keeps. */
unsigned int asid_bits(void);

/* A part of the address space that no identity mapping uses. */
#define TEST_VA (5 * GIGA)

/* The page of user stubs as mapped by map_user_code(). */
#define USER_VA (8 * GIGA)
void map_user_code(const struct mode *mode, uint64_t root);
#define USER(stub) (USER_VA + ((uint64_t)(stub) - (uint64_t)user_code))

/* --- SBI ---------------------------------------------------------------- */

struct sbi {
	int64_t error;
	uint64_t value;
};

struct sbi sbi_call6(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
		     uint64_t a4, uint64_t a5);

static inline struct sbi sbi_call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2,
				  uint64_t a3, uint64_t a4)
{
	return sbi_call6(eid, fid, a0, a1, a2, a3, a4, 0);
}

enum {
	SBI_OK = 0,
	SBI_FAILED = -1,
	SBI_NOT_SUPPORTED = -2,
	SBI_INVALID_PARAM = -3,
	SBI_INVALID_ADDRESS = -5,
	SBI_ALREADY_AVAILABLE = -6,
};

#define SBI_BASE   0x10ul
#define SBI_TIME   0x54494d45ul
#define SBI_IPI    0x735049ul
#define SBI_RFENCE 0x52464e43ul
#define SBI_HSM    0x48534dul
#define SBI_SRST   0x53525354ul
#define SBI_DBCN   0x4442434eul

#endif /* PAYLOAD_H */
