// SPDX-License-Identifier: BSD-2-Clause
/*
 * A source of random numbers and a disk that are asked for more bytes at once than their types
 * have: the device breaks.  All buffers are the same memory, of which most is free.
 */
#include "disk.h"

#define ENTROPY 4
#define BUFFER  (RAM + (20ul << 20))
#define RAM     0x80000000ul
#define MIB     (1ul << 20)

static struct descriptor big[64] __attribute__((aligned(16)));

static bool find(unsigned int type)
{
	for (uint64_t i = 0; i < DEVICES; i++) {
		device = FIRST_DEVICE + i * STRIDE;
		if (try_load(device).cause == CAUSE_NONE && read(MAGIC) == 0x74726976 &&
		    read(TYPE) == type)
			return true;
	}
	return false;
}

static void offer_table(unsigned int count)
{
	rings.desc[0] = (struct descriptor){ (uint64_t)big, count * 16, INDIRECT_TABLE, 0 };
	offer(0);
}

static bool answered(void)
{
	uint64_t until = csr_read(time) + 100000000; /* 10 s */

	while (!rings.used.index && csr_read(time) < until)
		;
	return rings.used.index == 1;
}

/* The first of count and the others of 96 MiB. */
static void ask_for_numbers(uint32_t first, unsigned int count)
{
	begin(INDIRECT);
	for (unsigned int i = 0; i < count; i++)
		big[i] = (struct descriptor){ BUFFER, i ? 96 * MIB : first,
					      WRITE | (i + 1 < count ? NEXT : 0), i + 1 };
	offer_table(count);
}

static void numbers(void)
{
	facts_about("random numbers");
	fact(find(ENTROPY), "there is a source");
	ask_for_numbers(96 * MIB, 10);
	fact(read(STATUS) & NEEDS_RESET, "960 MiB at once are refused");
	ask_for_numbers(65537, 1);
	fact(read(STATUS) & NEEDS_RESET, "64 KiB and a byte are refused");
	ask_for_numbers(65536, 1);
	fact(answered(), "64 KiB come");
	fact(!(read(STATUS) & NEEDS_RESET), "and nothing is broken");
}

static void read_mib(uint64_t mib)
{
	begin(INDIRECT);
	header.type = READ;
	header.sector = 0;
	big[0] = (struct descriptor){ (uint64_t)&header, sizeof(header), NEXT, 1 };
	big[1] = (struct descriptor){ BUFFER, mib / 2 * MIB, NEXT | WRITE, 2 };
	big[2] = (struct descriptor){ BUFFER, mib / 2 * MIB, NEXT | WRITE, 3 };
	big[3] = (struct descriptor){ (uint64_t)&status, 1, WRITE, 0 };
	offer_table(4);
}

static void disk(void)
{
	facts_about("disk");
	fact(find(BLOCK), "there is one");
	read_mib(64);
	fact(read(STATUS) & NEEDS_RESET, "64 MiB with their head and status are refused");
	read_mib(32);
	fact(answered(), "32 MiB come");
	fact(!(read(STATUS) & NEEDS_RESET), "and nothing is broken");
}

void payload(uint64_t hart)
{
	(void)hart;
	numbers();
	disk();
}
