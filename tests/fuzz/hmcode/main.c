// SPDX-License-Identifier: BSD-2-Clause
/*
 * main.c - two bytes seed the machine's shape and its guests' first tables, so that few bytes make
 * rich guests; each further byte is a decision.
 */
#include "fuzz.h"

#define MOST_STEPS 3000

struct fuzz fuzz;
bool fuzz_loud;
struct memory memory; /* the oracle's copy of the checked guest's tables */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

u64 any_number(void)
{
	static const u64 numbers[] = { 0,
				       1,
				       ~0ull,
				       1ull << 63,
				       PAGE_SIZE,
				       -PAGE_SIZE,
				       RAM_BASE,
				       POOL_BASE,
				       POOL_END - PAGE_SIZE,
				       FUZZ_END - PAGE_SIZE,
				       RAM_GPA,
				       0x7fffffffffffffffull };
	u64 number = numbers[pick(COUNT(numbers))];

	switch (pick(4)) {
	case 0: return number;
	case 1: return number + pick(65536);
	case 2: return (u64)pick(65536) << pick(64);
	default:
		return (u64)pick(65536) << 48 | (u64)pick(65536) << 32 | (u64)pick(65536) << 16 |
		       pick(65536);
	}
}

static u64 all_steps, all_events;

__attribute__((destructor)) static void say_steps(void)
{
	fprintf(stderr, "steps: %lu, of accesses, traps and calls: %lu\n", all_steps, all_events);
}

static void begin(unsigned int seed)
{
	static const u64 deltas[] = { 0, 0x200000, 0x3000 };

	memset(&fuzz, 0, offsetof(struct fuzz, vcpu));
	for (unsigned int i = 0; i < HM_MAX_VCPUS; i++)
		fuzz.vcpu[i].used = fuzz.vcpu[i].checked = false;
	fuzz.steps = fuzz.events = 0;
	fuzz.closing = false;
	fuzz.choices = (struct choices){ .state = seed };
	fuzz.delta = deltas[pick(COUNT(deltas))];
	fuzz.mode = SATP_SV39 + pick(3);
	fuzz.guarded = !pick(4);
	ram_begin();
	harts_begin();
	host_begin();
}

/*
 * A fuzzer likes zeros and repetitions, of which few make a rich guest.  Half of the seeds add a
 * sequence of numbers of their own to the bytes: any bytes are a random walk then, and a byte that
 * changes is still one decision that does.
 */
static u8 *decisions(const u8 *data, size_t size)
{
	static u8 *bytes;
	struct choices numbers = { .state = data[0] | data[1] << 8 };

	free(bytes);
	bytes = malloc(size); /* of this size: nothing is read beyond it */
	for (size_t i = 0; i < size; i++)
		bytes[i] = data[i] + (data[0] & 1 ? choose(&numbers, 256) : 0);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int hart = 0;

	fuzz_loud = getenv("FUZZ_SAY");
	begin(size < 2 ? 0 : data[0] | data[1] << 8);
	if (size > 2)
		fuzz.choices =
			(struct choices){ .bytes = decisions(data, size) + 2, .left = size - 2 };
	while (size > 2 && !used_up(&fuzz.choices) && fuzz.steps++ < MOST_STEPS) {
		if (rarely(4))
			hart = pick(FUZZ_HARTS);
		harts_step(hart);
	}
	all_steps += fuzz.steps;
	all_events += fuzz.events;
	harts_end();
	host_end();
	return 0;
}
