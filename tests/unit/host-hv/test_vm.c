/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's devices at its end and its restart; the firmware, the platform's clock and all that
 * loads it are played.
 */
#include "test.h"

#undef fail /* cmocka's */
#include <libfdt.h>

#include "core/console.h"
#include "core/hm.h"
#include "core/memory.h"
#include "device/clock.h"
#include "device/devices.h"
#include "guest/create.h"
#include "guest/dtb.h"
#include "guest/image.h"
#include "run/release.h"
#include "run/sched.h"
#include "shadow/shadow.h"
#include "shadow/tsp_handler.h"

#define IER_RECEIVED   1
#define RTC_ALARM_LOW  0x08
#define RTC_ALARM_HIGH 0x0c

unsigned long mock_time, mock_sip, mock_sie;
struct hart *mock_hart;

static char ram[2 * MIB] __attribute__((aligned(4096)));
static char page[PAGE] __attribute__((aligned(4096)));
static struct hart hart;
static uint64_t due[MAX_GUESTS];     /* of the platform's clock */
static void (*on_vcpu_create)(void); /* what another hart does meanwhile */
static struct vm *vm;

static uint64_t vm_flags; /* the firmware was given them last */

struct sbiret sbi_call6(unsigned long eid, unsigned long fid, const unsigned long arg[6])
{
	if (eid == HM_EXT_ID && fid == HM_FID_VM_CREATE)
		vm_flags = arg[0];
	if (eid == HM_EXT_ID && fid == HM_FID_VCPU_CREATE && on_vcpu_create)
		on_vcpu_create();
	return (struct sbiret){ 0, 0 };
}

bool clock_exists(void)
{
	return true;
}

uint64_t clock_now(void)
{
	return 5000;
}

void clock_wake(unsigned id, uint64_t when)
{
	due[id] = when;
}

/* -- what loads a guest, and runs it -- */

const char *image_check(const void *file, uint64_t size, struct image *out)
{
	(void)file;
	out->memory_size = size;
	return NULL;
}

const char *image_place(struct range to, const struct image *image, uint64_t initrd_size,
			uint64_t dtb_size, struct placement *out)
{
	(void)image, (void)initrd_size;
	*out = (struct placement){ .kernel = to.base, .dtb = to.base + to.size - dtb_size };
	return NULL;
}

int dtb_build(const struct guest_tree *tree, void *buf)
{
	(void)tree, (void)buf;
	return 0;
}

int dtb_adopt(const struct guest_tree *tree, const void *file, uint64_t size, void *buf)
{
	(void)file, (void)size;
	return dtb_build(tree, buf);
}

const char *fdt_strerror(int error)
{
	(void)error;
	return "";
}

uint64_t memory_alloc(uint64_t size, uint64_t align)
{
	(void)align;
	return size <= sizeof(ram) ? (uint64_t)ram : 0;
}

uint64_t memory_largest(uint64_t align)
{
	(void)align;
	return sizeof(ram);
}

void *memory_page(void)
{
	return page;
}

struct shadow *shadow_create(const struct vm *of, unsigned long pages, const struct hm_info *hm)
{
	(void)of, (void)pages, (void)hm;
	return NULL;
}

void shadow_init(struct shadow *shadow, const struct vm *of, unsigned long pages,
		 const struct hm_info *hm)
{
	(void)shadow, (void)of, (void)pages, (void)hm;
}

struct vm_tsp *tsp_handler_create(const struct vm *of)
{
	(void)of;
	return NULL;
}

void tsp_handler_init(struct vm_tsp *tsp, const struct vm *of, const struct hm_info *hm,
		      uint32_t zero_block)
{
	(void)tsp, (void)of, (void)hm, (void)zero_block;
}

void sched_add(struct vcpu *v, unsigned count)
{
	(void)count;
	v->hart = &hart;
}

void sched_kick(struct hart *h)
{
	(void)h;
}

void console_name_speakers(void)
{
}
void console_end_lines(void)
{
}

void console_end_line(int speaker)
{
	(void)speaker;
}

void print(const char *format, ...)
{
	(void)format;
}

/* -- the tests -- */

/* Guest number 0 runs on, so that no end is the machine's. */
static int setup(void **state)
{
	static const struct platform platform = { .hart_count = 1 };
	static const struct hm_info hm;
	static const struct guest_config config = {
		.kernel = { (uint64_t)page, sizeof(page) },
		.memory = sizeof(ram),
		.vcpus = 1,
	};
	const struct vm_defaults defaults = {
		.platform = &platform,
		.hm = &hm,
		.restarts = true,
		.satp_mode = 8,
		.roots = HM_ROOTS,
		.quiet = true,
	};

	(void)state;
	on_vcpu_create = NULL;
	if (!vm)
		vm_create(&config, &defaults);
	vm_create(&config, &defaults);
	vm = vm_find(vm ? vm->id + 1 : 1);
	return 0;
}

/* Its one vCPU leaves its hart. */
static void ends(enum vm_end how)
{
	vm_end(vm, how);
	vm_release_vcpu(&vm->vcpu[0]);
}

static void listens_to_its_keyboard(void)
{
	vm->devices->uart.ier = IER_RECEIVED;
	vm->devices->plic.priority[GUEST_UART_IRQ] = 1;
	vm->devices->plic.hart[0].enable[0] = 1u << GUEST_UART_IRQ;
}

static void types(void)
{
	spin_lock(&vm->devices->lock);
	assert_true(typed_put(&vm->devices->typed, 'k'));
	vm_uart_changed(vm);
	spin_unlock(&vm->devices->lock);
}

static bool is_interrupted(void)
{
	return vm->vcpu[0].external_irq & EXTERNAL_LEVEL;
}

static const struct vm *marks_forgotten;

void stats_start(struct vm *started)
{
	marks_forgotten = started;
}

static void a_key_before_a_restart_interrupts(void **state)
{
	(void)state;
	listens_to_its_keyboard();
	types();
	assert_true(is_interrupted());
}

/* The boot hart takes it between what the restart resets. */
static void a_key_during_a_restart_interrupts_nobody(void **state)
{
	(void)state;
	listens_to_its_keyboard();
	ends(VM_REBOOT);
	assert_int_equal(vm->end, VM_RESTARTS);
	on_vcpu_create = types;
	vm_start(vm);
	assert_int_equal(vm->end, VM_RUNS);
	assert_false(is_interrupted());
	assert_false(plic_asserts(&vm->devices->plic, 0));
	assert_int_equal(uart_pop(&vm->devices->uart), 'k');
}

static void sets_an_alarm(uint64_t when)
{
	spin_lock(&vm->devices->lock);
	rtc_write(&vm->devices->rtc, RTC_ALARM_HIGH, when >> 32, clock_now());
	rtc_write(&vm->devices->rtc, RTC_ALARM_LOW, when, clock_now());
	vm_rtc_changed(vm);
	spin_unlock(&vm->devices->lock);
	assert_int_equal(due[vm->id], when);
}

/* Nor does one that rang meanwhile bring it back. */
static void takes_its_alarm_along(enum vm_end how)
{
	sets_an_alarm(1ul << 62);
	ends(how);
	assert_int_equal(due[vm->id], FOREVER);
	devices_ring(vm->id);
	assert_int_equal(due[vm->id], FOREVER);
}

static void a_guest_that_ends_takes_its_alarm_along(void **state)
{
	(void)state;
	takes_its_alarm_along(VM_SHUTDOWN);
}

static void a_guest_that_reboots_takes_its_alarm_along(void **state)
{
	(void)state;
	takes_its_alarm_along(VM_REBOOT);
}

/* Which the platform's device shows by its status: while that is 0 it reaches no memory. */
static void leaves_a_quiet_device(enum vm_end how)
{
	static uint8_t registers[VIRTIO_BYTES] __attribute__((aligned(8)));
	static struct virtio_device disk;

	disk = (struct virtio_device){ .vm = vm, .status = STATUS_DRIVER_OK };
	disk.port = (struct port){ .base = (uint64_t)registers, .known = virtio_type_of(2) };
	registers[VIRTIO_STATUS] = STATUS_DRIVER_OK;
	vm->devices->virtio[0] = &disk;
	vm->devices->virtio_count = 1;
	ends(how);
	assert_int_equal(registers[VIRTIO_STATUS], 0);
	assert_int_equal(disk.status, 0);
	vm->devices->virtio_count = 0;
}

static void a_guest_that_ends_leaves_a_quiet_device(void **state)
{
	(void)state;
	leaves_a_quiet_device(VM_SHUTDOWN);
}

static void a_guest_that_reboots_leaves_a_quiet_device(void **state)
{
	(void)state;
	leaves_a_quiet_device(VM_REBOOT);
}

/* No roots is what an older firmware takes as well. */
static void a_guest_begins_with_its_roots_and_without_marks(void **state)
{
	(void)state;
	assert_int_equal(vm_flags, 0);
	vm->roots = 4;
	marks_forgotten = NULL;
	vm_start(vm);
	assert_int_equal(vm_flags, 4);
	assert_ptr_equal(marks_forgotten, vm);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_before_a_restart_interrupts),
		TEST(a_key_during_a_restart_interrupts_nobody),
		TEST(a_guest_that_ends_takes_its_alarm_along),
		TEST(a_guest_that_reboots_takes_its_alarm_along),
		TEST(a_guest_that_ends_leaves_a_quiet_device),
		TEST(a_guest_that_reboots_leaves_a_quiet_device),
		TEST(a_guest_begins_with_its_roots_and_without_marks),
	};

	return RUN(tests);
}
