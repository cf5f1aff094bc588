// SPDX-License-Identifier: BSD-2-Clause
/*
 * CPUs of one guest, up to four, each in an address space of its own and beside it
 * the kernel's: global pages.  CPU 0 gives what a fork gives: remote fences, page after page
 * of one ASID.  The others read all their pages over and over; what a fence took has to be
 * filled again, which the record counts.
 */
#include "payload.h"

#define MOST_CPUS   4
#define ROUNDS      25
#define PAGES       64 /* of each kind */
#define KERNEL_VA   (6 * GIGA)
#define FORKED_VA   (7 * GIGA)
#define FORKED_ASID 9
#define FENCES      4 /* pages of it in each round, apart from each other */

void other_cpu(uint64_t cpu);
extern char other_entry[];
static uint8_t stacks[MOST_CPUS][4096] __attribute__((aligned(16)));
static uint64_t satp_of[MOST_CPUS];
static volatile uint64_t rounds_done[MOST_CPUS], wrong;

__asm__("other_entry:\n"
	"	mv	sp, a1\n"
	"	call	other_cpu\n");

static uint64_t address_space(const struct mode *mode, unsigned int cpu)
{
	uint64_t root = root_new(mode);

	for (unsigned int i = 0; i < PAGES; i++) {
		uint64_t own = page_alloc(), kernel = page_alloc();

		write64(own, i);
		write64(kernel, i);
		map_page(mode, root, TEST_VA + i * PAGE, own, PTE_RW);
		map_page(mode, root, KERNEL_VA + i * PAGE, kernel, PTE_RW | PTE_G);
	}
	return satp_value(mode, root, cpu);
}

void other_cpu(uint64_t cpu)
{
	csr_write(satp, satp_of[cpu]);
	for (;;) {
		for (unsigned int i = 0; i < PAGES; i++)
			wrong += read64(TEST_VA + i * PAGE) != i ||
				 read64(KERNEL_VA + i * PAGE) != i;
		rounds_done[cpu]++;
	}
}

static void wait_for_others(unsigned int cpus)
{
	for (unsigned int i = 1; i < cpus; i++) {
		uint64_t before = rounds_done[i];

		while (rounds_done[i] < before + 2)
			;
	}
}

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();
	unsigned int cpus = 1;

	(void)hart;
	for (unsigned int i = 1; i < MOST_CPUS; i++)
		satp_of[i] = address_space(mode, i);
	while (cpus < MOST_CPUS && sbi_call(SBI_HSM, 0, cpus, (uint64_t)other_entry,
					    (uint64_t)stacks[cpus] + sizeof(stacks[0]), 0, 0)
						   .error == SBI_OK)
		cpus++;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < FENCES; i++)
			sbi_call(SBI_RFENCE, 2, (1ul << cpus) - 2, 0, FORKED_VA + i * GIGA / 8,
				 PAGE, FORKED_ASID);
		wait_for_others(cpus);
	}
	note_count("CPUs", cpus);
	note_count("rounds", ROUNDS);
	fact_equal(wrong, 0, "pages that no fence concerned");
}
