// SPDX-License-Identifier: BSD-2-Clause
/*
 * A page that CPU 0 moves, and fences on the other CPU, over and over: once its call has returned,
 * the other finds the page where it is.  CPU 1 does nothing but look, so that it is running when
 * the fence is asked for, and is told that the call has returned by a store, not by an interrupt.
 */
#include "payload.h"

#define ROUNDS      3000
#define FRAMES      64
#define CHAIN       32ul
#define CHAIN_VA(i) (TEST_VA + (1 + (i)) * 4 * GIGA)

void other_cpu(uint64_t unused);
extern char other_entry[];
static uint8_t stack[4096] __attribute__((aligned(16)));
static uint64_t satp_of_both, frames[FRAMES];
static volatile uint64_t returned, looks, late;
static volatile bool over, gone;

__asm__("other_entry:\n"
	"	mv	sp, a1\n"
	"	call	other_cpu\n");

/*
 * A chain of pages that are too far apart for QEMU to keep all of them.  It takes interrupts
 * between blocks of instructions alone: one that follows the chain and then looks is long enough
 * for the call of CPU 0 to return inside it.
 */
static void make_chain(const struct mode *mode, uint64_t root)
{
	for (uint64_t i = 0; i < CHAIN; i++) {
		uint64_t frame = page_alloc();

		map_page(mode, root, CHAIN_VA(i), frame, PTE_RW);
		write64(frame, CHAIN_VA((i + 1) % CHAIN));
	}
}

/*
 * Each page holds the round in which it was mapped, and so is behind what has returned if it is an
 * old one.
 */
static __attribute__((noinline, aligned(1024))) void look(void)
{
	uint64_t round, found, at = CHAIN_VA(0);

	__asm__ volatile("	.rept	460\n"
			 "	ld	%[at], 0(%[at])\n"
			 "	.endr\n"
			 "	ld	%[round], %[returned]\n"
			 "	fence	r, r\n"
			 "	ld	%[found], 0(%[va])\n"
			 : [at] "+r"(at), [round] "=&r"(round), [found] "=&r"(found)
			 : [returned] "m"(returned), [va] "r"(TEST_VA)
			 : "memory");
	if (found < round)
		late++;
	looks++;
}

void other_cpu(uint64_t unused)
{
	(void)unused;
	csr_write(satp, satp_of_both);
	while (!over)
		look();
	gone = true;
	for (;;)
		sbi_call(SBI_HSM, 1, 0, 0, 0, 0, 0);
}

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();
	uint64_t root;

	root = root_new(mode);
	for (unsigned int i = 0; i < FRAMES; i++)
		frames[i] = page_alloc();
	map_page(mode, root, TEST_VA, frames[0], PTE_RW);
	make_chain(mode, root);
	satp_of_both = satp_value(mode, root, 0);
	csr_write(satp, satp_of_both);
	fence_all();
	fact_equal(sbi_call(SBI_HSM, 0, !hart, (uint64_t)other_entry,
			    (uint64_t)stack + sizeof(stack), 0, 0)
			   .error,
		   SBI_OK, "another CPU starts");
	while (!looks)
		;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		write64(frames[round % FRAMES], round);
		map_page(mode, root, TEST_VA, frames[round % FRAMES], PTE_RW);
		sbi_call(SBI_RFENCE, 1, 1ul << !hart, 0, TEST_VA, PAGE, 0);
		returned = round;
	}
	over = true;
	while (!gone)
		;
	note_count("looks", looks);
	fact_equal(late, 0, "what was fenced is seen by the other CPU");
	csr_write(satp, 0);
}
