// SPDX-License-Identifier: BSD-2-Clause
/*
 * A network card whose driver makes it interrupt as often as it can, for ms=1000: each request of its
 * control queue is wrong, and the card refuses it at once.  Says how many there were.
 */
#include "disk.h"

#define NETWORK       1
#define CONTROL_QUEUE 2
#define CONTROL       (1ul << 17)

static struct {
	uint8_t class, command;
} wrong = { 0xff, 0xff };

static bool find_network(void)
{
	for (uint64_t i = 0; i < DEVICES; i++) {
		device = FIRST_DEVICE + i * STRIDE;
		if (try_load(device).cause == CAUSE_NONE && read(MAGIC) == 0x74726976 &&
		    read(TYPE) == NETWORK)
			return true;
	}
	return false;
}

static void begin_control(void)
{
	take_features(VERSION_1 | CONTROL);
	write(QUEUE_SEL, CONTROL_QUEUE);
	write(QUEUE_NUM, SIZE);
	write_pair(QUEUE_DESC, (uint64_t)rings.desc);
	write_pair(QUEUE_DRIVER, (uint64_t)&rings.avail);
	write_pair(QUEUE_DEVICE, (uint64_t)&rings.used);
	write(QUEUE_READY, 1);
	write(STATUS, DRIVER_FOUND | FEATURES_OK | DRIVER_OK);
	rings.desc[0] = (struct descriptor){ (uint64_t)&wrong, sizeof(wrong), NEXT, 1 };
	rings.desc[1] = (struct descriptor){ (uint64_t)&status, 1, WRITE, 0 };
	rings.avail.flags = 1; /* the card's interrupts are not for us */
}

void payload(uint64_t hart)
{
	uint64_t until = csr_read(time) + payload_option("ms", 1000) * 10000, offered = 0;

	(void)hart;
	fact(find_network(), "there is a network card");
	begin_control();
	while (csr_read(time) < until) {
		if ((uint16_t)(rings.avail.index - rings.used.index) == SIZE)
			continue;
		__asm__ volatile("fence rw, rw" ::: "memory");
		rings.avail.index = ++offered;
		write(QUEUE_NOTIFY, CONTROL_QUEUE);
	}
	fact(!(read(STATUS) & NEEDS_RESET), "the card works on");
	note_count("requests", offered);
	write(STATUS, 0);
}
