// SPDX-License-Identifier: BSD-2-Clause
/* memory.c - what the host keeps in memory, and who may change it. */
#include "host-random.h"

#define ARENA __attribute__((aligned(PAGE)))

struct arena arena __attribute__((aligned(256 << 10)));
_Static_assert(sizeof(arena) <= 256 << 10, "one frame alone would be aligned: the gap");
uint8_t secrets[SECRETS * PAGE] ARENA;
uint8_t run_pages[RUN_PAGES * PAGE] ARENA, buffers[HARTS * PAGE] ARENA;
uint64_t shadows[SHADOWS][512] ARENA;

static struct hm_info info;
static uint64_t ram_size; /* by the command line; most that there can be */
static uint64_t sums[FRAMES];
static bool summed[FRAMES];

#define RAM           0x80000000ul
#define PAYLOAD       0x80200000ul
#define FIRMWARE_SIZE 0x20000ul

/* Never a valid PTE, and found in no register by chance. */
#define SECRET   0xa5c3961e00000000ul
#define RUN_TAIL 0x5a5a000000000000ul

bool is_secret(uint64_t value)
{
	return value >> 32 == SECRET >> 32;
}

uint64_t pool_base(void)
{
	return info.pool_base;
}

uint64_t pool_size(void)
{
	return info.pool_size;
}

uint64_t ram_end(void)
{
	return RAM + ram_size;
}

uint64_t satp_modes(void)
{
	return info.satp_modes;
}

static void ask(void)
{
	sbi_call(HM_EXT_ID, HM_FID_INFO, (uint64_t)&info, sizeof(info), 0, 0, 0);
}

uint64_t pool_free_pages(void)
{
	ask();
	return info.pool_free_pages;
}

static bool overlap(uint64_t base, uint64_t size, uint64_t other, uint64_t other_size)
{
	return size && base < other + other_size && (base + size > other || base + size < base);
}

bool intersects(uint64_t base, uint64_t size, const void *range, uint64_t range_size)
{
	return overlap(base, size, (uint64_t)range, range_size);
}

bool within(uint64_t base, uint64_t size, const void *range, uint64_t range_size)
{
	return base - (uint64_t)range < range_size && size <= (uint64_t)range + range_size - base;
}

enum truth is_host_ram(uint64_t hpa, uint64_t size)
{
	if (hpa + size < hpa || hpa < RAM || hpa + size > RAM + ram_size ||
	    overlap(hpa, size, RAM, FIRMWARE_SIZE) ||
	    overlap(hpa, size, info.pool_base, info.pool_size))
		return NO;
	return hpa >= PAYLOAD && hpa + size <= info.pool_base ? YES : UNKNOWN;
}

/* --- patterns --- */

static void fill(void *memory, uint64_t size, uint64_t pattern)
{
	for (uint64_t at = 0; at < size; at += 8)
		write64((uint64_t)memory + at, pattern + at);
}

static bool has(const void *memory, uint64_t from, uint64_t to, uint64_t pattern)
{
	for (uint64_t at = from; at < to; at += 8)
		if (read64((uint64_t)memory + at) != pattern + at)
			return false;
	return true;
}

/* Tables and code that no guest can write, and nothing of the host's that is worth reading. */
static void fill_fixed(void)
{
	for (uint64_t at = 0; at < sizeof(fixed); at += 8)
		write64((uint64_t)fixed + at,
			at % 64 ? 0x0000001300000013ul : PTE(GPA(at / 64 % FRAMES), PTE_RWX));
}

static bool fixed_kept(void)
{
	for (uint64_t at = 0; at < sizeof(fixed); at += 8)
		if (read64((uint64_t)fixed + at) !=
		    (at % 64 ? 0x0000001300000013ul : PTE(GPA(at / 64 % FRAMES), PTE_RWX)))
			return false;
	return true;
}

void memory_init(struct hart *me)
{
	(void)me;
	ask();
	ram_size = payload_option("ram", 1ul << 36);
	fill(secrets, sizeof(secrets), SECRET);
	fill(run_pages, sizeof(run_pages), RUN_TAIL);
	fill_fixed();
}

void memory_check(struct hart *me)
{
	if (!has(secrets, 0, sizeof(secrets), SECRET))
		violation(me, "memory changed that was never handed over");
	if (!fixed_kept())
		violation(me, "memory changed that is in slots without W alone");
	for (unsigned int i = 0; i < RUN_PAGES; i++)
		if (!has(run_pages, i * PAGE + sizeof(struct hm_run), (i + 1) * PAGE, RUN_TAIL))
			violation(me, "a run page changed behind its structure");
}

/* --- buffers: what a call writes, and no more --- */

#define BUFFER 0x3c3c000000000000ul

static uint8_t *buffer(const struct hart *me)
{
	return buffers + (me - harts) * PAGE;
}

void buffer_fill(struct hart *me)
{
	fill(buffer(me), PAGE, BUFFER);
}

/* [hpa, hpa + size) may be another now; size 0: nothing. */
void buffer_check(struct hart *me, uint64_t hpa, uint64_t size)
{
	uint64_t from = hpa - (uint64_t)buffer(me);

	if (!size)
		from = 0;
	if (!has(buffer(me), 0, from, BUFFER) || !has(buffer(me), from + size, PAGE, BUFFER))
		violation(me, "a buffer changed beyond what the call writes");
}

/* --- frames: only where a slot grants it --- */

static uint64_t sum(unsigned int frame)
{
	const uint64_t *words = (const uint64_t *)(frames + frame * PAGE);
	uint64_t a = 0, b = 0;

	for (unsigned int i = 0; i < PAGE / 8; i += 2) {
		a += words[i] ^ b;
		b = (b << 1 | b >> 63) + words[i + 1];
	}
	return a ^ b;
}

static bool is_run_page(uint64_t hpa)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		if (vcpus[i].used && (uint64_t)vcpus[i].run == hpa)
			return true;
	return false;
}

static bool may_write(const struct vm *vm, unsigned int frame)
{
	uint64_t hpa = (uint64_t)frames + frame * PAGE;

	for (unsigned int i = 0; i < HM_MAX_SLOTS; i++)
		if (vm->slot[i].rights & HM_SLOT_W && hpa - vm->slot[i].hpa < vm->slot[i].size)
			return true;
	return is_run_page(hpa);
}

void frames_sum(uint64_t vm)
{
	for (unsigned int i = 0; i < FRAMES; i++) {
		summed[i] = !may_write(&vms[vm], i);
		if (summed[i])
			sums[i] = sum(i);
	}
}

bool frames_kept(void)
{
	for (unsigned int i = 0; i < FRAMES; i++)
		if (summed[i] && sum(i) != sums[i])
			return false;
	return true;
}
