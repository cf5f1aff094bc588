// SPDX-License-Identifier: BSD-2-Clause
/*
 * A driver of the guest's disk (virtio 1.2): it reads and writes by plain and indirect descriptors
 * and by the event index, and then hands in queues that break the rules, one at a time.  Each breaks
 * the device, which works again after a reset, and no byte beside the buffers changes.
 *
 * Writes 64 sectors from sector 8 on.  ram=MIB: of the guest's RAM.  outside=BYTES: so far around it
 * buffers are tried.  reboot=1: once, with a request on its way, by what it keeps in sector 100.
 * watch=MS: so long it does nothing, and then all of its RAM must be as it was.  cost=1: says what
 * notifications take.
 */
#include "disk.h"

static uint64_t ram_end;

/* --- what works ---------------------------------------------------------- */

static bool find(void)
{
	for (uint64_t i = 0; i < DEVICES; i++) {
		device = FIRST_DEVICE + i * STRIDE;
		if (try_load(device).cause == CAUSE_NONE && read(MAGIC) == 0x74726976 &&
		    read(TYPE) == BLOCK)
			return read(VERSION) == 2;
	}
	return false;
}

static void features(void)
{
	uint64_t offered;

	write(DEVICE_FEATURES_SEL, 1);
	offered = (uint64_t)read(DEVICE_FEATURES) << 32;
	write(DEVICE_FEATURES_SEL, 0);
	offered |= read(DEVICE_FEATURES);
	fact((offered & (VERSION_1 | INDIRECT | EVENT_IDX)) == (VERSION_1 | INDIRECT | EVENT_IDX),
	     "indirect tables and the event index are offered");
	fact(!(offered >> 33), "nothing above VERSION_1 is");
	fact(!take_features(0), "a driver that does not take VERSION_1 is refused");
	fact(!take_features(VERSION_1 | RING_PACKED), "one that takes what is not offered is, too");
	fact(take_features(VERSION_1), "one that takes VERSION_1 is not");
}

static void interrupt(void)
{
	begin(0);
	fact(request(READ, 8, memory.data, SECTOR), "a sector is read");
	fact_equal(read(INTERRUPT_STATUS), 1, "there is an interrupt");
	write(INTERRUPT_ACK, 1);
	fact_equal(read(INTERRUPT_STATUS), 0, "it is over");
	rings.avail.flags = 1;
	fact(request(READ, 8, memory.data, SECTOR), "a sector is read without one");
	fact_equal(read(INTERRUPT_STATUS), 0, "there is none");
	begin(EVENT_IDX);
	rings.avail.used_event = 1;
	fact(request(READ, 8, memory.data, SECTOR), "by the event index the first one is read");
	fact_equal(read(INTERRUPT_STATUS), 0, "without an interrupt");
	fact_equal(rings.used.avail_event, 1, "the device asks for the second");
	fact(request(READ, 8, memory.data, SECTOR), "the second one is read");
	fact_equal(read(INTERRUPT_STATUS), 1, "with an interrupt");
}

static bool whole_queue(void)
{
	for (unsigned int i = 0; i < 3 * SIZE; i++)
		if (!request(i % 2 ? READ : STORE, 8 + i % 8, memory.data, SECTOR))
			return false;
	return is_whole();
}

static void transfers(void)
{
	begin(0);
	fact(writes_and_reads(request, PATTERN), "what was written is read");
	fact(whole_queue(), "the rings wrap");
	begin(INDIRECT | EVENT_IDX);
	fact(writes_and_reads(request_indirectly, ~PATTERN), "by an indirect table, too");
}

/* --- what breaks the device ----------------------------------------------- */

/* The device has broken, nothing was written, and it works after a reset. */
static void breaks(const char *what)
{
	uint64_t until = csr_read(time) + 100000;

	while (!(read(STATUS) & NEEDS_RESET) && csr_read(time) < until)
		;
	facts_about(what);
	fact(read(STATUS) & NEEDS_RESET, "breaks the device");
	fact(is_whole() && holds(memory.data, sizeof(memory.data), PATTERN), "writes nothing");
	begin(0);
	fact(request(READ, 8, memory.data, SECTOR), "is over with a reset");
	fill(memory.data, sizeof(memory.data), PATTERN);
}

/* A read into a buffer that is not the guest's. */
static void buffer(const char *what, uint64_t at, uint32_t length)
{
	begin(0);
	make_chain(rings.desc, READ, 8, at, length);
	offer(0);
	breaks(what);
}

/* One descriptor of a good chain is another one. */
static void descriptor(const char *what, unsigned int number, struct descriptor other)
{
	begin(0);
	make_chain(rings.desc, READ, 8, (uint64_t)memory.data, SECTOR);
	rings.desc[number] = other;
	offer(0);
	breaks(what);
}

static void indirect(const char *what, uint64_t taken, struct descriptor other)
{
	begin(taken);
	make_chain(table, READ, 8, (uint64_t)memory.data, SECTOR);
	rings.desc[0] = other;
	offer(0);
	breaks(what);
}

static void queue(const char *what, unsigned int size, uint64_t desc, uint64_t driver,
		  uint64_t of_device)
{
	take_features(VERSION_1);
	begin_queue(size, desc, driver, of_device);
	breaks(what);
}

static void wild_buffers(uint64_t outside)
{
	buffer("a buffer behind the RAM", ram_end, SECTOR);
	buffer("a buffer that ends behind the RAM", ram_end - SECTOR, 2 * SECTOR);
	buffer("a buffer before the RAM", 0x80000000ul - SECTOR, SECTOR);
	buffer("a buffer of all bytes that there are", (uint64_t)memory.data, ~0u);
	buffer("a buffer that wraps", ~0ul - 100, SECTOR);
	buffer("a buffer in a device", FIRST_DEVICE, SECTOR);
	buffer("a buffer of no byte", (uint64_t)memory.data, 0);
	for (uint64_t at = 0; at < outside; at += 1ul << 20) {
		buffer("a buffer far behind the RAM", ram_end + at, SECTOR);
		buffer("a buffer far before the RAM", 0x80000000ul - at - SECTOR, SECTOR);
	}
}

static void wild_descriptors(void)
{
	uint64_t data = (uint64_t)memory.data;

	descriptor("a loop", 1, (struct descriptor){ data, 8, NEXT | WRITE, 1 });
	descriptor("a longer loop", 2, (struct descriptor){ data, 8, NEXT | WRITE, 1 });
	descriptor("a next one outside", 1, (struct descriptor){ data, 8, NEXT | WRITE, SIZE });
	descriptor("a next one far outside", 1, (struct descriptor){ data, 8, NEXT | WRITE, ~0 });
	descriptor("one to read at the end", 2, (struct descriptor){ data, 8, 0, 0 });
	begin(0);
	offer(SIZE);
	breaks("a head outside");
	begin(0);
	rings.avail.index = SIZE;
	offer(0);
	breaks("an index that runs ahead");
	begin(0);
	rings.avail.index = 0xfffe;
	offer(0);
	breaks("an index that runs back");
}

static void wild_tables(void)
{
	uint64_t at = (uint64_t)table;
	uint32_t size = 3 * sizeof(table[0]);

	indirect("a table that was not agreed on", 0,
		 (struct descriptor){ at, size, INDIRECT_TABLE, 0 });
	indirect("a table of no entry", INDIRECT, (struct descriptor){ at, 0, INDIRECT_TABLE, 0 });
	indirect("a table of a part of one", INDIRECT,
		 (struct descriptor){ at, 40, INDIRECT_TABLE, 0 });
	indirect("a table that is too long", INDIRECT,
		 (struct descriptor){ at, 1u << 20, INDIRECT_TABLE, 0 });
	indirect("a table with a next one", INDIRECT,
		 (struct descriptor){ at, size, INDIRECT_TABLE | NEXT, 1 });
	indirect("a table behind the RAM", INDIRECT,
		 (struct descriptor){ ram_end, size, INDIRECT_TABLE, 0 });
	indirect("a table that ends behind the RAM", INDIRECT,
		 (struct descriptor){ ram_end - 16, size, INDIRECT_TABLE, 0 });
	begin(INDIRECT);
	table[0] = rings.desc[0] = (struct descriptor){ at, sizeof(table[0]), INDIRECT_TABLE, 0 };
	offer(0);
	breaks("a table in itself");
}

static void wild_queues(void)
{
	uint64_t desc = (uint64_t)rings.desc, driver = (uint64_t)&rings.avail;
	uint64_t of_device = (uint64_t)&rings.used;

	queue("a queue of no entry", 0, desc, driver, of_device);
	queue("a queue of 3", 3, desc, driver, of_device);
	queue("a queue of 32,768", 32768, desc, driver, of_device);
	queue("a queue of 2^31", 1u << 31, desc, driver, of_device);
	queue("descriptors behind the RAM", SIZE, ram_end, driver, of_device);
	queue("descriptors that end behind the RAM", SIZE, ram_end - 16, driver, of_device);
	queue("descriptors that wrap", SIZE, -16ul, driver, of_device);
	queue("avail behind the RAM", SIZE, desc, ram_end - 2, of_device);
	queue("used behind the RAM", SIZE, desc, driver, ram_end - 4);
	queue("used before the RAM", SIZE, desc, driver, 0x80000000ul - 64);
	queue("descriptors not aligned", SIZE, desc + 8, driver, of_device);
	queue("used not aligned", SIZE, desc, driver, of_device + 2);
	begin(0);
	write(QUEUE_READY, 0);
	write(QUEUE_READY, 1);
	breaks("a queue that begins twice");
}

/* The guest's own affair: it may break the device or not, and the next driver finds it whole. */
static void overlapping(void)
{
	take_features(VERSION_1);
	begin_queue(SIZE, (uint64_t)rings.desc, (uint64_t)rings.desc, (uint64_t)rings.desc);
	write(STATUS, DRIVER_FOUND | FEATURES_OK | DRIVER_OK);
	make_chain(rings.desc, READ, 8, (uint64_t)memory.data, SECTOR);
	for (unsigned int i = 0; i < 100; i++)
		write(QUEUE_NOTIFY, 0);
	facts_about("rings that overlap");
	fact(is_whole(), "write nothing else");
	begin(0);
	fact(request(READ, 8, memory.data, SECTOR), "are over with a reset");
}

/* --- the RAM of others, and a RAM after another ------------------------------- */

static void watch(uint64_t ms)
{
	uint64_t until = csr_read(time) + ms * 10000;
	uint64_t *first = (uint64_t *)(0x80000000ul + (16ul << 20)); /* behind image and tree */
	uint64_t *last = (uint64_t *)(ram_end - (4ul << 20));

	fill(first, (last - first) * 8, CANARY);
	note("watches");
	while (csr_read(time) < until)
		;
	fact(holds(first, (last - first) * 8, CANARY), "nobody has written to this RAM");
	payload_end();
}

static void reboot_once(void)
{
	begin(0);
	fact(request(READ, 100, memory.data, SECTOR), "what was left is read");
	if (*(uint64_t *)memory.data == PATTERN) {
		fill(memory.data, sizeof(memory.data), CANARY);
		return;
	}
	fill(memory.data, sizeof(memory.data), PATTERN);
	fact(request(STORE, 100, memory.data, SECTOR), "it is left");
	make_chain(rings.desc, READ, 8, (uint64_t)memory.data, sizeof(memory.data));
	offer(0);
	sbi_call(SBI_SRST, 0, 1, 0, 0, 0, 0);
}

/*
 * Of one that finds a request of so many buffers, or nothing: the least of those in which the
 * answer did not come already.
 */
static uint64_t notification(unsigned int buffers)
{
	uint64_t least = ~0ul, from, took;

	for (unsigned int i = 0; i < 100; i++) {
		begin(INDIRECT);
		make_chain(table, READ, 8, (uint64_t)memory.data, SECTOR);
		for (unsigned int n = 1; n <= buffers; n++)
			table[n] = (struct descriptor){ (uint64_t)memory.data + n * SECTOR, SECTOR,
							NEXT | WRITE, n + 1 };
		table[buffers + 1] = (struct descriptor){ (uint64_t)&status, 1, WRITE, 0 };
		rings.desc[0] =
			(struct descriptor){ (uint64_t)table, (buffers + 2) * sizeof(table[0]),
					     INDIRECT_TABLE, 0 };
		rings.avail.index += buffers > 0;
		from = csr_read(cycle);
		write(QUEUE_NOTIFY, 0);
		took = csr_read(cycle) - from;
		if (!rings.used.index && took < least)
			least = took;
		is_used(buffers > 0);
	}
	return least;
}

static void costs(void)
{
	note_count("instructions of a vain notification", notification(0));
	note_count("instructions with 3 descriptors", notification(1));
	note_count("instructions with 13 descriptors", notification(11));
	payload_end();
}

void payload(uint64_t hart)
{
	(void)hart;
	ram_end = 0x80000000ul + (payload_option("ram", 128) << 20);
	if (payload_option("watch", 0))
		watch(payload_option("watch", 0));
	fill(&memory, sizeof(memory), CANARY);
	fact(find(), "there is a disk");
	if (payload_option("cost", 0))
		costs();
	if (payload_option("reboot", 0))
		reboot_once();
	features();
	interrupt();
	transfers();
	begin(0);
	writes_and_reads(request, PATTERN);
	wild_buffers(payload_option("outside", 0));
	wild_descriptors();
	wild_tables();
	wild_queues();
	overlapping();
}
