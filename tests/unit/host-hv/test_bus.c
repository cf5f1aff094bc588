/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose the platform's virtio devices are; they are nothing but memory for registers. */
#include "test.h"

#include "virtio/bus.h"

#define COUNT  4 /* the second is of a type that no guest may have */
#define OTHERS 16

static uint8_t registers[COUNT][VIRTIO_BYTES] __attribute__((aligned(4096)));
static struct vm vms[3] = { { .id = 0 }, { .id = 1 }, { .id = 2 } };

void print(const char *format, ...)
{
	(void)format;
}

const char *virtio_create(struct virtio_device *d, struct vm *vm, unsigned number,
			  const struct port *port)
{
	*d = (struct virtio_device){ .vm = vm, .number = number, .port = *port };
	return NULL;
}

bool external_listen(uint32_t source, bool (*serve)(void *whose), void *whose)
{
	(void)serve;
	(void)whose;
	return source;
}

static int three_devices_for_guests(void **state)
{
	static bool found;
	struct platform p = { .virtio_count = COUNT };

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		volatile uint32_t *device = (volatile uint32_t *)registers[i];

		device[VIRTIO_MAGIC / 4] = VIRTIO_MAGIC_VALUE;
		device[VIRTIO_VERSION / 4] = 2;
		device[VIRTIO_TYPE / 4] = i == 1 ? OTHERS : 2;
		p.virtio[i].where = (struct range){ (uint64_t)registers[i], VIRTIO_BYTES };
		p.virtio[i].irq = 10 + i;
	}
	if (!found)
		bus_init(&p);
	found = true;
	return 0;
}

/* The guests' numbers by the devices' addresses; - is nobody. */
static const char *owners(void)
{
	static char found[COUNT + 1];

	memset(found, '-', COUNT);
	for (unsigned i = 0; i < ARRAY_SIZE(vms); i++) {
		struct virtio_device *to[MAX_VIRTIO];
		unsigned count = bus_deal(&vms[i], NULL, to);

		for (unsigned number = 0; number < count; number++) {
			assert_int_equal(to[number]->number, number);
			found[to[number]->port.irq - 10] = '0' + i;
		}
	}
	return found;
}

static void without_a_list_they_are_dealt_in_turn(void **state)
{
	static const struct bus_owners none;

	(void)state;
	bus_assign(&none, 1);
	assert_string_equal(owners(), "0-00");
	bus_assign(&none, 2);
	assert_string_equal(owners(), "0-10");
	bus_assign(&none, 3);
	assert_string_equal(owners(), "0-12");
}

static void a_list_names_the_owner_of_each(void **state)
{
	(void)state;
	bus_assign(&(struct bus_owners){ 3, { 1, 0, 1 } }, 2);
	assert_string_equal(owners(), "1-01");
	bus_assign(&(struct bus_owners){ 3, { OWNER_NOBODY, 2, OWNER_NOBODY } }, 3);
	assert_string_equal(owners(), "--2-");
	bus_assign(&(struct bus_owners){ 1, { 1 } }, 2);
	assert_string_equal(owners(), "1---");
}

static void a_list_must_fit(void **state)
{
	(void)state;
	expect_fail("devices= gives a device to guest 2, and there are 2 guests",
		    bus_assign(&(struct bus_owners){ 2, { 0, 2 } }, 2));
	expect_fail("devices= names owners of 4 devices, and guests may have 3",
		    bus_assign(&(struct bus_owners){ 4, { 0 } }, 2));
}

#define TEST(name) cmocka_unit_test_setup(name, three_devices_for_guests)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_list_they_are_dealt_in_turn),
		TEST(a_list_names_the_owner_of_each),
		TEST(a_list_must_fit),
	};

	return RUN(tests);
}
