/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

#include "guest/image.h"

/* A file of 4096 bytes with a valid header, and a PE section that ends where the file does. */
static uint8_t file[4096];

static void put(unsigned at, uint64_t value, unsigned size)
{
	memcpy(file + at, &value, size);
}

static int make_file(void **state)
{
	(void)state;
	memset(file, 0, sizeof(file));
	put(0x08, 0x200000, 8); /* text_offset */
	put(0x10, 0x5000, 8);   /* image_size */
	memcpy(file + 0x30, "RISCV\0\0\0RSC\x05", 12);
	put(0x3c, 0x40, 4); /* PE header */
	memcpy(file + 0x40, "PE\0", 4);
	put(0x46, 1, 2);                      /* sections */
	put(0x54, 0x20, 2);                   /* optional header */
	put(0x40 + 24 + 0x20 + 16, 0xe00, 4); /* section: size and offset in the file */
	put(0x40 + 24 + 0x20 + 20, 0x200, 4);
	return 0;
}

static void accepts_an_image(void **state)
{
	struct image image;

	(void)state;
	assert_null(image_check(file, sizeof(file), &image));
	assert_int_equal(image.text_offset, 0x200000);
	assert_int_equal(image.memory_size, 0x5000);
}

static void a_flat_image_without_pe_header_will_do(void **state)
{
	struct image image;

	(void)state;
	put(0x3c, 0, 4);
	put(0x10, 0, 8);
	assert_null(image_check(file, sizeof(file), &image));
	assert_int_equal(image.memory_size, sizeof(file));
}

static void says(const char *expected, uint64_t size)
{
	struct image image;
	const char *wrong = image_check(file, size, &image);

	assert_non_null(wrong);
	if (!strstr(wrong, expected))
		fail_msg("expected '%s' in '%s'", expected, wrong);
}

static void notices_any_truncation(void **state)
{
	(void)state;
	for (uint64_t size = 0; size < sizeof(file); size++)
		says("truncated", size);
}

static void names_foreign_files(void **state)
{
	(void)state;
	put(0x38, 0, 4);
	says("no Linux Image", sizeof(file));
	memcpy(file, "\177ELF", 4);
	says("ELF", sizeof(file));
	memcpy(file, "\x1f\x8b", 2);
	says("gunzip", sizeof(file));
	memcpy(file, "\x28\xb5\x2f\xfd", 4);
	says("unzstd", sizeof(file));
	memcpy(file, "MZ\0\0zimg", 8);
	says("EFI zboot", sizeof(file));
	memcpy(file, "\x27\x05\x19\x56\0\0\0\0", 8);
	says("dumpimage", sizeof(file));
	memset(file, 0, 8);
	put(0x38, 0x644d5241, 4);
	says("for ARM", sizeof(file));
	put(0x38, 0, 4);
	says("FORMAT=flat", sizeof(file));
}

static void refuses_big_endian(void **state)
{
	(void)state;
	put(0x18, 1, 8);
	says("big-endian", sizeof(file));
}

static void survives_wild_pe_headers(void **state)
{
	struct image image;

	(void)state;
	put(0x3c, 0xfffffff0, 4);
	says("truncated", sizeof(file));
	make_file(NULL);
	put(0x46, 0xffff, 2);
	says("truncated", sizeof(file));
	srand(1);
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t size = rand() % sizeof(file);
		uint8_t *exact = malloc(size + 1); /* so that valgrind sees a step too far */

		make_file(NULL);
		put(0x3c + rand() % 0x60, (uint64_t)rand() << 32 | rand(), 8);
		memcpy(exact, file, size);
		image_check(exact, size, &image);
		free(exact);
	}
}

static const struct range ram = { 0x80000000, 128 * MIB };
static const struct image kernel = { 2 * MIB, 20 * MIB };

static void places_all_apart_inside_ram(void **state)
{
	struct placement at;

	(void)state;
	assert_null(image_place(ram, &kernel, 10 * MIB + 1, 64 * KIB, &at));
	assert_int_equal(at.kernel, ram.base + 2 * MIB);
	assert_int_equal(at.initrd % PAGE, 0);
	assert_int_equal(at.dtb % PAGE, 0);
	assert_true(at.kernel + kernel.memory_size <= at.dtb);
	assert_true(at.dtb + 64 * KIB <= at.initrd);
	assert_true(at.initrd + 10 * MIB + 1 <= ram.base + ram.size);
}

static void places_the_ramdisk_as_qemu_does(void **state)
{
	static const struct {
		uint64_t ram, initrd, ahead;
	} cases[] = {
		{ 128 * MIB, 10 * MIB, 64 * MIB },
		{ 1024 * MIB, 10 * MIB, 512 * MIB },
		{ 4096 * MIB, 10 * MIB, 512 * MIB },
		{ 128 * MIB, 100 * MIB, 26 * MIB }, /* as high as it fits */
		/* behind a kernel that is larger than half */
		{ 32 * MIB, 1 * MIB, 20 * MIB + 64 * KIB },
	};
	struct placement at;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct range all = { 0x80000000, cases[i].ram };

		assert_null(image_place(all, &kernel, cases[i].initrd, 64 * KIB, &at));
		assert_int_equal(at.initrd - at.kernel, cases[i].ahead);
		assert_int_equal(at.dtb, at.initrd - 64 * KIB);
	}
}

/* Every size up to the first that does not fit is placed without overlap. */
static void fits_exactly_or_says_no(void **state)
{
	struct placement at;
	uint64_t room = ram.size - 22 * MIB - 64 * KIB;

	(void)state;
	assert_null(image_place(ram, &kernel, room, 64 * KIB, &at));
	assert_int_equal(at.dtb, at.kernel + kernel.memory_size);
	assert_non_null(strstr(image_place(ram, &kernel, room + 1, 64 * KIB, &at), "initrd"));
	assert_non_null(strstr(image_place(ram, &kernel, UINT64_MAX, 64 * KIB, &at), "initrd"));
}

static void refuses_kernels_that_do_not_fit(void **state)
{
	struct image large = { 2 * MIB, 127 * MIB }, wild = { UINT64_MAX, 1 };
	struct image full = { 0, 128 * MIB };
	struct placement at;

	(void)state;
	assert_non_null(strstr(image_place(ram, &large, 0, 64 * KIB, &at), "kernel"));
	assert_non_null(strstr(image_place(ram, &wild, 0, 64 * KIB, &at), "kernel"));
	assert_non_null(strstr(image_place(ram, &full, 0, 64 * KIB, &at), "device tree"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(accepts_an_image, make_file),
		cmocka_unit_test_setup(a_flat_image_without_pe_header_will_do, make_file),
		cmocka_unit_test_setup(notices_any_truncation, make_file),
		cmocka_unit_test_setup(names_foreign_files, make_file),
		cmocka_unit_test_setup(refuses_big_endian, make_file),
		cmocka_unit_test_setup(survives_wild_pe_headers, make_file),
		cmocka_unit_test(places_all_apart_inside_ram),
		cmocka_unit_test(places_the_ramdisk_as_qemu_does),
		cmocka_unit_test(fits_exactly_or_says_no),
		cmocka_unit_test(refuses_kernels_that_do_not_fit),
	};

	return RUN(tests);
}
