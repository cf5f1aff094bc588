// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a record says of calls that are about other CPUs: so many remote fences of translations, of
 * instructions and IPIs, on a guest with one CPU and with two.  The other CPU does nothing but take
 * them, and each call waits until it has executed again: so each is a call and a kick.
 */
#include "payload.h"

#define FENCES   300
#define FENCE_IS 40
#define IPIS     20

enum { REMOTE_FENCE_I, REMOTE_SFENCE_VMA, REMOTE_SFENCE_VMA_ASID };

void other_cpu(uint64_t unused);
extern char other_entry[];
static uint8_t stack[4096] __attribute__((aligned(16)));
static uint64_t satp_of_both;
static volatile uint64_t turns;
static volatile bool over, gone;

__asm__("other_entry:\n"
	"	mv	sp, a1\n"
	"	call	other_cpu\n");

void other_cpu(uint64_t unused)
{
	(void)unused;
	csr_write(satp, satp_of_both);
	while (!over) {
		csr_clear(sip, 1ul << IRQ_SOFT);
		turns++;
	}
	gone = true;
	for (;;)
		sbi_call(SBI_HSM, 1, 0, 0, 0, 0, 0);
}

/* The first turn may have begun before the interrupt came. */
static void wait_for_other(bool there)
{
	uint64_t now = turns;

	while (there && turns < now + 3)
		;
}

static unsigned int refused;

static void call(bool other, uint64_t mask, uint64_t eid, uint64_t fid)
{
	if (sbi_call(eid, fid, mask, 0, TEST_VA, PAGE, 0).error != SBI_OK)
		refused++;
	wait_for_other(other);
}

void payload(uint64_t hart)
{
	const struct mode *mode;
	uint64_t root = root_in_first_mode(&mode), mask;
	bool other;

	map_page(mode, root, TEST_VA, page_alloc(), PTE_RW);
	satp_of_both = satp_value(mode, root, 0);
	csr_write(satp, satp_of_both);
	fence_all();
	other = !sbi_call(SBI_HSM, 0, !hart, (uint64_t)other_entry, (uint64_t)stack + sizeof(stack),
			  0, 0)
			 .error;
	mask = 1ul << (other ? !hart : hart);
	wait_for_other(other);
	note_count("remote fences", FENCES);
	note_count("remote fences of instructions", FENCE_IS);
	note_count("IPIs", IPIS);
	for (unsigned int i = 0; i < FENCES; i++)
		call(other, mask, SBI_RFENCE, i % 2 ? REMOTE_SFENCE_VMA : REMOTE_SFENCE_VMA_ASID);
	for (unsigned int i = 0; i < FENCE_IS; i++)
		call(other, mask, SBI_RFENCE, REMOTE_FENCE_I);
	for (unsigned int i = 0; i < IPIS; i++)
		call(other, mask, SBI_IPI, 0);
	csr_clear(sip, 1ul << IRQ_SOFT);
	over = true;
	while (other && !gone)
		;
	fact_equal(refused, 0, "no call is refused");
	csr_write(satp, 0);
}
