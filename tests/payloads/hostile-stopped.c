// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that has stopped, whose disk goes on: what it reads lies over the queue, and is the next
 * request for the next sector (tests/boot/test_virtio.py makes the disk).  Each has many buffers,
 * so that its service takes long.  idle=1: it stops, and nothing else.
 */
#include "disk.h"

#define BUFFERS 249

/* A sector: the available ring of a queue of one, and the head of the next request. */
static struct {
	volatile struct {
		uint16_t flags, index, head[1], used_event;
	} avail;
	uint32_t type, reserved;
	uint64_t sector;
	uint8_t rest[SECTOR - 24];
} control __attribute__((aligned(4096)));

static struct descriptor chain[BUFFERS + 3] __attribute__((aligned(4096)));
static struct descriptor one __attribute__((aligned(16)));
static uint64_t used[2];
static uint8_t scratch[SECTOR];

static bool find_disk(void)
{
	for (uint64_t i = 0; i < DEVICES; i++) {
		device = FIRST_DEVICE + i * STRIDE;
		if (try_load(device).cause == CAUSE_NONE && read(MAGIC) == 0x74726976 &&
		    read(TYPE) == BLOCK)
			return true;
	}
	return false;
}

static void make_request(void)
{
	chain[0] = (struct descriptor){ (uint64_t)&control.type, 16, NEXT, 1 };
	chain[1] = (struct descriptor){ (uint64_t)&control, SECTOR, NEXT | WRITE, 2 };
	for (unsigned int i = 2; i < BUFFERS + 2; i++)
		chain[i] = (struct descriptor){ (uint64_t)scratch, SECTOR, NEXT | WRITE, i + 1 };
	chain[BUFFERS + 2] = (struct descriptor){ (uint64_t)&status, 1, WRITE, 0 };
	one = (struct descriptor){ (uint64_t)chain, sizeof(chain), INDIRECT_TABLE, 0 };
}

void payload(uint64_t hart)
{
	(void)hart;
	fact(find_disk(), "there is a disk");
	if (!payload_option("idle", 0)) {
		take_features(VERSION_1 | INDIRECT);
		begin_queue(1, (uint64_t)&one, (uint64_t)&control.avail, (uint64_t)used);
		write(STATUS, DRIVER_FOUND | FEATURES_OK | DRIVER_OK);
		make_request();
		control.avail.index = 1;
		write(QUEUE_NOTIFY, 0);
	}
	note("stops");
	sbi_call(SBI_HSM, 1, 0, 0, 0, 0, 0);
	fact(false, "a hart has stopped");
}
