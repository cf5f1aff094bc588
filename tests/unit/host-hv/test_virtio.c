/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's virtio device over a platform's device that is nothing but memory for registers. */
#include <pthread.h>

#include "test.h"

#include "virtio/bus.h"
#include "virtio/device.h"

#define BASE     0x80000000UL
#define RAM_SIZE (64 * KIB)
#define SIZE     8
#define OURS     16 /* entries of the device's ring */
#define DESC     0x0
#define AVAIL    0x1000
#define USED     0x2000
#define TABLE    0x3000
#define DATA     0x4000
#define OUTSIDE  (BASE + RAM_SIZE)

static uint8_t ram[RAM_SIZE] __attribute__((aligned(4096)));
static uint8_t registers[VIRTIO_BYTES] __attribute__((aligned(4096)));
static uint8_t rings[2 * PAGE] __attribute__((aligned(4096)));
static struct vm vm = { .ram = { BASE, RAM_SIZE }, .hpa = (uint64_t)ram };
static struct virtio_device device;
static unsigned said;
static bool no_memory;

uint64_t memory_alloc(uint64_t size, uint64_t align)
{
	assert_true(size <= sizeof(rings) && align <= PAGE);
	return no_memory ? 0 : (uint64_t)rings;
}

void print(const char *format, ...)
{
	(void)format;
	said++;
}

static volatile uint32_t *of_platform(unsigned reg)
{
	return (volatile uint32_t *)(registers + reg);
}

/* A device that is slow to reset. */
static bool slow;
static unsigned pauses;

void mock_paused(void)
{
	if (!slow)
		return;
	*of_platform(VIRTIO_STATUS) = STATUS_DRIVER_OK;
	pauses++;
}

static struct descriptor *desc(unsigned i)
{
	return (struct descriptor *)(ram + DESC) + i;
}

static struct descriptor *in_table(unsigned i)
{
	return (struct descriptor *)(ram + TABLE) + i;
}

static struct avail_ring *avail(void)
{
	return (struct avail_ring *)(ram + AVAIL);
}

static struct used_ring *used(void)
{
	return (struct used_ring *)(ram + USED);
}

static void write(unsigned reg, uint32_t value)
{
	assert_true(virtio_write(&device, reg, 4, value));
}

static uint32_t read(unsigned reg)
{
	uint64_t value;

	assert_true(virtio_read(&device, reg, 4, &value));
	return value;
}

static void begin_queue(unsigned size, uint64_t at)
{
	write(VIRTIO_QUEUE_NUM, size);
	write(VIRTIO_QUEUE_DESC, at);
	write(VIRTIO_QUEUE_DRIVER, BASE + AVAIL);
	write(VIRTIO_QUEUE_DEVICE, BASE + USED);
	write(VIRTIO_QUEUE_READY, 1);
}

static void begin(uint32_t features)
{
	memset(ram, 0, DATA);
	write(VIRTIO_STATUS, 0);
	write(VIRTIO_DRIVER_FEATURES, features);
	write(VIRTIO_DRIVER_FEATURES_SEL, 1);
	write(VIRTIO_DRIVER_FEATURES, 1);
	write(VIRTIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	begin_queue(SIZE, BASE + DESC);
	write(VIRTIO_STATUS, read(VIRTIO_STATUS) | STATUS_DRIVER_OK);
}

static int a_device(unsigned type)
{
	struct port port = { .base = (uint64_t)registers, .irq = 1 };

	memset(registers, 0, sizeof(registers));
	*of_platform(VIRTIO_MAGIC) = VIRTIO_MAGIC_VALUE;
	*of_platform(VIRTIO_VERSION) = 2;
	*of_platform(VIRTIO_TYPE) = type;
	*of_platform(VIRTIO_DEVICE_FEATURES) = ~0u; /* in both halves */
	*of_platform(VIRTIO_QUEUE_NUM_MAX) = OURS + 3;
	assert_true(port_probe(&port));
	assert_null(virtio_create(&device, &vm, 0, &port));
	said = 0;
	begin(FEATURE_INDIRECT);
	*of_platform(VIRTIO_QUEUE_NOTIFY) = ~0u;
	return 0;
}

static int a_disk(void **state)
{
	(void)state;
	return a_device(2);
}

static void set(struct descriptor *d, uint64_t address, uint32_t length, uint16_t flags,
		uint16_t next)
{
	*d = (struct descriptor){ address, length, flags, next };
}

static void offer(uint16_t head)
{
	avail()->head[avail()->index++ % SIZE] = head;
	write(VIRTIO_QUEUE_NOTIFY, 0);
}

static bool broken(void)
{
	return read(VIRTIO_STATUS) & STATUS_NEEDS_RESET;
}

static const struct ring *ring(void)
{
	return &device.queue[0].ring;
}

/* The device has used the chain that it was given as number `index`. */
static void use(uint16_t index, uint32_t length)
{
	struct used_ring *u = ring()->used;

	u->element[u->index % OURS] =
		(struct used_element){ ring()->avail->head[index % OURS], length };
	u->index++;
	*of_platform(VIRTIO_INTERRUPT_STATUS) = INTERRUPT_USED;
	virtio_serve(&device);
}

static void each_buffer_is_translated(void **state)
{
	const struct descriptor *ours = ring()->descriptor;
	unsigned head;

	(void)state;
	set(desc(3), BASE + DATA, 16, DESC_NEXT, 1);
	set(desc(1), OUTSIDE - 8, 8, DESC_WRITE, 7);
	offer(3);
	assert_false(broken());
	assert_int_equal(ring()->avail->index, 1);
	assert_int_equal(*of_platform(VIRTIO_QUEUE_NOTIFY), 0);
	head = ring()->avail->head[0];
	assert_int_equal(ours[head].address, (uint64_t)(ram + DATA));
	assert_int_equal(ours[head].length, 16);
	assert_int_equal(ours[head].flags, DESC_NEXT);
	assert_int_equal(ours[ours[head].next].address, (uint64_t)(ram + RAM_SIZE - 8));
	assert_int_equal(ours[ours[head].next].flags, DESC_WRITE);
}

static void what_is_used_goes_back_under_the_guests_number(void **state)
{
	(void)state;
	set(desc(5), BASE + DATA, 16, DESC_WRITE, 0);
	offer(5);
	assert_false(virtio_irq(&device));
	use(0, 11);
	assert_int_equal(used()->index, 1);
	assert_int_equal(used()->element[0].head, 5);
	assert_int_equal(used()->element[0].length, 11);
	assert_int_equal(read(VIRTIO_INTERRUPT_STATUS), INTERRUPT_USED);
	write(VIRTIO_INTERRUPT_ACK, INTERRUPT_USED);
	assert_false(virtio_irq(&device));
	avail()->flags = AVAIL_NO_INTERRUPT;
	offer(5);
	use(1, 1);
	assert_int_equal(used()->index, 2);
	assert_false(virtio_irq(&device));
}

static void an_event_index_asks_for_one_interrupt(void **state)
{
	(void)state;
	begin(FEATURE_EVENT_IDX);
	set(desc(0), BASE + DATA, 16, DESC_WRITE, 0);
	avail()->head[SIZE] = 1;
	offer(0);
	assert_int_equal(*(uint16_t *)&used()->element[SIZE], 1);
	use(0, 1);
	assert_false(virtio_irq(&device));
	offer(0);
	use(1, 1);
	assert_true(virtio_irq(&device));
}

/* A chain waits until all of it has room, and then goes by itself. */
static void what_has_no_room_waits(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SIZE; i++)
		set(desc(i), BASE + DATA, 1, i % 3 == 2 ? 0 : DESC_NEXT, i + 1);
	for (unsigned i = 0; i < 7; i++)
		offer(0);
	assert_int_equal(ring()->avail->index, OURS / 3);
	assert_false(broken());
	use(2, 0);
	assert_int_equal(ring()->avail->index, OURS / 3 + 1);
	use(0, 0);
	assert_int_equal(ring()->avail->index, 7);
}

/* What has become of the chain shows whether it was read. */
static void what_has_no_room_is_read_again_when_there_is_more(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SIZE; i++)
		set(desc(i), BASE + DATA, 1, i % 3 == 2 ? 0 : DESC_NEXT, i + 1);
	for (unsigned i = 0; i < 7; i++)
		offer(0);
	assert_int_equal(ring()->avail->index, OURS / 3);
	desc(0)->address = OUTSIDE;
	write(VIRTIO_QUEUE_NOTIFY, 0);
	*of_platform(VIRTIO_INTERRUPT_STATUS) = INTERRUPT_USED;
	virtio_serve(&device);
	assert_false(broken());
	use(0, 0);
	assert_true(broken());
	begin(0);
	set(desc(0), BASE + DATA, 1, 0, 0);
	offer(0);
	assert_int_equal(ring()->avail->index, 1);
}

static void a_chain_may_be_as_long_as_the_ring(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OURS; i++)
		set(in_table(i), BASE + DATA, 1, i + 1 < OURS ? DESC_NEXT : 0, i + 1);
	set(desc(0), BASE + TABLE, 16 * OURS, DESC_INDIRECT, 0);
	offer(0);
	assert_int_equal(ring()->avail->index, 1);
	use(0, 0);
	in_table(OURS - 1)->flags = DESC_NEXT;
	set(in_table(OURS), BASE + DATA, 1, 0, 0);
	desc(0)->length += 16;
	offer(0);
	assert_true(broken());
	assert_int_equal(ring()->avail->index, 1);
}

/* Its buffers may be the same memory. */
static void offer_random(unsigned head, uint32_t first, uint32_t second)
{
	set(desc(head), BASE, first, DESC_WRITE | DESC_NEXT, head + 1);
	set(desc(head + 1), BASE, second, DESC_WRITE, 0);
	offer(head);
}

static void a_chain_has_the_bytes_of_its_type(void **state)
{
	(void)state;
	a_device(4);
	offer_random(0, RAM_SIZE - 1, 1);
	assert_false(broken());
	use(0, 1);
	offer_random(0, RAM_SIZE, 1);
	assert_true(broken());
	assert_int_equal(ring()->avail->index, 1);
	for (unsigned i = 1; i < 10; i++)
		assert_true(!virtio_type_of(i) ||
			    virtio_type_of(i)->chain_bytes <= virtio_type_of(i)->flight_bytes);
}

/* Until the device has used some of what it has; a reset takes all back. */
static void more_bytes_wait(void **state)
{
	(void)state;
	a_device(4);
	offer_random(0, RAM_SIZE / 2 - 1, 1);
	offer_random(2, RAM_SIZE / 2 - 1, 1);
	offer_random(4, 1, 1);
	assert_int_equal(ring()->avail->index, 2);
	assert_false(broken());
	use(1, 0);
	assert_int_equal(ring()->avail->index, 3);
	use(0, 0);
	use(2, 0);
	assert_int_equal(used()->index, 3);
	offer_random(0, RAM_SIZE - 1, 1);
	assert_int_equal(ring()->avail->index, 4);
	begin(0);
	offer_random(0, RAM_SIZE - 1, 1);
	assert_int_equal(ring()->avail->index, 1);
	assert_false(broken());
}

static void a_loop_ends(void **state)
{
	(void)state;
	set(desc(0), BASE + DATA, 1, DESC_NEXT, 1);
	set(desc(1), BASE + DATA, 1, DESC_NEXT, 0);
	offer(0);
	assert_true(broken());
	assert_int_equal(said, 1);
	assert_true(read(VIRTIO_INTERRUPT_STATUS) & INTERRUPT_CONFIG);
	begin(0);
	assert_false(broken());
	set(desc(0), BASE + DATA, 1, DESC_NEXT, 0);
	offer(0);
	assert_true(broken());
	assert_int_equal(said, 1);
}

static void an_index_is_not_further_ahead_than_the_queue_is_long(void **state)
{
	(void)state;
	set(desc(0), BASE + DATA, 1, 0, 0);
	avail()->index = SIZE;
	write(VIRTIO_QUEUE_NOTIFY, 0);
	assert_false(broken());
	assert_int_equal(ring()->avail->index, SIZE);
	avail()->index = 2 * SIZE + 1;
	write(VIRTIO_QUEUE_NOTIFY, 0);
	assert_true(broken());
	assert_int_equal(ring()->avail->index, SIZE);
}

/* Behind each table lies one that would do. */
static void a_descriptor_is_in_its_table(void **state)
{
	(void)state;
	set(desc(SIZE), BASE + DATA, 1, 0, 0);
	offer(SIZE);
	assert_true(broken());
	begin(FEATURE_INDIRECT);
	set(desc(SIZE), BASE + DATA, 1, 0, 0);
	set(desc(0), BASE + DATA, 1, DESC_NEXT, SIZE);
	offer(0);
	assert_true(broken());
	begin(FEATURE_INDIRECT);
	set(desc(0), BASE + TABLE, 16, DESC_INDIRECT, 0);
	set(in_table(0), BASE + DATA, 1, DESC_NEXT, 1);
	set(in_table(1), BASE + DATA, 1, 0, 0);
	offer(0);
	assert_true(broken());
	assert_int_equal(ring()->avail->index, 0);
}

static void nothing_leaves_the_ram(void **state)
{
	static const struct descriptor bad[] = {
		{ OUTSIDE, 1, 0, 0 },
		{ OUTSIDE - 1, 2, 0, 0 },
		{ BASE - 1, 1, 0, 0 },
		{ BASE - 1, 2, 0, 0 },
		{ BASE, UINT32_MAX, 0, 0 },
		{ -1UL, 2, 0, 0 },
		{ -1UL, UINT32_MAX, 0, 0 },
		{ BASE, 0, 0, 0 },
		{ OUTSIDE, 16, DESC_INDIRECT, 0 },
		{ OUTSIDE - 16, 32, DESC_INDIRECT, 0 },
		{ BASE + TABLE + 4, 16, DESC_INDIRECT, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		begin(FEATURE_INDIRECT);
		*desc(0) = bad[i];
		set(in_table(0), BASE + DATA, 1, 0, 0);
		offer(0);
		assert_true(broken());
		assert_int_equal(ring()->avail->index, 0);
	}
}

static void a_queue_is_checked_when_it_begins(void **state)
{
	static const unsigned sizes[] = { 0, 3, 2 * OURS, 1u << 31 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		write(VIRTIO_STATUS, 0);
		begin(0);
		write(VIRTIO_STATUS, 0);
		write(VIRTIO_DRIVER_FEATURES_SEL, 1);
		write(VIRTIO_DRIVER_FEATURES, 1);
		write(VIRTIO_STATUS, STATUS_FEATURES_OK);
		begin_queue(sizes[i], BASE + DESC);
		assert_true(broken());
		assert_int_equal(read(VIRTIO_QUEUE_READY), 0);
	}
}

static void a_device_that_used_what_it_had_not_is_not_believed(void **state)
{
	(void)state;
	set(desc(0), BASE + DATA, 1, 0, 0);
	offer(0);
	ring()->avail->head[0] = OURS - 1;
	use(0, 0);
	assert_int_equal(used()->index, 0);
	assert_true(broken());
}

static void features_are_those_of_its_list(void **state)
{
	(void)state;
	assert_int_equal(device.offered >> 32, 1);
	assert_false(device.offered & 1u << 12); /* several queues */
	write(VIRTIO_STATUS, 0);
	write(VIRTIO_DRIVER_FEATURES_SEL, 1);
	write(VIRTIO_DRIVER_FEATURES, 2);
	write(VIRTIO_STATUS, STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	assert_int_equal(read(VIRTIO_STATUS), 0);
	begin(FEATURE_INDIRECT);
	assert_int_equal(*of_platform(VIRTIO_DRIVER_FEATURES), 1); /* the high half is the last */
	*of_platform(VIRTIO_TYPE) = 16;
	assert_true(port_probe(&device.port));
	assert_null(device.port.known);
}

/* Also one that no guest gets: whatever ran before may have left it at work. */
static void each_device_is_reset_before_there_is_a_guest(void **state)
{
	static const struct {
		unsigned version, type;
	} those[] = { { 1, 2 }, { 2, 16 }, { 2, 2 } };
	struct platform p = {
		.virtio = { { { (uint64_t)registers, sizeof(registers) }, 1 } },
		.virtio_count = 1,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(those); i++) {
		*of_platform(VIRTIO_VERSION) = those[i].version;
		*of_platform(VIRTIO_TYPE) = those[i].type;
		*of_platform(VIRTIO_STATUS) = STATUS_DRIVER_OK;
		bus_init(&p);
		assert_int_equal(*of_platform(VIRTIO_STATUS), 0);
	}
	assert_int_equal(said, 2);
}

/* A chain of as many segments, with a request's head and its status, would never fit. */
static void more_segments_than_fit_are_not_offered(void **state)
{
	static const struct {
		uint32_t segments;
		bool fit;
	} those[] = { { OURS - 2, true }, { OURS - 1, false }, { UINT32_MAX, false }, { 0, true } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(those); i++) {
		*of_platform(VIRTIO_CONFIG + 12) = those[i].segments;
		assert_null(virtio_create(&device, &vm, 0, &device.port));
		assert_int_equal(!!(device.offered & 1u << 2), those[i].fit); /* SEG_MAX */
		assert_true(device.offered & 1u << 1);
	}
}

static void a_device_without_memory_is_nobodys(void **state)
{
	(void)state;
	no_memory = true;
	assert_non_null(virtio_create(&device, &vm, 0, &device.port));
	no_memory = false;
}

static void after_a_reset_nothing_is_taken(void **state)
{
	(void)state;
	set(desc(0), BASE + DATA, 1, 0, 0);
	virtio_reset(&device);
	assert_int_equal(*of_platform(VIRTIO_STATUS), 0);
	*of_platform(VIRTIO_QUEUE_NOTIFY) = ~0u;
	offer(0);
	assert_int_equal(*of_platform(VIRTIO_QUEUE_NOTIFY), ~0u);
	use(0, 0);
	assert_int_equal(used()->index, 0);
}

static void a_slow_reset_takes_the_guests_own_time(void **state)
{
	(void)state;
	slow = true;
	pauses = 0;
	write(VIRTIO_STATUS, 0);
	assert_true(pauses < 100);
	assert_int_equal(read(VIRTIO_STATUS), STATUS_DRIVER_OK);
	write(VIRTIO_STATUS, STATUS_ACKNOWLEDGE);
	write(VIRTIO_DRIVER_FEATURES_SEL, 1);
	begin_queue(SIZE, BASE + DESC);
	assert_int_equal(read(VIRTIO_STATUS), STATUS_DRIVER_OK);
	assert_int_equal(device.status | device.driver_half | device.queue[0].size, 0);
	slow = false;
	*of_platform(VIRTIO_STATUS) = 0;
	assert_int_equal(read(VIRTIO_STATUS), 0);
	begin(0);
	set(desc(0), BASE + DATA, 1, 0, 0);
	offer(0);
	assert_int_equal(ring()->avail->index, 1);
	slow = true;
	expect_fail("cannot be reset", virtio_reset(&device));
	slow = false;
}

static void only_a_harmless_part_of_the_configuration_is_written(void **state)
{
	uint64_t value;

	(void)state;
	begin(1u << 11);
	assert_true(virtio_write(&device, VIRTIO_CONFIG + 32, 1, 0x55));
	assert_true(virtio_write(&device, VIRTIO_CONFIG + 31, 2, 0x6666));
	assert_true(virtio_write(&device, VIRTIO_CONFIG, 4, 0x77777777));
	assert_true(virtio_read(&device, VIRTIO_CONFIG + 32, 4, &value));
	assert_int_equal(value, 0x55);
	assert_true(virtio_read(&device, VIRTIO_CONFIG, 4, &value));
	assert_int_equal(value, 0);
	begin(0);
	assert_true(virtio_write(&device, VIRTIO_CONFIG + 32, 1, 0x11));
	assert_int_equal(registers[VIRTIO_CONFIG + 32], 0x55);
	write(VIRTIO_STATUS, 0);
	write(VIRTIO_DRIVER_FEATURES, 1u << 11); /* said, but not settled */
	assert_true(virtio_write(&device, VIRTIO_CONFIG + 32, 1, 0x22));
	assert_int_equal(registers[VIRTIO_CONFIG + 32], 0x55);
	assert_false(virtio_read(&device, VIRTIO_BYTES - 2, 4, &value));
}

/* -- a guest that writes meanwhile -- */

static bool over;

/* What two words of a descriptor take turns to be: each first one is sound. */
struct turns {
	struct descriptor sound, wild;
};

static void *flip(void *of)
{
	const uint64_t *sound = (uint64_t *)&((struct turns *)of)->sound;
	const uint64_t *wild = (uint64_t *)&((struct turns *)of)->wild;
	volatile uint64_t *word = (uint64_t *)desc(0);

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		word[0] = wild[0];
		word[1] = wild[1];
		word[0] = sound[0];
		word[1] = sound[1];
	}
	return NULL;
}

static bool is_inside(const struct descriptor *d)
{
	return range_holds((struct range){ (uint64_t)ram, RAM_SIZE },
			   (struct range){ d->address, d->length });
}

/* Offers it again and again, until the device has got it so often. */
static void take_while(struct turns *turns)
{
	pthread_t other;
	uint16_t index;

	over = false;
	pthread_create(&other, NULL, flip, turns);
	for (unsigned given = 0; given < 1000000;) {
		index = ring()->avail->index;
		offer(0);
		if (broken()) {
			begin(0);
			continue;
		}
		assert_true(is_inside(&ring()->descriptor[ring()->avail->head[index % OURS]]));
		use(index, 0);
		given++;
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
}

static void what_was_checked_is_what_the_device_gets(void **state)
{
	struct turns longer = { { OUTSIDE - 1, 1, 0, 0 }, { OUTSIDE - 1, 2, 0, 0 } };
	struct turns away = { { BASE, 1, 0, 0 }, { OUTSIDE, 1, 0, 0 } };

	(void)state;
	*desc(0) = longer.sound;
	take_while(&longer);
	*desc(0) = away.sound;
	take_while(&away);
}

/* -- the lock that is held meanwhile -- */

static struct spinlock lock;
static bool gotten;

static void *get(void *unused)
{
	spin_lock(&lock);
	__atomic_store_n(&gotten, true, __ATOMIC_RELAXED);
	spin_unlock(&lock);
	return unused;
}

static void goes_to_who_waits(void)
{
	uint32_t ticket;
	pthread_t other;

	gotten = false;
	spin_lock(&lock);
	ticket = lock.next;
	pthread_create(&other, NULL, get, NULL);
	while (__atomic_load_n(&lock.next, __ATOMIC_RELAXED) == ticket)
		;
	spin_unlock(&lock);
	spin_lock(&lock);
	assert_true(__atomic_load_n(&gotten, __ATOMIC_RELAXED));
	spin_unlock(&lock);
	pthread_join(other, NULL);
}

/* Whoever has had it comes after those that wait. */
static void a_lock_goes_to_who_waits(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		goes_to_who_waits();
}

#define TEST(name) cmocka_unit_test_setup(name, a_disk)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_buffer_is_translated),
		TEST(what_is_used_goes_back_under_the_guests_number),
		TEST(an_event_index_asks_for_one_interrupt),
		TEST(what_has_no_room_waits),
		TEST(what_has_no_room_is_read_again_when_there_is_more),
		TEST(a_chain_may_be_as_long_as_the_ring),
		TEST(a_chain_has_the_bytes_of_its_type),
		TEST(more_bytes_wait),
		TEST(a_loop_ends),
		TEST(an_index_is_not_further_ahead_than_the_queue_is_long),
		TEST(a_descriptor_is_in_its_table),
		TEST(nothing_leaves_the_ram),
		TEST(a_queue_is_checked_when_it_begins),
		TEST(a_device_that_used_what_it_had_not_is_not_believed),
		TEST(features_are_those_of_its_list),
		TEST(each_device_is_reset_before_there_is_a_guest),
		TEST(more_segments_than_fit_are_not_offered),
		TEST(a_device_without_memory_is_nobodys),
		TEST(after_a_reset_nothing_is_taken),
		TEST(a_slow_reset_takes_the_guests_own_time),
		TEST(only_a_harmless_part_of_the_configuration_is_written),
		TEST(what_was_checked_is_what_the_device_gets),
		TEST(a_lock_goes_to_who_waits),
	};

	return RUN(tests);
}
