// SPDX-License-Identifier: BSD-2-Clause
/* memory.c - mapping, touching, copying and caching pages. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workload.h"

/* mmap: map 1 MB, find it zero, fill it, find it filled, unmap it. */
#define MMAP_BYTES MIB

static const char *mmap_run(unsigned int rounds)
{
	for (unsigned int round = 0; round < rounds; round++) {
		char *area = map_pages(MMAP_BYTES);

		REQUIRE(area, "cannot map");
		for (size_t i = 0; i < MMAP_BYTES / PAGE; i++) {
			REQUIRE(page_is_zero(area + i * PAGE), "a new page is not zero");
			page_fill(area + i * PAGE, pattern(i, round, 0));
		}
		for (size_t i = 0; i < MMAP_BYTES / PAGE; i++)
			REQUIRE(page_holds(area + i * PAGE, pattern(i, round, 0)), "wrong page");
		REQUIRE(!munmap(area, MMAP_BYTES), "cannot unmap");
	}
	return NULL;
}

const struct workload workload_mmap = { .warm = 2, .rounds = 24, .run = mmap_run };

/* touch: first touch of 32 MB in pages of 4 KiB, by reads and writes in turn. */
#define TOUCH_BYTES (32 * MIB)

static const char *touch_pages(char *area, unsigned int round)
{
	for (size_t i = 0; i < TOUCH_BYTES / PAGE; i++) {
		if (i % 4 == 0)
			REQUIRE(page_is_zero(area + i * PAGE), "a new page is not zero");
		page_fill(area + i * PAGE, pattern(i, round, 0));
	}
	for (size_t i = 0; i < TOUCH_BYTES / PAGE; i++)
		REQUIRE(page_holds(area + i * PAGE, pattern(i, round, 0)), "wrong page");
	return NULL;
}

static const char *touch_run(unsigned int rounds)
{
	for (unsigned int round = 0; round < rounds; round++) {
		char *area = map_pages(TOUCH_BYTES);
		const char *why;

		REQUIRE(area, "cannot map");
		/* Transparent huge pages would leave 16 faults of the 8192. */
		madvise(area, TOUCH_BYTES, MADV_NOHUGEPAGE);
		why = touch_pages(area, round);
		munmap(area, TOUCH_BYTES);
		REQUIRE(!why, why);
	}
	return NULL;
}

const struct workload workload_touch = { .warm = 1, .rounds = 1, .run = touch_run };

/* pagecache: a file read and written by calls and through a shared mapping. */
#define FILE_PATH  "/tmp/hmwork.pagecache"
#define FILE_BYTES (2 * MIB)
#define FILE_PAGES (FILE_BYTES / PAGE)

static int cache_file = -1;
static char cache_buffer[4096] __attribute__((aligned(4096)));

static bool file_write(size_t page, uint64_t value)
{
	page_fill(cache_buffer, value);
	return pwrite(cache_file, cache_buffer, PAGE, page * PAGE) == (ssize_t)PAGE;
}

static bool file_holds(size_t page, uint64_t value)
{
	return pread(cache_file, cache_buffer, PAGE, page * PAGE) == (ssize_t)PAGE &&
	       page_holds(cache_buffer, value);
}

static const char *pagecache_prepare(void)
{
	cache_file = open(FILE_PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);
	REQUIRE(cache_file >= 0, "cannot create " FILE_PATH);
	for (size_t i = 0; i < FILE_PAGES; i++)
		REQUIRE(file_write(i, pattern(i, 0, 0)), "cannot write");
	return NULL;
}

/* Even pages are written by calls and seen in the mapping, odd ones the other way. */
static const char *exchange_pages(char *map, unsigned int round)
{
	for (size_t i = 0; i < FILE_PAGES; i += 2) {
		REQUIRE(file_write(i, pattern(i, round, 1)), "cannot write");
		page_fill(map + (i + 1) * PAGE, pattern(i + 1, round, 2));
	}
	for (size_t i = 0; i < FILE_PAGES; i += 2) {
		REQUIRE(page_holds(map + i * PAGE, pattern(i, round, 1)),
			"a write is not in the mapping");
		REQUIRE(file_holds(i + 1, pattern(i + 1, round, 2)), "a store is not in the file");
	}
	return NULL;
}

static const char *pagecache_run(unsigned int rounds)
{
	for (unsigned int round = 0; round < rounds; round++) {
		char *map =
			mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, cache_file, 0);
		const char *why;

		REQUIRE(map != MAP_FAILED, "cannot map the file");
		why = exchange_pages(map, round);
		munmap(map, FILE_BYTES);
		REQUIRE(!why, why);
	}
	return NULL;
}

static void pagecache_finish(void)
{
	if (cache_file >= 0)
		close(cache_file);
	unlink(FILE_PATH);
}

const struct workload workload_pagecache = {
	.warm = 1,
	.rounds = 12,
	.prepare = pagecache_prepare,
	.run = pagecache_run,
	.finish = pagecache_finish,
};

/*
 * cow: child and parent each write half of the shared pages first.  Every page
 * is copied once, on one side or the other, and nobody sees the other's copy.
 */
#define COW_PAGES  1024
#define COW_PARENT 1
#define COW_CHILD  2

static char *cow_area;

static bool cow_half_holds(size_t first, unsigned int round, unsigned int process)
{
	for (size_t i = first; i < COW_PAGES; i += 2)
		if (!page_holds(cow_area + i * PAGE, pattern(i, round, process)))
			return false;
	return true;
}

static void cow_half_fill(size_t first, unsigned int round, unsigned int process)
{
	for (size_t i = first; i < COW_PAGES; i += 2)
		page_fill(cow_area + i * PAGE, pattern(i, round, process));
}

static int cow_child(unsigned int round)
{
	cow_half_fill(0, round, COW_CHILD);
	return cow_half_holds(0, round, COW_CHILD) && cow_half_holds(1, round, COW_PARENT) ? 0 : 1;
}

static const char *cow_round(unsigned int round)
{
	const char *why;
	int pid;

	cow_half_fill(0, round, COW_PARENT);
	cow_half_fill(1, round, COW_PARENT);
	pid = fork();
	if (pid == 0)
		_exit(cow_child(round));
	why = child_result(pid, "the child saw wrong pages");
	REQUIRE(!why, why);
	REQUIRE(cow_half_holds(0, round, COW_PARENT), "the child's copy reached the parent");
	REQUIRE(cow_half_holds(1, round, COW_PARENT), "the parent lost its pages");
	return NULL;
}

static const char *cow_run(unsigned int rounds)
{
	const char *why = NULL;

	cow_area = map_pages(COW_PAGES * PAGE);
	REQUIRE(cow_area, "cannot map");
	madvise(cow_area, COW_PAGES * PAGE, MADV_NOHUGEPAGE);
	for (unsigned int round = 0; round < rounds && !why; round++)
		why = cow_round(round);
	munmap(cow_area, COW_PAGES * PAGE);
	return why;
}

const struct workload workload_cow = { .warm = 1, .rounds = 4, .run = cow_run };

/*
 * range: one area in ranges of 16 pages, each write-protected, made writable,
 * emptied, filled, and unmapped for another one to be mapped in its place.
 */
#define RANGES      8
#define RANGE_PAGES 16
#define RANGE_BYTES (RANGE_PAGES * PAGE)

static void range_fill(char *range, unsigned int round, unsigned int turn)
{
	for (size_t i = 0; i < RANGE_PAGES; i++)
		page_fill(range + i * PAGE, pattern(i, round, turn));
}

static bool range_holds(const char *range, unsigned int round, unsigned int turn)
{
	for (size_t i = 0; i < RANGE_PAGES; i++)
		if (!page_holds(range + i * PAGE, pattern(i, round, turn)))
			return false;
	return true;
}

static bool range_is_zero(const char *range)
{
	for (size_t i = 0; i < RANGE_PAGES; i++)
		if (!page_is_zero(range + i * PAGE))
			return false;
	return true;
}

static const char *range_change(char *range, unsigned int round)
{
	range_fill(range, round, 0);
	REQUIRE(!mprotect(range, RANGE_BYTES, PROT_READ), "cannot protect");
	REQUIRE(range_holds(range, round, 0), "a range that was protected has changed");
	REQUIRE(!mprotect(range, RANGE_BYTES, PROT_READ | PROT_WRITE), "cannot unprotect");
	range_fill(range, round, 1);
	REQUIRE(range_holds(range, round, 1), "stores to a range are lost");
	REQUIRE(!madvise(range, RANGE_BYTES, MADV_DONTNEED), "cannot empty");
	REQUIRE(range_is_zero(range), "a range that was emptied is not zero");
	range_fill(range, round, 2);
	REQUIRE(!munmap(range, RANGE_BYTES), "cannot unmap");
	REQUIRE(mmap(range, RANGE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == range,
		"cannot map anew");
	REQUIRE(range_is_zero(range), "a new range is not zero");
	return NULL;
}

static const char *range_run(unsigned int rounds)
{
	char *area = map_pages(RANGES * RANGE_BYTES);
	const char *why = NULL;

	REQUIRE(area, "cannot map");
	for (unsigned int n = 0; n < rounds * RANGES && !why; n++)
		why = range_change(area + n % RANGES * RANGE_BYTES, n);
	munmap(area, RANGES * RANGE_BYTES);
	return why;
}

const struct workload workload_range = { .warm = 2, .rounds = 24, .run = range_run };
