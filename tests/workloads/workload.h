/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workload.h - what a workload is, and the page patterns by which it checks itself.
 *
 * A workload repeats one kind of work for a number of rounds.  main.c runs a
 * few rounds first so that page cache, slabs and page tables are warm, then
 * the measured ones between two markers.  Nothing depends on time or chance:
 * under a deterministic machine the counts repeat exactly.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE    ((size_t)4096)
#define MIB     ((size_t)1 << 20)
#define BUSYBOX "/bin/busybox"

struct workload {
	unsigned int warm, rounds;
	const char *(*prepare)(void);            /* optional; before warming */
	const char *(*run)(unsigned int rounds); /* NULL, or what went wrong */
	void (*finish)(void);                    /* optional; after the measurement */
};

/* Return from a workload with a reason unless the condition holds. */
#define REQUIRE(condition, why)     \
	do {                        \
		if (!(condition))   \
			return why; \
	} while (0)

/* mark.c: the measurement markers. */
#define NUMBER_BOOT 0
void mark_init(void);
void mark_begin(unsigned int number);
void mark_end(unsigned int number, bool ok);
bool mark_works(void);

/* ring.c: counters of a patched kernel's flush rings; nothing where there are none. */
enum ring_counter {
	RING_ENTRIES,
	RING_HINTS,
	RING_HINTS_LOST,
	RING_COMMITS,
	RING_COMMITS_SAVED,
	RING_FLUSH_CALLS,
	RING_COUNTERS
};
void ring_init(void);
bool ring_read(uint64_t counter[RING_COUNTERS]);
void ring_report(const char *name, const uint64_t *before, const uint64_t *after);

/* restart.c: tests of stale_run()'s table. */
const char *restart_hotplug(unsigned int rounds);
const char *restart_kexec(unsigned int rounds);
const char *restart_crash(unsigned int rounds);

/* counters.c: likewise. */
const char *counters_read(unsigned int rounds);

/* stale.c: false if there is no such test, or if it failed. */
bool stale_run(const char *name);

/* init.c: being the first process of a guest. */
void init_mount(void);
bool init_put_off_upkeep(void);
const char *init_upkeep(unsigned int rounds);
const char *init_request(void);
void init_shell(void);
void init_poweroff(void) __attribute__((noreturn));

/* process.c */
const char *child_result(int pid, const char *why);
void *map_pages(size_t bytes);

/* A child re-executed for the exec workload: verifies what it was given. */
int exec_child(const char *round);

/*
 * Page patterns: a page that shows up in the wrong process, at the wrong
 * address or in an older version never matches.
 */
static inline uint64_t pattern(uint64_t page, uint64_t round, uint64_t process)
{
	return (page + 1) * 0x9e3779b97f4a7c15ull ^ round << 20 ^ process << 50;
}

/* The first and the last word: a page is one translation, its bytes go together. */
static inline void page_fill(void *page, uint64_t value)
{
	volatile uint64_t *word = page;

	word[0] = value;
	word[PAGE / sizeof(*word) - 1] = ~value;
}

static inline bool page_holds(const void *page, uint64_t value)
{
	const volatile uint64_t *word = page;

	return word[0] == value && word[PAGE / sizeof(*word) - 1] == ~value;
}

static inline bool page_is_zero(const void *page)
{
	const volatile uint64_t *word = page;

	return word[0] == 0 && word[PAGE / sizeof(*word) - 1] == 0;
}

#endif /* WORKLOAD_H */
