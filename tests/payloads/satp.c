// SPDX-License-Identifier: BSD-2-Clause
/* satp: which values it keeps, and what bare mode means. */
#include "payload.h"

#define RAM      0x80000000ul
#define RAM_SIZE (128ul << 20)

#define MODE_SHIFT 60

static void unsupported_modes_change_nothing(const struct mode *mode)
{
	static const uint64_t reserved[] = { 1, 2, 7, 11, 14, 15 };
	uint64_t good = satp_value(mode, root_new(mode), 0), kept = 0, swapped = 0;

	csr_write(satp, good);
	for (unsigned int i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		uint64_t old;

		csr_write(satp, reserved[i] << MODE_SHIFT | 0x12345);
		kept += csr_read(satp) == good;
		__asm__ volatile("csrrw %0, satp, %1" /* a way of its own */
				 : "=r"(old)
				 : "r"(reserved[i] << MODE_SHIFT | 0x12345)
				 : "memory");
		swapped += old == good && csr_read(satp) == good;
	}
	fact_equal(swapped, kept, "and so does swapping it in");
	fact_equal(kept, sizeof(reserved) / sizeof(reserved[0]),
		   "writing a reserved mode changes nothing");
	csr_write(satp, 0);
}

static void fields_read_back(const struct mode *mode)
{
	uint64_t root = root_new(mode), old;
	unsigned int bits = asid_bits();

	satp_load(mode, root, 0);
	fact_equal(csr_read(satp), satp_value(mode, root, 0), "mode and root read back");
	if (bits) {
		uint64_t top = 1ul << (bits - 1);

		satp_load(mode, root, top);
		fact_equal(csr_read(satp), satp_value(mode, root, top),
			   "the highest ASID reads back");
	}
	__asm__ volatile("csrrw %0, satp, %1" : "=r"(old) : "r"(satp_value(mode, root, 0)));
	fact_equal(old >> MODE_SHIFT, mode->satp_mode, "csrrw returns the old value");
	csr_set(satp, 0);
	fact_equal(csr_read(satp), satp_value(mode, root, 0),
		   "csrs with nothing to set keeps satp");
	__asm__ volatile("csrrc %0, satp, zero" : "=r"(old));
	fact_equal(old, satp_value(mode, root, 0), "csrrc from x0 only reads");
	__asm__ volatile("csrrwi zero, satp, 0");
	fact_equal(csr_read(satp), 0, "csrrwi of 0 turns translation off");
}

static void bare_is_identity(const struct mode *mode)
{
	uint64_t root = root_new(mode), a = page_alloc(), b = page_alloc();

	write64(a, 0xa);
	write64(b, 0xb);
	map_page(mode, root, TEST_VA, a, PTE_RW);
	satp_load(mode, root, 0);
	fence_all();
	fact_equal(read64(TEST_VA), 0xa, "the mapped page is seen with translation on");
	csr_write(satp, 0);
	fact_equal(read64(b), 0xb, "memory is where it was with translation off");
	write64(a, 0xaa);
	map_page(mode, root, TEST_VA, b, PTE_RW);
	fence_all();
	satp_load(mode, root, 0);
	fact_equal(read64(TEST_VA), 0xb, "a change made and fenced in bare mode counts afterwards");
	map_page(mode, root, TEST_VA, a, PTE_RW);
	fence_page(TEST_VA);
	fact_equal(read64(TEST_VA), 0xaa, "a store made in bare mode is in memory");
	csr_write(satp, 0);
}

/* Translation comes on at the write: code outside the new mapping would fault. */
static void on_and_off_many_times(const struct mode *mode)
{
	uint64_t root = root_new(mode), page = page_alloc(), seen = 0;

	map_page(mode, root, TEST_VA, page, PTE_RW);
	fence_all();
	for (uint64_t i = 0; i < 200; i++) {
		write64(page, i);
		satp_load(mode, root, 0);
		seen += read64(TEST_VA) == i;
		write64(TEST_VA, ~i);
		csr_write(satp, 0);
		seen += read64(page) == ~i;
	}
	fact_equal(seen, 400, "translation on and off 200 times");
}

/*
 * "Changing satp.MODE from Bare to other modes and vice versa also takes effect
 * immediately": a global page that lies over memory must not be seen without translation.
 * All else is global as well, since a hypervisor may keep none so beside one that is not.
 */
static void a_global_page_over_memory(const struct mode *mode)
{
	uint64_t root = page_alloc(), a = mega_alloc(), b = mega_alloc(), seen = 0;

	*pte_of(mode, root, 0, 2) = PTE(0, PTE_RW | PTE_G); /* devices */
	for (uint64_t at = RAM; at < RAM + RAM_SIZE; at += MEGA)
		*pte_of(mode, root, at, 1) = PTE(at, PTE_RWX | PTE_G);
	*pte_of(mode, root, a, 1) = PTE(b, PTE_RW | PTE_G);
	write64(a, 0xa);
	write64(b, 0xb);
	fence_all();
	for (uint64_t i = 0; i < 4; i++) {
		satp_load(mode, root, 1);
		seen += read64(a) == 0xb;
		csr_write(satp, 0);
		seen += read64(a) == 0xa;
	}
	fact_equal(seen, 8, "a global page over memory is seen with translation alone");
}

void payload(uint64_t hart)
{
	const struct mode *mode;

	(void)hart;
	fact(first_mode() != NULL, "Sv39 is there");
	for_each_mode(mode)
	{
		unsupported_modes_change_nothing(mode);
		fields_read_back(mode);
		bare_is_identity(mode);
		on_and_off_many_times(mode);
		a_global_page_over_memory(mode);
	}
}
