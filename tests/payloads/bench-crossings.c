// SPDX-License-Identifier: BSD-2-Clause
/*
 * A small kernel that fences at each crossing: its own address space and its program's are two
 * roots of one ASID, so each way in and out writes satp and fences everything, as teaching kernels
 * and microkernels do.  Each crossing touches some pages on either side (the word pages=N).  It
 * says how many there were; the record has what they cost.
 */
#include "payload.h"

#define CROSSINGS 500 /* to the program and back */
static uint64_t pages_touched;

static void touch(uint64_t pages, uint64_t round)
{
	for (uint64_t i = 0; i < pages_touched; i++)
		write64(pages + i * PAGE, read64(pages + i * PAGE) + round);
}

/* A program's trap: its kernel's root, its kernel's work. */
static void enter(uint64_t satp, uint64_t round)
{
	csr_write(satp, satp);
	fence_all();
	touch(TEST_VA, round);
}

void payload(uint64_t hart)
{
	const struct mode *mode;
	uint64_t kernel = root_in_first_mode(&mode), program = root_new(mode), sum = 0, answers = 0;

	(void)hart;
	pages_touched = payload_option("pages", 4);
	for (uint64_t i = 0; i < pages_touched; i++) {
		map_page(mode, kernel, TEST_VA + i * PAGE, page_alloc(), PTE_RW);
		map_page(mode, program, TEST_VA + i * PAGE, page_alloc(), PTE_RW);
	}
	map_user_code(mode, program);
	csr_write(satp, satp_value(mode, kernel, 0));
	fence_all();
	for (uint64_t round = 1; round <= CROSSINGS; round++) {
		enter(satp_value(mode, program, 0), round);
		answers += attempt_user(USER(user_return), 0, 0).cause == CAUSE_USER_ECALL;
		enter(satp_value(mode, kernel, 0), round);
		sum += round;
	}
	note_count("crossings", 2 * CROSSINGS);
	fact_equal(answers, CROSSINGS, "the program returns each time");
	fact_equal(read64(TEST_VA), sum, "the kernel's page has all rounds");
	csr_write(satp, 0);
}
