// SPDX-License-Identifier: BSD-2-Clause
/*
 * Two CPUs of one guest: CPU 0 works and naps in turn for ever, CPU 1 says how its own
 * work gets on.  ahead=TICKS of a nap, work=STEPS between two, alone=1: CPU 0 sleeps.
 */
#include "payload.h"

#define ROUNDS 5
#define STEPS  2000000

void other_cpu(void);
extern char other_entry[];
static uint8_t stack[4096] __attribute__((aligned(16)));

__asm__("other_entry:\n"
	"	mv	sp, a1\n"
	"	call	other_cpu\n");

static void work(uint64_t steps)
{
	while (steps--)
		__asm__ volatile("");
}

void other_cpu(void)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t begin = csr_read(time);

		work(STEPS);
		note_count("ticks of work", csr_read(time) - begin);
	}
	note("CPU 1 is done");
	sbi_call(SBI_HSM, 1, 0, 0, 0, 0, 0);
}

void payload(uint64_t hart)
{
	uint64_t ahead = payload_option("ahead", 10), steps = payload_option("work", 5000);

	note("begins");
	sbi_call(SBI_HSM, 0, !hart, (uint64_t)other_entry, (uint64_t)(stack + sizeof(stack)), 0, 0);
	if (!payload_option("alone", 0))
		csr_write(sie, 1ul << IRQ_TIMER);
	for (;;) {
		work(steps);
		sbi_call(SBI_TIME, 0, csr_read(time) + ahead, 0, 0, 0, 0);
		__asm__ volatile("wfi");
	}
}
