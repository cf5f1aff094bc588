// SPDX-License-Identifier: BSD-2-Clause
/* values.c - numbers that break things: random ones, plausible ones, and those at edges. */
#include "host-random.h"

/* splitmix64 (Steele, Lea, Flood 2014) */
uint64_t random_value(struct hart *me)
{
	uint64_t z = me->random += 0x9e3779b97f4a7c15ul;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
	z = (z ^ z >> 27) * 0x94d049bb133111ebul;
	return z ^ z >> 31;
}

uint64_t below(struct hart *me, uint64_t limit)
{
	return random_value(me) % limit;
}

bool one_in(struct hart *me, uint64_t times)
{
	return !below(me, times);
}

#define RAM           0x80000000ul
#define FIRMWARE_SIZE 0x20000ul /* at least */

uint64_t not_ram(struct hart *me)
{
	static const uint64_t devices[] = { 0x100000,  0x2000000,  0x200bff8,
					    0xc000000, 0x10000000, 0x10001000 };

	switch (below(me, 5)) {
	case 0: return RAM + below(me, FIRMWARE_SIZE);
	case 1: return pool_base() + below(me, pool_size());
	case 2: return devices[below(me, sizeof(devices) / sizeof(devices[0]))];
	case 3: return random_value(me) | 1ul << (36 + below(me, 28));
	default: return below(me, 2) ? 0 : -PAGE;
	}
}

static uint64_t somewhere(struct hart *me)
{
	switch (below(me, 9)) {
	case 8: /* up to where RAM ends */ return ram_end() - below(me, FIXED * PAGE);
	case 0: return (uint64_t)fixed + below(me, sizeof(fixed));
	case 1: return (uint64_t)secrets + below(me, sizeof(secrets));
	case 2: return (uint64_t)run_pages + below(me, sizeof(run_pages));
	case 3: return (uint64_t)call_any + below(me, 2 * PAGE);
	case 4: return not_ram(me);
	default: return (uint64_t)frames + below(me, sizeof(frames));
	}
}

uint64_t any_hpa(struct hart *me)
{
	uint64_t hpa = somewhere(me);

	switch (below(me, 8)) {
	case 0: return hpa;
	case 1: return hpa & -8ul;
	default: return hpa & -PAGE;
	}
}

uint64_t any_value(struct hart *me)
{
	switch (below(me, 9)) {
	case 0: return 0;
	case 1: return ~0ul - below(me, 3);
	case 2: return below(me, 80);
	case 3: return (1ul << below(me, 64)) + below(me, 3) - 1;
	case 4: return random_value(me) >> below(me, 64);
	case 5: return any_hpa(me);
	case 6: return guest_satp(me);
	default: return guest_address(me);
	}
}
