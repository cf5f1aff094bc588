// SPDX-License-Identifier: BSD-2-Clause
/*
 * How late a broadcast reaches the other CPUs, up to three, while all work.  They poll
 * sip, so that no handler's time counts.  naps=1: the last CPU naps instead, and answers nothing.
 */
#include "payload.h"

#define ROUNDS    20
#define MOST_CPUS 4
#define SIP_SOFT  (1ul << IRQ_SOFT)
#define NOT_YET   0ul

void other_cpu(uint64_t cpu);
extern char other_entry[];
static uint8_t stacks[MOST_CPUS][4096] __attribute__((aligned(16)));
static volatile uint64_t reached_at[MOST_CPUS];
static bool naps;

__asm__("other_entry:\n"
	"	mv	sp, a1\n"
	"	call	other_cpu\n");

static void nap_for_ever(void)
{
	csr_write(sie, 1ul << IRQ_TIMER);
	for (;;) {
		sbi_call(SBI_TIME, 0, csr_read(time) + 10, 0, 0, 0, 0);
		__asm__ volatile("wfi");
	}
}

void other_cpu(uint64_t cpu)
{
	if (naps && cpu == MOST_CPUS - 1)
		nap_for_ever();
	for (;;) {
		if (!(csr_read(sip) & SIP_SOFT))
			continue;
		csr_clear(sip, SIP_SOFT);
		reached_at[cpu] = csr_read(time);
	}
}

static unsigned int start_others(void)
{
	unsigned int cpus = 1;

	while (cpus < MOST_CPUS && sbi_call(SBI_HSM, 0, cpus, (uint64_t)other_entry,
					    (uint64_t)stacks[cpus] + sizeof(stacks[0]), 0, 0)
						   .error == SBI_OK)
		cpus++;
	return cpus;
}

static uint64_t broadcast(unsigned int cpus)
{
	uint64_t sent, latest = 0;

	for (unsigned int i = 1; i < cpus; i++)
		reached_at[i] = NOT_YET;
	sent = csr_read(time);
	sbi_call(SBI_IPI, 0, (1ul << cpus) - 2, 0, 0, 0, 0);
	for (unsigned int i = 1; i < cpus; i++) {
		while (reached_at[i] == NOT_YET)
			;
		if (reached_at[i] - sent > latest)
			latest = reached_at[i] - sent;
	}
	return latest;
}

void payload(uint64_t hart)
{
	uint64_t worst = 0;
	unsigned int cpus;

	(void)hart;
	naps = payload_option("naps", 0);
	cpus = start_others() - naps;
	note_count("CPUs", cpus);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t latest = broadcast(cpus);

		if (latest > worst)
			worst = latest;
	}
	note_count("ticks until the last CPU was reached", worst);
}
