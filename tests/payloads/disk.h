/* SPDX-License-Identifier: BSD-2-Clause */
/* disk.h - a driver of the machine's disk, a virtio-mmio device (virtio 1.2), with one queue. */
#ifndef DISK_H
#define DISK_H

#include "payload.h"

enum {
	MAGIC = 0x000,
	VERSION = 0x004,
	TYPE = 0x008,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SEL = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SEL = 0x024,
	QUEUE_SEL = 0x030,
	QUEUE_NUM_MAX = 0x034,
	QUEUE_NUM = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_DESC = 0x080,
	QUEUE_DRIVER = 0x090,
	QUEUE_DEVICE = 0x0a0,
};

#define FIRST_DEVICE 0x10001000ul
#define DEVICES      8
#define STRIDE       0x1000ul
#define BLOCK        2

#define DRIVER_FOUND 3u /* ACKNOWLEDGE, DRIVER */
#define DRIVER_OK    4u
#define FEATURES_OK  8u
#define NEEDS_RESET  64u

#define VERSION_1   (1ul << 32)
#define RING_PACKED (1ul << 34)
#define INDIRECT    (1ul << 28)
#define EVENT_IDX   (1ul << 29)

#define NEXT           1u
#define WRITE          2u
#define INDIRECT_TABLE 4u

#define SIZE   16 /* of the queue */
#define SECTOR 512ul
#define READ   0 /* types of requests */
#define STORE  1
#define FAR    (1ul << 40)

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

struct rings {
	struct descriptor desc[SIZE];
	volatile struct {
		uint16_t flags, index, head[SIZE], used_event;
	} avail;
	uint64_t gap; /* keeps them apart */
	volatile struct {
		uint16_t flags, index;
		struct {
			uint32_t head, length;
		} element[SIZE];
		uint16_t avail_event;
	} used __attribute__((aligned(8)));
} __attribute__((aligned(4096)));

static struct rings rings;
static struct descriptor table[SIZE] __attribute__((aligned(16)));

static struct {
	uint32_t type, reserved;
	uint64_t sector;
} header;

static volatile uint8_t status;
static uint64_t device;
/* Between canaries that nothing may write to. */
static struct {
	uint64_t before[512];
	uint8_t data[64 * SECTOR];
	uint64_t after[512];
} memory __attribute__((aligned(4096)));

static uint32_t read(unsigned int reg)
{
	return *(volatile uint32_t *)(device + reg);
}

static void write(unsigned int reg, uint32_t value)
{
	__asm__ volatile("fence iorw, iorw" ::: "memory");
	*(volatile uint32_t *)(device + reg) = value;
}

static void write_pair(unsigned int reg, uint64_t value)
{
	write(reg, value);
	write(reg + 4, value >> 32);
}

/* --- the device's beginning ------------------------------------------- */

static bool take_features(uint64_t features)
{
	write(STATUS, 0);
	write(STATUS, DRIVER_FOUND);
	write(DRIVER_FEATURES_SEL, 0);
	write(DRIVER_FEATURES, features);
	write(DRIVER_FEATURES_SEL, 1);
	write(DRIVER_FEATURES, features >> 32);
	write(STATUS, DRIVER_FOUND | FEATURES_OK);
	return read(STATUS) & FEATURES_OK;
}

static void begin_queue(unsigned int size, uint64_t desc, uint64_t driver, uint64_t of_device)
{
	write(QUEUE_SEL, 0);
	write(QUEUE_NUM, size);
	write_pair(QUEUE_DESC, desc);
	write_pair(QUEUE_DRIVER, driver);
	write_pair(QUEUE_DEVICE, of_device);
	write(QUEUE_READY, 1);
}

static void fill(void *at, uint64_t size, uint64_t value)
{
	for (uint64_t i = 0; i < size / 8; i++)
		((volatile uint64_t *)at)[i] = value;
}

static inline void begin(uint64_t features)
{
	fill(&rings, sizeof(rings), 0);
	take_features(features | VERSION_1);
	begin_queue(SIZE, (uint64_t)rings.desc, (uint64_t)&rings.avail, (uint64_t)&rings.used);
	write(STATUS, DRIVER_FOUND | FEATURES_OK | DRIVER_OK);
}

/* --- requests ----------------------------------------------------------- */

static void make_chain(struct descriptor *desc, uint32_t type, uint64_t sector, uint64_t at,
		       uint32_t length)
{
	uint16_t direction = type == READ ? WRITE : 0;

	header.type = type;
	header.sector = sector;
	status = 0xff;
	desc[0] = (struct descriptor){ (uint64_t)&header, sizeof(header), NEXT, 1 };
	desc[1] = (struct descriptor){ at, length, NEXT | direction, 2 };
	desc[2] = (struct descriptor){ (uint64_t)&status, 1, WRITE, 0 };
}

static void offer(uint16_t head)
{
	rings.avail.head[rings.avail.index % SIZE] = head;
	__asm__ volatile("fence rw, rw" ::: "memory");
	rings.avail.index++;
	write(QUEUE_NOTIFY, 0);
}

static bool is_used(uint16_t index)
{
	uint64_t until = csr_read(time) + 20000000; /* 2 s */

	while (rings.used.index != index && csr_read(time) < until)
		;
	__asm__ volatile("fence rw, rw" ::: "memory");
	return rings.used.index == index;
}

static inline bool request(uint32_t type, uint64_t sector, void *at, uint32_t length)
{
	uint16_t index = rings.used.index + 1;

	make_chain(rings.desc, type, sector, (uint64_t)at, length);
	offer(0);
	return is_used(index) && !status;
}

static inline bool request_indirectly(uint32_t type, uint64_t sector, void *at, uint32_t length)
{
	uint16_t index = rings.used.index + 1;

	make_chain(table, type, sector, (uint64_t)at, length);
	rings.desc[5] =
		(struct descriptor){ (uint64_t)table, 3 * sizeof(table[0]), INDIRECT_TABLE, 0 };
	offer(5);
	return is_used(index) && !status;
}

static bool holds(const void *at, uint64_t size, uint64_t value)
{
	for (uint64_t i = 0; i < size / 8; i++)
		if (((const volatile uint64_t *)at)[i] != value)
			return false;
	return true;
}

#define PATTERN 0x0123456789abcdeful
#define CANARY  0x5ca1ab1e0ddba11ful

static bool is_whole(void)
{
	return holds(memory.before, sizeof(memory.before), CANARY) &&
	       holds(memory.after, sizeof(memory.after), CANARY);
}

static inline bool writes_and_reads(bool (*by)(uint32_t, uint64_t, void *, uint32_t),
				    uint64_t pattern)
{
	bool right;

	fill(memory.data, sizeof(memory.data), pattern);
	right = by(STORE, 8, memory.data, sizeof(memory.data));
	fill(memory.data, sizeof(memory.data), 0);
	right &= by(READ, 8, memory.data, sizeof(memory.data));
	return right && holds(memory.data, sizeof(memory.data), pattern) && is_whole();
}

#endif /* DISK_H */
