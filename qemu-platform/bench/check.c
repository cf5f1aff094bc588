// SPDX-License-Identifier: BSD-2-Clause
/* Programs that change mappings in every way there is, and look at what they see. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "programs.h"

#define PAGE 4096u

static sigjmp_buf back;
static volatile uint64_t fault_address;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	fault_address = (uint64_t)info->si_addr;
	siglongjmp(back, 1);
}

static void catch_faults(void)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
}

/* 1 and the address's offset from BASE if the access faults. */
static uint64_t faults(volatile unsigned char *p, int write, unsigned char *base)
{
	if (sigsetjmp(back, 1))
		return 1 + ((fault_address - (uint64_t)base) << 1);
	if (write)
		*p = *p + 1;
	else
		(void)*p;
	return 0;
}

/* Every right is taken and given back, and tried after each change. */
static uint64_t protect(void)
{
	static const int rights[] = { PROT_READ, PROT_NONE, PROT_READ | PROT_WRITE };
	size_t n = 96;
	unsigned char *a = pages(n * PAGE);
	uint64_t sum = 0, state = 17;

	catch_faults();
	for (int round = 0; round < 1500; round++) {
		size_t first = random_next(&state) % n, count = 1 + random_next(&state) % 8;
		int right = rights[random_next(&state) % 3];

		if (first + count > n)
			count = n - first;
		if (mprotect(a + first * PAGE, count * PAGE, right))
			die("mprotect");
		for (size_t i = 0; i < 12; i++) {
			size_t at = random_next(&state) % n;

			sum = mix(sum, faults(a + at * PAGE + 8 * i, i & 1, a));
		}
		sum = mix(sum, faults(a + first * PAGE, 0, a) + 3 * faults(a + first * PAGE, 1, a));
	}
	mprotect(a, n * PAGE, PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < n * PAGE; i++)
		sum = mix(sum, a[i]);
	return sum;
}

/* One page of a file at several addresses, moved about with mremap. */
static uint64_t remap(void)
{
	enum { N = 16 };
	int fd = memfd_create("remap", 0);
	unsigned char *view[N];
	uint64_t sum = 0, state = 23;

	if (fd < 0 || ftruncate(fd, N * PAGE))
		die("memfd");
	for (int i = 0; i < N; i++)
		view[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, i * PAGE);
	for (int round = 0; round < 2000; round++) {
		int i = random_next(&state) % N, j = random_next(&state) % N;

		*(uint32_t *)(view[i] + 4 * (round % 1000)) = round;
		/* the page of j appears where that of i was */
		if (mmap(view[i], PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			 (off_t)j * PAGE) != view[i])
			die("mmap");
		sum = mix(sum, *(uint32_t *)(view[i] + 4 * (round % 1000)));
		if (!(round % 16)) {
			void *to = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			view[j] = mremap(view[j], PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
			if (view[j] != to)
				die("mremap");
			sum = mix(sum, view[j][round % PAGE]);
		}
	}
	for (int i = 0; i < N; i++)
		for (unsigned k = 0; k < PAGE; k += 4)
			sum = mix(sum, *(uint32_t *)(view[i] + k));
	close(fd);
	return sum;
}

/* A huge page is used, broken up by rights and holes, and used again. */
static uint64_t huge(void)
{
	size_t n = 4 << 20;
	unsigned char *a = pages(2 * n), *h = (unsigned char *)(((uintptr_t)a + n - 1) & -n);
	uint64_t sum = 0;

	catch_faults();
	madvise(h, n, MADV_HUGEPAGE);
	for (int round = 0; round < 20; round++) {
		size_t hole = (round * 37 % 900) * PAGE;

		for (size_t i = 0; i < n; i += 512)
			h[i] += i + round;
		madvise(h + hole, 3 * PAGE, MADV_DONTNEED);
		mprotect(h + hole + 4 * PAGE, PAGE, PROT_READ);
		sum = mix(sum, faults(h + hole + 4 * PAGE, 1, h));
		sum = mix(sum, faults(h + hole + 5 * PAGE, 1, h));
		for (size_t i = 0; i < n; i += 512)
			sum = mix(sum, h[i]);
		mprotect(h + hole + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	}
	return sum;
}

/* Code that is rewritten in place, and through a second mapping. */
static uint64_t self_modify(void)
{
	int fd = memfd_create("code", 0);
	uint32_t *code, *alias;
	uint64_t sum = 0;

	if (fd < 0 || ftruncate(fd, PAGE))
		die("memfd");
	code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
	alias = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (code == MAP_FAILED || alias == MAP_FAILED)
		die("mmap");
	for (unsigned round = 0; round < 600; round++) {
		uint32_t *to = round & 1 ? alias : code;
		uint64_t (*function)(void) = (uint64_t(*)(void))(code + (round & 4));

		to[round & 4] = 0x00000513 | (round & 0x7ff) << 20; /* li a0, round */
		to[(round & 4) + 1] = 0x00008067;                   /* ret */
		to[512 + round % 128] = round;                      /* data in the same page */
		__builtin___clear_cache((char *)code, (char *)code + PAGE);
		sum = mix(sum, function() + code[512 + round % 128]);
	}
	close(fd);
	return sum;
}

/* Accesses across the border of two pages whose rights and contents change. */
static uint64_t crossing(void)
{
	unsigned char *a = pages(4 * PAGE);
	uint64_t sum = 0, value;

	catch_faults();
	for (unsigned round = 0; round < 300; round++) {
		unsigned char *p = a + (1 + round % 2) * PAGE - 1 - round % 7;

		if (round % 3 == 0)
			mprotect(a + PAGE, PAGE, round % 2 ? PROT_READ : PROT_NONE);
		if (!sigsetjmp(back, 1)) {
			value = mix(sum, round);
			__asm__ volatile("sd %1, 0(%0)" : : "r"(p), "r"(value) : "memory");
			__asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "r"(p) : "memory");
			sum = mix(sum, value);
		} else {
			sum = mix(sum, fault_address - (uint64_t)a);
		}
		mprotect(a, 4 * PAGE, PROT_READ | PROT_WRITE);
	}
	for (size_t i = 0; i < 4 * PAGE; i++)
		sum = mix(sum, a[i]);
	return sum;
}

/* Addresses that are not canonical, or the kernel's, fault as they do elsewhere. */
static uint64_t wild(void)
{
	static const uint64_t address[] = {
		0x0000004000000000,
		0x0000003ffffffff8,
		0x0000003fffffffff,
		0x0000008000000000,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xffffffbfffffffff,
		0xffffffc000000000,
		0xffffffff80000000,
		0xfffffffffffffff8,
		0,
		8,
	};
	static uint64_t sum;

	catch_faults();
	for (volatile unsigned i = 0; i < 50 * sizeof(address) / sizeof(*address); i++) {
		uint64_t value = 0, at = address[i % (sizeof(address) / sizeof(*address))];

		if (!sigsetjmp(back, 1)) {
			/* below the top of the user half lies the stack */
			__asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "r"(at) : "memory");
			sum = mix(sum, value);
		} else {
			sum = mix(sum, fault_address);
		}
		if (!sigsetjmp(back, 1))
			__asm__ volatile("lb %0, 0(%1)\n\tsb zero, 0(%2)"
					 : "=&r"(value)
					 : "r"(at), "r"(at + (at >> 38 ? 0 : 0x4000000000))
					 : "memory");
		else
			sum = mix(sum, fault_address + 1);
	}
	return sum;
}

/* A load of what no address space has: does it fault, and there? */
static int load_faults(uint64_t at)
{
	uint64_t value;

	if (sigsetjmp(back, 1))
		return fault_address == at;
	__asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "r"(at) : "memory");
	return 0;
}

/* How many of the addresses that lie whole windows of direct accesses away from P fault. */
static uint64_t faults_windows_away(const void *p)
{
	static const uint64_t window = (1ull << 38) + (2 << 20);
	uint64_t count = 0;

	for (unsigned round = 0; round < 20; round++)
		for (uint64_t distance = window; distance <= 20 * window; distance += window)
			count += load_faults((uint64_t)p + distance) +
				 load_faults((uint64_t)p - distance);
	return count;
}

/* Two processes live side by side; neither address reaches what the other has at the same one. */
static uint64_t side_by_side(void)
{
	volatile uint64_t *page = pages(PAGE);
	uint64_t count;
	int ready[2], go[2], status;
	char byte = 0;
	pid_t child;

	catch_faults();
	*page = 1;
	if (pipe(ready) || pipe(go))
		die("pipe");
	child = fork();
	if (child == 0) {
		*page = 2;
		count = faults_windows_away((void *)page) + *page;
		if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(1);
		_exit(count == 802 && *page == 2 ? 0 : 2);
	}
	if (child < 0 || read(ready[0], &byte, 1) != 1)
		die("the process beside it");
	count = faults_windows_away((void *)page) + *page;
	if (write(go[1], &byte, 1) != 1 || waitpid(child, &status, 0) != child)
		die("the process beside it");
	return mix(count, status);
}

/* What a debugger looks at: `watched` counts up, and debugged_half() is called halfway. */
volatile uint64_t watched;

__attribute__((noinline)) void debugged_half(void)
{
	__asm__ volatile("" : : : "memory");
}

static uint64_t debugged(void)
{
	uint64_t sum = 0;

	for (uint64_t i = 1; i <= 2000; i++) {
		watched = i;
		sum = mix(sum, watched);
		if (i == 1000)
			debugged_half();
	}
	return sum;
}

/* 100,000 pages, no two of them neighbours. */
static uint64_t scattered(void)
{
	size_t n = 100000;
	unsigned char *a = mmap(NULL, 2 * n * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t sum = 0;

	if (a == MAP_FAILED)
		die("mmap");
	madvise(a, 2 * n * PAGE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < n; i++) {
		*(uint32_t *)(a + 2 * i * PAGE) = i * 2654435761u;
		sum = mix(sum, *(uint32_t *)(a + 2 * (i / 2) * PAGE));
	}
	for (size_t i = 0; i < n; i++)
		sum = mix(sum, *(uint32_t *)(a + 2 * (i * 7919 % n) * PAGE));
	munmap(a, 2 * n * PAGE);
	return sum;
}

static unsigned long idle_ticks(void)
{
	FILE *stat = fopen("/proc/stat", "r");
	unsigned long ticks;

	if (!stat || fscanf(stat, "cpu %*u %*u %*u %lu", &ticks) != 1)
		die("/proc/stat");
	fclose(stat);
	return ticks;
}

/* Wait for what the kernel puts off at boot; until then it would be part of what is measured. */
static uint64_t idle(void)
{
	unsigned long before;

	do {
		before = idle_ticks();
		usleep(200000);
	} while (idle_ticks() - before < 18); /* of 20 */
	return 0;
}

const struct program check_programs[] = { { "idle", "check", idle },
					  { "protect", "check", protect },
					  { "remap", "check", remap },
					  { "huge", "check", huge },
					  { "self-modify", "check", self_modify },
					  { "crossing", "check", crossing },
					  { "wild", "check", wild },
					  { "side-by-side", "check", side_by_side },
					  { "debugged", "check", debugged },
					  { "scattered", "check", scattered },
					  { NULL } };
