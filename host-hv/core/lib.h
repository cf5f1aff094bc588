/* SPDX-License-Identifier: BSD-2-Clause */
/* lib.h - what a freestanding program has to bring itself. */
#ifndef LIB_H
#define LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "bits.h"
#include "range.h"

#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, to)   (((x) + (to)-1) & ~((uint64_t)(to)-1))
#define ALIGN_DOWN(x, to) ((x) & ~((uint64_t)(to)-1))
#define KIB               (1UL << 10)
#define MIB               (1UL << 20)
#define GIB               (1UL << 30)
#define PAGE              4096UL
#define FOREVER           UINT64_MAX /* a time that does not come */

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline int64_t max_s64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/*
 * Held for a few hundred instructions, with virtio queues for longer (docs/locks.md).  By
 * tickets: who waits, waits for each other hart's hold at most once.
 */
struct spinlock {
	uint32_t next, owner;
};

static inline void spin_lock(struct spinlock *l)
{
	uint32_t mine = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != mine)
		hart_pause();
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->owner, l->owner + 1, __ATOMIC_RELEASE);
}

#endif
