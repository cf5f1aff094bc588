/* SPDX-License-Identifier: BSD-2-Clause */
/* Device trees: reading the machine's, finding guests in it, writing a guest's. */
#include "test.h"

#include <libfdt.h>

#include "boot/modules.h"
#include "boot/probe.h"
#include "fdt_reg.h"
#include "core/memory.h"
#include "core/platform.h"
#include "device/plic.h"
#include "guest/dtb.h"
#include "guest/image.h"
#include "guest/seed.h"

static char host[16384];
static const char *uart_name = "ns16550a";
static uint32_t uart_shift, uart_width;
static char guest[DTB_MAX_SIZE];

static void cells(const char *name, unsigned count, const uint32_t *values)
{
	fdt32_t be[16];

	for (unsigned i = 0; i < count; i++)
		be[i] = cpu_to_fdt32(values[i]);
	fdt_property(host, name, be, 4 * count);
}

#define CELLS(name, ...)                              \
	do {                                          \
		const uint32_t v[] = { __VA_ARGS__ }; \
		cells(name, sizeof(v) / 4, v);        \
	} while (0)

static void reg(uint64_t base, uint64_t size)
{
	CELLS("reg", base >> 32, base, size >> 32, size);
}

/* One hart with the extensions given, in the form of a list or of a string. */
static void write_cpu(uint32_t id, uint32_t phandle, const char *list, int len, const char *string)
{
	char name[16];

	snprintf(name, sizeof(name), "cpu@%x", id);
	fdt_begin_node(host, name);
	fdt_property_string(host, "device_type", "cpu");
	CELLS("reg", id);
	if (list)
		fdt_property(host, "riscv,isa-extensions", list, len);
	if (string)
		fdt_property_string(host, "riscv,isa", string);
	fdt_begin_node(host, "interrupt-controller");
	fdt_property_u32(host, "phandle", phandle);
	fdt_end_node(host);
	fdt_end_node(host);
}

static void module(const char *name, const char *kind, uint64_t base, uint64_t size,
		   const char *bootargs)
{
	char compatible[64];
	int len = snprintf(compatible, sizeof(compatible), "multiboot,module%c%s", 0, kind) + 1;

	fdt_begin_node(host, name);
	fdt_property(host, "compatible", compatible, len);
	reg(base, size);
	if (bootargs)
		fdt_property_string(host, "bootargs", bootargs);
	fdt_end_node(host);
}

#define EXTENSIONS "i\0m\0a\0c\0v\0h\0zicsr\0zbb\0zicboz\0zve32x\0svadu\0svpbmt"

/* A machine of two harts like QEMU's; chosen() writes what is below /chosen. */
static void write_host(void (*chosen)(void), const char *isa_string)
{
	fdt_create(host, sizeof(host));
	fdt_add_reservemap_entry(host, 0x87f00000, 0x1000);
	fdt_finish_reservemap(host);
	fdt_begin_node(host, "");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
	fdt_begin_node(host, "chosen"); /* without cell sizes, as QEMU leaves it */
	fdt_property_string(host, "stdout-path", "/soc/serial@10000000:115200");
	if (chosen)
		chosen();
	fdt_end_node(host);
	fdt_begin_node(host, "memory@80000000");
	fdt_property_string(host, "device_type", "memory");
	reg(0x80000000, 128 * MIB);
	fdt_end_node(host);
	fdt_begin_node(host, "reserved-memory");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
	fdt_begin_node(host, "mmode_resv@80000000");
	reg(0x80000000, 0x80000);
	fdt_end_node(host);
	fdt_end_node(host);
	fdt_begin_node(host, "cpus");
	CELLS("#address-cells", 1);
	CELLS("#size-cells", 0);
	CELLS("timebase-frequency", 10000000);
	write_cpu(0, 7, isa_string ? NULL : EXTENSIONS, sizeof(EXTENSIONS), isa_string);
	write_cpu(1, 9, isa_string ? NULL : EXTENSIONS, sizeof(EXTENSIONS), isa_string);
	fdt_end_node(host);
	fdt_begin_node(host, "soc");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
	fdt_begin_node(host, "serial@10000000");
	fdt_property_string(host, "compatible", uart_name);
	reg(0x10000000, 0x100);
	if (uart_shift) {
		CELLS("reg-shift", uart_shift);
		CELLS("reg-io-width", uart_width);
	}
	CELLS("interrupts", 10);
	fdt_end_node(host);
	fdt_begin_node(host, "plic@c000000");
	fdt_property_string(host, "compatible", "sifive,plic-1.0.0");
	reg(0xc000000, 0x600000);
	CELLS("interrupts-extended", 7, 0xffffffff, 7, 9, 9, 0xffffffff, 9, 9);
	fdt_end_node(host);
	fdt_end_node(host);
	fdt_end_node(host);
	assert_int_equal(fdt_finish(host), 0);
}

static void a_uart_may_have_wide_registers(void **state)
{
	struct platform p;

	(void)state;
	uart_name = "snps,dw-apb-uart";
	uart_shift = 2;
	uart_width = 4;
	write_host(NULL, NULL);
	platform_read(&p, host, 1);
	assert_int_equal(p.uart.base, 0x10000000);
	assert_int_equal(p.uart_shift, 2);
	assert_int_equal(p.uart_width, 4);
	assert_int_equal(p.uart_irq, 10);

	uart_width = 8;
	write_host(NULL, NULL);
	platform_read(&p, host, 1);
	assert_int_equal(p.uart.size, 0);
	uart_name = "ns16550a";
	uart_shift = 0;
}

static void reads_the_machine(void **state)
{
	struct platform p;

	(void)state;
	write_host(NULL, NULL);
	platform_read(&p, host, 1);
	assert_int_equal(p.hart_count, 2);
	assert_int_equal(p.hart_id[0], 1);
	assert_int_equal(p.hart_id[1], 0);
	assert_int_equal(p.timebase_hz, 10000000);
	assert_int_equal(p.uart.base, 0x10000000);
	assert_int_equal(p.uart_shift, 0);
	assert_int_equal(p.uart_width, 1);
	assert_int_equal(p.uart_irq, 10);
	assert_int_equal(p.plic.base, 0xc000000);
	assert_int_equal(p.plic_context, 2);
}

static void fails_without_the_boot_hart(void **state)
{
	struct platform p;

	(void)state;
	write_host(NULL, NULL);
	expect_fail("hart 5", platform_read(&p, host, 5));
}

/* -- guests -- */

static const struct options defaults = { .memory = 64 * MIB, .vcpus = 1 };

/* The modules of these tests are addresses without memory: which of them is a device tree. */
static const void *tree_module;

bool image_is_tree(const void *file, uint64_t size)
{
	return size >= 4 && file == tree_module;
}

static unsigned find(void (*chosen)(void), struct guest_config out[MAX_GUESTS])
{
	struct platform p;

	write_host(chosen, NULL);
	platform_read(&p, host, 0);
	return guests_find(&p, &defaults, out);
}

static void two_by_loader(void)
{
	module("module@84000000", "multiboot,ramdisk", 0x84000000, 300, NULL);
	module("module@86000000", "multiboot,kernel", 0x86000000, 200, "second");
	module("module@87000000", "multiboot,ramdisk", 0x87000000, 400, NULL);
	module("module@82000000", "multiboot,kernel", 0x82000000, 100, "first");
}

static void guest_loader_modules_pair_by_address(void **state)
{
	struct guest_config g[MAX_GUESTS];

	(void)state;
	assert_int_equal(find(two_by_loader, g), 2);
	assert_string_equal(g[0].bootargs, "first");
	assert_int_equal(g[0].initrd.base, 0x84000000);
	assert_string_equal(g[1].bootargs, "second");
	assert_int_equal(g[1].kernel.base, 0x86000000);
	assert_int_equal(g[1].initrd.size, 400);
	assert_int_equal(g[1].memory, 64 * MIB);
}

static void one_domain(void)
{
	fdt_begin_node(host, "domU1");
	fdt_property_string(host, "compatible", "xen,domain");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
	CELLS("memory", 0, 32768);
	CELLS("cpus", 2);
	module("module@82000000", "multiboot,kernel", 0x82000000, 100, "args");
	module("module@84000000", "multiboot,ramdisk", 0x84000000, 300, NULL);
	module("module@85000000", "multiboot,device-tree", 0x85000000, 500, NULL);
	fdt_end_node(host);
}

static void dom0less_nodes_say_all(void **state)
{
	struct guest_config g[MAX_GUESTS];

	(void)state;
	assert_int_equal(find(one_domain, g), 1);
	assert_string_equal(g[0].bootargs, "args");
	assert_int_equal(g[0].memory, 32 * MIB);
	assert_int_equal(g[0].vcpus, 2);
	assert_int_equal(g[0].kernel.size, 100);
	assert_int_equal(g[0].initrd.size, 300);
	assert_int_equal(g[0].tree.base, 0x85000000);
}

static void two_with_a_tree(void)
{
	two_by_loader();
	module("module@87800000", "multiboot,ramdisk", 0x87800000, 500, NULL);
}

static void a_ramdisk_that_is_a_tree_is_the_guests(void **state)
{
	struct guest_config g[MAX_GUESTS];

	(void)state;
	tree_module = (void *)0x87800000;
	assert_int_equal(find(two_with_a_tree, g), 2);
	tree_module = NULL;
	assert_int_equal(g[0].tree.size, 0);
	assert_int_equal(g[1].tree.base, 0x87800000);
	assert_int_equal(g[1].tree.size, 500);
	assert_int_equal(g[1].initrd.size, 400);
}

static void lone_ramdisk(void)
{
	module("module@84000000", "multiboot,ramdisk", 0x84000000, 300, NULL);
}

static void empty_domain(void)
{
	fdt_begin_node(host, "domU1");
	fdt_property_string(host, "compatible", "xen,domain");
	fdt_end_node(host);
}

static void crowded_domain(void)
{
	fdt_begin_node(host, "domU1");
	fdt_property_string(host, "compatible", "xen,domain");
	CELLS("cpus", 17);
	fdt_end_node(host);
}

/* One, if there were 32 bits. */
static void more_crowded_domain(void)
{
	fdt_begin_node(host, "domU1");
	fdt_property_string(host, "compatible", "xen,domain");
	CELLS("cpus", 1, 1);
	fdt_end_node(host);
}

/* 2 MiB, if its bytes were counted in 64 bits. */
static void vast_domain(void)
{
	fdt_begin_node(host, "domU1");
	fdt_property_string(host, "compatible", "xen,domain");
	CELLS("memory", 1u << 22, 2048);
	fdt_end_node(host);
}

static void many_kernels(void)
{
	char name[32];

	for (unsigned i = 0; i <= MAX_GUESTS; i++) {
		snprintf(name, sizeof(name), "module@%x", 0x80000000 + i);
		module(name, "multiboot,kernel", 0x82000000, 100, NULL);
	}
}

static void says_what_is_wrong_with_guests(void **state)
{
	struct guest_config g[MAX_GUESTS];

	(void)state;
	expect_fail("no guest", find(NULL, g));
	expect_fail("no kernel below", find(lone_ramdisk, g));
	expect_fail("no multiboot,kernel", find(empty_domain, g));
	expect_fail("cpus 1 to 16", find(crowded_domain, g));
	expect_fail("cpus 1 to 16", find(more_crowded_domain, g));
	expect_fail("memory must be", find(vast_domain, g));
	expect_fail("more than 8 guests", find(many_kernels, g));
}

/* -- memory: the one range of 128 MB at 0x80000000 -- */

static void memory_is_what_nobody_has(void **state)
{
	uint64_t a, b;

	(void)state;
	write_host(NULL, NULL);
	memory_read_fdt(host);
	assert_int_equal(memory_largest(PAGE), 0x87f00000 - 0x80080000);
	memory_reserve((struct range){ 0x84000001, 1 });
	assert_int_equal(memory_largest(PAGE), 0x84000000 - 0x80080000);
	a = memory_alloc(32 * MIB, 2 * MIB);
	assert_int_equal(a, 0x84200000); /* best fit: the smaller of the two */
	b = memory_alloc(32 * MIB, 2 * MIB);
	assert_int_equal(b, 0x80200000);
	assert_int_equal(memory_alloc(32 * MIB, 2 * MIB), 0);
	assert_int_equal(memory_alloc(PAGE, PAGE), 0x87f01000);
}

/* -- the guest's tree -- */

static struct guest_tree tree(void)
{
	return (struct guest_tree){
		.host_fdt = host,
		.host_cpu = fdt_path_offset(host, "/cpus/cpu@0"),
		.timebase_hz = 10000000,
		.ram = { 0x80000000, 256 * MIB },
		.initrd = { 0x8f000000, 1000 },
		.bootargs = "console=ttyS0",
		.vcpus = 2,
		.mmu_type = "riscv,sv48",
		.svade = true,
	};
}

static const char *string(const char *path, const char *name)
{
	return fdt_getprop(guest, fdt_path_offset(guest, path), name, NULL);
}

static bool offers(const char *ext)
{
	return fdt_stringlist_search(guest, fdt_path_offset(guest, "/cpus/cpu@1"),
				     "riscv,isa-extensions", ext) >= 0;
}

static void offers_only_what_is_handled(void **state)
{
	struct guest_tree t;

	(void)state;
	write_host(NULL, NULL);
	t = tree();
	assert_int_equal(dtb_build(&t, guest), 0);
	assert_string_equal(string("/cpus/cpu@0", "riscv,isa"),
			    "rv64imacv_zicboz_zicsr_zbb_zve32x_svade");
	assert_true(offers("i") && offers("v") && offers("zve32x") && offers("zbb") &&
		    offers("svade"));
	assert_false(offers("h") || offers("svadu") || offers("svpbmt"));
	assert_false(offers("sstc") || offers("svvptc") || offers("d"));
	t.sstc = t.svvptc = true;
	assert_int_equal(dtb_build(&t, guest), 0);
	assert_true(offers("sstc") && offers("svvptc"));
	t.svadu = true;
	assert_int_equal(dtb_build(&t, guest), 0);
	assert_true(offers("svade") && offers("svadu"));
	t.svade = false;
	assert_int_equal(dtb_build(&t, guest), 0);
	assert_true(!offers("svade") && offers("svadu"));
}

static void reads_the_older_isa_string_alike(void **state)
{
	struct guest_tree t;

	(void)state;
	write_host(NULL, "rv64imacvh_zicsr_zbb_zicboz_zbbx_zve32x_svadu");
	t = tree();
	assert_int_equal(dtb_build(&t, guest), 0);
	assert_string_equal(string("/cpus/cpu@1", "riscv,isa"),
			    "rv64imacv_zicboz_zicsr_zbb_zve32x_svade");
}

static void describes_the_guest(void **state)
{
	struct guest_tree t;
	struct range r;

	(void)state;
	write_host(NULL, NULL);
	t = tree();
	assert_int_equal(dtb_build(&t, guest), 0);
	assert_string_equal(string("/chosen", "bootargs"), "console=ttyS0");
	assert_string_equal(string("/cpus/cpu@0", "mmu-type"), "riscv,sv48");
	assert_true(fdt_path_offset(guest, string("/chosen", "stdout-path")) > 0);
	assert_true(fdt_reg(guest, fdt_path_offset(guest, "/memory@80000000"), 0, &r));
	assert_int_equal(r.size, 256 * MIB);
	assert_int_equal(fdt_number(guest, fdt_path_offset(guest, "/chosen"), "linux,initrd-end",
				    0),
			 0x8f000000 + 1000);
}

static uint64_t number(const char *path, const char *name)
{
	return fdt_number(guest, fdt_path_offset(guest, path), name, 0);
}

static void has_a_clock_if_the_platform_has_one(void **state)
{
	struct guest_tree t;
	struct platform p;

	(void)state;
	write_host(NULL, NULL);
	platform_read(&p, host, 1);
	assert_int_equal(p.rtc.size, 0);
	t = tree();
	assert_int_equal(dtb_build(&t, guest), 0);
	assert_true(fdt_path_offset(guest, "/soc/rtc@101000") < 0);
	t.rtc = true;
	assert_int_equal(dtb_build(&t, guest), 0);
	platform_read(&p, guest, 1);
	assert_int_equal(p.rtc.base, 0x101000);
	assert_int_equal(p.rtc_irq, 11);
}

/* A guest's tree is read as the platform's, whatever the order of its nodes. */
static void has_as_many_virtio_devices_as_it_is_given(void **state)
{
	struct guest_tree t;
	struct platform p;

	(void)state;
	write_host(NULL, NULL);
	platform_read(&p, host, 1);
	assert_int_equal(p.virtio_count, 0);
	t = tree();
	t.virtio = 3;
	assert_int_equal(dtb_build(&t, guest), 0);
	assert_int_equal(number("/soc/virtio_mmio@10001000", "interrupts"), 1);
	assert_int_equal(number("/soc/virtio_mmio@10003000", "interrupts"), 3);
	assert_true(fdt_path_offset(guest, "/soc/virtio_mmio@10004000") < 0);
	assert_int_equal(fdt_setprop_u64(guest, fdt_path_offset(guest, "/soc/virtio_mmio@10001000"),
					 "reg", 0x20000000),
			 0);
	assert_int_equal(fdt_appendprop_u64(guest,
					    fdt_path_offset(guest, "/soc/virtio_mmio@10001000"),
					    "reg", 0x200),
			 0);
	platform_read(&p, guest, 1);
	assert_int_equal(p.virtio_count, 3);
	assert_int_equal(p.virtio[0].where.base, 0x10002000);
	assert_int_equal(p.virtio[1].where.base, 0x10003000);
	assert_int_equal(p.virtio[2].where.base, 0x20000000);
	assert_int_equal(p.virtio[2].irq, 1);
}

/* For kernels that end by no SBI call: what to store where, as QEMU's virt machine says it. */
static void says_how_to_power_off_and_reboot(void **state)
{
	struct guest_tree t;
	struct range r;
	int finisher;

	(void)state;
	write_host(NULL, NULL);
	t = tree();
	t.vcpus = PLIC_MAX_HARTS;
	assert_int_equal(dtb_build(&t, guest), 0);
	assert_string_equal(string("/poweroff", "compatible"), "syscon-poweroff");
	assert_string_equal(string("/reboot", "compatible"), "syscon-reboot");
	assert_int_equal(number("/poweroff", "value"), 0x5555);
	assert_int_equal(number("/reboot", "value"), 0x7777);
	assert_int_equal(number("/reboot", "regmap"), number("/poweroff", "regmap"));
	finisher = fdt_node_offset_by_phandle(guest, number("/poweroff", "regmap"));
	assert_int_equal(fdt_node_check_compatible(guest, finisher, "syscon"), 0);
	assert_int_equal(fdt_node_check_compatible(guest, finisher, "sifive,test0"), 0);
	assert_true(fdt_reg(guest, finisher, 0, &r));
	assert_int_equal(r.base, 0x100000);
}

/* The writer understands itself: reading a guest's tree as a machine gives the machine. */
static void is_a_machine_to_its_reader(void **state)
{
	struct guest_tree t;
	struct platform p;

	(void)state;
	write_host(NULL, NULL);
	t = tree();
	assert_int_equal(dtb_build(&t, guest), 0);
	platform_read(&p, guest, 1);
	assert_int_equal(p.hart_count, 2);
	assert_int_equal(p.uart.base, GUEST_UART.base);
	assert_int_equal(p.uart_irq, GUEST_UART_IRQ);
	assert_int_equal(p.plic.base, GUEST_PLIC.base);
	assert_int_equal(p.plic_context, 2);
}

static void reports_a_command_line_without_end(void **state)
{
	struct guest_tree t;
	static char endless[DTB_MAX_SIZE + 1];

	(void)state;
	memset(endless, 'x', DTB_MAX_SIZE);
	write_host(NULL, NULL);
	t = tree();
	t.bootargs = endless;
	assert_int_equal(dtb_build(&t, guest), -FDT_ERR_NOSPACE);
}

/* The guest's own tree; chosen: with a node of that name. */
static const void *own_tree(bool chosen)
{
	static char own[1024];

	fdt_create(own, sizeof(own));
	fdt_finish_reservemap(own);
	fdt_begin_node(own, "");
	fdt_property_string(own, "model", "of its own");
	if (chosen) {
		fdt_begin_node(own, "chosen");
		fdt_property_string(own, "bootargs", "of the tree");
		fdt_end_node(own);
	}
	fdt_end_node(own);
	fdt_finish(own);
	return own;
}

static void a_tree_of_its_own_is_kept(void **state)
{
	struct guest_tree t = tree();
	const void *own = own_tree(true);

	(void)state;
	assert_int_equal(dtb_adopt(&t, own, fdt_totalsize(own), guest), 0);
	assert_string_equal(string("/", "model"), "of its own");
	assert_string_equal(string("/chosen", "bootargs"), "console=ttyS0");
	assert_int_equal(fdt_number(guest, fdt_path_offset(guest, "/chosen"), "linux,initrd-start",
				    0),
			 0x8f000000);
	assert_null(string("/chosen", "rng-seed"));
	assert_int_equal(fdt_path_offset(guest, "/cpus"), -FDT_ERR_NOTFOUND);
	t.bootargs = "";
	assert_int_equal(dtb_adopt(&t, own, fdt_totalsize(own), guest), 0);
	assert_string_equal(string("/chosen", "bootargs"), "of the tree");
	own = own_tree(false);
	t.bootargs = "new";
	assert_int_equal(dtb_adopt(&t, own, fdt_totalsize(own), guest), 0);
	assert_string_equal(string("/chosen", "bootargs"), "new");
}

/* Any damage is an error or a tree that is whole; ASan watches. */
static void a_damaged_tree_is_an_error(void **state)
{
	struct guest_tree t = tree();
	const void *own = own_tree(true);
	unsigned size = fdt_totalsize(own), refused = 0;

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned cut = rand() % 2 ? size : (unsigned)rand() % size;
		char *file = malloc(cut + 1);

		memcpy(file, own, cut);
		if (cut)
			file[rand() % cut] ^= 1 << rand() % 8;
		if (dtb_adopt(&t, file, cut, guest))
			refused++;
		else
			assert_int_equal(fdt_check_full(guest, sizeof(guest)), 0);
		if (cut < size)
			assert_int_not_equal(dtb_adopt(&t, file, cut, guest), 0);
		free(file);
	}
	assert_true(refused > 10000);
}

/* RFC 8439, 2.3.2. */
static void seeds_are_blocks_of_chacha20(void **state)
{
	static const uint32_t initial[16] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 0x03020100, 0x07060504,
		0x0b0a0908, 0x0f0e0d0c, 0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c,
		0x00000001, 0x09000000, 0x4a000000, 0x00000000,
	};
	static const uint8_t expected[64] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
		0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
		0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
		0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
		0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
	};
	uint8_t out[64];

	(void)state;
	chacha20_block(initial, out);
	assert_memory_equal(out, expected, sizeof(out));
}

static const uint8_t *host_seed;
static int host_seed_len;

static void with_seed(void)
{
	fdt_property(host, "rng-seed", host_seed, host_seed_len);
}

/* The seed of the next guest of a machine that was given these bytes; NULL: it has none. */
static const void *next_seed(int *len)
{
	struct guest_tree t = tree();

	assert_int_equal(dtb_build(&t, guest), 0);
	return fdt_getprop(guest, fdt_path_offset(guest, "/chosen"), "rng-seed", len);
}

static void machine_with_seed(const uint8_t *seed, int len)
{
	host_seed = seed;
	host_seed_len = len;
	write_host(seed ? with_seed : NULL, NULL);
	seed_init(host, fdt_path_offset(host, "/chosen"));
}

static void each_guest_has_a_seed_of_its_own(void **state)
{
	uint8_t seed[96] = { 1, 2, 3 }, first[64], again[64];
	int len;

	(void)state;
	machine_with_seed(seed, 64);
	memcpy(first, next_seed(&len), 64);
	assert_int_equal(len, 64);
	memcpy(again, next_seed(&len), 64);
	assert_memory_not_equal(first, again, 64);
	machine_with_seed(seed, 64);
	assert_memory_equal(next_seed(&len), first, 64);
	for (int at = 0; at < 96; at++) { /* each byte counts */
		machine_with_seed(seed, 96);
		memcpy(first, next_seed(&len), 64);
		seed[at] ^= 0x80;
		machine_with_seed(seed, 96);
		assert_memory_not_equal(next_seed(&len), first, 64);
	}
}

static void no_guest_gets_more_than_the_machine_has(void **state)
{
	static const uint8_t seed[8] = { 1 };
	int len;

	(void)state;
	machine_with_seed(seed, 8);
	assert_non_null(next_seed(&len));
	assert_int_equal(len, 8);
	machine_with_seed(seed, 0);
	assert_null(next_seed(&len));
	machine_with_seed(NULL, 0);
	assert_null(next_seed(&len));
}

/* For dtc, which checks what libfdt does not. */
static int save(const char *path)
{
	struct guest_tree t;
	FILE *f = fopen(path, "wb");

	write_host(NULL, NULL);
	t = tree();
	if (!f || dtb_build(&t, guest))
		return 1;
	fwrite(guest, fdt_totalsize(guest), 1, f);
	return fclose(f) != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_machine),
		cmocka_unit_test(a_uart_may_have_wide_registers),
		cmocka_unit_test(fails_without_the_boot_hart),
		cmocka_unit_test(guest_loader_modules_pair_by_address),
		cmocka_unit_test(dom0less_nodes_say_all),
		cmocka_unit_test(says_what_is_wrong_with_guests),
		cmocka_unit_test(memory_is_what_nobody_has),
		cmocka_unit_test(offers_only_what_is_handled),
		cmocka_unit_test(reads_the_older_isa_string_alike),
		cmocka_unit_test(describes_the_guest),
		cmocka_unit_test(says_how_to_power_off_and_reboot),
		cmocka_unit_test(has_a_clock_if_the_platform_has_one),
		cmocka_unit_test(has_as_many_virtio_devices_as_it_is_given),
		cmocka_unit_test(is_a_machine_to_its_reader),
		cmocka_unit_test(reports_a_command_line_without_end),
		cmocka_unit_test(a_ramdisk_that_is_a_tree_is_the_guests),
		cmocka_unit_test(a_tree_of_its_own_is_kept),
		cmocka_unit_test(a_damaged_tree_is_an_error),
		cmocka_unit_test(seeds_are_blocks_of_chacha20),
		cmocka_unit_test(each_guest_has_a_seed_of_its_own),
		cmocka_unit_test(no_guest_gets_more_than_the_machine_has),
	};

	return argc > 1 ? save(argv[1]) : RUN(tests);
}
