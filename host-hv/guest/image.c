/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/image.h"

struct image_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint32_t version, reserved1;
	uint64_t reserved2;
	uint64_t magic;
	uint32_t magic2;
	uint32_t pe_offset;
};

#define INITRD_AHEAD    (512 * MIB)
#define MAGIC2          0x05435352 /* "RSC\x05" */
#define FLAG_BIG_ENDIAN 1

/* The PE/COFF header that a kernel with an EFI stub has as well. */
struct pe_header {
	char magic[4];
	uint16_t machine, sections;
	uint32_t unused[3];
	uint16_t optional_size, flags;
};

struct pe_section {
	char name[8];
	uint32_t memory_size, address, file_size, file_offset;
	uint32_t unused[4];
};

_Static_assert(sizeof(struct image_header) == 64, "Linux Image header");
_Static_assert(sizeof(struct pe_header) == 24, "PE signature and COFF header");
_Static_assert(sizeof(struct pe_section) == 40, "PE section header");

/*
 * image_size counts zeroed data, which no file holds, so a file that was cut
 * off is known only by sections that reach beyond its end.
 */
static bool truncated(const char *file, uint64_t size, uint32_t pe_offset)
{
	struct range whole = { 0, size };
	struct pe_section section;
	struct pe_header pe;
	uint64_t at;

	if (!range_holds(whole, (struct range){ pe_offset, sizeof(pe) }))
		return pe_offset != 0;
	memcpy(&pe, file + pe_offset, sizeof(pe));
	if (!pe_offset || memcmp(pe.magic, "PE\0", 4))
		return false;
	at = pe_offset + sizeof(pe) + pe.optional_size;
	for (unsigned i = 0; i < pe.sections; i++, at += sizeof(section)) {
		if (!range_holds(whole, (struct range){ at, sizeof(section) }))
			return true;
		memcpy(&section, file + at, sizeof(section));
		if (!range_holds(whole, (struct range){ section.file_offset, section.file_size }))
			return true;
	}
	return false;
}

/*
 * What people have beside an Image, and what makes an Image of it; the launcher does most of it by
 * itself.
 */
static const struct {
	unsigned at, size;
	const char *magic, *what;
} foreign_files[] = {
	{ 0, 4, "\177ELF",
	  "the kernel is an ELF file: use arch/riscv/boot/Image, or objcopy -O binary" },
	{ 4, 4, "zimg",
	  "the kernel is an EFI zboot image: use arch/riscv/boot/Image, or the launcher's KERNEL=" },
	{ 0, 2, "\x1f\x8b", "the kernel is compressed: unpack it with gunzip" },
	{ 0, 4, "\x28\xb5\x2f\xfd", "the kernel is compressed: unpack it with unzstd" },
	{ 0, 4,
	  "\xfd"
	  "7zX",
	  "the kernel is compressed: unpack it with unxz" },
	{ 0, 4, "\x04\x22\x4d\x18", "the kernel is compressed: unpack it with lz4 -d" },
	{ 0, 3, "BZh", "the kernel is compressed: unpack it with bunzip2" },
	{ 0, 4, "\x27\x05\x19\x56", "the kernel is a uImage: take the Image out with dumpimage" },
	{ 0, 4, "\xd0\x0d\xfe\xed",
	  "the kernel is a device tree or FIT image: take the Image out with dumpimage" },
	{ 56, 4, "ARM\x64", "the kernel is a Linux Image for ARM" },
};

static const char *foreign(const char *file, uint64_t size)
{
	for (unsigned i = 0; i < ARRAY_SIZE(foreign_files); i++)
		if (size >= foreign_files[i].at + foreign_files[i].size &&
		    !memcmp(file + foreign_files[i].at, foreign_files[i].magic,
			    foreign_files[i].size))
			return foreign_files[i].what;
	if (size < sizeof(struct image_header))
		return "the kernel is truncated: it is shorter than a Linux Image header";
	return "the kernel is no Linux Image for RISC-V (no RSC\\x05 at offset 0x38); "
	       "a flat binary needs that header, which the launcher's FORMAT=flat gives it";
}

const char *image_check(const void *file, uint64_t size, struct image *out)
{
	struct image_header h;

	if (size < sizeof(h))
		return foreign(file, size);
	memcpy(&h, file, sizeof(h));
	if (h.magic2 != MAGIC2)
		return foreign(file, size);
	if (h.flags & FLAG_BIG_ENDIAN)
		return "the kernel is big-endian";
	if (truncated(file, size, h.pe_offset))
		return "the kernel is truncated: its sections reach beyond the end of the file";
	out->text_offset = h.text_offset;
	out->memory_size = h.image_size > size ? h.image_size : size;
	return NULL;
}

bool image_is_tree(const void *file, uint64_t size)
{
	return size >= 4 && !memcmp(file, "\xd0\x0d\xfe\xed", 4);
}

/*
 * A ramdisk goes far enough above the kernel for it to unpack itself, and low
 * enough for a guest that is told to use less memory than it has (mem=): where
 * QEMU has it.
 */
static uint64_t initrd_place(struct range ram, uint64_t kernel, uint64_t lowest, uint64_t highest)
{
	uint64_t ahead = ram.size / 2 < INITRD_AHEAD ? ram.size / 2 : INITRD_AHEAD;
	uint64_t at = ALIGN_DOWN(kernel + ahead, PAGE);

	if (at < lowest)
		return lowest;
	return at < highest ? at : highest;
}

const char *image_place(struct range ram, const struct image *image, uint64_t initrd_size,
			uint64_t dtb_size, struct placement *out)
{
	uint64_t room = ram.size, highest, lowest;

	if (!range_holds((struct range){ 0, room },
			 (struct range){ image->text_offset, image->memory_size }))
		return "the kernel does not fit in the guest's memory: raise mem=";
	room -= image->text_offset + image->memory_size;
	if (ALIGN_UP(dtb_size, PAGE) > room)
		return "no room for the device tree in the guest's memory: raise mem=";
	room -= ALIGN_UP(dtb_size, PAGE);
	if (initrd_size > ALIGN_DOWN(room, PAGE))
		return "the initrd does not fit in the guest's memory: raise mem=";
	out->kernel = ram.base + image->text_offset;
	lowest = ALIGN_UP(out->kernel + image->memory_size, PAGE) + ALIGN_UP(dtb_size, PAGE);
	highest = ALIGN_DOWN(ram.base + ram.size - initrd_size, PAGE);
	out->initrd = initrd_place(ram, out->kernel, lowest, highest);
	out->dtb = ALIGN_DOWN(out->initrd - dtb_size, PAGE);
	return NULL;
}
